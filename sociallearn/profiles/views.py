"""One's own page, a line about oneself, and somebody else's page."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.parameters import number
from sociallearn.profiles import describing, helping, meeting, reading
from sociallearn.profiles.forms import AboutForm
from sociallearn.questions import finding, waiting

bp = Blueprint("profiles", __name__, url_prefix="/s/<seat>")


@bp.get("/me")
def me() -> ResponseReturnValue:
    """My own page; nobody else sees it."""
    return _own_page(AboutForm(data={"about": reading.about(db.session(), access.member())}))


@bp.post("/me")
def describe() -> ResponseReturnValue:
    """Say a line about myself."""
    access.require_writer()
    form = AboutForm(request.form)
    if not form.validate():
        return _own_page(form), 422
    about = form.about.data or ""
    describing.describe(db.session(), about, by=access.member())
    return toasts.redirect(url_for("profiles.me"), "about-saved" if about else "about-gone")


@bp.post("/me/withdrawal")
@access.even_when_archived
def withdraw() -> ResponseReturnValue:
    """Take it away, whatever has become of the cohort."""
    describing.withdraw(db.session(), by=access.member())
    return toasts.redirect(url_for("profiles.me"), "about-gone")


@bp.get("/people/<int:member_id>")
def person(member_id: int) -> ResponseReturnValue:
    """What others may see of somebody."""
    shown = reading.person(db.session(), access.member(), member_id, number(request.args, "before"))
    if shown is None:
        raise Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))
    return render_template("profiles/person.html", person=shown)


def _own_page(form: AboutForm) -> str:
    session, member = db.session(), access.member()
    given = helping.given(session, member)
    return render_template(
        "profiles/me.html",
        form=form,
        about=reading.about(session, member),
        topics=reading.followed(session, member),
        offer=waiting.offer_of(session, member),
        offered=finding.offered(session, member, member.id),
        given=given,
        received=helping.received(session, member),
        waiting=[] if given else helping.waiting(session, member),
        strangers=meeting.strangers(session, member),
        room="me",
    )
