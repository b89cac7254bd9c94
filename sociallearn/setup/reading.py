"""One's cohorts, and who trains this one."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from sociallearn import access
from sociallearn.posts.models import Post, Visibility
from sociallearn.roster.models import Cohort, Member, Person, Role


@dataclass(frozen=True)
class Row:
    """One of somebody's cohorts."""

    id: int
    title: str
    role: str
    is_archived: bool
    is_here: bool
    news: int  # texts of others since they last came in


def cohorts_of(session: Session, member: Member) -> list[Row]:
    """Where this person takes part, the open ones first, by title. Two queries. Of one LMS, so of one organisation."""
    mine = or_(Member.id == member.id, and_(*access.further_cohorts(member)))
    found = session.scalars(select(Member).where(mine).options(joinedload(Member.cohort))).all()
    counts = session.execute(
        select(Member.id, func.count())
        .join(Post, Post.cohort_id == Member.cohort_id)
        .where(
            Member.id.in_([one.id for one in found]),
            Post.author_id != Member.id,
            Post.created_at > Member.seen_at,
            Post.visibility == Visibility.VISIBLE,
            Post.space_id.is_(None),
        )
        .group_by(Member.id)
    )
    news = {id_: count for id_, count in counts}
    rows = [_row(one, one.id == member.id, news.get(one.id, 0)) for one in found]
    return sorted(rows, key=lambda row: (row.is_archived, row.title.casefold(), row.id))


def _row(member: Member, is_here: bool, news: int) -> Row:
    cohort = member.cohort
    return Row(cohort.id, cohort.title, member.role, cohort.is_archived, is_here, news)


def find_membership(session: Session, member: Member, cohort_id: int) -> Member | None:
    """The same person in another cohort; nothing for a cohort that is not theirs, or no longer."""
    statement = select(Member).where(Member.cohort_id == cohort_id, *access.further_cohorts(member))
    return session.scalar(statement)


def trainers(session: Session, cohort: Cohort) -> Sequence[Member]:
    """Who trains the cohort, by name."""
    return session.scalars(
        select(Member)
        .join(Member.person)
        .where(
            Member.cohort_id == cohort.id,
            Member.role == Role.TRAINER,
            Member.is_test.is_(False),
            Member.left_at.is_(None),
        )
        .order_by(Person.name, Member.id)
    ).all()
