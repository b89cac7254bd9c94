"""What closing a cohort's weeks asks the database: who is here, what they said to whom, and how its ideas stand."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from statistics import median
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from sociallearn.activity.models import Activity, Verb
from sociallearn.ideas.models import Idea, Outcome, Stage
from sociallearn.ideas.staging import REFUSED
from sociallearn.ideas.weighing import ENOUGH
from sociallearn.insights.hiding import FEWEST
from sociallearn.insights.models import MemberWeek
from sociallearn.posts.models import Decision, Post, ReadMark, Visibility
from sociallearn.roster.models import Cohort, Member, Role

REPLYING = (Verb.REPLIED, Verb.ANSWERED, Verb.COMMENTED)
STAGE = "stage:"
DAY = 86400.0


def begin(day: date, cohort: Cohort) -> datetime:
    """The moment a day begins where the cohort is."""
    return datetime.combine(day, time(), ZoneInfo(cohort.time_zone)).astimezone(UTC)


def learners(cohort: Cohort) -> tuple[ColumnElement[bool], ...]:
    """Whom figures are about."""
    return Member.cohort_id == cohort.id, Member.role == Role.LEARNER, Member.is_test.is_(False)


def funnel(session: Session, cohort: Cohort, day: date) -> dict[str, int]:
    """How many learners there were, opened it, read something and took part, before a Monday."""
    moment = begin(day, cohort)
    here = or_(Member.left_at.is_(None), Member.left_at >= moment)
    opened = Member.joined_at < moment
    read = or_(Member.read_up_to > 0, exists().where(ReadMark.member_id == Member.id))
    took_part = exists().where(MemberWeek.member_id == Member.id, MemberWeek.monday < day)
    invited, came, were_reading, took = session.execute(
        select(
            func.count(),
            func.count().filter(opened),
            func.count().filter(opened, or_(read, took_part)),
            func.count().filter(opened, took_part),
        ).where(*learners(cohort), here)
    ).one()
    return {"invited": invited, "opened": came, "read": were_reading, "took-part": took}


def present(session: Session, cohort: Cohort, moment: datetime) -> dict[int, int | None]:
    """Learners who had opened it before a moment and had not left: whose unit is which."""
    here = or_(Member.left_at.is_(None), Member.left_at >= moment)
    rows = select(Member.id, Member.unit_id).where(*learners(cohort), here, Member.joined_at < moment)
    return dict(session.execute(rows).tuples().all())


def replies(
    session: Session, cohort: Cohort, since: date | None = None, until: date | None = None
) -> list[tuple[int, int, datetime]]:
    """(who replied, to whom, when) for each reply to somebody else, from one day on, or to before another."""
    statement = select(Activity.member_id, Activity.reached_id, Activity.at).where(
        Activity.cohort_id == cohort.id, Activity.verb.in_(REPLYING), Activity.reached_id != Activity.member_id
    )
    if since:
        statement = statement.where(Activity.at >= begin(since, cohort))
    if until:
        statement = statement.where(Activity.at < begin(until, cohort))
    found = session.execute(statement)
    return [(one, other, at) for one, other, at in found if one is not None and other is not None]


@dataclass(frozen=True)
class Ideas:
    """How a cohort's ideas stand. Stages are written as the decision log writes them."""

    authors: frozenset[int]
    stages: dict[str, int]
    days: dict[str, float]  # median of the stays in a stage that are over, of ideas by at least five people
    rated: int  # with enough ratings for anybody to be told the average
    refused: int  # ever
    implemented: int  # with evidence

    @property
    def all(self) -> int:
        """How many there are."""
        return sum(self.stages.values())


def ideas(session: Session, cohort: Cohort) -> Ideas:
    """All that can be read and stand for themselves."""
    rows = session.execute(
        select(Idea.post_id, Post.author_id, Post.created_at, Idea.stage, Stage.name, Idea.rating_count)
        .add_columns(Outcome.implemented_at)
        .join(Post, Post.id == Idea.post_id)
        .outerjoin(Stage, and_(Stage.round_id == Idea.round_id, Stage.key == Idea.stage))
        .outerjoin(Outcome, Outcome.idea_id == Idea.post_id)
        .where(Idea.cohort_id == cohort.id, Idea.merged_into.is_(None), Post.visibility == Visibility.VISIBLE)
    ).all()
    moved = session.execute(
        select(Decision.post_id, Decision.before, Decision.after, Decision.at)
        .where(Decision.cohort_id == cohort.id, Decision.after.startswith(STAGE))
        .order_by(Decision.id)
    )
    begun = {row.post_id: row.created_at for row in rows}
    authors = {row.post_id: row.author_id for row in rows}
    moves = [(post_id, before, after, at) for post_id, before, after, at in moved if post_id in begun]
    return Ideas(
        authors=frozenset(authors.values()),
        stages=dict(Counter(f"={row.name}" if row.name else row.stage for row in rows)),
        days=_stays(begun, authors, moves),
        rated=sum(row.rating_count >= ENOUGH for row in rows),
        refused=len({post_id for post_id, _before, after, _at in moves if after == STAGE + REFUSED}),
        implemented=sum(row.implemented_at is not None for row in rows),
    )


def _stays(
    begun: dict[int, datetime], authors: dict[int, int], moves: Iterable[tuple[int, str, str, datetime]]
) -> dict[str, float]:
    since, stays, people = dict(begun), defaultdict(list), defaultdict(set)
    for post_id, before, _after, at in moves:
        stage = before.removeprefix(STAGE)
        stays[stage].append((at - since[post_id]).total_seconds() / DAY)
        people[stage].add(authors[post_id])
        since[post_id] = at
    return {stage: round(median(each), 1) for stage, each in stays.items() if len(people[stage]) >= FEWEST}
