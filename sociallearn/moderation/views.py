"""Hide with a reason, restore, lock, and the decision log everybody can read."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.moderation import queue, wording
from sociallearn.moderation import reading as moderation
from sociallearn.moderation.forms import ReasonForm
from sociallearn.posts import deciding, reading
from sociallearn.posts.forms import tidy
from sociallearn.posts.models import Extra, Post, Visibility
from sociallearn.posts.pages import find, place

bp = Blueprint("moderation", __name__, url_prefix="/s/<seat>")


@bp.get("/moderation")
def index() -> ResponseReturnValue:
    """What was reported, what is hidden, and what was decided."""
    access.require_trainer()
    session, member = db.session(), access.member()
    return render_template(
        "moderation/index.html",
        cases=queue.cases(session, member, member),
        appeals=moderation.waiting_appeals(session, member),
        hidden=moderation.hidden(session, member),
        decisions=moderation.decisions(session, member),
        room="moderation",
    )


@bp.get("/decisions")
def decisions() -> ResponseReturnValue:
    """The decision log."""
    session, member = db.session(), access.member()
    return render_template(
        "moderation/decisions.html",
        decisions=moderation.decisions(session, member),
        months=moderation.months(session, member),
    )


@bp.get("/posts/<int:post_id>/hiding")
def hide(post_id: int) -> ResponseReturnValue:
    """The form to hide a text."""
    access.require_trainer()
    post = find(post_id)
    kind = queue.likely_reason(db.session(), post, access.member()) if post.extras & Extra.REPORTED else None
    return _hide_page(post, ReasonForm(reason=wording.reason_to_hide(kind)))


@bp.post("/posts/<int:post_id>/hiding")
def hide_now(post_id: int) -> ResponseReturnValue:
    """Hide it."""
    access.require_trainer()
    post, form = find(post_id), ReasonForm(request.form)
    if not form.validate():
        return _hide_page(post, form), 422
    session, member = db.session(), access.member()
    is_reported = bool(post.extras & Extra.REPORTED) and queue.likely_reason(session, post, member) is not None
    deciding.decide(session, post, Visibility.HIDDEN, by=member, reason=form.reason.data or "")
    return toasts.redirect(url_for("moderation.index") if is_reported else place(post), "hidden")


@bp.post("/posts/<int:post_id>/hiding/withdrawal")
def restore(post_id: int) -> ResponseReturnValue:
    """Make it readable again."""
    access.require_trainer()
    post = find(post_id)
    reason = tidy(request.form.get("reason"))[:1000]
    deciding.decide(db.session(), post, Visibility.VISIBLE, by=access.member(), reason=reason)
    return toasts.redirect(place(post), "restored")


@bp.get("/posts/<int:post_id>/lock")
def lock(post_id: int) -> ResponseReturnValue:
    """The form to lock a thread."""
    access.require_trainer()
    return _lock_page(find(post_id), ReasonForm())


@bp.post("/posts/<int:post_id>/lock")
def lock_now(post_id: int) -> ResponseReturnValue:
    """Lock it: no more replies."""
    access.require_trainer()
    post, form = find(post_id), ReasonForm(request.form)
    if not form.validate():
        return _lock_page(post, form), 422
    deciding.lock(db.session(), post, by=access.member(), reason=form.reason.data or "")
    return toasts.redirect(place(post), "locked")


@bp.post("/posts/<int:post_id>/lock/withdrawal")
def unlock(post_id: int) -> ResponseReturnValue:
    """Replies again."""
    access.require_trainer()
    post = find(post_id)
    deciding.unlock(db.session(), post, by=access.member(), reason=tidy(request.form.get("reason"))[:1000])
    return toasts.redirect(place(post), "unlocked")


def _lock_page(post: Post, form: ReasonForm) -> str:
    shown = reading.show(post, access.member())
    return render_template("moderation/lock.html", post=shown, form=form, room="moderation")


def _hide_page(post: Post, form: ReasonForm) -> str:
    shown = reading.show(post, access.member())
    return render_template("moderation/hide.html", post=shown, form=form, room="moderation")
