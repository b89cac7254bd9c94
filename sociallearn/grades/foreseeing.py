"""What comes when the open period closes: whether the grade falls then, and how little makes the period full.

Worked out after every act and kept beside the standing, so that receipt and feed say the same and neither computes.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sociallearn import clock
from sociallearn.grades import folding, scoring
from sociallearn.grades.calendar import Period, period_of
from sociallearn.grades.folding import Rules
from sociallearn.grades.models import Standing
from sociallearn.grades.schemes import SMALLEST_PART, Kind
from sociallearn.grades.scoring import Adjustment, Event
from sociallearn.grades.wording import percent

SOON = timedelta(days=4)  # before a period closes: from Thursday on, for a week
_NEXT_STEPS: tuple[Kind, ...] = ("reply", "post")  # everybody can reply; a post only where that does not do


@dataclass(frozen=True)
class Foreseen:
    """The open period, as it would close if nothing more was done."""

    ends: datetime
    phase: str  # its name, of a phase
    now: int | None  # the grade in hundredths
    then: int | None
    more: int | None  # so many more make it full; None: it is, or no single kind can
    kind: Kind | None
    apart: bool  # replies: only if they reach different people
    missing: float = 0.0  # points that make it full
    full: int | None = None  # the grade in hundredths if it closed just full

    @property
    def falls(self) -> bool:
        """Whether the grade will be lower."""
        return self.now is not None and self.then is not None and self.then < self.now

    @property
    def last_moment(self) -> datetime:
        """To name the day by: a week that ends at midnight ends on Sunday."""
        return self.ends - timedelta(minutes=1)

    @property
    def is_soon(self) -> bool:
        """Whether it is time to say so where people did not ask."""
        return self.ends - clock.now() <= SOON


def foresee(
    events: Sequence[Event],
    periods: Sequence[Period],
    rules: Rules,
    adjustments: Sequence[Adjustment],
    points: Mapping[str, float],
) -> dict[str, Any] | None:
    """What is kept of it; None while no period is open, or where its worth is settled."""
    current = period_of(rules.now, periods)
    if current is None or folding.is_settled(current, adjustments):
        return None
    given = folding.excused_in(adjustments), folding.settled_in(adjustments)
    there = points.get(current.key, 0.0)
    at_end = replace(rules, now=current.ends)
    now = folding.grade(points, periods, rules, *given).value
    then = folding.grade(points, periods, at_end, *given).value

    def with_more(more: float) -> dict[str, float]:
        return {**points, current.key: there + more}

    def is_full(more: float) -> bool:
        if not rules.scheme_of(current).reserve:
            return there + more >= rules.scheme_of(current).target
        # what was kept fills it too, and how much that is depends on which week is left out then
        last = folding.grade(with_more(more), periods, rules, *given).periods[-1]
        return last.earned >= last.target

    step = _step(events, periods, rules, is_full)
    missing = _least(rules.scheme_of(current).target, is_full) or 0.0
    full = folding.grade(with_more(missing), periods, at_end, *given).value
    return {
        "ends": current.ends.isoformat(),
        "phase": current.name,
        "now": None if now is None else percent(now),
        "then": None if then is None else percent(then),
        "more": step[1] if step else None,
        "kind": step[0] if step else None,
        "apart": bool(step and step[2]),
        "missing": missing,
        "full": None if full is None else percent(full),
    }


def raising_from(
    periods: Sequence[Period], rules: Rules, adjustments: Sequence[Adjustment], points: Mapping[str, float]
) -> float | None:
    """From how many points on the open period raises the grade, where it is not in it yet; None where none do."""
    current = period_of(rules.now, periods)
    if current is None or folding.is_settled(current, adjustments):
        return None
    given = folding.excused_in(adjustments), folding.settled_in(adjustments)
    there, scheme = points.get(current.key, 0.0), rules.scheme_of(current)

    before = folding.grade(points, periods, rules, *given)
    if current.key in before.summed:
        return None

    def raises(more: float) -> bool:
        found = folding.grade({**points, current.key: there + more}, periods, rules, *given)
        return (found.share or 0) > (before.share or 0)

    # where points come in whole numbers, the first of those
    is_whole = there % 1 == 0 and all(rule.points % 1 == 0 for rule in scheme.rules)
    step = 1.0 if is_whole and not scheme.quality and not scheme.make_up_days else SMALLEST_PART
    more = _least(max(0.0, scheme.target + scheme.room + scheme.reserve - there), raises, step)
    return there + more if more else None


def _least(most: float, holds: Callable[[float], bool], step: float = SMALLEST_PART) -> float | None:
    """The least points, in steps up to ``most``, with which it holds; what holds with some also does with more."""
    low, high = 0, math.ceil(most / step)
    if not holds(high * step):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle * step) else (middle + 1, high)
    return low * step


def _step(
    events: Sequence[Event], periods: Sequence[Period], rules: Rules, is_full: Callable[[float], bool]
) -> tuple[Kind, int, bool] | None:
    scheme = rules.scheme_of(period_of(rules.now, periods))
    for kind in _NEXT_STEPS:
        anyhow = scoring.missing(kind, events, periods, scheme, rules.now, is_full=is_full, apart=False)
        apart = scoring.missing(kind, events, periods, scheme, rules.now, is_full=is_full)
        if apart is not None:
            return kind, apart, apart != anyhow
    return None


def read(standing: Standing | None) -> Foreseen | None:
    """What was kept, as long as that period is open."""
    if standing is None or not standing.foreseen:
        return None
    kept = standing.foreseen
    found = Foreseen(**{**kept, "ends": datetime.fromisoformat(kept["ends"])})
    return found if found.ends > clock.now() else None
