"""Open a starter question, look at what it opened, and take it back."""

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.parameters import number
from sociallearn.posts import previewing
from sociallearn.posts.models import Starter
from sociallearn.posts.starters import DISCUSSION, QUESTION, ROUND
from sociallearn.starters import opening, reading, themes, withdrawing
from sociallearn.starters.forms import StarterForm

bp = Blueprint("starters", __name__, url_prefix="/s/<seat>/starters")


@bp.get("/new")
def new() -> ResponseReturnValue:
    """The form, with a ready-made theme in it; empty for ``theme=own``."""
    access.require_trainer()
    ready = themes.ready(access.cohort())
    chosen = None if request.args.get("theme") == "own" else min(number(request.args, "theme") or 0, len(ready) - 1)
    return _page(StarterForm(access.cohort(), theme=None if chosen is None else ready[chosen]), chosen)


@bp.post("/preview")
def preview() -> ResponseReturnValue:
    """The form again, and above it what it would open. Nothing is kept."""
    access.require_trainer()
    form = StarterForm(access.cohort(), request.form)
    if not form.validate():
        return _page(form, _chosen()), 422
    return _page(form, _chosen(), shows=True)


@bp.post("")
def publish() -> ResponseReturnValue:
    """Open it."""
    access.require_trainer()
    form = StarterForm(access.cohort(), request.form)
    if not form.validate():
        return _page(form, _chosen()), 422
    made = opening.start(db.session(), form.wanted(), by=access.member())
    return toasts.redirect(url_for("starters.show", starter_id=made.id), "starter-opened")


def _chosen() -> int | None:
    return number(request.form, "theme")


def _page(form: StarterForm, chosen: int | None, *, shows: bool = False) -> str:
    return render_template(
        "starters/new.html",
        form=form,
        themes=themes.ready(access.cohort()),
        chosen=chosen,
        preview=_preview(form) if shows else None,
        zone=access.cohort().time_zone,
        first="first" in request.values,
        room="feed",
    )


def _preview(form: StarterForm) -> dict[str, object]:
    texts = {DISCUSSION: form.body.data, QUESTION: form.details.data}
    shown: dict[str, object] = {
        part: previewing.preview(db.session(), access.cohort().id, text or "", g.seat_path)
        for part, text in texts.items()
        if form.opens(part)
    }
    if form.opens(ROUND):
        shown[ROUND] = form.idea.data or ""
    return shown


@bp.get("/<int:starter_id>")
def show(starter_id: int) -> ResponseReturnValue:
    """What it opened, with the way there and the way back."""
    access.require_trainer()
    starter = access.get_or_404(Starter, id=starter_id)
    opened = reading.opened(db.session(), starter, access.member())
    return render_template("starters/show.html", starter=starter, opened=opened, room="feed")


@bp.post("/<int:starter_id>/withdrawal")
def withdraw(starter_id: int) -> ResponseReturnValue:
    """Take back what nobody answered yet."""
    access.require_trainer()
    starter = access.get_or_404(Starter, id=starter_id)
    if withdrawing.withdraw(db.session(), starter, by=access.member()):
        return toasts.redirect(url_for("feed.index"), "starter-withdrawn")
    return toasts.redirect(url_for("starters.show", starter_id=starter_id), "starter-kept")
