"""The periods in which points are collected: Monday to Monday where the cohort is, whatever its clocks do, or phases.

Weeks run from the one somebody joined in to the last day of the course. A first week with less than three days left
joins the next, and a last one of less than three days the one before: nobody fills it from Friday evening. A week in
which every work day is a holiday is left out. Where a course has phases, they are the periods instead.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
WORK_DAYS = frozenset(range(5))  # Monday is 0

_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_SHORT = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Period:
    """From ``starts`` up to, not including, ``ends`` (aware, UTC)."""

    key: str  # of a week, the ISO date of the local Monday it begins on
    starts: datetime
    ends: datetime
    name: str = ""  # what a phase is called; weeks have only their number


@dataclass(frozen=True, slots=True)
class Plan:
    """What a cohort's periods are made of."""

    zone: str  # IANA name
    phases: tuple[Period, ...] = ()  # in order of time, not overlapping; none: weeks
    last_day: date | None = None  # the last one that counts
    work_days: frozenset[int] = WORK_DAYS
    days_off: tuple[tuple[date, date], ...] = ()  # holidays: first and last day, both included


def weeks(start: datetime, zone: str, until: datetime) -> list[Period]:
    """The weeks of a cohort in ``zone`` without holidays or an end; see ``periods``."""
    return periods(start, Plan(zone), until)


def periods(start: datetime, plan: Plan, until: datetime) -> list[Period]:
    """The periods of somebody who joined at ``start``, up to the one holding ``until``, in order of time.

    None at all is possible: before the first phase, and for who joined after the end. The week holding ``start`` is
    there even when ``until`` is earlier. ``start`` and ``until`` are aware, else ValueError; an unknown zone raises
    ZoneInfoNotFoundError.
    """
    if start.tzinfo is None or until.tzinfo is None:
        raise ValueError("The periods of a cohort need moments with a time zone.")
    latest = max(start, until)
    return list(takewhile(lambda period: period.starts <= latest, _all(start, plan)))


def next_change(start: datetime, plan: Plan, now: datetime) -> datetime:
    """When, after ``now``, a period of somebody who joined at ``start`` closes or begins; NEVER after the last one."""
    for period in _all(start, plan):
        if period.ends > now:
            return period.ends if period.starts <= now else period.starts
    return NEVER


def period_of(moment: datetime, periods: Sequence[Period]) -> Period | None:
    """The one of ``periods`` (in order of time, not overlapping) that holds ``moment`` (aware), if any does."""
    at = bisect_right(periods, moment, key=lambda period: period.starts) - 1
    return periods[at] if at >= 0 and moment < periods[at].ends else None


def end_of(day: date, zone: str) -> datetime:
    """The moment after the day's last one, where the cohort is."""
    return _midnight(day + _DAY, ZoneInfo(zone))


def _all(start: datetime, plan: Plan) -> Iterator[Period]:
    """Every period from ``start`` on; for weeks without a last day there is no end of them."""
    return iter(_phases(start, plan)) if plan.phases else _weeks(start, plan)


def _phases(start: datetime, plan: Plan) -> list[Period]:
    end = end_of(plan.last_day, plan.zone) if plan.last_day else NEVER
    left = [replace(phase, ends=min(phase.ends, end)) for phase in plan.phases if phase.starts < end]
    left = [phase for phase in left if phase.ends > start]
    if len(left) > 1 and start > left[0].starts:
        first, second = left[:2]
        if first.ends - start < min(_SHORT, (first.ends - first.starts) / 2):
            # what they still write in the one counts in the other
            left[:2] = [replace(second, starts=first.starts)]
    return left


def _weeks(start: datetime, plan: Plan) -> Iterator[Period]:
    place = ZoneInfo(plan.zone)
    local = start.astimezone(place).replace(tzinfo=None)
    joined = local.date()
    if plan.last_day is not None and joined > plan.last_day:
        return
    monday = joined - timedelta(days=joined.weekday())
    following = _after(monday, plan)
    if datetime.combine(following, time()) - local < _SHORT and not _is_end(following, plan):
        following = _after(following, plan)
    while True:
        if not _is_free(max(monday, joined), following, plan):
            yield Period(monday.isoformat(), _midnight(monday, place), _midnight(following, place))
        if _is_end(following, plan):
            return
        monday, following = following, _after(following, plan)


def _after(monday: date, plan: Plan) -> date:
    """The day after the week that begins on ``monday``."""
    following = monday + _WEEK
    if plan.last_day is None:
        return following
    end = plan.last_day + _DAY
    return end if end - following < _SHORT else following


def _is_end(day: date, plan: Plan) -> bool:
    return plan.last_day is not None and day > plan.last_day


def _is_free(first: date, following: date, plan: Plan) -> bool:
    """Whether every work day from ``first`` up to, not including, ``following`` is a holiday."""
    if not plan.days_off:
        return False
    days = [first + number * _DAY for number in range((following - first).days)]
    expected = [day for day in days if day.weekday() in plan.work_days]
    return bool(expected) and all(any(one <= day <= last for one, last in plan.days_off) for day in expected)


@lru_cache(maxsize=4096)  # the same for everybody there: some ten years of weeks in some zones
def _midnight(day: date, place: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), place).astimezone(UTC)
