"""The feed: the cohort's conversation, newest first, with a form to post; and one post with its replies."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sociallearn import access
from sociallearn.database import db
from sociallearn.feed.sorting import SORTS
from sociallearn.grades import receipts
from sociallearn.parameters import number
from sociallearn.posts import drafting, pages, pinning, reading, writing
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
    if "announcement" in request.form:
        pinning.announce(db.session(), made, by=access.member())
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
    name = request.args.get("sort", "new")
    name = name if name in SORTS else "new"
    sort, before = SORTS[name], number(request.args, "before")
    in_address = name if name != "new" else None
    page = reading.page(session, Kind.POST, member, before, sort.where, order=sort.order, sort=in_address)
    is_front = name == "new" and page.is_first
    pinned = reading.pinned(session, Kind.POST, member) if is_front else []
    above = {item.id for item in pinned}
    newest_id = max((item.id for item in page.items), default=0)
    page.items = [item for item in page.items if item.id not in above]
    return render_template(
        "feed/index.html",
        form=form,
        page=page,
        pinned=pinned,
        sort=name,
        is_front=is_front,
        newest_id=newest_id if is_front else None,
        unread=sum(item.is_unread for item in page.items),
        draft_saved=draft is not None,
        hint=receipts.hint_for(session, member, "post"),
        greeting=greeting.greet(session, access.cohort(), member),
        room="feed",
    )


def _reply_hint(to: int) -> object:
    return receipts.hint_for(db.session(), access.member(), "reply", to)
