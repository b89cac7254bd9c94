"""The feed: the cohort's conversation, newest first, with a form to post; and one post with its replies."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sociallearn import access
from sociallearn.database import db
from sociallearn.feed.sorting import SORTS
from sociallearn.grades import receipts
from sociallearn.parameters import number
from sociallearn.posts import (
    attaching,
    drafting,
    form_files,
    pages,
    pinning,
    polling,
    praising,
    reading,
    starters,
    writing,
)
from sociallearn.posts.extra_forms import FeedForm
from sociallearn.posts.forms import PostForm
from sociallearn.posts.models import Kind
from sociallearn.pulse import reading as pulse
from sociallearn.roster import greeting, spaces

bp = Blueprint("feed", __name__, url_prefix="/s/<seat>")


@bp.get("/feed")
def index() -> ResponseReturnValue:
    """Twenty posts."""
    return _page(_form())


@bp.post("/feed")
def post() -> ResponseReturnValue:
    """Post something new; or show the form again with what should come with it (``more``), nothing posted yet."""
    access.require_writer()
    form = _form()
    if "more" in request.form:
        form_files.choose(form)
        form.change(request.form["more"])
        return _page(form)
    if not form_files.is_complete(form):
        return _page(form), 422
    session, member = db.session(), access.member()
    space = spaces.choose(session, member, form.space.data or "")
    made = writing.write(session, Kind.POST, by=member, body=form.text, space=space)
    attaching.attach(session, made, form.chosen, by=member)
    if form.wants("poll"):
        polling.begin(session, made, form.poll)
    if form.wants("praise"):
        praising.praise(session, made, form.people, by=member)
    if "announcement" in request.form:
        pinning.announce(session, made, by=member)
    drafting.clear(session, member, "feed")
    return redirect(url_for("feed.index", _anchor=f"post-{made.id}"), 303)


@bp.get("/posts/<int:post_id>")
def show(post_id: int) -> ResponseReturnValue:
    """A thread of the feed; for any other post, the place where it is read."""
    post = pages.find(post_id)
    if not post.is_root or post.kind != Kind.POST:
        return redirect(pages.place(post))
    return pages.thread_page(post, PostForm(), "posts/thread.html", room="feed", hint=_reply_hint)


def _form() -> FeedForm:
    form = FeedForm(request.form)
    form.time_zone = access.cohort().time_zone
    if form.wants("praise"):
        form.candidates = praising.candidates(db.session(), access.member())
    return form


def _page(form: FeedForm) -> str:
    session, member = db.session(), access.member()
    if form.wants("praise") and not form.candidates:
        form.candidates = praising.candidates(session, member)
    draft = pages.fill_from_draft(form, "feed")
    name = request.args.get("sort", "new")
    name = name if name in SORTS else "new"
    sort, before = SORTS[name], number(request.args, "before")
    in_address = name if name != "new" else None
    seen = spaces.in_sight_of(session, member)
    here = next((one for one in seen if one.id == number(request.args, "space")), None)
    page = reading.page(
        session,
        Kind.POST,
        member,
        before,
        sort.where,
        order=sort.order,
        space_id=here.id if here else None,
        sort=in_address,
    )
    choices = spaces.choices(session, member) if member.may_write and page.is_first else []
    if here is not None and request.method == "GET":
        form.space.data = next((one.key for one in choices if one.space_id == here.id), "")
    is_front = name == "new" and page.is_first and here is None
    pinned = reading.pinned(session, Kind.POST, member) if is_front else []
    above = {item.id for item in pinned}
    newest_id = max((item.id for item in page.items), default=0)
    page.items = [item for item in page.items if item.id not in above]
    greeted = greeting.greet(session, access.cohort(), member)
    asks = is_front and ("pulse" in request.args or not greeted.agreements_news)  # one card at a time
    return render_template(
        "feed/index.html",
        form=form,
        page=page,
        pinned=pinned,
        waiting=starters.waiting(session, member) if is_front else [],
        sort=name,
        spaces=seen,
        here=here,
        choices=choices,
        is_front=is_front,
        newest_id=newest_id if is_front else None,
        unread=sum(item.is_unread for item in page.items),
        draft_saved=draft is not None,
        hint=receipts.hint_for(session, member, "post"),
        participation=receipts.line_for(session, member) if is_front else None,
        pulse=pulse.shown(session, member) if asks else None,
        greeting=greeted,
        room="feed",
    )


def _reply_hint(to: int) -> object:
    return receipts.hint_for(db.session(), access.member(), "reply", to)
