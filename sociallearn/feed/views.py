"""The feed: the cohort's conversation, newest first, with a form to post; and one post with its replies."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sociallearn import access
from sociallearn.database import db
from sociallearn.grades import receipts
from sociallearn.parameters import number
from sociallearn.posts import drafting, pages, reading, writing
from sociallearn.posts.forms import PostForm
from sociallearn.posts.models import Kind
from sociallearn.roster import greeting

bp = Blueprint("feed", __name__, url_prefix="/s/<seat>")


@bp.get("/feed")
def index() -> ResponseReturnValue:
    """Twenty posts."""
    return _page(PostForm())


@bp.post("/feed")
def post() -> ResponseReturnValue:
    """Post something new."""
    access.require_writer()
    form = PostForm(request.form)
    if not form.validate():
        return _page(form), 422
    made = writing.write(db.session(), Kind.POST, by=access.member(), body=form.text)
    drafting.clear(db.session(), access.member(), "feed")
    return redirect(url_for("feed.index", _anchor=f"post-{made.id}"), 303)


@bp.get("/posts/<int:post_id>")
def show(post_id: int) -> ResponseReturnValue:
    """A thread of the feed; for any other post, the place where it is read."""
    post = pages.find(post_id)
    if not post.is_root or post.kind != Kind.POST:
        return redirect(pages.place(post))
    return pages.thread_page(post, PostForm(), "posts/thread.html", room="feed", hint=_reply_hint)


def _page(form: PostForm) -> str:
    session, member = db.session(), access.member()
    draft = pages.fill_from_draft(form, "feed")
    page = reading.page(session, Kind.POST, member, number(request.args, "before"))
    return render_template(
        "feed/index.html",
        form=form,
        page=page,
        newest_id=(page.items[0].id if page.items else 0) if page.is_first else None,
        unread=sum(item.is_unread for item in page.items),
        draft_saved=draft is not None,
        hint=receipts.hint_for(session, member, "post"),
        greeting=greeting.greet(session, access.cohort(), member),
        room="feed",
    )


def _reply_hint(to: int) -> object:
    return receipts.hint_for(db.session(), access.member(), "reply", to)
