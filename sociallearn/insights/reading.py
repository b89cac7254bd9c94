"""Read the cells of cohorts, and a cohort's rows for its own trainer."""

import hmac
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from sociallearn import clock
from sociallearn.ideas.models import Stage
from sociallearn.ideas.staging import REFUSED, USUAL, Step
from sociallearn.insights import gathering
from sociallearn.insights.figuring import Figures, Number, figures
from sociallearn.insights.models import Cell, Closed, MemberWeek
from sociallearn.posts.models import Decision
from sociallearn.questions.promising import monday
from sociallearn.roster.models import Cohort, Member, Unit

WEEK = timedelta(weeks=1)
STANDING = ("funnel", "ideas", "stay")
WAITS = ("answered-after", "waits-for")
MOST_REASONS = 5
LONGEST = 53  # weeks of the one-cohort page


@dataclass(frozen=True)
class Told:
    """A cohort and its figures from one Monday to before another."""

    cohort: Cohort
    since: date
    until: date
    figures: Figures


def closed_until(session: Session, cohorts: Collection[Cohort]) -> dict[int, date]:
    """The Monday up to which each cohort is closed; this week's where it never was."""
    ids = [one.id for one in cohorts]
    closed = select(Closed.cohort_id, Closed.next_monday).where(Closed.cohort_id.in_(ids))
    known = dict(session.execute(closed).tuples().all())
    return {one.id: known.get(one.id) or monday(clock.now(), one.time_zone) for one in cohorts}


def told(
    session: Session, cohorts: Sequence[Cohort], weeks: int | None, *, back: int = 0, with_waits: bool = False
) -> list[Told]:
    """Figures over the last ``weeks`` closed weeks of each, or all of a year; ``back`` so many weeks earlier. Weeks
    before a cohort began are not its quiet ones. Two queries, however many cohorts."""
    ends = {id_: until - WEEK * back for id_, until in closed_until(session, cohorts).items()}
    starts = {id_: until - WEEK * (weeks or LONGEST) for id_, until in ends.items()}
    by_cohort: defaultdict[int, list[Number]] = defaultdict(list)
    earliest = min(starts.values(), default=date.max)
    for cell in cells(session, [one.id for one in cohorts], since=earliest, with_waits=with_waits):
        by_cohort[cell.cohort_id].append(cell)
    found = []
    for one in cohorts:
        own = by_cohort[one.id]
        since = starts[one.id]
        began = min((cell.since for cell in own if cell.what not in STANDING), default=ends[one.id])
        if weeks is not None:
            began = min(began, monday(one.created_at, one.time_zone))
        if since < began < ends[one.id] or weeks is None:
            since = max(since, began)
        found.append(Told(one, since, ends[one.id], figures(own, since, ends[one.id])))
    return found


def cells(
    session: Session, cohort_ids: Collection[int], *, since: date = date.min, with_waits: bool = True
) -> list[Number]:
    """What is closed, as it is told: one query."""
    unit, other = aliased(Unit), aliased(Unit)
    statement = (
        select(Cell.cohort_id, Cell.what, Cell.since, Cell.until, Cell.key, unit.name, other.name)
        .add_columns(Cell.people, Cell.number)
        .outerjoin(unit, unit.id == Cell.unit_id)
        .outerjoin(other, other.id == Cell.other_id)
        .where(Cell.cohort_id.in_(cohort_ids), or_(Cell.since >= since, Cell.what.in_(STANDING)))
        .order_by(Cell.cohort_id, Cell.since, Cell.what, Cell.id)
    )
    if not with_waits:
        statement = statement.where(Cell.key.not_in(WAITS))
    return [
        Number(cohort_id, what, first, until, key, one or "", two or "", people, number)
        for cohort_id, what, first, until, key, one, two, people, number in session.execute(statement)
    ]


def reasons(session: Session, cohort: Cohort) -> Sequence[str]:
    """Why ideas were refused, the newest first: what the cohort's decision log says."""
    refused = Decision.after == gathering.STAGE + REFUSED
    statement = select(Decision.reason).where(Decision.cohort_id == cohort.id, refused)
    return session.scalars(statement.order_by(Decision.id.desc()).limit(MOST_REASONS)).all()


def stage_places(session: Session, cohort: Cohort) -> dict[str, int]:
    """In which order stages of its ideas come, as cells write them: the usual ones, and those a trainer ordered."""
    found = {key: place for place, key in enumerate(USUAL)}
    ordered = select(Stage.key, Stage.name, Stage.place).where(Stage.cohort_id == cohort.id)
    for key, name, place in session.execute(ordered.order_by(Stage.round_id)):
        found[Step(key, name).code] = place
    return found


def numbers(cohort: Cohort) -> Callable[[int], int]:
    """What stands for a person in tables without names: the same in each of them, and in no address of a page."""
    key = current_app.config["SECRET_KEY"].encode()

    def number(member_id: int) -> int:
        found = hmac.digest(key, f"insights:{cohort.id}:{member_id}".encode(), "sha256")
        return int.from_bytes(found[:5], "big")

    return number


def rows(session: Session, cohort: Cohort) -> list[list[Any]]:
    """What each learner did in each week, for the cohort's trainer; people by a number, not by name."""
    number = numbers(cohort)
    statement = (
        select(MemberWeek, Unit.name)
        .outerjoin(Unit, Unit.id == MemberWeek.unit_id)
        .where(MemberWeek.cohort_id == cohort.id)
    )
    found = (
        [row.monday, number(row.member_id), name or "", row.texts, row.replies, row.ratings, *row.days]
        for row, name in session.execute(statement)
    )
    return sorted(found, key=lambda one: one[:2])


def people(session: Session, cohort: Cohort) -> list[list[Any]]:
    """Its learners, also those who did nothing: by number, with their unit and the days they opened it and left."""
    statement = (
        select(Member.id, Unit.name, Member.joined_at, Member.left_at)
        .outerjoin(Unit, Unit.id == Member.unit_id)
        .where(*gathering.learners(cohort))
    )
    zone, number = ZoneInfo(cohort.time_zone), numbers(cohort)
    found = (
        [
            number(id_),
            name or "",
            *(moment.astimezone(zone).date() if moment else "" for moment in (joined_at, left_at)),
        ]
        for id_, name, joined_at, left_at in session.execute(statement)
    )
    return sorted(found, key=lambda one: int(one[0]))


def replies(session: Session, cohort: Cohort) -> list[list[Any]]:
    """How often one learner replied to another in a week: units and who was there stand among ``people``."""
    learners = set(session.scalars(select(Member.id).where(*gathering.learners(cohort))))
    number = numbers(cohort)
    found = Counter(
        (monday(at, cohort.time_zone), number(one), number(other))
        for one, other, at in gathering.replies(session, cohort)
        if one in learners and other in learners
    )
    return [[*key, count] for key, count in sorted(found.items())]
