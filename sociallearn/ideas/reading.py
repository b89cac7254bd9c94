"""Ideas with the tally only where this member may see it: after rating, or as its author."""

from collections.abc import Iterable

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from sociallearn.ideas.models import Idea, IdeaRound, Rating
from sociallearn.posts.models import Kind
from sociallearn.posts.reading import Shown
from sociallearn.roster.models import Member, Role


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
    """How many members of the cohort can rate."""
    statement = select(func.count()).where(
        Member.cohort_id == cohort_id, Member.role.in_((Role.LEARNER, Role.TRAINER)), Member.is_test.is_(False)
    )
    return session.scalar(statement) or 0


def open_round(session: Session, cohort_id: int) -> IdeaRound | None:
    """The round that is open, if anything was proposed yet."""
    return session.scalar(select(IdeaRound).where(IdeaRound.cohort_id == cohort_id, IdeaRound.closed_at.is_(None)))
