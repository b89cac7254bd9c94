"""The weeks in which points are collected: Monday to Monday where the cohort is, whatever its clocks do."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_WEEK = timedelta(days=7)
_SHORT = timedelta(days=3)  # a first week with less than this left joins the next: nobody fills it from Friday evening


@dataclass(frozen=True, slots=True)
class Period:
    """From ``starts`` up to, not including, ``ends`` (aware, UTC)."""

    key: str  # ISO date of the local Monday it begins on
    starts: datetime
    ends: datetime


def weeks(start: datetime, zone: str, until: datetime) -> list[Period]:
    """The weeks of a cohort in ``zone`` (IANA name), from the one holding ``start`` to the one holding ``until``.

    There is always a first one, even when ``until`` is earlier. A first week with less than three days left by the
    local clock runs on to the end of the next. ``start`` and ``until`` are aware, else ValueError; an unknown zone
    raises ZoneInfoNotFoundError.
    """
    if start.tzinfo is None or until.tzinfo is None:
        raise ValueError("The weeks of a cohort need moments with a time zone.")
    place = ZoneInfo(zone)
    local = start.astimezone(place).replace(tzinfo=None)
    monday = local.date() - timedelta(days=local.weekday())
    following = monday + _WEEK
    if datetime.combine(following, time()) - local < _SHORT:
        following += _WEEK
    found = [_period(monday, following, place)]
    while found[-1].ends <= until:
        monday, following = following, following + _WEEK
        found.append(_period(monday, following, place))
    return found


def period_of(moment: datetime, periods: Sequence[Period]) -> Period | None:
    """The one of ``periods`` (in order of time, not overlapping) that holds ``moment`` (aware), if any does."""
    at = bisect_right(periods, moment, key=lambda period: period.starts) - 1
    return periods[at] if at >= 0 and moment < periods[at].ends else None


def _period(monday: date, following: date, place: ZoneInfo) -> Period:
    return Period(monday.isoformat(), _midnight(monday, place), _midnight(following, place))


def _midnight(day: date, place: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), place).astimezone(UTC)
