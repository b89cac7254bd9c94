"""The grading model as pure functions: from what one member did to points, each with its reason, and to a grade.

    valid(e)  = own words >= minimum AND not removed AND not a near-copy AND not a reply to oneself
    earned_p  = min(T, sum over rules of points x min(maximum, number of valid events in period p))
    closed    = sum of earned_p / sum of T over the closed periods, without the lowest one once four have closed
    grade     = max(closed, the same with the open period counted in); before any has closed, the open one alone

A scheme may ask for more, off by default: making up a period with work beyond the next one's maximum, the whole course
instead of what has begun, a grade that moves when a period closes, completion instead of points.

Within a period only numbers matter, so order is irrelevant; every part rises with them, so more valid work never lowers
a grade. Points are whole quarters: sums are exact. Nothing here knows the time or the database.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Literal

from sociallearn.grades.calendar import Period, period_of
from sociallearn.grades.schemes import Kind, Rule, Scheme


@dataclass(frozen=True, slots=True)
class Event:
    """One text or one rating of one member, as it now stands."""

    id: int  # of the text, or of the idea rated; unique within its kind
    kind: Kind
    at: datetime  # aware
    words: int = 0  # own words
    reached: int | None = None  # the member it answers; None: nobody in particular (an erased person)
    removed: bool = False  # hidden or deleted
    copy: bool = False  # copying.near_copies
    to_self: bool = False  # a reply to oneself
    subject: int = 0  # of a rating: the idea


class Why(StrEnum):
    """Why an event counts or does not."""

    COUNTED = "counted"
    MAXIMUM_REACHED = "maximum_reached"
    TOO_SHORT = "too_short"
    NEAR_COPY = "near_copy"
    TO_ONESELF = "to_oneself"
    REMOVED = "removed"
    OUTSIDE = "outside"  # in no period
    NOT_GRADED = "not_graded"  # the scheme has no rule for this kind
    PART_OF_ROUND = "part_of_round"  # a rating on the way to a full round, or of an idea already rated this period
    MADE_UP = "made_up"  # counts at half, for the period before
    EXCUSED = "excused"  # the trainer excused the learner for this period
    OVERRIDE = "override"  # the trainer said what the period is worth
    BONUS = "bonus"  # the trainer gave these points


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What a trainer changed in one period of one learner: one override or excuse at most, any number of bonuses."""

    id: int
    kind: Literal["override", "excuse", "bonus"]
    period_key: str
    points: float = 0.0  # of a bonus: on top; of an override: instead of what was collected


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one event counts for. (event_id, kind) names the event."""

    event_id: int
    kind: str  # a Kind, or that of an adjustment
    period_key: str  # "" when outside every period
    points: float
    why: Why
    short_by: int | None = None  # words missing, when too short


@dataclass(frozen=True, slots=True)
class PeriodStanding:
    """One period that has begun."""

    key: str
    earned: float
    target: float
    is_open: bool
    is_dropped: bool  # the weakest, left out of the grade
    name: str = ""  # of a phase
    is_excused: bool = False  # neither asked of this learner nor counted


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a learner stands."""

    value: float | None  # the grade, 0 to 1; None while there is nothing to say
    closed: float | None  # from the closed periods alone; None before one has closed
    dropped: str | None  # key of the period left out of ``value``
    open_key: str | None
    periods: tuple[PeriodStanding, ...]  # in order of time
    share: float | None = None  # what ``value`` was before completion made it all or nothing
    summed: tuple[str, ...] = ()  # keys of the periods it is made of
    to_come: float = 0.0  # full marks of those among them that have not begun


@dataclass(frozen=True, slots=True)
class Hint:
    """What one more valid event would bring: "counts 3; 2 replies left this week"."""

    points: float  # how much the sum of points rises
    left: int  # how many more count, this one among them (single ratings, where rounds count)
    least_words: int
    earns: float  # how much of ``points`` the period still has room for below its target
    is_open: bool = True  # a period is open now; else nothing counts
    in_phase: bool = False  # that period is a phase, not a week


def judge(events: Iterable[Event], periods: Sequence[Period], scheme: Scheme) -> list[Outcome]:
    """What each event of one member counts for, in order of (at, id, kind) whatever order they come in.

    ``periods`` in order of time, not overlapping; leave out the excused ones. Who is later when a maximum is reached
    decides only which events show it, never the sum.
    """
    outcomes: dict[int, Outcome] = {}
    valid: defaultdict[tuple[str, Kind], list[int]] = defaultdict(list)
    ordered = sorted(events, key=lambda event: (event.at, event.id, event.kind))
    for number, event in enumerate(ordered):
        period = period_of(event.at, periods)
        why = _refusal(event, period, scheme)
        if why or not period:
            outcomes[number] = _refused(event, period, why or Why.OUTSIDE, scheme)
        else:
            valid[period.key, event.kind].append(number)
    made_up = _made_up(ordered, valid, periods, scheme)
    for (key, kind), numbers in valid.items():
        rule = scheme.rule(kind)
        assert rule  # else _refusal would have said so
        most = _most([ordered[number] for number in numbers], rule)
        for number in numbers:
            if number in made_up:
                outcomes[number] = Outcome(ordered[number].id, kind, made_up[number], rule.points / 2, Why.MADE_UP)
        rest = [number for number in numbers if number not in made_up]
        for number, why in zip(rest, _reasons([ordered[number] for number in rest], rule, most), strict=True):
            points = rule.points if why == Why.COUNTED else 0.0
            outcomes[number] = Outcome(ordered[number].id, kind, key, points, why)
    return [outcomes[number] for number in range(len(ordered))]


def adjust(outcomes: Sequence[Outcome], adjustments: Iterable[Adjustment]) -> list[Outcome]:
    """The same with what the trainer changed, each change an outcome of its own so that everything still adds up.

    An override replaces what was collected, bonuses come on top of either; in an excused period nothing counts.
    """
    ordered = sorted(adjustments, key=lambda one: (one.kind != "override", one.id))
    excused = {one.period_key for one in ordered if one.kind == "excuse"}
    found = [
        replace(one, points=0.0, why=Why.EXCUSED, short_by=None) if one.period_key in excused else one
        for one in outcomes
    ]
    collected = sums(found)
    for one in ordered:
        if one.kind == "excuse" or one.period_key in excused:
            found.append(Outcome(one.id, one.kind, one.period_key, 0.0, Why.EXCUSED))
        elif one.kind == "override":
            difference = one.points - collected.get(one.period_key, 0.0)
            found.append(Outcome(one.id, one.kind, one.period_key, difference, Why.OVERRIDE))
        else:
            found.append(Outcome(one.id, one.kind, one.period_key, one.points, Why.BONUS))
    return found


def earned(outcomes: Iterable[Outcome], scheme: Scheme) -> dict[str, float]:
    """Points by period key, never more than the target. Periods in which nothing was done are absent."""
    return {key: min(scheme.target, points) for key, points in sums(outcomes).items()}


def sums(outcomes: Iterable[Outcome]) -> dict[str, float]:
    """The same as it was collected, also beyond the target."""
    found: defaultdict[str, float] = defaultdict(float)
    for outcome in outcomes:
        if outcome.why != Why.OUTSIDE:
            found[outcome.period_key] += outcome.points
    return dict(found)


def grade(
    earned_by_period: Mapping[str, float],
    periods: Sequence[Period],
    now: datetime,
    scheme: Scheme,
    targets: Mapping[str, float] | None = None,
    excused: Collection[str] = (),
    coming: Sequence[Period] = (),
) -> Standing:
    """Where a learner stands at ``now`` (aware). ``periods`` in order of time; ``excused`` are keys of those left out.

    "The same with the open period counted in" reads it as if it closed now: it also helps to make up the number from
    which the weakest is left out, and may be that one. ``targets`` by period key, where periods were judged by other
    schemes; the weakest is then the one without which the rest is the best. ``coming`` are the periods still to begin:
    they count, as nothing so far, where the scheme takes the whole course.
    """
    counting = [period for period in periods if period.key not in excused]
    closed = [period for period in counting if period.ends <= now]
    current = period_of(now, counting)
    open_ones = [current] if current else []
    possible = {one.key: (targets or {}).get(one.key, scheme.target) for one in (*periods, *coming)}
    later = [one for one in coming if one.key not in excused] if scheme.whole_course else []
    is_begun = bool(closed) or any(earned_by_period.get(period.key) for period in open_ones)
    closed_value = _average(closed, earned_by_period, possible, scheme)[0]
    summed = closed
    if scheme.whole_course:
        points = {one.key: earned_by_period.get(one.key, 0.0) for one in (closed if scheme.when_closed else counting)}
        summed = closed + open_ones + later
        value, dropped = _average(summed, points, possible, scheme) if is_begun else (None, None)
        if scheme.when_closed and not closed:
            value, dropped = None, None
    else:
        value, dropped = _average(closed, earned_by_period, possible, scheme)
        if not scheme.when_closed and any(earned_by_period.get(period.key) for period in open_ones):
            with_open = _average(closed + open_ones, earned_by_period, possible, scheme)
            if (with_open[0] or 0) > (value or 0):
                (value, dropped), summed = with_open, closed + open_ones
    share = value
    if scheme.passes_at is not None and share is not None:
        value = 1.0 if share >= scheme.passes_at else 0.0
    return Standing(
        value=value,
        closed=closed_value,
        dropped=dropped,
        open_key=current.key if current else None,
        share=share,
        summed=tuple(one.key for one in summed if one.key != dropped),
        to_come=sum(possible[one.key] for one in later if one.key != dropped),
        periods=tuple(
            PeriodStanding(
                key=period.key,
                earned=earned_by_period.get(period.key, 0.0),
                target=possible[period.key],
                is_open=period.ends > now,
                is_dropped=period.key == dropped,
                name=period.name,
                is_excused=period.key in excused,
            )
            for period in periods
            if period.starts <= now
        ),
    )


def hint(
    kind: Kind,
    events: Iterable[Event],
    periods: Sequence[Period],
    scheme: Scheme,
    now: datetime,
    *,
    to: int | None = None,
    extra: float = 0.0,
) -> Hint:
    """What one more valid event of this kind would bring at ``now``: judged with it and without it, so always right.

    ``events`` are the member's own so far; ``to`` is the person a reply reaches, who may lift the maximum and so make
    earlier replies count too. A rating is taken to be of an idea not rated yet. All zero when nothing counts now.
    ``extra`` are the points given as a bonus in this period: they take up room below its target.
    """
    rule, period = scheme.rule(kind), period_of(now, periods)
    if not rule or not period:
        return Hint(0.0, 0, rule.least_words if rule else 0, 0.0, is_open=period is not None)
    known = [event for event in events if period.starts <= event.at < period.ends]
    fresh = max((max(event.id, event.subject) for event in known), default=0) + 1
    one_more = [*known, Event(fresh, kind, now, words=rule.least_words, reached=to, subject=fresh)]
    before, after = judge(known, [period], scheme), judge(one_more, [period], scheme)
    valid = [event for event in one_more if event.kind == kind and not _refusal(event, period, scheme)]
    rise = sum(outcome.points for outcome in after) - sum(outcome.points for outcome in before)
    reached = [min(scheme.target, sums(some).get(period.key, 0.0) + extra) for some in (before, after)]
    room = reached[1] - reached[0]
    done = len({event.subject for event in valid} if kind == "rating" else valid) - 1
    left = max(0, _most(valid, rule) * rule.per - done)
    return Hint(rise, left, rule.least_words, room, in_phase=bool(period.name))


def missing(
    kind: Kind,
    events: Iterable[Event],
    periods: Sequence[Period],
    scheme: Scheme,
    now: datetime,
    *,
    extra: float = 0.0,
    apart: bool = True,
) -> int | None:
    """How many more valid events of this kind make the open period full; None where they cannot, or it is already.

    Replies reach people of their own, not yet reached, or with not ``apart`` all somebody already reached.
    """
    rule, period = scheme.rule(kind), period_of(now, periods)
    if not rule or not period:
        return None
    known = [event for event in events if period.starts <= event.at < period.ends]
    if _total(known, period, scheme) + extra >= scheme.target:
        return None
    fresh = max((max(event.id, event.subject) for event in known), default=0) + 1
    same = next((event.reached for event in known if event.reached and not event.to_self), -1)
    for number in range(1, rule.most * rule.per + 1):
        known.append(
            Event(
                fresh + number, kind, now, words=rule.least_words, reached=-number if apart else same,
                subject=fresh + number,
            )
        )  # fmt: skip
        if _total(known, period, scheme) + extra >= scheme.target:
            return number
    return None


def _total(events: Sequence[Event], period: Period, scheme: Scheme) -> float:
    return sums(judge(events, [period], scheme)).get(period.key, 0.0)


def _refusal(event: Event, period: Period | None, scheme: Scheme) -> Why | None:
    rule = scheme.rule(event.kind)
    checks = (
        (period is None, Why.OUTSIDE),
        (rule is None, Why.NOT_GRADED),
        (event.removed, Why.REMOVED),
        (event.to_self, Why.TO_ONESELF),
        (event.copy, Why.NEAR_COPY),
        (rule is not None and event.words < rule.least_words, Why.TOO_SHORT),
    )
    return next((why for holds, why in checks if holds), None)


def _refused(event: Event, period: Period | None, why: Why, scheme: Scheme) -> Outcome:
    rule = scheme.rule(event.kind)
    short_by = rule.least_words - event.words if rule and why == Why.TOO_SHORT else None
    return Outcome(event.id, event.kind, period.key if period else "", 0.0, why, short_by)


def _made_up(
    ordered: Sequence[Event],
    valid: Mapping[tuple[str, Kind], Sequence[int]],
    periods: Sequence[Period],
    scheme: Scheme,
) -> dict[int, str]:
    """Which texts fill the period before theirs, and its key.

    Only numbers matter: as many as are beyond the maximum of their own period, came in time, and find room. Both the
    maximum and the room are taken as if replies reached two people, and room is only lost to what counts: else one more
    reply could lower a grade. Rounds of ratings are not made up.
    """
    found: dict[int, str] = {}
    if not scheme.make_up_days:
        return found
    for before, after in pairwise(periods):
        until = before.ends + timedelta(days=scheme.make_up_days)
        for rule in scheme.rules:
            numbers, earlier = valid.get((after.key, rule.event), ()), valid.get((before.key, rule.event), ())
            if rule.event == "rating" or not numbers:
                continue
            late = [number for number in numbers if ordered[number].at < until]
            beyond = max(0, len(numbers) - rule.most)
            room = rule.most - min(_most([ordered[number] for number in earlier], rule), len(earlier))
            count = min(len(late), beyond, room)
            found.update(dict.fromkeys(late[len(late) - count :], before.key))
    return found


def _reasons(valid: Sequence[Event], rule: Rule, most: int) -> list[Why]:
    """Why each of one period's valid events of one kind counts or not, in their order, with this maximum."""
    reasons, done = [], 0
    seen: set[int] = set()
    for event in valid:
        if rule.event == "rating" and event.subject in seen:
            reasons.append(Why.PART_OF_ROUND)
            continue
        seen.add(event.subject)
        done += 1
        in_time = Why.PART_OF_ROUND if done % rule.per else Why.COUNTED
        reasons.append(in_time if done <= most * rule.per else Why.MAXIMUM_REACHED)
    return reasons


def _most(valid: Sequence[Event], rule: Rule) -> int:
    people = {event.reached for event in valid} - {None}
    return rule.most if rule.most_unless_two_people is None or len(people) > 1 else rule.most_unless_two_people


def _average(
    periods: Sequence[Period], points: Mapping[str, float], possible: Mapping[str, float], scheme: Scheme
) -> tuple[float | None, str | None]:
    """Earned of possible over these periods without the weakest, and its key once there are enough of them.

    The weakest is the one without which the rest is the best. Where all targets are the same that is the lowest one;
    elsewhere only so can more work never lower the whole.
    """
    keys = [period.key for period in periods]
    total, of = sum(points.get(key, 0.0) for key in keys), sum(possible[key] for key in keys)
    if len(keys) < scheme.drops_after:
        return (total / of if keys else None), None
    shares = [(total - points.get(key, 0.0)) / (of - possible[key]) for key in keys]
    best = max(range(len(keys)), key=lambda number: shares[number])
    return shares[best], keys[best]
