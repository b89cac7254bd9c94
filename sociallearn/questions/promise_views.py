"""The 12-hour goal, being asked, and offering to be."""

from datetime import UTC, datetime

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access, clock, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.parameters import number, whole
from sociallearn.posts.models import Kind, Post
from sociallearn.posts.pages import find
from sociallearn.questions import escalating, finding, offering, promising, settling, waiting
from sociallearn.questions.forms import OfferForm
from sociallearn.questions.models import StepState
from sociallearn.questions.promising import Asked
from sociallearn.text import cells
from sociallearn.text.naming import LONGEST_NAME

ROWS_A_PAGE = 50
COLUMNS = [
    "question",
    "title",
    "clock",
    "asked",
    "due",
    "first_answer",
    "hours",
    "answered",
    "is_due",
    "in_time",
    "answers",
]

bp = Blueprint("promise", __name__, url_prefix="/s/<seat>/questions")


@bp.before_request
def _check_room() -> None:
    if "questions" in access.cohort().rooms_off and request.endpoint != "promise.withdraw":
        raise access.closed_room()


@bp.get("/promise")
def show() -> ResponseReturnValue:
    """How this cohort keeps its 12-hour goal."""
    cohort, now = access.cohort(), clock.now()
    rows = waiting.rows(db.session(), access.member())
    kinds = [False, True] if any(row.in_work_hours for row in rows) else [False]
    found = [promising.figures(rows, now, cohort.time_zone, in_work_hours=kind) for kind in kinds]
    return render_template(
        "questions/promise.html",
        figures=[one for one in found if one.asked] or found[:1],
        settled=settling.count(db.session(), cohort.id),
        room="questions",
    )


@bp.get("/promise/questions")
def listed() -> ResponseReturnValue:
    """The questions behind a number, newest first."""
    rows, link = _chosen()
    before = number(request.args, "before")
    later = [row for row in rows if before is None or row.id < before]
    more = len(later) > ROWS_A_PAGE
    return render_template(
        "questions/promised.html",
        rows=later[:ROWS_A_PAGE],
        count=len(rows),
        link=link,
        before=before,
        next_before=later[ROWS_A_PAGE - 1].id if more else None,
        room="questions",
    )


@bp.get("/promise.csv")
def export() -> ResponseReturnValue:
    """The same as a table for a spreadsheet: everything the figures are made from, and nobody's name."""
    rows, _link = _chosen()
    now = clock.now()
    lines = [
        [
            row.id,
            row.title,
            "work hours" if row.in_work_hours else "plain hours",
            _stamp(row.asked_at),
            _stamp(row.due_at),
            _stamp(row.first_answer_at),
            f"{row.hours:.6f}",
            int(row.is_answered),
            int(row.due_at <= now),
            int(row.is_in_time),
            row.answers,
        ]
        for row in rows
    ]
    answer = Response(cells.table([COLUMNS, *lines]), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="12-hour-goal.csv"'
    return answer


def _chosen() -> tuple[list[Asked], dict[str, str]]:
    """The rows a link names by list, clock and week, and the parameters that name them again."""
    which = request.args.get("of", "all")
    which = which if which in promising.LISTS else "all"
    link, now, zone = {"of": which}, clock.now(), access.cohort().time_zone
    rows = [row for row in waiting.rows(db.session(), access.member()) if promising.LISTS[which](row, now)]
    kind = request.args.get("clock", "")
    if kind in ("plain", "work"):
        link["clock"] = kind
        rows = [row for row in rows if row.in_work_hours == (kind == "work")]
    week = request.args.get("week", "")
    if week:
        link["week"] = week
        rows = [row for row in rows if promising.monday(row.asked_at, zone).isoformat() == week]
    return rows, link


def _stamp(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).isoformat(timespec="microseconds")


@bp.get("/ask-me")
def ask_me() -> ResponseReturnValue:
    """What I can be asked about."""
    offer = waiting.offer_of(db.session(), access.member())
    known = {"words": offer.words, "is_listed": offer.is_listed, "line": offer.line} if offer else {}
    return _offer_page(OfferForm(data=known))


@bp.get("/who-knows")
def experts() -> ResponseReturnValue:
    """Who likes to be found, by topic."""
    session, member, name = db.session(), access.member(), request.args.get("about", "")[:LONGEST_NAME]
    if not name:
        found = finding.topics(session, member)
        return render_template("questions/experts.html", topic=None, topics=found, room="questions")
    topic = finding.topic(session, member, name)
    if topic is None:
        raise Refusal(404, _("Nobody has named this topic yet."), _("Write # and its name in a text to begin it."))
    people = finding.experts(session, member, topic.id)
    return render_template("questions/experts.html", topic=topic, experts=people, room="questions")


@bp.post("/ask-me")
def offer() -> ResponseReturnValue:
    """Be asked about this."""
    access.require_writer()
    form = OfferForm(request.form)
    ticked = {id_ for text in request.form.getlist("topic")[:1000] if (id_ := whole(text)) is not None}
    if not form.validate():
        return _offer_page(form, ticked), 422
    try:
        offering.offer(
            db.session(),
            by=access.member(),
            topic_ids=ticked,
            words=form.words.data or "",
            is_listed=bool(form.is_listed.data),
            line=form.line.data or "",
        )
    except Refusal as refusal:
        if refusal.status != 422:
            raise
        form.words.errors = [refusal.sentence]
        return _offer_page(form, ticked), 422
    return toasts.redirect(url_for("promise.ask_me"), "offered")


@bp.post("/ask-me/withdrawal")
@access.even_when_archived
def withdraw() -> ResponseReturnValue:
    """Not be asked any more."""
    offering.withdraw(db.session(), by=access.member())
    goal = access.back_to(request.referrer) or url_for("profiles.me")  # the room may be closed
    return toasts.redirect(goal.partition("?")[0], "offer-withdrawn")


def _offer_page(form: OfferForm, ticked: set[int] | None = None) -> str:
    session, member = db.session(), access.member()
    return render_template(
        "questions/ask_me.html",
        form=form,
        is_offered=waiting.offer_of(session, member) is not None,
        topics=waiting.topics(session, member),
        ticked=ticked,
        room="questions",
    )


@bp.post("/<int:post_id>/passing")
def decline(post_id: int) -> ResponseReturnValue:
    """I'll pass."""
    offering.decline(db.session(), _question(post_id), by=access.member())
    goal = access.back_to(request.referrer) or url_for("questions.index")
    return toasts.redirect(goal, "passed") if "toast=" not in goal else redirect(goal, 303)


@bp.post("/<int:post_id>/helpers")
def ask_helpers(post_id: int) -> ResponseReturnValue:
    """Ask likely helpers now."""
    state = escalating.ask_now(db.session(), _question(post_id), by=access.member())
    codes = {StepState.DONE: "helpers-asked", StepState.WAITING: "helpers-later", StepState.SKIPPED: "helpers-nobody"}
    return toasts.redirect(url_for("questions.show", post_id=post_id), codes[state])


@bp.post("/<int:post_id>/not-yet")
def not_yet(post_id: int) -> ResponseReturnValue:
    """No answer has helped yet."""
    question = _question(post_id)
    offering.not_yet(db.session(), question, by=access.member())
    return redirect(url_for("questions.show", post_id=question.id), 303)


def _question(post_id: int) -> Post:
    post = find(post_id)
    if post.kind != Kind.QUESTION:
        raise Refusal(404, _("There is no such question here."), _("Perhaps it was an old link."))
    return post
