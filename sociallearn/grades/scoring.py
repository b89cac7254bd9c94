"""The grading model as pure functions: from what one member did to points, each with its reason, and to a grade.

    valid(e)  = own words >= minimum AND not removed AND not a near-copy AND not a reply to oneself
    earned_p  = min(T, sum over rules of points x min(maximum, number of valid events in period p))
    closed    = sum of earned_p / sum of T over the closed periods, without the lowest one once four have closed
    grade     = max(closed, the same with the open period counted in); before any has closed, the open one alone

A scheme may ask for more, off by default: points for signs of others that a text helped, making up a period with work
beyond the next one's maximum, the whole course instead of what has begun, a grade that moves when a period closes,
completion instead of points, and what becomes of points above T:

    quality   sum over rules of ... + min(0.3 T, sum of the signs given in p), and at most T as ever
    reserve   earned_p = min(T, e_p + r_p),  r_p+1 = min(R, max(0, r_p + e_p - T)),  e_p being what was collected
    room      earned_p = min(T + B, e_p), and the grade at most 1

Periods that are not in the average, excused or left out as the weakest, neither take from the reserve nor add to it: it
passes them by, and the weakest is the one without which all this gives the most. A period a trainer set is worth what
they said, so it does not take from the reserve either, nor add to it. All of it rises with each e_p.

Within a period only numbers matter, so order is irrelevant; every part rises with them, so more valid work never lowers
a grade. Points are whole quarters: sums are exact. Nothing here knows the time or the database.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
    own_copy: bool = False  # a copy of one's own text in the same place: what others say of it still holds


SignKind = Literal["accepted", "endorsed", "built_on", "helped"]
SIGNS: Mapping[str, float] = {"accepted": 2.0, "endorsed": 2.0, "built_on": 2.0, "helped": 1.0}  # points each
_FROM_ONE = (1.0, 0.5)  # what "helped me" of one person to one learner counts in a period; from the third on, nothing


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
    VALUED = "valued"  # a sign of quality counts
    HALVED = "halved"  # the second time this person was helped this period
    SAME_PERSON = "same_person"  # what this person gave counts already this period
    QUALITY_FULL = "quality_full"  # the most that signs of quality bring is reached
    TAKEN_BACK = "taken_back"  # a sign
    FROM_ONESELF = "from_oneself"  # a sign


@dataclass(frozen=True, slots=True)
class Sign:
    """Another person's sign that a text of the member helped, as it now stands."""

    id: int  # of the act that gave it
    kind: SignKind
    at: datetime  # aware; when it was given: that period it counts in
    giver: int
    flaw: Why | None = None  # why it does not stand: taken back, from oneself, or the text is not valid


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
    used: float = 0.0  # how much of ``earned`` was kept from earlier periods
    kept: float = 0.0  # what is kept once this period is over
    room: float = 0.0  # how many more points collected in it would bring something


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
    ahead: float = 0.0  # what is kept already for those of which nothing counts yet


@dataclass(frozen=True, slots=True)
class Hint:
    """What one more valid event would bring: "counts 3; 2 replies left this week"."""

    points: float  # how much the sum of points rises
    left: int  # how many more count, this one among them (single ratings, where rounds count)
    least_words: int
    earns: float  # how much of ``points`` the period still has room for below its target
    is_open: bool = True  # a period is open now; else nothing counts
    in_phase: bool = False  # that period is a phase, not a week
    makes_up: bool = False  # it counts for the period before, and so do the ``left``
    apart: int = 0  # of replies: how many more count once they reach different people


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


def value(signs: Iterable[Sign], periods: Sequence[Period], scheme: Scheme) -> list[Outcome]:
    """What each sign of quality counts for, in order of (at, id), in the period in which it was given.

    Which ones stand beyond a maximum shows by their order; the sum only depends on how many there are, of whom.
    """
    found: list[Outcome] = []
    left: dict[str, float] = {}
    thanked: defaultdict[tuple[str, int], int] = defaultdict(int)
    for sign in sorted(signs, key=lambda one: (one.at, one.id)):
        period = period_of(sign.at, periods)
        if not period or sign.flaw:
            why = (sign.flaw if period else None) or Why.OUTSIDE
            found.append(Outcome(sign.id, sign.kind, period.key if period else "", 0.0, why))
            continue
        worth, why = SIGNS[sign.kind], Why.VALUED
        if sign.kind == "helped":
            before = thanked[period.key, sign.giver]
            thanked[period.key, sign.giver] += 1
            worth = _FROM_ONE[before] if before < len(_FROM_ONE) else 0.0
            why = (Why.VALUED, Why.HALVED, Why.SAME_PERSON)[min(before, len(_FROM_ONE))]
        room = left.setdefault(period.key, scheme.most_quality)
        if worth > room:
            worth, why = room, Why.QUALITY_FULL
        left[period.key] = room - worth
        found.append(Outcome(sign.id, sign.kind, period.key, worth, why))
    return found


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
    points: Mapping[str, float],
    periods: Sequence[Period],
    now: datetime,
    scheme: Scheme,
    schemes: Mapping[str, Scheme] | None = None,
    excused: Collection[str] = (),
    coming: Sequence[Period] = (),
    settled: Collection[str] = (),
) -> Standing:
    """Where a learner stands at ``now`` (aware), from what was collected by period key, also beyond the target.

    ``periods`` in order of time; ``excused`` are keys of those left out, ``settled`` of those a trainer set.
    "The same with the open period counted in" reads it as if it closed now: it also helps to make up the number from
    which the weakest is left out, and may be that one. ``schemes`` by period key, where periods were judged by others
    than ``scheme``; the weakest is then the one without which the rest is the best. ``coming`` are the periods still to
    begin: where the scheme takes the whole course they count as if nothing came in them.
    """
    of = _Collected(points, schemes or {}, scheme, frozenset(settled))
    counting = [period.key for period in periods if period.key not in excused]
    closed = [period.key for period in periods if period.ends <= now and period.key in counting]
    current = period_of(now, periods)
    current = current if current and current.key in counting else None
    opened = [current.key] if current else []
    later = [one.key for one in coming if one.key not in excused] if scheme.whole_course else []
    has_open = any(points.get(key) for key in opened)
    closed_value = of.average(closed)[0]
    summed, (share, dropped), ahead = closed, of.average(closed), 0.0
    if scheme.whole_course:
        summed, waiting = closed + opened + later, [*later, *(opened if scheme.when_closed else [])]
        is_begun = bool(closed) or (has_open and not scheme.when_closed)
        so_far = replace(of, points={key: points.get(key, 0.0) for key in summed if key not in waiting})
        share, dropped = so_far.average(summed) if is_begun else (None, None)
        worth = so_far.worth([key for key in summed if key != dropped])
        ahead = sum(worth[key].earned for key in waiting if key != dropped)
    elif opened and not scheme.when_closed:  # empty, it helps only by what was kept for it
        with_open = of.average(closed + opened)
        if (with_open[0] or 0) > (share or 0):
            (share, dropped), summed = with_open, closed + opened
    passed = share if scheme.passes_at is None or share is None else float(share >= scheme.passes_at)
    shown = of.worth([key for key in counting if key != dropped])
    for key in (period.key for period in periods if period.key not in shown):
        shown |= of.worth([key])
    return Standing(
        value=passed,
        closed=closed_value,
        dropped=dropped,
        open_key=current.key if current else None,
        share=share,
        summed=tuple(key for key in summed if key != dropped),
        ahead=ahead,
        to_come=sum(of.scheme_of(key).target for key in later if key != dropped),
        periods=tuple(
            PeriodStanding(
                key=period.key,
                earned=shown[period.key].earned,
                target=of.scheme_of(period.key).target,
                is_open=period.ends > now,
                is_dropped=period.key == dropped,
                name=period.name,
                is_excused=period.key in excused,
                used=shown[period.key].used,
                kept=shown[period.key].kept,
                room=shown[period.key].room,
            )
            for period in periods
            if period.starts <= now
        ),
    )


@dataclass(frozen=True, slots=True)
class _Worth:
    """What one period counts for."""

    earned: float
    used: float  # of it, from the reserve
    kept: float  # the reserve after it
    room: float  # as in PeriodStanding


@dataclass(frozen=True, slots=True)
class _Collected:
    """Points by period key, and the rules each period stands under."""

    points: Mapping[str, float]
    schemes: Mapping[str, Scheme]
    scheme: Scheme  # of all others; and it says when the weakest is left out
    settled: frozenset[str]

    def scheme_of(self, key: str) -> Scheme:
        return self.schemes.get(key, self.scheme)

    def worth(self, keys: Sequence[str]) -> dict[str, _Worth]:
        """Of these periods alone, in order of time."""
        found: dict[str, _Worth] = {}
        kept = 0.0
        for key in keys:
            scheme, collected = self.scheme_of(key), self.points.get(key, 0.0)
            if key in self.settled or not scheme.reserve:
                most = scheme.target + scheme.room
                kept = kept if scheme.reserve else 0.0
                room = 0.0 if key in self.settled else max(0.0, most - collected)
                found[key] = _Worth(min(most, collected), 0.0, kept, room)
            else:
                earned, before = min(scheme.target, collected + kept), kept
                kept = min(scheme.reserve, max(0.0, before + collected - scheme.target))
                room = max(0.0, scheme.target + scheme.reserve - before - collected)
                found[key] = _Worth(earned, earned - min(scheme.target, collected), kept, room)
        return found

    def average(self, keys: Sequence[str]) -> tuple[float | None, str | None]:
        """Earned of possible over these periods without the weakest, and its key once there are enough of them.

        The weakest is the one without which the rest is the best. Where all targets are the same and nothing is kept
        for later that is the lowest one; elsewhere only so can more work never lower the whole.
        """
        if not keys:
            return None, None
        if len(keys) < self.scheme.drops_after:
            return min(1.0, self._share(keys)), None
        if any(self.scheme_of(key).reserve for key in keys):
            shares = [self._share([one for one in keys if one != key]) for key in keys]
        else:
            earned = {key: one.earned for key, one in self.worth(keys).items()}
            total, of = sum(earned.values()), sum(self.scheme_of(key).target for key in keys)
            shares = [(total - earned[key]) / (of - self.scheme_of(key).target) for key in keys]
        best = max(range(len(keys)), key=lambda number: shares[number])
        return min(1.0, shares[best]), keys[best]

    def _share(self, keys: Sequence[str]) -> float:
        earned = sum(one.earned for one in self.worth(keys).values())
        return earned / sum(self.scheme_of(key).target for key in keys)


def hint(
    kind: Kind,
    events: Iterable[Event],
    periods: Sequence[Period],
    scheme: Scheme,
    now: datetime,
    *,
    to: int | None = None,
    judged: Callable[[Sequence[Event]], Mapping[str, float]] | None = None,
    room: Mapping[str, float] | None = None,
) -> Hint:
    """What one more valid event of this kind would bring at ``now``: judged with it and without it, so always right.

    ``events`` are the member's own so far; ``to`` is the person a reply reaches, who may lift the maximum and so make
    earlier replies count too. A rating is taken to be of an idea not rated yet. All zero when nothing counts now.
    ``judged`` gives points by period key, where more is known than these rules; ``room`` is that of each period
    (PeriodStanding), else what lacks of its target.
    """
    rule, period = scheme.rule(kind), period_of(now, periods)
    if not rule or not period:
        return Hint(0.0, 0, rule.least_words if rule else 0, 0.0, is_open=period is not None)
    collected = judged or (lambda some: sums(judge(some, periods, scheme)))
    known = list(events)
    one_more = [*known, *_more(known, kind, now, rule, [to])]
    before, after = collected(known), collected(one_more)
    rises = {key: points - before.get(key, 0.0) for key, points in after.items()}
    here = rises.pop(period.key, 0.0)
    spaces = room if room is not None else {one.key: scheme.target - before.get(one.key, 0.0) for one in periods}
    earns = sum(min(max(0.0, spaces.get(key, 0.0)), rise) for key, rise in {**rises, period.key: here}.items())
    makes_up, apart = not here and any(rises.values()), 0
    if makes_up:
        left = _making_up(known, kind, period, rule, now, to, collected)
    else:
        valid = [one for one in one_more if one.kind == kind and period_of(one.at, [period]) and not flaw(one, rule)]
        done = len({event.subject for event in valid} if kind == "rating" else valid) - 1
        left = max(0, _most(valid, rule) * rule.per - done)
        apart = max(0, rule.most * rule.per - done)
    rise = here + sum(rises.values())
    return Hint(rise, left, rule.least_words, earns, in_phase=bool(period.name), makes_up=makes_up, apart=apart)


def _making_up(
    known: Sequence[Event],
    kind: Kind,
    period: Period,
    rule: Rule,
    now: datetime,
    to: int | None,
    collected: Callable[[Sequence[Event]], Mapping[str, float]],
) -> int:
    """How many more, one after the other, fill the period before and bring nothing here."""
    before, number = collected(known), 0
    while number < rule.most:
        after = collected([*known, *_more(known, kind, now, rule, [to] * (number + 1))])
        elsewhere = sum(after.values()) - after.get(period.key, 0.0)
        if elsewhere <= sum(before.values()) - before.get(period.key, 0.0):
            break
        before, number = after, number + 1
    return number


def _more(known: Sequence[Event], kind: Kind, now: datetime, rule: Rule, reached: Sequence[int | None]) -> list[Event]:
    """Further valid events that reach these people."""
    fresh = max((max(event.id, event.subject) for event in known), default=0) + 1
    return [
        Event(number, kind, now, words=rule.least_words, reached=person, subject=number)
        for number, person in enumerate(reached, start=fresh)
    ]


def missing(
    kind: Kind,
    events: Iterable[Event],
    periods: Sequence[Period],
    scheme: Scheme,
    now: datetime,
    *,
    is_full: Callable[[float], bool],
    apart: bool = True,
) -> int | None:
    """How many more valid events of this kind make the open period full; None where they cannot, or it is already.

    ``is_full`` says whether so many points more make it full. Replies reach people of their own, not yet reached, or
    with not ``apart`` all somebody already reached.
    """
    rule, period = scheme.rule(kind), period_of(now, periods)
    if not rule or not period or is_full(0.0):
        return None
    known = [event for event in events if period.starts <= event.at < period.ends]
    before = _total(known, period, scheme)
    same = next((event.reached for event in known if event.reached and not event.to_self), -1)
    for number in range(1, rule.most * rule.per + 1):
        reached = [-one if apart else same for one in range(1, number + 1)]
        if is_full(_total([*known, *_more(known, kind, now, rule, reached)], period, scheme) - before):
            return number
    return None


def _total(events: Sequence[Event], period: Period, scheme: Scheme) -> float:
    return sums(judge(events, [period], scheme)).get(period.key, 0.0)


def flaw(event: Event, rule: Rule | None) -> Why | None:
    """Why a text or rating is not valid, whenever it was written."""
    checks = (
        (event.removed, Why.REMOVED),
        (event.to_self, Why.TO_ONESELF),
        (event.copy, Why.NEAR_COPY),
        (rule is not None and event.words < rule.least_words, Why.TOO_SHORT),
    )
    return next((why for holds, why in checks if holds), None)


def _refusal(event: Event, period: Period | None, scheme: Scheme) -> Why | None:
    rule = scheme.rule(event.kind)
    if period is None:
        return Why.OUTSIDE
    return Why.NOT_GRADED if rule is None else flaw(event, rule)


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
