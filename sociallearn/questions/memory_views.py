"""What later cohorts may read: of one's own texts, and for trainers of the whole cohort."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.parameters import number
from sociallearn.questions import memory, remembering
from sociallearn.questions.remembering import Choice
from sociallearn.roster.models import Member

bp = Blueprint("memory", __name__, url_prefix="/s/<seat>/memory")


@bp.get("")
def show() -> ResponseReturnValue:
    """What is read by whom, and one's own choices."""
    session, member = db.session(), access.member()
    is_offered, is_read, count = memory.of_cohort(session, access.cohort())
    return render_template(
        "questions/memory.html",
        is_offered=is_offered,
        is_read=is_read,
        count=count,
        memberships=memory.memberships(session, member.person, member),
        room="cohort" if member.is_trainer else "questions",
    )


@bp.post("/cohort")
@access.even_when_archived
def offer() -> ResponseReturnValue:
    """The trainers' choice, for the cohort; a finished one too."""
    access.require_trainer()
    chosen = {"is_offered": "is_offered" in request.form, "is_read": "is_read" in request.form}
    remembering.offer(db.session(), access.cohort(), **chosen, by=access.member())
    return toasts.redirect(url_for("memory.show"), "saved")


@bp.post("/texts")
@access.even_when_archived
def agree() -> ResponseReturnValue:
    """An author's choice for the texts of one of their memberships."""
    choice = request.form.get("choice", "")
    author = db.session.get(Member, number(request.form, "membership") or 0)
    if choice not in set(Choice):
        raise Refusal(400, _("SocialLearn could not understand this request."))
    if author is None:
        raise Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))
    remembering.agree(db.session(), author, Choice(choice), by=access.member().person)
    code = "texts-withdrawn" if choice == Choice.NOTHING else "saved"
    return toasts.redirect(url_for("memory.show"), code)
