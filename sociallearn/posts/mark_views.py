"""What a member does with a text besides writing: react, keep it, follow or mute its thread; trainers pin."""

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn import access, toasts
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.parameters import number
from sociallearn.posts import keeping, pinning, reacting, reading
from sociallearn.posts.models import ReactionKind
from sociallearn.posts.pages import back_to_post, find, place

bp = Blueprint("marks", __name__, url_prefix="/s/<seat>")


@bp.get("/posts/<int:post_id>/reactions")
def reactions(post_id: int) -> ResponseReturnValue:
    """Who reacted how, and the form to react."""
    post = find(post_id)
    if not post.is_visible:
        raise Refusal(404, _("This text was removed."))
    session, member = db.session(), access.member()
    shown = reading.show(post, member)
    reading.give_marks(session, [shown], member)
    return render_template("posts/reactions.html", post=shown, names=reacting.names(session, post), back=place(post))


@bp.post("/posts/<int:post_id>/reactions")
def react(post_id: int) -> ResponseReturnValue:
    """Give a reaction (``give``) or take it back (``take``)."""
    access.require_writer()
    post, session, member = find(post_id), db.session(), access.member()
    act = reacting.withdraw if "take" in request.form else reacting.react
    act(session, post, _kind(request.form.get("take") or request.form.get("give")), by=member)
    if request.accept_mimetypes.best == "application/json":
        return jsonify(reading.reactions_of(session, member, [post.id])[post.id])
    return redirect(back_to_post(post), 303)


def _kind(name: str | None) -> ReactionKind:
    try:
        return ReactionKind(name or "")
    except ValueError as error:
        raise Refusal(400, _("There is no such reaction.")) from error


@bp.post("/posts/<int:post_id>/bookmark")
@access.even_when_archived
def bookmark(post_id: int) -> ResponseReturnValue:
    """Keep this text for later."""
    post = find(post_id)
    keeping.bookmark(db.session(), post, by=access.member())
    return toasts.redirect(back_to_post(post), "kept")


@bp.post("/posts/<int:post_id>/bookmark/withdrawal")
@access.even_when_archived
def forget(post_id: int) -> ResponseReturnValue:
    """No longer keep it."""
    post = find(post_id)
    keeping.forget(db.session(), post, by=access.member())
    return toasts.redirect(back_to_post(post), "not-kept")


@bp.get("/bookmarks")
def bookmarks() -> ResponseReturnValue:
    """What I keep."""
    items, older = reading.kept(db.session(), access.member(), number(request.args, "before"))
    next_url = url_for("marks.bookmarks", before=older) if older else None
    page = reading.Page(items, next_url, "before" not in request.args)
    return render_template("posts/bookmarks.html", page=page, room="feed")


@bp.post("/posts/<int:post_id>/following")
@access.even_when_archived
def follow(post_id: int) -> ResponseReturnValue:
    """Hear what is new in this thread."""
    post = find(post_id)
    keeping.follow(db.session(), post.thread_id, by=access.member())
    return toasts.redirect(back_to_post(post), "followed")


@bp.post("/posts/<int:post_id>/following/withdrawal")
@access.even_when_archived
def unfollow(post_id: int) -> ResponseReturnValue:
    """Neither follow nor mute this thread."""
    post = find(post_id)
    keeping.unfollow(db.session(), post.thread_id, by=access.member())
    return toasts.redirect(back_to_post(post), "unfollowed")


@bp.post("/posts/<int:post_id>/muting")
@access.even_when_archived
def mute(post_id: int) -> ResponseReturnValue:
    """Be spared what is new in this thread."""
    post = find(post_id)
    keeping.mute(db.session(), post.thread_id, by=access.member())
    return toasts.redirect(back_to_post(post), "muted")


@bp.post("/posts/<int:post_id>/pin")
def pin(post_id: int) -> ResponseReturnValue:
    """Put this thread above the others."""
    access.require_trainer()
    post = find(post_id)
    pinning.pin(db.session(), post, by=access.member())
    return toasts.redirect(back_to_post(post), "pinned")


@bp.post("/posts/<int:post_id>/pin/withdrawal")
def unpin(post_id: int) -> ResponseReturnValue:
    """Let it go back to its place."""
    access.require_trainer()
    post = find(post_id)
    pinning.unpin(db.session(), post, by=access.member())
    return toasts.redirect(back_to_post(post), "unpinned")


@bp.get("/posts/<int:post_id>/unread")
def unread(post_id: int) -> ResponseReturnValue:
    """The first reply one has not read; the thread itself when all are read."""
    post = find(post_id)
    thread = post if post.is_root else find(post.thread_id)
    first = reading.first_unread(db.session(), thread, access.member())
    return redirect(reading.place_of(db.session(), first) if first else place(thread))
