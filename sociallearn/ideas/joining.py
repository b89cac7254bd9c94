"""Ideas that are part of another one: what nobody may do with them any more, and where they went."""

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.ideas.models import Idea
from sociallearn.posts import sight, writing
from sociallearn.posts.models import Kind, Post, Visibility
from sociallearn.roster.models import Member

MOST_OFFERED = 300  # ideas to merge into, the newest

# what a list of ideas leaves out; the same object each time, so that statements are prepared once
STANDS_ALONE: tuple[ColumnElement[bool], ...] = (
    Post.id.not_in(select(Idea.post_id).where(Idea.merged_into.is_not(None))),
)


def check_not_merged(session: Session, idea: Idea) -> None:
    """Raises Refusal 409, with the way to the other idea, for one that is part of another."""
    if idea.merged_into is None:
        return
    target = session.get_one(Post, idea.merged_into)
    title = target.title if target.is_visible else None
    raise Refusal(
        409,
        _("This idea was merged into another one meanwhile."),
        _("You can do that there."),
        link=("ideas.show", {"post_id": target.id}, title or _("The other idea")),
    )


@dataclass(frozen=True)
class Joined:
    """An idea that is part of another, or the other one: its title where it can be read."""

    id: int
    title: str | None


def joined_in(session: Session, idea_id: int, member: Member) -> list[Joined]:
    """The ideas merged into this one: one query."""
    return _joined(session, member, Idea.merged_into == idea_id)


def joined_to(session: Session, idea: Idea, member: Member) -> Joined | None:
    """The idea this one is part of: a query when there is one."""
    if idea.merged_into is None:
        return None
    return next(iter(_joined(session, member, Idea.post_id == idea.merged_into)), None)


def _joined(session: Session, member: Member, where: ColumnElement[bool]) -> list[Joined]:
    rows = session.execute(
        select(Post.id, Post.title, Post.visibility)
        .join(Idea, Idea.post_id == Post.id)
        .where(Idea.cohort_id == member.cohort_id, where, sight.in_sight(member))
        .order_by(Post.id)
    )
    return [Joined(id_, title if visibility == Visibility.VISIBLE else None) for id_, title, visibility in rows]


def possible(session: Session, idea: Idea, member: Member) -> list[Joined]:
    """What it can be merged into, by title."""
    rows = session.execute(
        select(Post.id, Post.title)
        .join(Idea, Idea.post_id == Post.id)
        .where(Idea.cohort_id == member.cohort_id, Idea.round_id == idea.round_id, Idea.merged_into.is_(None))
        .where(Post.id != idea.post_id, Post.visibility == Visibility.VISIBLE, sight.in_sight(member))
        .order_by(Post.id.desc())
        .limit(MOST_OFFERED)
    )
    return sorted((Joined(id_, title) for id_, title in rows), key=lambda one: (one.title or "").casefold())


def connect() -> None:
    """Hear of replies before they are written. Safe to call again."""
    writing.replying.connect(_refuse_reply)


def _refuse_reply(root: Post, *, session: Session, parent: Post) -> None:
    if root.kind == Kind.IDEA:
        check_not_merged(session, locked(session, Idea, root.id))
