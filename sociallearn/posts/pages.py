"""What the pages of every room do alike: find a post, fill a form from a draft, show a thread."""

from collections.abc import Callable
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.routing import RequestRedirect

from sociallearn import access, clock
from sociallearn.attachments import reading as files
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.parameters import number, whole
from sociallearn.posts import drafting, reading, starters
from sociallearn.posts.forms import PostForm, TitledForm
from sociallearn.posts.models import Draft, Kind, Post
from sociallearn.posts.reading import Page, Shown


def thread_page(
    post: Post,
    form: PostForm,
    template: str,
    *,
    room: str,
    hint: Callable[[int], object],
    adorn: Callable[[Shown, Page], None] = lambda root, page: None,
    **more: Any,
) -> str:
    """The page of a thread, for each room's own template: the post, its replies, and a form to answer.

    ``hint`` tells what a reply to that member would count; ``adorn`` adds what only that room knows (an accepted
    answer, a rating).
    """
    session, member = db.session(), access.member()
    target = _reply_to(post)
    draft = fill_from_draft(form, f"reply-{(target or post).id}")
    root = reading.show(post, member)
    reading.give_reasons(session, [root])
    reading.give_marks(session, [root], member)
    reading.give_follow(session, root, member)
    page = reading.replies(session, post, member, _after())
    adorn(root, page)
    if root.is_locked:
        for item in page.items:
            item.may_reply = False
    return render_template(
        template,
        root=root,
        page=page,
        form=form,
        hint=None if root.space and root.space.is_informal else hint((target or post).author_id),
        reply_to=reading.show(target, member) if target and not root.is_locked else None,
        lock=reading.reason_of_lock(session, root),
        last_id=post.id if page.waits else max(post.last_reply_id or 0, post.id),  # what was not shown is not read
        draft_saved=draft is not None,
        room=room,
        **more,
    )


class _AnswerFirst(RequestRedirect):
    """Leads from a reply that cannot be seen yet to the question it answers."""

    code = 303


def find(post_id: int) -> Post:
    """The cohort's post. Raises Refusal 404; for a reply that this member answers before seeing, it leads to the
    question, or raises Refusal 409 where something is to be done with that reply."""
    post = reading.root(db.session(), access.member(), post_id)
    if post is None:
        raise Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))
    if access.cohort().rooms_off and _room_of(post) in access.cohort().rooms_off:
        raise access.closed_room()
    if starters.hides(db.session(), post, access.member()):
        raise _answer_first(post)
    return post


def _answer_first(reply: Post) -> Exception:
    if request.method == "POST":
        return Refusal(409, starters.sentence(), _("Go back to the question and answer it."))
    thread = db.session.get_one(Post, reply.root_id)
    return _AnswerFirst(reading.url_of(thread, anchor="write"))


def _room_of(post: Post) -> str | None:
    """The room a text stands in, whatever its level; nothing for the feed's, which is never closed."""
    root = post if post.root_id is None else db.session.get_one(Post, post.root_id)
    return {Kind.QUESTION: "questions", Kind.IDEA: "ideas"}.get(Kind(root.kind))


def fill_from_draft(form: PostForm, place: str) -> Draft | None:
    """Put a kept draft, and files uploaded for it, into a form that was not sent."""
    if request.method != "GET":
        return None
    member = access.member()
    if member.may_write:
        form.files.data += files.waiting(db.session(), member, place)
    draft = drafting.find(db.session(), member, place)
    if draft is not None:
        form.draft_at, form.original_body = clock.milliseconds(draft.at), form.text
        form.body.data = draft.body
        if isinstance(form, TitledForm):
            form.original_title, form.title.data = form.heading, draft.title
    return draft


def _after() -> tuple[int, int] | None:
    branch, _dash, post = request.args.get("after", "").partition("-")
    branch_id, post_id = whole(branch), whole(post)
    return None if branch_id is None or post_id is None else (branch_id, post_id)


def _reply_to(thread: Post) -> Post | None:
    wanted = number(request.args, "reply_to")
    post = reading.root(db.session(), access.member(), wanted) if wanted else None
    if post is None or not post.is_visible or post.root_id != thread.id:
        return None
    return None if starters.hides(db.session(), post, access.member()) else post


def place(post: Post) -> str:
    """The address where a post is read, whatever its level."""
    return reading.url_of(post) if post.is_root else reading.place_of(db.session(), post)


def back_to_post(post: Post) -> str:
    """The post on the page of ours somebody came from, or else where it is read."""
    came_from = access.back_to(request.referrer)
    if came_from is None:
        return place(post)
    return f"{came_from.partition('#')[0]}#post-{post.id}"
