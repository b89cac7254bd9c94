"""The 12-hour clock of a question: plain hours, or the cohort's work hours alone. Pure.

Work hours run from the first to the last minute of each work day where the cohort is, except holidays. They are real
hours: a day on which the clocks change is as long as it is. Moments are aware, in UTC.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

GOAL = timedelta(hours=12)

_DAY = timedelta(days=1)
_NOTHING = timedelta(0)
_LAST_DAY = date(9990, 1, 1)


@dataclass(frozen=True, slots=True)
class Hours:
    """When a cohort works. ``starts`` and ``ends`` are minutes after midnight; Monday is day 0."""

    zone: str  # IANA name
    days: frozenset[int]
    starts: int
    ends: int
    off: tuple[tuple[date, date], ...] = ()  # holidays: first and last day, both included

    @property
    def are_any(self) -> bool:
        """Whether there is any time to work at all."""
        return bool(self.days) and self.starts < self.ends

    def to_json(self) -> dict[str, Any]:
        """As a question keeps them, from the moment it is asked."""
        off = [[first.isoformat(), last.isoformat()] for first, last in self.off]
        return {"zone": self.zone, "days": sorted(self.days), "starts": self.starts, "ends": self.ends, "off": off}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Hours":
        """And back."""
        off = tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in kept["off"])
        return cls(kept["zone"], frozenset(kept["days"]), kept["starts"], kept["ends"], off)


def after(start: datetime, length: timedelta, hours: Hours | None) -> datetime:
    """The moment at which ``length`` has passed since ``start``: of plain time, or of work ``hours``.

    Where nobody ever works, plain time is all there is. Raises ValueError for a moment without a zone.
    """
    _check(start)
    if hours is None or not hours.are_any or not length:
        return start + length
    left = length
    for opens, closes in _spans(start, hours):
        begin = max(opens, start)
        if closes - begin >= left:
            return begin + left
        left -= closes - begin
    return start + length


def elapsed(start: datetime, end: datetime, hours: Hours | None) -> timedelta:
    """How much plain time, or work time, lies between two moments; nothing where the second comes first."""
    _check(start, end)
    if hours is None or not hours.are_any:
        return max(end - start, _NOTHING)
    passed = _NOTHING
    for opens, closes in _spans(start, hours):
        if opens >= end:
            break
        passed += min(closes, end) - max(opens, start)
    return passed


def next_work(moment: datetime, hours: Hours) -> datetime:
    """The first moment from this one on at which people work; this one where nobody ever does."""
    _check(moment)
    if not hours.are_any:
        return moment
    return max(next((opens for opens, _closes in _spans(moment, hours)), moment), moment)


def pause(moment: datetime, hours: Hours) -> datetime | None:
    """When the work hours that hold ``moment`` end; nothing outside them, or where there are none."""
    _check(moment)
    if not hours.are_any:
        return None
    return next((closes if opens <= moment else None for opens, closes in _spans(moment, hours)), None)


def _check(*moments: datetime) -> None:
    if any(moment.tzinfo is None for moment in moments):
        raise ValueError("A question's clock needs moments with a time zone.")


def _spans(start: datetime, hours: Hours) -> Iterator[tuple[datetime, datetime]]:
    """Stretches of work that end after ``start``, in order of time."""
    place = ZoneInfo(hours.zone)
    day = start.astimezone(place).date()
    off = sorted(hours.off)
    while day < _LAST_DAY:
        free_until = _free_until(day, off)
        if free_until is not None:
            day = free_until + _DAY
            continue
        if day.weekday() in hours.days:
            opens, closes = _at(day, hours.starts, place), _at(day, hours.ends, place)
            if closes > max(opens, start):
                yield opens, closes
        day += _DAY


def _free_until(day: date, off: Sequence[tuple[date, date]]) -> date | None:
    return max((last for first, last in off if first <= day <= last), default=None)


def _at(day: date, minutes: int, place: ZoneInfo) -> datetime:
    return datetime.combine(day, time(minutes // 60, minutes % 60), place).astimezone(UTC)
