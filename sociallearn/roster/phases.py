"""Phases: named parts of a course, from one day to another, that follow each other. Where there are any, points are
collected by phase instead of by week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.roster.models import Cohort, ContentItem, Member, Phase
from sociallearn.roster.signals import calendar_changed

MOST = 20  # in one course
_DAY = timedelta(days=1)
_TWO_WEEKS = timedelta(days=14)  # of a proposal where the LMS says nothing
_A_DAY_OR_SO = timedelta(days=1)  # a course no longer than this is the day itself


@dataclass(frozen=True)
class Part:
    """A phase by its days, in the cohort's time zone: the first and the last one, both included."""

    id: int
    name: str
    first_day: date
    last_day: date
    starts_at: datetime
    ends_at: datetime

    def holds(self, now: datetime) -> bool:
        """It is under way."""
        return self.starts_at <= now < self.ends_at


def check_trains(by: Member) -> None:
    """Raises Refusal 403 for who does not train the cohort."""
    if not by.is_trainer:
        raise Refusal(403, _("Only trainers of this cohort can do this."), _("Ask your trainer."))


def of(session: Session, cohort: Cohort) -> list[Part]:
    """The cohort's phases in order of time."""
    statement = select(Phase).where(Phase.cohort_id == cohort.id).order_by(Phase.starts_at, Phase.id)
    return [_part(phase, ZoneInfo(cohort.time_zone)) for phase in session.scalars(statement)]


def _part(phase: Phase, place: ZoneInfo) -> Part:
    first = phase.starts_at.astimezone(place).date()
    last = (phase.ends_at - timedelta(microseconds=1)).astimezone(place).date()
    return Part(phase.id, phase.name, first, last, phase.starts_at, phase.ends_at)


def now_and_next(parts: Sequence[Part], now: datetime) -> tuple[Part | None, Part | None]:
    """The phase under way, and the next one to come."""
    return (
        next((part for part in parts if part.holds(now)), None),
        next((part for part in parts if part.starts_at > now), None),
    )


def clash(session: Session, cohort: Cohort, first_day: date, last_day: date, but: int | None = None) -> Part | None:
    """A phase that has a day in common with these, other than the one with id ``but``."""
    others = (part for part in of(session, cohort) if part.id != but)
    return next((part for part in others if part.first_day <= last_day and first_day <= part.last_day), None)


def add(session: Session, cohort: Cohort, name: str, first_day: date, last_day: date, *, by: Member) -> Phase:
    """One more. Raises Refusal 403 for who does not train, 409 when it meets another or there are too many."""
    check_trains(by)
    cohort = locked(session, Cohort, cohort.id)
    _check(session, cohort, first_day, last_day)
    if len(of(session, cohort)) >= MOST:
        raise Refusal(409, _("A course has at most %(most)s phases.", most=MOST), _("Remove one first."))
    phase = Phase(cohort_id=cohort.id, name=name)
    _set(phase, cohort, first_day, last_day)
    session.add(phase)
    _tell(session, cohort)
    return phase


def change(session: Session, phase: Phase, name: str, first_day: date, last_day: date, *, by: Member) -> None:
    """Another name or other days. Raises Refusal 403 for who does not train, 409 when it meets another phase."""
    check_trains(by)
    cohort = locked(session, Cohort, phase.cohort_id)
    _check(session, cohort, first_day, last_day, phase.id)
    phase.name = name
    _set(phase, cohort, first_day, last_day)
    _tell(session, cohort)


def remove(session: Session, phase: Phase, *, by: Member) -> None:
    """Take a phase away; without any, points are collected by week. Raises Refusal 403 for who does not train."""
    check_trains(by)
    cohort = locked(session, Cohort, phase.cohort_id)
    session.delete(phase)
    _tell(session, cohort)


def replace_all(session: Session, cohort: Cohort, parts: Sequence[tuple[str, date, date]]) -> None:
    """These instead of whatever there was. The cohort must be locked; whoever calls tells that the calendar changed."""
    for phase in session.scalars(select(Phase).where(Phase.cohort_id == cohort.id)).all():
        session.delete(phase)
    for name, first_day, last_day in parts:
        phase = Phase(cohort_id=cohort.id, name=name)
        _set(phase, cohort, first_day, last_day)
        session.add(phase)
    session.flush()


def move(session: Session, cohort: Cohort, zone: str) -> None:
    """Keep every phase on its days though the cohort's clock will be that of ``zone``."""
    before, after = ZoneInfo(cohort.time_zone), ZoneInfo(zone)
    for phase in session.scalars(select(Phase).where(Phase.cohort_id == cohort.id)).all():
        phase.starts_at = phase.starts_at.astimezone(before).replace(tzinfo=after).astimezone(UTC)
        phase.ends_at = phase.ends_at.astimezone(before).replace(tzinfo=after).astimezone(UTC)


def propose(session: Session, cohort: Cohort, now: datetime) -> tuple[date, date, date]:
    """First day, the day itself and last day of a one-day course.

    From what the LMS says of the course, else of what was placed in it; else the day is in two weeks.
    """
    place = ZoneInfo(cohort.time_zone)
    today = now.astimezone(place).date()
    starts, ends = lms_days(session, cohort)
    if ends is not None and ends < today:
        starts = ends = None  # another year's
    day = _work_day(max(starts or today, today) + _TWO_WEEKS, cohort)
    if starts is not None and ends is not None:
        day = starts if ends - starts <= _A_DAY_OR_SO else _work_day(starts + (ends - starts) / 2, cohort)
    first = min(today, starts or today, day - _DAY)
    return first, day, ends if ends is not None and ends > day else day + _TWO_WEEKS


def lms_days(session: Session, cohort: Cohort) -> tuple[date | None, date | None]:
    """The first and the last day of the course as the LMS says, or as what was placed in it opens and closes."""
    place = ZoneInfo(cohort.time_zone)
    starts, ends = cohort.lms_starts_at, cohort.lms_ends_at
    if starts is None and ends is None:
        items = session.execute(
            select(ContentItem.opens_at, ContentItem.closes_at).where(ContentItem.cohort_id == cohort.id)
        ).all()
        starts = min((opens for opens, _closes in items if opens), default=None)
        ends = max((closes for _opens, closes in items if closes), default=None)
    first = starts.astimezone(place).date() if starts else None
    last = (ends - timedelta(seconds=1)).astimezone(place).date() if ends else None  # midnight ends the day before
    return (None, last) if first and last and last < first else (first, last)


def _work_day(day: date, cohort: Cohort) -> date:
    """This day, or the next one on which people work."""
    return next((one for one in (day + number * _DAY for number in range(7)) if one.weekday() in cohort.work_days), day)


def _check(session: Session, cohort: Cohort, first_day: date, last_day: date, but: int | None = None) -> None:
    if last_day < first_day:
        raise Refusal(422, _("A phase ends on or after its first day."), _("Go back and choose other days."))
    other = clash(session, cohort, first_day, last_day, but)
    if other is not None:
        raise Refusal(
            409, _("These days belong to “%(name)s” already.", name=other.name), _("Go back and choose other days.")
        )


def _set(phase: Phase, cohort: Cohort, first_day: date, last_day: date) -> None:
    place = ZoneInfo(cohort.time_zone)
    phase.starts_at = datetime.combine(first_day, time(), place).astimezone(UTC)
    phase.ends_at = datetime.combine(last_day + _DAY, time(), place).astimezone(UTC)


def _tell(session: Session, cohort: Cohort) -> None:
    session.flush()
    calendar_changed.send(cohort, session=session)
