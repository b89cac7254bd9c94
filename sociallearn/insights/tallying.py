"""Count each learner's acts by week, in the act's own transaction; and count them all again."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.orm import Session

from sociallearn.activity.models import WRITING, Activity, Verb
from sociallearn.activity.recording import recorded
from sociallearn.database import insert_new
from sociallearn.insights.models import MemberWeek
from sociallearn.questions.promising import monday
from sociallearn.roster.models import Cohort, Member, Role

COLUMNS = {
    Verb.POSTED: "texts", Verb.ASKED: "texts", Verb.PROPOSED: "texts",
    Verb.REPLIED: "replies", Verb.ANSWERED: "replies", Verb.COMMENTED: "replies",
    Verb.RATED: "ratings",
}  # fmt: skip
COUNTED = frozenset({*WRITING, Verb.RATED})
AT_ONCE = 2000  # rows an INSERT takes


def connect() -> None:
    """Hear of each act. Safe to call again."""
    recorded.connect(_count)


def _count(activity: Activity, session: Session) -> None:
    if activity.verb not in COUNTED or activity.member_id is None:
        return
    member = session.get_one(Member, activity.member_id)
    if member.role != Role.LEARNER or member.is_test:
        return
    week, day = _when(activity.at, session.get_one(Cohort, activity.cohort_id).time_zone)
    key = {"member_id": member.id, "monday": week}
    own = {"cohort_id": member.cohort_id, "organisation_id": member.organisation_id, "unit_id": member.unit_id}
    start = {name: 0 for name in ("texts", "replies", "ratings", *(f"day{number}" for number in range(7)))}
    insert_new(session, MemberWeek, {**key, **own, **start})
    names = (COLUMNS[Verb(activity.verb)], f"day{day}")
    more: dict[str, Any] = {name: getattr(MemberWeek, name) + 1 for name in names}
    mine = (MemberWeek.member_id == member.id, MemberWeek.monday == week)
    session.execute(update(MemberWeek).where(*mine).values(more).execution_options(synchronize_session=False))


def _when(at: datetime, zone: str) -> tuple[date, int]:
    return monday(at, zone), at.astimezone(ZoneInfo(zone)).weekday()


def uncounted(session: Session) -> Sequence[int]:
    """Cohorts that were there before anything was counted: they have acts and no row of a week."""
    acts = exists().where(Activity.cohort_id == Cohort.id, Activity.verb.in_(COUNTED))
    counted = exists().where(MemberWeek.cohort_id == Cohort.id)
    return session.scalars(select(Cohort.id).where(acts, ~counted).order_by(Cohort.id)).all()


def recount(session: Session, cohort_id: int) -> int:
    """All weeks of a cohort from its activity; how many rows. Which unit somebody was of in a week is kept where it is
    known: today's would make the past another one.

    Whoever records an act refers to the cohort's row. It is locked against that first, in a transaction that has read
    nothing yet: what was under way is done and counted, and what comes waits until we are done.
    """
    cohort = session.scalars(select(Cohort).where(Cohort.id == cohort_id).with_for_update()).one()
    learners = select(Member.id, Member.unit_id).where(Member.role == Role.LEARNER, Member.is_test.is_(False))
    units = dict(session.execute(learners.where(Member.cohort_id == cohort.id)).tuples().all())
    kept = select(MemberWeek.member_id, MemberWeek.monday, MemberWeek.unit_id)
    known = {(one, week): unit for one, week, unit in session.execute(kept.where(MemberWeek.cohort_id == cohort.id))}
    found: defaultdict[tuple[int, date], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    acts = select(Activity.member_id, Activity.verb, Activity.at)
    mine = (Activity.cohort_id == cohort.id, Activity.verb.in_(COUNTED))
    for member_id, verb, at in session.execute(acts.where(*mine)):
        if member_id in units:
            week, day = _when(at, cohort.time_zone)
            row = found[member_id, week]
            row[COLUMNS[Verb(verb)]] += 1
            row[f"day{day}"] += 1
    session.execute(delete(MemberWeek).where(MemberWeek.cohort_id == cohort.id))
    own = {"cohort_id": cohort.id, "organisation_id": cohort.organisation_id}
    names = ("texts", "replies", "ratings", *(f"day{number}" for number in range(7)))
    rows = [
        {
            "member_id": one,
            "monday": week,
            "unit_id": known.get((one, week), units[one]),
            **own,
            **{name: row[name] for name in names},
        }
        for (one, week), row in sorted(found.items())
    ]
    for first in range(0, len(rows), AT_ONCE):
        session.execute(insert(MemberWeek), rows[first : first + AT_ONCE])
    return len(rows)
