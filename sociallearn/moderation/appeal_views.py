"""Ask that a decision be looked at again, and answer that."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.moderation import appealing
from sociallearn.moderation import reading as moderation
from sociallearn.moderation.forms import AnswerForm, AppealForm
from sociallearn.moderation.models import Appeal
from sociallearn.posts.models import Decision
from sociallearn.posts.pages import find, place

bp = Blueprint("appeals", __name__, url_prefix="/s/<seat>")


@bp.get("/decisions/<int:decision_id>/appeal")
def ask(decision_id: int) -> ResponseReturnValue:
    """The form to ask."""
    return _ask_page(_decision(decision_id), AppealForm())


@bp.post("/decisions/<int:decision_id>/appeal")
def appeal(decision_id: int) -> ResponseReturnValue:
    """Ask."""
    access.require_writer()
    decision, form = _decision(decision_id), AppealForm(request.form)
    if not form.validate():
        return _ask_page(decision, form), 422
    appealing.appeal(db.session(), decision, by=access.member(), words=form.words.data or "")
    return toasts.redirect(url_for("moderation.decisions", _anchor=f"decision-{decision.id}"), "appealed")


@bp.get("/appeals/<int:appeal_id>")
def look(appeal_id: int) -> ResponseReturnValue:
    """The form to answer."""
    access.require_trainer()
    return _answer_page(_appeal(appeal_id), AnswerForm())


@bp.post("/appeals/<int:appeal_id>")
def answer(appeal_id: int) -> ResponseReturnValue:
    """Answer."""
    access.require_trainer()
    asked, form = _appeal(appeal_id), AnswerForm(request.form)
    if not form.validate():
        return _answer_page(asked, form), 422
    is_upheld = request.form.get("verdict") == "right"
    row = appealing.answer(db.session(), asked, by=access.member(), is_upheld=is_upheld, note=form.note.data or "")
    if row.is_upheld:
        return toasts.redirect(place(find(_decision(row.decision_id).post_id)), "appeal-upheld")
    return toasts.redirect(url_for("moderation.index"), "appeal-kept")


def _decision(decision_id: int) -> Decision:
    """One about a text this member can look at. Raises Refusal 404 for any other."""
    decision = access.get_or_404(Decision, id=decision_id)
    find(decision.post_id)
    return decision


def _appeal(appeal_id: int) -> Appeal:
    asked = access.get_or_404(Appeal, id=appeal_id)
    _decision(asked.decision_id)
    return asked


def _ask_page(decision: Decision, form: AppealForm) -> str:
    entry = moderation.entry(db.session(), access.member(), decision.id)
    return render_template("moderation/appeal.html", entry=entry, form=form)


def _answer_page(asked: Appeal, form: AnswerForm) -> str:
    appealing.check_may_answer(db.session(), asked, access.member())
    entry = moderation.entry(db.session(), access.member(), asked.decision_id)
    return render_template("moderation/answer.html", entry=entry, appeal_id=asked.id, form=form, room="moderation")
