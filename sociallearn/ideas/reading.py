"""Ideas with the tally only where this member may see it: after rating, or as its author."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from sociallearn.ideas.models import Idea, IdeaRound, Rating
from sociallearn.posts.models import Kind, Post
from sociallearn.posts.reading import Shown
from sociallearn.roster.models import Member, Role

MOST_ROUNDS = 50


def add_ratings(session: Session, items: Iterable[Shown], member: Member) -> None:
    """Put one's own rating, and the tally where it may be seen, on each idea: two queries for any number.

    An author sees the tally of the own idea: there is no rating of one's own that it could sway.
    """
    by_id = {item.id: item for item in items if item.kind == Kind.IDEA}
    own = and_(Rating.idea_id == Idea.post_id, Rating.member_id == member.id)
    rows = session.execute(
        select(Idea.post_id, Idea.rating_count, Idea.rating_sum, Rating.value)
        .outerjoin(Rating, own)
        .where(Idea.post_id.in_(by_id))
    ).all()
    possible = raters(session, member.cohort_id)
    for post_id, count, total, value in rows:
        item = by_id[post_id]
        item.my_rating = value
        item.may_rate = item.is_visible and not item.is_mine and member.may_write
        item.raters_possible = max(possible - 1, count)  # everybody but its author
        if value is not None or item.is_mine:
            item.rating_count = count
            item.average = total / count if count else None


def raters(session: Session, cohort_id: int) -> int:
    """How many members of the cohort can rate: who came, and is still there."""
    statement = select(func.count()).where(
        Member.cohort_id == cohort_id,
        Member.role.in_((Role.LEARNER, Role.TRAINER)),
        Member.is_test.is_(False),
        Member.joined_at.is_not(None),  # not who was only invited
        Member.left_at.is_(None),
    )
    return session.scalar(statement) or 0


@dataclass(frozen=True)
class ShownRound:
    """One round as the Ideas page lists it."""

    id: int
    question: str
    closes_at: datetime | None  # when it will close, or closed
    is_open: bool
    may_change: bool


def rounds_of(session: Session, member: Member) -> list[ShownRound]:
    """The cohort's rounds with a question: open ones first, each kind newest first; the newest fifty."""
    found = session.scalars(
        select(IdeaRound)
        .where(IdeaRound.cohort_id == member.cohort_id, IdeaRound.question.is_not(None))
        .order_by(IdeaRound.id.desc())
        .limit(MOST_ROUNDS)
    )
    shown = [ShownRound(one.id, one.question or "", one.closed_at, one.is_open, member.is_trainer) for one in found]
    return sorted(shown, key=lambda one: not one.is_open)


def round_of(session: Session, post_id: int) -> IdeaRound | None:
    """The round an idea belongs to."""
    return session.scalar(select(IdeaRound).join(Idea, Idea.round_id == IdeaRound.id).where(Idea.post_id == post_id))


@lru_cache(maxsize=24)
def within(round_id: int) -> tuple[ColumnElement[bool], ...]:
    """What narrows a list of ideas to one round; the same objects each time, so that the statement is prepared once."""
    return (Post.id.in_(select(Idea.post_id).where(Idea.round_id == round_id)),)
