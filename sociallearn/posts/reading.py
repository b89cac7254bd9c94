"""Posts as one member sees them: pages of threads and of replies, a constant number of queries each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from blinker import Signal
from flask import g, url_for
from markupsafe import Markup
from sqlalchemy import BindParameter, ColumnElement, Row, Select, and_, bindparam, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased, joinedload

from sociallearn.attachments import reading as attachments
from sociallearn.attachments.reading import ShownFile
from sociallearn.languages import when
from sociallearn.posts import polling, praising, sight, starters
from sociallearn.posts.models import (
    Bookmark,
    Decision,
    Extra,
    Kind,
    Lock,
    Post,
    PostTopic,
    Reaction,
    ReactionKind,
    ReadMark,
    ThreadFollow,
    Visibility,
)
from sociallearn.posts.starters import ShownStarter
from sociallearn.roster.models import Member, Person, Role, Space, Unit
from sociallearn.text.completing import complete

THREADS_A_PAGE = 20
REPLIES_A_PAGE = 50
LONG = 1800  # characters of a text above which a list shows its beginning only
HUES = 12

# asking.send(items, session=session, member=member): moderation says what became of this member's reports about them
asking = Signal()

_SHOW = {Kind.QUESTION: "questions.show", Kind.IDEA: "ideas.show"}
ROOMS = {Kind.QUESTION: "questions", Kind.IDEA: "ideas"}  # that can be off; the feed is always there
_LIST = {Kind.POST: "feed.index", Kind.QUESTION: "questions.index", Kind.IDEA: "ideas.index"}

# What a post is shown from, in the order of _shown's arguments: columns, because whole objects cost twice as much.
_COLUMNS = (
    Post.id, Post.kind, Post.title, Post.html, Post.created_at, Post.edited_at, Post.version, Post.visibility,
    Post.root_id, Post.branch_id, Post.reply_count, Post.answer_count, Post.last_reply_at,
    Post.author_id, Member.person_id, Member.role, Person.name, Unit.name,
    Post.thanks, Post.agree, Post.insight, Post.curious, Post.cheer, Post.pinned_at, Post.is_announcement,
    Post.is_locked, Post.extras, Post.space_id,
)  # fmt: skip


@dataclass(slots=True)
class ShownReaction:
    """One kind of reaction to a text: how many gave it, and whether this member did."""

    kind: str
    count: int
    is_mine: bool = False


@dataclass(slots=True)
class Shown:
    """One post as this member sees it. Without its text where they may not read it."""

    id: int
    kind: str
    title: str | None
    html: Markup
    author: str
    author_id: int
    author_url: str  # the author's page; empty where the name is somebody's who is not here
    initials: str
    hue: int
    unit: str | None
    is_trainer: bool
    created_at: datetime
    when: Markup  # created_at in words
    edited_at: datetime | None
    version: int
    visibility: str
    level: int
    reply_count: int
    answer_count: int
    last_reply_at: datetime | None
    url: str  # where it is read
    path: str  # what begins the addresses of what can be done with it
    is_mine: bool
    is_long: bool = False
    is_unread: bool = False
    new_replies: int = 0
    may_edit: bool = False
    may_delete: bool = False
    may_undelete: bool = False
    may_hide: bool = False
    may_restore: bool = False
    may_report: bool = False
    may_ask_again: bool = False  # that one's own hidden text be shown
    report: str | None = None  # what became of this member's report, or of asking for another look at the own text
    report_note: str = ""
    may_reply: bool = False
    may_react: bool = False
    may_pin: bool = False
    reactions: list[ShownReaction] = field(default_factory=list)  # kinds somebody gave, the most first
    is_pinned: bool = False
    is_announcement: bool = False
    is_locked: bool = False
    extras: int = 0  # flags of Extra; none where the text may not be read
    files: list[ShownFile] = field(default_factory=list)
    starter: ShownStarter | None = None
    may_lock: bool = False
    may_convert: bool = False  # from a post to a question, or back
    space_id: int | None = None
    space: Space | None = None  # who can see it; none: the whole cohort
    is_kept: bool = False  # this member's bookmark
    is_followed: bool | None = None  # False: muted; None: neither
    reason: str | None = None
    is_accepted: bool = False
    may_accept: bool = False
    votes: int = 0  # who find this answer useful
    has_voted: bool = False
    may_vote: bool = False
    helped: int = 0  # whom this answer or comment helped
    has_helped: bool = False  # this member
    may_be_helped: bool = False
    endorsers: list[str] = field(default_factory=list)  # trainers who recommend this answer
    has_endorsed: bool = False
    may_endorse: bool = False
    state: str = ""  # of a question: questions.states.State
    my_rating: int | None = None
    rating_count: int = 0
    average: float | None = None
    likely: tuple[float, float] | None = None  # between what the average would end if everybody rated
    few_ratings: bool = False  # too few for anybody to be told
    raters_possible: int = 0
    may_rate: bool = False
    remark: str | None = None  # what a comment on an idea is
    co_authors: list[str] = field(default_factory=list)  # names of an idea's further authors
    is_co_author: bool = False  # this member is one of them
    stage: str | None = None  # how far an idea is: what ``stage_name`` turns into words
    poll: polling.ShownPoll | None = None
    praised: Markup | None = None  # names

    @property
    def is_visible(self) -> bool:
        """Its text may be read."""
        return self.visibility == Visibility.VISIBLE

    @property
    def is_hidden(self) -> bool:
        """A trainer hid it."""
        return self.visibility == Visibility.HIDDEN

    @property
    def is_root(self) -> bool:
        """Begins a thread."""
        return self.level == 0


@dataclass(slots=True)
class Page:
    """A stretch of a list: its items, and where the next stretch begins."""

    items: list[Shown] = field(default_factory=list)
    next_url: str | None = None
    is_first: bool = True
    waits: bool = False  # the replies of others show once this member has answered


class Order(StrEnum):
    """How a list of threads is sorted."""

    NEW = "new"  # by when they began
    ACTIVE = "active"  # by their newest text


def page(
    session: Session,
    kind: Kind,
    member: Member,
    before: int | None,
    where: tuple[ColumnElement[bool], ...] = (),
    *,
    order: Order = Order.NEW,
    space_id: int | None = None,
    topic_id: int | None = None,
    **link: Any,
) -> Page:
    """Twenty threads of a room, newest first, older than ``before``, with what this member has read of each.

    ``where`` narrows the list (the same objects each time: statements are prepared once); it may speak of the member's
    ReadMark and ThreadFollow of each thread. ``space_id`` narrows it to one space of the cohort,
    ``topic_id`` to what names one topic. ``link`` are the
    further parameters of the list's address.
    """
    values = {
        **sight.values(member),
        "before": before,
        "read_up_to": member.read_up_to,
        "space_id": space_id,
        "topic_id": topic_id,
    }
    if topic_id is not None:
        where = (*where, _ABOUT_TOPIC)
    if space_id is not None:
        where = (*where, _IN_SPACE)
        link["space"] = space_id
    rows = session.execute(_threads(kind, before is not None, where, order), values).all()
    items = [_thread(row, member) for row in rows[:THREADS_A_PAGE]]
    next_url = None
    if len(rows) > THREADS_A_PAGE:
        last = rows[THREADS_A_PAGE - 1]
        next_url = url_for(_LIST[kind], before=last[-1] if order == Order.ACTIVE else last[0], **link)
    give_marks(session, items, member)
    return Page(items, next_url, before is None)


def pinned(session: Session, kind: Kind, member: Member) -> list[Shown]:
    """What trainers pinned in a room, the newest pin first."""
    rows = session.execute(_PINNED[kind], sight.values(member))
    items = [_thread(row, member) for row in rows]
    give_marks(session, items, member)
    return items


def _listed(kind: Kind) -> Select[Any]:
    mine: BindParameter[int] = bindparam("member_id")
    return (
        select(
            *_COLUMNS,
            Post.last_reply_id,
            ReadMark.last_read_id,
            ReadMark.replies_read,
            ThreadFollow.is_muted,
            Post.active_id,
        )
        .join(Member, Member.id == Post.author_id)
        .join(Person, Person.id == Member.person_id)
        .outerjoin(Unit, Unit.id == Member.unit_id)
        .outerjoin(ReadMark, and_(ReadMark.member_id == mine, ReadMark.root_id == Post.id))
        .outerjoin(ThreadFollow, and_(ThreadFollow.member_id == mine, ThreadFollow.root_id == Post.id))
        .where(Post.cohort_id == bindparam("cohort_id"), Post.kind == kind, Post.root_id.is_(None))
        .where(or_(Post.visibility == Visibility.VISIBLE, Post.author_id == mine, Post.reply_count > 0))
        .where(sight.IN_SIGHT)
    )


_ABOUT_TOPIC = exists().where(PostTopic.post_id == Post.id, PostTopic.topic_id == bindparam("topic_id"))
_IN_SPACE = Post.space_id == bindparam("space_id")


@lru_cache(maxsize=64)
def _threads(kind: Kind, is_later_page: bool, where: tuple[ColumnElement[bool], ...], order: Order) -> Select[Any]:
    by = Post.active_id if order == Order.ACTIVE else Post.id
    statement = _listed(kind).where(*where).order_by(by.desc()).limit(THREADS_A_PAGE + 1)
    return statement.where(by < bindparam("before")) if is_later_page else statement


_PINNED = {
    kind: _listed(kind).where(Post.pinned_at.is_not(None)).order_by(Post.pinned_at.desc()).limit(10)
    for kind in (Kind.POST, Kind.QUESTION, Kind.IDEA)
}


def _thread(row: Row[Any], member: Member) -> Shown:
    *columns, last_reply_id, last_read_id, replies_read, is_muted, _active_id = row
    shown = _shown(member, *columns)
    shown.is_long = len(shown.html) > LONG
    shown.is_followed = None if is_muted is None else not is_muted
    if is_muted:
        return shown  # never marked as new
    seen_up_to = max(last_read_id or 0, member.read_up_to)
    shown.is_unread = shown.id > seen_up_to and not shown.is_mine
    if (last_reply_id or 0) > seen_up_to and last_read_id is not None:
        shown.new_replies = max(0, shown.reply_count - (replies_read or 0))
    return shown


_IDS: BindParameter[Any] = bindparam("post_ids", expanding=True)
_KEPT = select(Bookmark.post_id).where(Bookmark.member_id == bindparam("member_id"), Bookmark.post_id.in_(_IDS))
_REACTED = select(Reaction.post_id, Reaction.kind).where(
    Reaction.member_id == bindparam("member_id"), Reaction.post_id.in_(_IDS)
)


def give_marks(session: Session, items: Sequence[Shown], member: Member) -> None:
    """Say of each text whether this member keeps it, how they reacted, and what comes with it: one query, and one more
    for each of these that there is on the page."""
    if not items:
        return
    give_spaces(session, items)
    starters.give_starters(session, items, member)
    by_id = {item.id: item for item in items}
    asked = [item for item in items if item.extras & Extra.REPORTED or (item.is_mine and item.is_hidden)]
    if asked:
        asking.send(asked, session=session, member=member)
    give_files(session, items, member)
    for post_id in session.scalars(_KEPT, {"member_id": member.id, "post_ids": list(by_id)}):
        by_id[post_id].is_kept = True
    give_polls_and_praise(session, items, member)
    reacted = [item.id for item in items if item.reactions]
    if not reacted:
        return
    for post_id, kind in session.execute(_REACTED, {"member_id": member.id, "post_ids": reacted}):
        for reaction in by_id[post_id].reactions:
            reaction.is_mine = reaction.is_mine or reaction.kind == kind


def give_spaces(session: Session, items: Sequence[Shown]) -> None:
    """Say of each text who can see it, where that is not the whole cohort: one query, and none when it always is."""
    wanted = {item.space_id for item in items if item.space_id is not None}
    if not wanted:
        return
    statement = select(Space).where(Space.id.in_(wanted)).options(joinedload(Space.group))
    spaces = {space.id: space for space in session.scalars(statement)}
    for item in items:
        item.space = spaces.get(item.space_id or 0)


def give_polls_and_praise(session: Session, items: Iterable[Shown], member: Member) -> None:
    """Add what texts ask to choose and whom they praise: one query each, and none where no text has any."""
    asking = {item.id: item for item in items if item.extras & Extra.POLL}
    if asking:
        for post_id, poll in polling.shown(session, asking, member).items():
            asking[post_id].poll = poll
    praises = {item.id: item for item in items if item.extras & Extra.PRAISE}
    if praises:
        for post_id, names in praising.names(session, praises, member).items():
            praises[post_id].praised = names


def give_files(session: Session, items: Sequence[Shown], member: Member) -> None:
    """Add what comes with each text: one query, and none where nothing does."""
    with_files = {item.id: item for item in items if item.extras & Extra.FILES}
    if not with_files:
        return
    for post_id, found in attachments.of(session, member.cohort_id, list(with_files)).items():
        with_files[post_id].files = found


def give_follow(session: Session, shown: Shown, member: Member) -> None:
    """Say whether this member follows the thread or muted it."""
    statement = select(ThreadFollow.is_muted).where(
        ThreadFollow.member_id == member.id, ThreadFollow.root_id == shown.id
    )
    is_muted = session.scalar(statement)
    shown.is_followed = None if is_muted is None else not is_muted


def first_unread(session: Session, thread: Post, member: Member) -> Post | None:
    """The first reply, in reading order, that this member has not read; none when all are read."""
    mark = session.scalar(
        select(ReadMark.last_read_id).where(ReadMark.member_id == member.id, ReadMark.root_id == thread.id)
    )
    return session.scalar(
        select(Post)
        .where(Post.root_id == thread.id, Post.visibility == Visibility.VISIBLE, Post.author_id != member.id)
        .where(Post.id > max(mark or 0, member.read_up_to), sight.in_sight(member))
        .order_by(Post.branch_id, Post.id)
        .limit(1)
    )


def kept(session: Session, member: Member, before: int | None) -> tuple[list[Shown], int | None]:
    """Twenty texts this member keeps, the newest first (by id), and where the next twenty begin."""
    statement = (
        select(Post)
        .join(Bookmark, Bookmark.post_id == Post.id)
        .where(Bookmark.member_id == member.id, Post.cohort_id == member.cohort_id, sight.in_sight(member))
        .options(joinedload(Post.author))
        .order_by(Post.id.desc())
        .limit(THREADS_A_PAGE + 1)
    )
    posts = session.scalars(statement.where(Post.id < before) if before else statement).all()
    items = [show(post, member) for post in posts[:THREADS_A_PAGE]]
    give_marks(session, items, member)
    give_reasons(session, items)
    return items, items[-1].id if len(posts) > THREADS_A_PAGE else None


def open_to(statement: Select[Any], member: Member) -> Select[Any]:
    """``statement``, from ``Post``, narrowed to the texts this member can read now, in rooms that are open."""
    statement = statement.where(Post.cohort_id == member.cohort_id, Post.visibility == Visibility.VISIBLE)
    statement = statement.where(sight.in_sight(member))
    closed = closed_kinds(member)
    if not closed:
        return statement
    thread = aliased(Post)
    statement = statement.outerjoin(thread, thread.id == Post.root_id)
    return statement.where(func.coalesce(thread.kind, Post.kind).not_in(closed))


def closed_kinds(member: Member) -> list[Kind]:
    """What begins the threads of the rooms that are off."""
    return [kind for kind, room in ROOMS.items() if room in member.cohort.rooms_off]


def texts(
    session: Session, statement: Select[Any], member: Member, before: int | None
) -> tuple[list[Shown], int | None]:
    """Twenty of these texts (``statement`` selects ``Post``), newest first, older than ``before`` (an id), and before
    which the next twenty begin."""
    if before is not None:
        statement = statement.where(Post.id < before)
    statement = statement.options(joinedload(Post.author)).order_by(Post.id.desc()).limit(THREADS_A_PAGE + 1)
    posts = session.scalars(statement).all()
    items = [show(post, member) for post in posts[:THREADS_A_PAGE]]
    for item in items:
        item.is_long = len(item.html) > LONG
    give_marks(session, items, member)
    return items, items[-1].id if len(posts) > THREADS_A_PAGE else None


def root(session: Session, member: Member, post_id: int) -> Post | None:
    """The post, whatever its kind, if it is one of this cohort for this member, perhaps not before they have answered
    (``starters.hides``)."""
    statement = select(Post).where(Post.id == post_id, Post.cohort_id == member.cohort_id, sight.is_for(member))
    return session.scalar(statement.options(joinedload(Post.author)))


def replies(session: Session, thread: Post, member: Member, after: tuple[int, int] | None) -> Page:
    """Fifty replies in reading order (each first-level reply followed by those to it), from ``after`` on.

    One's own alone where this member answers before seeing the others.
    """
    waits = starters.hides_replies(session, thread, member)
    statement = (
        select(Post)
        .where(Post.root_id == thread.id)
        .options(joinedload(Post.author))
        .order_by(Post.branch_id, Post.id)
        .limit(REPLIES_A_PAGE + 1)
    )
    if after is not None:
        statement = statement.where(tuple_(Post.branch_id, Post.id) > after)
    if waits:
        statement = statement.where(Post.author_id == member.id)
    posts = session.scalars(statement).all()
    items = [show(post, member) for post in posts[:REPLIES_A_PAGE]]
    give_marks(session, items, member)
    give_reasons(session, items)
    next_url = None
    if len(posts) > REPLIES_A_PAGE:
        last = posts[REPLIES_A_PAGE - 1]
        next_url = url_of(thread, after=f"{last.branch_id}-{last.id}")
    return Page(items, next_url, after is None, waits)


def place_of(session: Session, reply: Post) -> str:
    """The address of the page of its thread where a reply stands, and its anchor."""
    thread = session.get_one(Post, reply.root_id)
    earlier = (
        select(func.count())
        .select_from(Post)
        .where(Post.root_id == thread.id, tuple_(Post.branch_id, Post.id) < (reply.branch_id, reply.id))
    )
    skipped = (session.scalar(earlier) or 0) // REPLIES_A_PAGE * REPLIES_A_PAGE
    after = None
    if skipped:
        before = (
            select(Post.branch_id, Post.id)
            .where(Post.root_id == thread.id)
            .order_by(Post.branch_id, Post.id)
            .offset(skipped - 1)
            .limit(1)
        )
        after = "-".join(str(value) for value in session.execute(before).one())
    return url_of(thread, after=after, anchor=f"post-{reply.id}")


def url_of(thread: Post, *, after: str | None = None, anchor: str | None = None) -> str:
    """Where a thread is read."""
    endpoint = _SHOW.get(Kind(thread.kind), "feed.show")
    return url_for(endpoint, post_id=thread.id, after=after, _anchor=anchor)


def show(post: Post, member: Member) -> Shown:
    """``post`` (its author loaded) as ``member`` sees it."""
    author = post.author
    return _shown(
        member, post.id, post.kind, post.title, post.html, post.created_at, post.edited_at, post.version,
        post.visibility, post.root_id, post.branch_id, post.reply_count, post.answer_count, post.last_reply_at,
        post.author_id, author.person_id, author.role, author.person.name, author.unit.name if author.unit else None,
        post.thanks, post.agree, post.insight, post.curious, post.cheer, post.pinned_at, post.is_announcement,
        post.is_locked, post.extras, post.space_id,
    )  # fmt: skip


def _shown(  # noqa: PLR0913 - one argument a column
    member: Member,
    post_id: int,
    kind: str,
    title: str | None,
    html: str,
    created_at: datetime,
    edited_at: datetime | None,
    version: int,
    visibility: str,
    root_id: int | None,
    branch_id: int | None,
    reply_count: int,
    answer_count: int,
    last_reply_at: datetime | None,
    author_id: int,
    person_id: int,
    role: str,
    name: str,
    unit: str | None,
    thanks: int,
    agree: int,
    insight: int,
    curious: int,
    cheer: int,
    pinned_at: datetime | None,
    is_announcement: bool,
    is_locked: bool,
    extras: int,
    space_id: int | None,
) -> Shown:
    mine, visible = author_id == member.id, visibility == Visibility.VISIBLE
    is_open = not member.cohort.is_archived
    seat_path = g.seat_path
    room = {Kind.QUESTION: "questions", Kind.IDEA: "ideas"}.get(kind, "posts") if root_id is None else "posts"  # type: ignore[call-overload]
    return Shown(
        id=post_id,
        kind=kind,
        title=title if visible else None,
        html=Markup(complete(html, seat_path)) if visible else Markup(""),  # noqa: S704 - made by our sanitiser
        author=name,
        author_id=author_id,
        author_url=f"{seat_path}/people/{author_id}",
        initials=initials(name),
        hue=hue(person_id),
        unit=unit,
        is_trainer=role == Role.TRAINER,
        created_at=created_at,
        when=when(created_at),
        edited_at=edited_at,
        version=version,
        visibility=visibility,
        level=0 if root_id is None else 1 if branch_id == post_id else 2,
        reply_count=reply_count,
        answer_count=answer_count,
        last_reply_at=last_reply_at,
        url=f"{seat_path}/{room}/{post_id}",
        path=f"{seat_path}/posts/{post_id}",
        is_mine=mine,
        may_edit=mine and visible and member.may_write,
        may_delete=mine and visible and is_open,
        may_undelete=mine and visibility == Visibility.DELETED and is_open,
        may_hide=member.is_trainer and visible and not mine and is_open,
        may_restore=member.is_trainer and visibility == Visibility.HIDDEN and not mine and is_open,
        may_report=visible and not mine and is_open,
        may_ask_again=visibility == Visibility.HIDDEN and mine and member.may_write,
        may_reply=visible and member.may_write and not is_locked,
        may_lock=member.is_trainer and visible and root_id is None and is_open,
        is_locked=is_locked,
        may_convert=visible
        and root_id is None
        and kind != Kind.IDEA
        and member.may_write
        and not is_locked
        and (mine or member.is_trainer)
        and not is_announcement
        and not extras & (Extra.POLL | Extra.PRAISE | Extra.STARTER),
        may_react=visible and not mine and member.may_write,
        may_pin=member.is_trainer and visible and root_id is None and is_open,
        reactions=_reactions(thanks, agree, insight, curious, cheer) if visible else [],
        is_pinned=pinned_at is not None,
        is_announcement=is_announcement,
        extras=extras if visible else 0,
        space_id=space_id,
    )


_KINDS = tuple(kind.value for kind in ReactionKind)


def _reactions(*counts: int) -> list[ShownReaction]:
    if not any(counts):
        return []
    given = [ShownReaction(kind, count) for kind, count in zip(_KINDS, counts, strict=True) if count > 0]
    return sorted(given, key=lambda one: -one.count)


def hue(person_id: int) -> int:
    """The colour of somebody's round picture: neighbours get different ones."""
    return person_id * 5 % HUES


@lru_cache(maxsize=4096)
def initials(name: str) -> str:
    """One or two letters for the round picture."""
    parts = [part for part in name.split() if part[0].isalnum()]
    if not parts:
        return "?"
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()


def give_reasons(session: Session, items: Iterable[Shown]) -> None:
    """Add its reason to each hidden post: one query, and none when nothing is hidden."""
    hidden = {item.id: item for item in items if item.visibility == Visibility.HIDDEN}
    if not hidden:
        return
    rows = session.execute(
        select(Decision.post_id, Decision.reason)
        .where(Decision.post_id.in_(hidden), Decision.after == Visibility.HIDDEN)
        .order_by(Decision.id)
    )
    for post_id, reason in rows:
        hidden[post_id].reason = reason


def reason_of_lock(session: Session, shown: Shown) -> Decision | None:
    """Why a locked thread was locked, and by whom: one query, and none for an open one."""
    if not shown.is_locked:
        return None
    return session.scalar(
        select(Decision)
        .where(Decision.post_id == shown.id, Decision.after == Lock.LOCKED)
        .options(joinedload(Decision.by))
        .order_by(Decision.id.desc())
        .limit(1)
    )


MOST_NEW = 100  # counted no further: "100 new posts" says enough, and a question asked every ten seconds stays cheap


def _new(*which: ColumnElement[bool]) -> Select[tuple[int]]:
    found = select(Post.id).where(
        Post.cohort_id == bindparam("cohort_id"),
        *which,
        Post.id > bindparam("after"),
        Post.author_id != bindparam("member_id"),
        Post.visibility == Visibility.VISIBLE,
        sight.IN_SIGHT_NOW,
    )
    return select(func.count()).select_from(found.order_by(Post.id).limit(MOST_NEW).subquery())


# prepared once: every open page asks again and again
_NEW_THREADS = _new(Post.kind == bindparam("kind"), Post.root_id.is_(None))
_NEW_REPLIES = _new(Post.root_id == bindparam("root_id"))


def newer(session: Session, member: Member, kind: Kind, after: int) -> int:
    """How many threads others began in this room since ``after`` (an id); at most ``MOST_NEW``."""
    return session.scalar(_NEW_THREADS, {**sight.values(member), "kind": kind, "after": after}) or 0


def newer_replies(session: Session, member: Member, root_id: int, after: int) -> int:
    """How many replies others wrote in this thread since ``after`` (an id), at most ``MOST_NEW``; none that this member
    cannot see yet."""
    return session.scalar(_NEW_REPLIES, {**sight.values(member), "root_id": root_id, "after": after}) or 0


_COUNTERS = (
    select(Post.id, Post.thanks, Post.agree, Post.insight, Post.curious, Post.cheer, Post.reply_count)
    .where(Post.id.in_(bindparam("ids", expanding=True)), Post.cohort_id == bindparam("cohort_id"))
    .where(sight.IN_SIGHT_NOW, Post.visibility == Visibility.VISIBLE)
)


def reactions_of(session: Session, member: Member, ids: Sequence[int]) -> dict[int, list[int]]:
    """The counters of each kind, in the order of ReactionKind, and of replies, of these texts of the cohort."""
    rows = session.execute(_COUNTERS, {**sight.values(member), "ids": list(ids)})
    return {post_id: list(counts) for post_id, *counts in rows}
