"""The trainer's morning page, and writing a friendly word from it."""

from collections.abc import Sequence

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.morning import nudging, reading, wording
from sociallearn.morning.forms import NudgeForm
from sociallearn.notifications.models import FriendlyNudge, Need
from sociallearn.parameters import number, whole
from sociallearn.roster.models import Member

bp = Blueprint("morning", __name__, url_prefix="/s/<seat>/today")

LISTED = (Need.SILENT, Need.UNHEARD, Need.QUIET)


@bp.before_request
def _check_trainer() -> None:
    access.require_trainer()


@bp.get("")
def index() -> ResponseReturnValue:
    """What waits for this trainer, the most urgent first."""
    session, member = db.session(), access.member()
    return render_template(
        "morning/index.html",
        morning=reading.morning(session, member),
        zone=reading.zone_of(session, member),
        needs=LISTED,
        most=reading.MOST,
        room="today",
    )


@bp.get("/people")
def people() -> ResponseReturnValue:
    """Everybody who may need a hand for one reason, by name."""
    session, member = db.session(), access.member()
    need = _need(request.args)
    if need not in LISTED:
        raise Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))
    hands = reading.hands(session, member, nudging.written(session, member.cohort_id))
    start = number(request.args, "from") or 0
    waiting = hands.of(need)
    return render_template(
        "morning/people.html",
        need=need,
        rows=waiting[start : start + reading.PAGE],
        count=len(waiting),
        written=hands.written(need),
        next_from=start + reading.PAGE if len(waiting) > start + reading.PAGE else None,
        room="today",
    )


@bp.get("/word")
def word() -> ResponseReturnValue:
    """The form to write a friendly word, with something to begin with in the language of whoever reads it."""
    return _word_page(NudgeForm(), request.args)


@bp.post("/word")
def write() -> ResponseReturnValue:
    """Send it."""
    session, member, form = db.session(), access.member(), NudgeForm(request.form)
    found = _addressed(request.form)
    form.wanted = tuple({nudging.language_of(one, member.cohort) for one in found})
    if not form.validate():
        return _word_page(form, request.form), 422
    need = _need(request.form)
    sent = nudging.write(session, [one.id for one in found], by=member, need=need, words=form.words)
    return toasts.redirect(url_for("morning.index"), "nudged", sent[0].id)


@bp.post("/words/<int:nudge_id>/withdrawal")
def take_back(nudge_id: int) -> ResponseReturnValue:
    """Take back what was just sent."""
    nudging.take_back(db.session(), access.get_or_404(FriendlyNudge, id=nudge_id), by=access.member())
    return toasts.redirect(url_for("morning.index"), "nudge-back")


def _need(source: MultiDict[str, str]) -> Need:
    try:
        return Need(source.get("why", ""))
    except ValueError:
        return Need.SILENT


def _addressed(source: MultiDict[str, str]) -> Sequence[Member]:
    """Whom it names. Raises Refusal 404 for nobody of this cohort."""
    ids = [id_ for text in source.getlist("to")[: nudging.MOST] if (id_ := whole(text)) is not None]
    found = reading.addressed(db.session(), access.member(), ids)
    if not found:
        raise Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))
    return found


def _word_page(form: NudgeForm, source: MultiDict[str, str]) -> str:
    session, member, need = db.session(), access.member(), _need(source)
    found = _addressed(source)
    written = nudging.written(session, member.cohort_id)
    wanted = [one for one in found if one.id not in written]
    by_language: dict[str, list[Member]] = {}
    for one in wanted:
        by_language.setdefault(nudging.language_of(one, member.cohort), []).append(one)
    question = number(source, "question")
    if request.method == "GET":
        title = reading.title_of(session, member, question)
        for language, some in by_language.items():
            to = some[0].name if len(some) == 1 else None
            said = wording.beginning(need, language, by=member.name, to=to, title=title)
            form[f"words_{language}"].data = said
    return render_template(
        "morning/word.html",
        form=form,
        need=need,
        wanted=wanted,
        by_language=dict(sorted(by_language.items())),
        written=[(one, written[one.id]) for one in found if one.id in written],
        question=question,
        room="today",
    )
