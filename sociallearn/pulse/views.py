"""Two short questions: a trainer opens them, learners answer them above the feed."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.parameters import number
from sociallearn.pulse import answering, asking

bp = Blueprint("pulse", __name__, url_prefix="/s/<seat>")


@bp.get("/cohort/pulse")
def show() -> ResponseReturnValue:
    """What is asked, who sees what, and the button that opens it."""
    access.require_trainer()
    cohort = access.cohort()
    last = asking.newest(db.session(), cohort)
    return render_template(
        "pulse/show.html",
        last=last,
        is_open=last is not None and last.is_open,
        last_day=asking.last_day(cohort, last) if last else None,
        told_on=asking.told_on(cohort, last) if last else None,
        next_day=asking.next_day(cohort, last),
        room="cohort",
    )


@bp.post("/cohort/pulse")
def ask() -> ResponseReturnValue:
    """Open it for a week."""
    access.require_trainer()
    asking.ask(db.session(), access.cohort(), by=access.member())
    return toasts.redirect(url_for("pulse.show"), "pulse-opened")


@bp.post("/cohort/pulse/withdrawal")
def take_back() -> ResponseReturnValue:
    """Ask no longer."""
    access.require_trainer()
    asking.take_back(db.session(), access.cohort(), by=access.member())
    return toasts.redirect(url_for("pulse.show"), "pulse-taken-back")


@bp.post("/pulse")
def answer() -> ResponseReturnValue:
    """One of the two; the card then shows what is chosen."""
    liked, found = number(request.form, "liked"), number(request.form, "found")
    answering.answer(db.session(), by=access.member(), liked=liked, found=found)
    return redirect(url_for("feed.index", pulse=1, _anchor="pulse"), 303)


@bp.post("/pulse/later")
def put_off() -> ResponseReturnValue:
    """Not now."""
    answering.put_off(db.session(), by=access.member())
    return redirect(url_for("feed.index"), 303)
