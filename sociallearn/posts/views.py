"""Replies; editing, history, deleting and undoing; what is new; drafts; read marks."""

from collections.abc import Callable

from flask import Blueprint, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from sociallearn import access, clock, toasts
from sociallearn.attachments import reading as attachments
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.parameters import number, whole
from sociallearn.posts import (
    attaching,
    deciding,
    drafting,
    form_files,
    previewing,
    reading,
    reading_marks,
    versions,
    writing,
)
from sociallearn.posts.forms import PostForm, TitledForm
from sociallearn.posts.models import Draft, Kind, Post, Visibility
from sociallearn.posts.pages import fill_from_draft, find, place
from sociallearn.roster.models import Member

bp = Blueprint("posts", __name__, url_prefix="/s/<seat>")

MOST_SHOWN = 80  # texts on a page
# further numbers that open pages hear of, by name: rooms above this one know them
also_new: dict[str, Callable[[Session, Member], int]] = {}

ROOMS = {"feed": Kind.POST, "questions": Kind.QUESTION, "ideas": Kind.IDEA}


@bp.post("/posts/<int:post_id>/replies")
def reply(post_id: int) -> ResponseReturnValue:
    """Answer a post or a reply."""
    access.require_writer()
    parent, form = find(post_id), PostForm(request.form)
    if parent.kind == Kind.IDEA:  # its own form asks what the comment is
        raise Refusal(
            422,
            _("Say what your comment is: a question, something built on the idea, or a concern with a suggestion."),
            _("Your text stands below; copy what you need."),
            link=("ideas.show", {"post_id": parent.id, "_anchor": "write"}, _("To the idea")),
        )
    if not form_files.is_complete(form):
        return _again(parent, form), 422
    made = writing.reply(db.session(), parent, by=access.member(), body=form.text)
    attaching.attach(db.session(), made, form.chosen, by=access.member())
    drafting.clear(db.session(), access.member(), f"reply-{parent.id}")
    return redirect(reading.place_of(db.session(), made), 303)


def _again(parent: Post, form: PostForm) -> str:
    return render_template("posts/again.html", form=form, post=reading.show(parent, access.member()))


@bp.get("/posts/<int:post_id>/edit")
def edit(post_id: int) -> ResponseReturnValue:
    """The form to change one's own text."""
    post = _own(post_id)
    form = _form_for(post)(data={"body": post.body, "title": post.title, "version": str(post.version)})
    form.files.data = attachments.of(db.session(), post.cohort_id, [post.id]).get(post.id, [])
    draft = fill_from_draft(form, f"edit-{post.id}")
    return _edit_page(post, form, draft)


@bp.post("/posts/<int:post_id>/edit")
def save(post_id: int) -> ResponseReturnValue:
    """Change one's own text."""
    access.require_writer()
    post = _own(post_id)
    form = _form_for(post)(request.form)
    if not form_files.is_complete(form, post.id):
        return _edit_page(post, form, None), 422
    title = form.heading if isinstance(form, TitledForm) else None
    version = number(request.form, "version")
    post = writing.edit(db.session(), post, by=access.member(), body=form.text, title=title, version=version)
    attaching.attach(db.session(), post, form.chosen, by=access.member())
    drafting.clear(db.session(), access.member(), f"edit-{post.id}")
    return redirect(place(post), 303)


def _edit_page(post: Post, form: PostForm, draft: Draft | None) -> str:
    shown = reading.show(post, access.member())
    return render_template("posts/edit.html", form=form, post=shown, draft_saved=draft is not None)


def _own(post_id: int) -> Post:
    post = find(post_id)
    if not post.written_by(access.member()):
        raise Refusal(403, _("You can change your own texts only."))
    return post


def _form_for(post: Post) -> type[PostForm]:
    return PostForm if post.title is None else TitledForm


@bp.get("/posts/<int:post_id>/history")
def history(post_id: int) -> ResponseReturnValue:
    """How a text read before it was changed; for everybody in the cohort, as long as the text itself is readable."""
    post = find(post_id)
    if not post.is_visible:
        raise Refusal(404, _("This text was removed."), _("Its earlier versions went with it."))
    shown = reading.show(post, access.member())
    return render_template("posts/history.html", post=shown, versions=versions.of(db.session(), post, g.seat_path))


@bp.post("/posts/<int:post_id>/deletion")
def delete(post_id: int) -> ResponseReturnValue:
    """Delete one's own text; a trace stays, and it can be undone."""
    post = find(post_id)
    deciding.decide(db.session(), post, Visibility.DELETED, by=access.member(), reason="")
    goal = url_for("feed.index") if post.is_root and post.kind == Kind.POST else place(post)
    return toasts.redirect(goal, "deleted", undo=post.id)


@bp.post("/posts/<int:post_id>/deletion/withdrawal")
def undelete(post_id: int) -> ResponseReturnValue:
    """Take the deletion back."""
    post = find(post_id)
    deciding.decide(db.session(), post, Visibility.VISIBLE, by=access.member(), reason="")
    is_listed = post.is_root and post.kind == Kind.POST
    goal = url_for("feed.index", _anchor=f"post-{post.id}") if is_listed else place(post)
    return toasts.redirect(goal, "undeleted")


@bp.post("/posts/<int:post_id>/read")
@access.even_when_archived
def read(post_id: int) -> ResponseReturnValue:
    """This thread was on the screen."""
    post = find(post_id)
    reading_marks.mark(db.session(), access.member(), post.thread_id, number(request.form, "last_id"))
    return "", 204


@bp.post("/read-all")
@access.even_when_archived
def read_all() -> ResponseReturnValue:
    """Everything there is now counts as read."""
    reading_marks.mark_all(db.session(), access.member())
    return toasts.redirect(access.back_to(request.referrer) or url_for("feed.index"), "read")


@bp.get("/news")
def news() -> ResponseReturnValue:
    """How much is new since the page was made, and how often the texts on it were reacted to by now; 304 when nothing
    changed since the last time it was asked."""
    after, thread = number(request.args, "after") or 0, number(request.args, "thread")
    session, member = db.session(), access.member()
    if thread:
        count = reading.newer_replies(session, member, thread, after)
    else:
        kind = ROOMS.get(request.args.get("room", ""), Kind.POST)
        count = reading.newer(session, member, kind, after)
    shown = [post_id for text in request.args.get("shown", "").split("-")[:MOST_SHOWN] if (post_id := whole(text))]
    more = {name: number_of(session, member) for name, number_of in also_new.items()}
    response = jsonify(**more, count=count, reactions=reading.reactions_of(session, member, shown) if shown else {})
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    return response.make_conditional(request)


@bp.post("/preview")
def preview() -> ResponseReturnValue:
    """A text as it will look, as a piece of a page; nothing is kept. 422 with a sentence when it cannot be posted."""
    access.require_writer()
    form = PostForm(request.form)
    if not form.validate():
        return render_template("posts/_preview.html", html=None, problems=form.errors), 422
    html = previewing.preview(db.session(), access.cohort().id, form.text, g.seat_path)
    return render_template("posts/_preview.html", html=html)


@bp.post("/drafts")
def save_draft() -> ResponseReturnValue:
    """Keep what is being written."""
    place_of_draft = request.form.get("place", "")
    if not drafting.PLACE.fullmatch(place_of_draft):
        raise Refusal(400, _("SocialLearn could not understand this request."))
    drafting.save(
        db.session(),
        access.member(),
        place_of_draft,
        request.form.get("title", ""),
        request.form.get("body", ""),
    )
    return "", 204, {"Draft-At": str(clock.milliseconds())}
