"""The 12-hour goal of a cohort in figures: from one row a question, by pure functions.

Counted are questions that everybody in the cohort can read, so that the number is the same for everybody and anybody
can count it again from the rows: not those asked within one group, nor starter questions (they ask everybody to write),
nor removed ones, nor the LMS's pretend student's. Questions asked in plain hours and in work hours are never mixed.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sociallearn.questions import surviving

GOAL = 12.0  # hours
WEEKS = 12  # of a table; the totals are over all


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, as far as the figures need it."""

    id: int
    title: str
    asked_at: datetime
    due_at: datetime
    in_work_hours: bool
    first_answer_at: datetime | None
    hours: float  # of its clock until the first answer, or until now
    answers: int
    asker_id: int = 0

    @property
    def is_answered(self) -> bool:
        """By somebody else, and the answer can be read."""
        return self.first_answer_at is not None

    @property
    def is_in_time(self) -> bool:
        """Answered by the end of its twelve hours."""
        return self.first_answer_at is not None and self.first_answer_at <= self.due_at


@dataclass(frozen=True, slots=True)
class Share:
    """``part`` of ``n``."""

    part: int
    n: int

    @property
    def value(self) -> float | None:
        """0 to 1; nothing of nothing."""
        return self.part / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class Week:
    """Questions asked in one week, where the cohort is."""

    monday: date
    asked: int
    in_time: Share  # of those whose twelve hours are over


@dataclass(frozen=True, slots=True)
class Figures:
    """What the page says about questions of one kind of clock. Hours are of that clock."""

    in_work_hours: bool
    asked: int
    unanswered: int
    in_time: Share
    several: Share
    median: float | None  # nothing: not reached
    p90: float | None
    weeks: tuple[Week, ...]


def figures(rows: Sequence[Asked], now: datetime, zone: str, *, in_work_hours: bool) -> Figures:
    """The figures over the rows of one kind of clock, at ``now``."""
    kind = [row for row in rows if row.in_work_hours == in_work_hours]
    old = [row for row in kind if row.due_at <= now]
    times = [(row.hours, row.is_answered) for row in kind]
    return Figures(
        in_work_hours=in_work_hours,
        asked=len(kind),
        unanswered=sum(not row.is_answered for row in kind),
        in_time=_in_time(old),
        several=Share(sum(row.answers > 1 for row in old), len(old)),
        median=surviving.quantile(times, 0.5),
        p90=surviving.quantile(times, 0.9),
        weeks=tuple(_weeks(kind, now, zone)),
    )


def _in_time(old: Sequence[Asked]) -> Share:
    return Share(sum(row.is_in_time for row in old), len(old))


def _weeks(rows: Sequence[Asked], now: datetime, zone: str) -> list[Week]:
    """The last twelve weeks from the first question on, also those in which nobody asked."""
    if not rows:
        return []
    by_week: defaultdict[date, list[Asked]] = defaultdict(list)
    for row in rows:
        by_week[monday(row.asked_at, zone)].append(row)
    last = max(monday(now, zone), *by_week)
    first = max(min(by_week), last - timedelta(weeks=WEEKS - 1))
    mondays = [first + timedelta(weeks=number) for number in range((last - first).days // 7 + 1)]
    return [
        Week(one, len(by_week[one]), _in_time([row for row in by_week[one] if row.due_at <= now])) for one in mondays
    ]


def monday(moment: datetime, zone: str) -> date:
    """The Monday of the week that holds a moment, where the cohort is."""
    day = moment.astimezone(ZoneInfo(zone)).date()
    return day - timedelta(days=day.weekday())


# What a number leads to: (row, now) → whether it stands behind it.
LISTS: dict[str, Callable[[Asked, datetime], bool]] = {
    "all": lambda row, now: True,
    "due": lambda row, now: row.due_at <= now,
    "in-time": lambda row, now: row.due_at <= now and row.is_in_time,
    "missed": lambda row, now: row.due_at <= now and not row.is_in_time,
    "several": lambda row, now: row.due_at <= now and row.answers > 1,
    "unanswered": lambda row, now: not row.is_answered,
}
