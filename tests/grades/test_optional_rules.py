"""The rules that are off by default: each by itself, and what must hold with every combination of them."""

import json
import random
import sys
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sociallearn.grades import folding, foreseeing, scoring, trying
from sociallearn.grades.calendar import Period, Plan, period_of, weeks
from sociallearn.grades.folding import Rules, Version
from sociallearn.grades.schemes import CHOICES, INTENSIVE, KINDS, LIGHT, PRESETS, STANDARD, Scheme, from_json, to_json
from sociallearn.grades.scoring import Adjustment, Event, Sign, Standing, Why, adjust, judge, sums, value
from sociallearn.grades.wording import percent
from tests.grades import naive
from tests.grades.test_scoring import OTHER

START = datetime(2026, 3, 9, tzinfo=UTC)
WEEKS = weeks(START, "Europe/Brussels", START + timedelta(weeks=8, days=-1))
DAY = timedelta(days=1)
COMBINATIONS = [
    replace(scheme, make_up_days=days, whole_course=whole, when_closed=closed, passes_at=share, quality=signs, **above)
    for scheme, days, whole, closed, share, signs, above in product(
        [LIGHT, STANDARD, INTENSIVE, OTHER], [0, 3], [False, True], [False, True], [None, 0.7], [False, True],
        [{}, {"reserve": 5}, {"room": 4}],
    )
]  # fmt: skip


def points(events: list[Event], scheme: Scheme, adjustments: list[Adjustment] | None = None) -> dict[str, float]:
    return sums(adjust(judge(events, WEEKS, scheme), adjustments or []))


def standing(events: list[Event], scheme: Scheme, now: datetime, excused: set[str] | None = None) -> Standing:
    adjustments = [Adjustment(n, "excuse", key) for n, key in enumerate(sorted(excused or ()))]
    begun = [week for week in WEEKS if week.starts <= now]
    found = points(events, scheme, adjustments)
    return scoring.grade(found, begun, now, scheme, None, excused or set(), WEEKS[len(begun) :])


def replies(count: int, week: int, *, day: float = 1, people: int = 3, first: int = 0) -> list[Event]:
    return [
        Event(1000 * week + first + n, "reply", WEEKS[week].starts + day * DAY, 60, reached=n % people)
        for n in range(count)
    ]


def posts(count: int, week: int) -> list[Event]:
    return [Event(1000 * week + 500 + n, "post", WEEKS[week].starts + DAY, 60) for n in range(count)]


def test_late_work_beyond_the_maximum_fills_the_week_before_at_half() -> None:
    scheme = replace(LIGHT, make_up_days=3)
    late = replies(2, 0) + replies(6, 1)
    assert points(late, scheme) == {WEEKS[0].key: 6 + 3, WEEKS[1].key: 12}
    assert points(late, LIGHT) == {WEEKS[0].key: 6, WEEKS[1].key: 12}
    assert [o.why for o in judge(late, WEEKS, scheme)].count(Why.MADE_UP) == 2
    after_three_days = replies(2, 0) + replies(6, 1, day=3.5)
    assert points(after_three_days, scheme) == points(after_three_days, LIGHT)
    assert points(replies(2, 0) + replies(4, 1), scheme)[WEEKS[0].key] == 6  # nothing is beyond the maximum
    to_one = replies(3, 0, people=1) + replies(9, 1)
    assert points(to_one, scheme)[WEEKS[0].key] == 6 + 3  # room is what does not count: two of four


def test_the_whole_course_counts_what_is_to_come_as_nothing() -> None:
    scheme = replace(LIGHT, whole_course=True)
    two = replies(4, 0) + replies(4, 1)
    assert standing(two, scheme, WEEKS[2].starts).value == 2 / 7
    assert standing([], scheme, WEEKS[0].starts + DAY).value is None
    every = [event for week in range(8) for event in replies(4, week)]
    assert standing(every, scheme, WEEKS[-1].ends).value == 1


def test_the_open_week_does_not_show_where_only_closed_ones_do() -> None:
    scheme = replace(LIGHT, when_closed=True)
    assert standing(replies(4, 0), scheme, WEEKS[0].starts + 2 * DAY).value is None
    assert standing(replies(2, 0) + replies(4, 1), scheme, WEEKS[1].starts + 2 * DAY).value == 0.6


def test_completion_is_all_or_nothing() -> None:
    scheme = replace(LIGHT, passes_at=0.6)
    assert standing(replies(2, 0), scheme, WEEKS[1].starts).value == 1
    assert standing(replies(1, 0), scheme, WEEKS[1].starts).value == 0


@pytest.mark.parametrize("scheme", [COMBINATIONS[0], COMBINATIONS[-1], COMBINATIONS[100]])
def test_they_are_stored_and_old_versions_stay_readable(scheme: Scheme) -> None:
    assert from_json(json.loads(json.dumps(to_json(scheme)))) == scheme
    assert set(to_json(LIGHT)) == {"name", "target", "rules", "drops_after"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"make_up_days": 4}, {"passes_at": 0}, {"passes_at": 1.5}, {"whole_course": 1}, {"quality": 1},
        {"reserve": -1}, {"room": 2.5}, {"room": 1, "reserve": 1},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        replace(LIGHT, **wrong)


def test_signs_of_others_bring_points_up_to_a_part_of_the_target() -> None:
    scheme = replace(LIGHT, quality=True)
    assert [replace(scheme, target=target).most_quality for target in (10, 4.5, 30, 1)] == [3, 1.25, 9, 0.25]
    thanks = [Sign(n, "helped", WEEKS[0].starts + n * DAY / 9, giver=1) for n in range(3)]
    other = Sign(9, "helped", WEEKS[0].starts + DAY, giver=2)
    told = [(one.why, one.points) for one in value([*thanks, other], WEEKS, scheme)]
    assert told == [(Why.VALUED, 1), (Why.HALVED, 0.5), (Why.SAME_PERSON, 0), (Why.VALUED, 1)]
    two = [Sign(n, kind, WEEKS[1].starts, giver=1) for n, kind in enumerate(["accepted", "endorsed", "built_on"])]
    assert [(one.why, one.points) for one in value(two, WEEKS, scheme)] == [
        (Why.VALUED, 2), (Why.QUALITY_FULL, 1), (Why.QUALITY_FULL, 0),
    ]  # fmt: skip
    gone = replace(other, flaw=Why.TAKEN_BACK)
    assert [(one.why, one.points) for one in value([gone], WEEKS, scheme)] == [(Why.TAKEN_BACK, 0)]
    assert value([replace(other, at=START - DAY)], WEEKS, scheme)[0].why == Why.OUTSIDE


def test_points_above_the_target_fill_later_weeks() -> None:
    scheme = replace(LIGHT, reserve=3)
    found = standing(replies(4, 0) + posts(1, 0) + replies(3, 1) + replies(3, 2), scheme, WEEKS[3].starts)
    assert [(one.earned, one.used, one.kept) for one in found.periods[:3]] == [(10, 0, 3), (10, 1, 2), (10, 1, 1)]
    assert found.value == 1
    excused = standing(replies(4, 0) + posts(1, 0) + replies(3, 2), scheme, WEEKS[3].starts, {WEEKS[1].key})
    assert [(one.earned, one.used) for one in excused.periods[:3]] == [(10, 0), (0, 0), (10, 1)]
    # the week left out takes nothing: else the one after it would lack what was kept
    left_out = standing(
        replies(4, 0) + posts(1, 0) + replies(1, 1) + replies(3, 2) + replies(4, 3), scheme, WEEKS[4].starts
    )
    assert (left_out.dropped, left_out.value) == (WEEKS[1].key, 1)
    # an open week in which nothing is written yet is filled at once, not only when it closes
    weak = replies(1, 0) + replies(4, 1) + posts(1, 1)
    assert standing(weak, scheme, WEEKS[2].starts + DAY).value == 13 / 20
    assert standing(weak, replace(scheme, reserve=3), WEEKS[2].starts + DAY).summed == (WEEKS[0].key, WEEKS[1].key)
    strong = standing(weak, replace(scheme, reserve=10, target=5), WEEKS[2].starts + DAY)
    assert (strong.value, strong.summed) == (13 / 15, tuple(week.key for week in WEEKS[:3]))


def test_a_strong_week_makes_up_for_a_weaker_one_where_there_is_room() -> None:
    scheme = replace(LIGHT, room=4)
    both = replies(4, 0) + posts(1, 0) + replies(2, 1)
    assert standing(both, scheme, WEEKS[2].starts).value == 1
    assert standing(both, LIGHT, WEEKS[2].starts).value == 0.8
    assert standing(replies(4, 0) + posts(1, 0), scheme, WEEKS[1].starts).value == 1
    with pytest.raises(ValueError, match=r"not both"):
        replace(scheme, reserve=1)


@lru_cache(8)
def calendar_of(scheme: Scheme, zone: str, monday: date, now: datetime) -> tuple[Rules, list[Period]]:
    """Eight weeks from a Monday on, and those that have begun."""
    since = local(monday, 0, zone)
    rules = Rules((Version(None, since, scheme),), Plan(zone, last_day=monday + timedelta(days=8 * 7 - 1)), now)
    return rules, folding.periods_of(since, rules)


@dataclass(frozen=True)
class History:
    """What one learner did, was told and was given, in a place with a calendar of its own."""

    events: list[Event]
    signs: list[Sign]
    adjustments: list[Adjustment]
    scheme: Scheme
    zone: str
    monday: date
    now: datetime

    @property
    def rules(self) -> Rules:
        return calendar_of(self.scheme, self.zone, self.monday, self.now)[0]

    @property
    def periods(self) -> list[Period]:
        return calendar_of(self.scheme, self.zone, self.monday, self.now)[1]

    @cached_property
    def points(self) -> dict[str, float]:
        return sums(folding.judge(self.events, self.periods, self.rules, self.adjustments, self.signs))

    @cached_property
    def standing(self) -> Standing:
        return self.stands_at(self.now)

    def stands_at(self, now: datetime) -> Standing:
        given = folding.excused_in(self.adjustments), folding.settled_in(self.adjustments)
        return folding.grade(self.points, self.periods, replace(self.rules, now=now), *given)

    def week(self, moment: datetime) -> int:
        """By the calendar on the wall: nothing else knows what the clocks did."""
        return (moment.astimezone(ZoneInfo(self.zone)).date() - self.monday).days // 7

    def again(self, now: datetime | None = None) -> tuple[list[float], float | None]:
        """Points by week, and the grade at ``now``, of what was known at ``self.now``."""
        found = naive.collected(self.facts, self.praise, self.scheme, min(8, self.week(self.now) + 1), self.word)
        at = self.week(now or self.now)
        to_come = [0.0] * (8 - len(found))
        return found, naive.grade([*found, *to_come], at, at + 1, self.scheme, self.word)

    @cached_property
    def facts(self) -> list[naive.Fact]:
        return [self._fact(event) for event in self.events if self._is_valid(event)]

    @cached_property
    def praise(self) -> list[naive.Praise]:
        return [naive.Praise(one.kind, self.week(one.at), one.giver) for one in self.signs if one.flaw is None]

    @cached_property
    def word(self) -> naive.Word:
        word = naive.Word()
        for one in self.adjustments:
            week = (date.fromisoformat(one.period_key) - self.monday).days // 7
            if one.kind == "override":
                word.override[week] = one.points
            elif one.kind == "bonus":
                word.bonus[week] = word.bonus.get(week, 0) + one.points
            else:
                word.excused.add(week)
        return word

    def _is_valid(self, event: Event) -> bool:
        rule = next((one for one in self.scheme.rules if one.event == event.kind), None)
        wrong = event.removed or event.copy or event.to_self
        return rule is not None and not wrong and event.words >= rule.least_words

    def _fact(self, event: Event) -> naive.Fact:
        week = self.week(event.at)
        monday = local(self.monday + timedelta(weeks=week), 0, self.zone)
        return naive.Fact(event.kind, week, event.at - monday < 3 * DAY, event.reached, event.subject)


def local(day: date, hours: float, zone: str) -> datetime:
    """So many hours after midnight as the clock on the wall says."""
    wall = datetime.combine(day, time()) + timedelta(hours=hours)
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


# eight weeks each, around a change of the clocks; the last one moves by half an hour, and stands at half hours
PLACES = [
    ("Europe/Brussels", date(2026, 3, 9)), ("Europe/Brussels", date(2026, 10, 5)),
    ("America/New_York", date(2026, 2, 16)), ("America/New_York", date(2026, 10, 12)),
    ("Asia/Kolkata", date(2026, 3, 9)), ("Australia/Lord_Howe", date(2026, 3, 16)),
]  # fmt: skip
HOURS = [
    0,
    0.25,
    2.5,
    12,
    36,
    71.75,
    72,
    100,
    145.5,
    146.5,
    167.75,
]  # after Monday's midnight: edges, and Sunday's night


def history(seed: int, most: int = 40) -> History:
    """A history nobody thought of."""
    chance = random.Random(seed)
    zone, monday = chance.choice(PLACES)
    busy = chance.randint(1, 8)  # weeks in which things happen

    def moment() -> datetime:
        week = chance.randrange(-1, 9) if busy == 8 else chance.randrange(busy)
        return local(monday + timedelta(weeks=week), chance.choice(HOURS), zone)

    def event(number: int) -> Event:
        kind = chance.choice(["post", "reply", "reply", "reply", "idea", "rating"])
        return Event(
            number, kind, moment(), chance.choice([0, 19, 20, 40, 100, 100, 100]),
            reached=chance.choice([None, 1, 2, 3]) if kind == "reply" else None,
            removed=chance.random() < 0.05, copy=chance.random() < 0.05, to_self=chance.random() < 0.05,
            subject=chance.randint(1, 12) if kind == "rating" else 0,
        )  # fmt: skip

    def sign(number: int) -> Sign:
        flaw = Why.TAKEN_BACK if chance.random() < 0.1 else None
        return Sign(number, chance.choice(list(scoring.SIGNS)), moment(), chance.randint(1, 4), flaw)

    scheme = chance.choice(COMBINATIONS)
    quarters = int(scheme.target * 4)
    given: dict[tuple[str, str], Adjustment] = {}
    for number in range(chance.choice([0, 0, 1, 2, 3])):
        kind = chance.choice(["override", "excuse", "bonus"])
        key = (monday + timedelta(weeks=chance.randrange(busy))).isoformat()
        given[kind, key] = Adjustment(number, kind, key, chance.randint(0, quarters) / 4)
    return History(
        [event(number) for number in range(chance.randint(0, most))],
        [sign(number) for number in range(chance.randint(0, 12))],
        list(given.values()), scheme, zone, monday,
        local(monday + chance.choice([busy - 1, busy, chance.randint(0, 9)]) * 7 * DAY, chance.choice(HOURS), zone),
    )  # fmt: skip


def promises(seed: int, most: int = 40) -> None:
    """All that must hold for every history."""
    told, chance = history(seed, most), random.Random(-seed - 1)
    found, points = told.standing, told.points
    by_week, value_now = told.again()
    keys = [(told.monday + timedelta(weeks=week)).isoformat() for week in range(len(by_week))]
    assert {key: one for key, one in points.items() if key and one} == {
        key: one for key, one in zip(keys, by_week, strict=True) if one
    }
    assert [period.key for period in told.periods] == keys
    assert found.value == value_now
    assert found.value is None or 0 <= found.value <= 1
    assert found == replace(told).standing
    assert all(0 <= one.earned <= one.target + told.scheme.room for one in found.periods)
    told_step_by_step(found, told.scheme)
    order_is_irrelevant(told, chance)
    more_never_lowers(told, chance)
    what_is_foretold_comes(told, chance)


def order_is_irrelevant(told: History, chance: random.Random) -> None:
    """In which they come; and within a week, as far as nothing is made up from its first days."""
    shuffled = replace(told, events=told.events[::-1], signs=chance.sample(told.signs, len(told.signs)))
    assert shuffled.standing == told.standing
    if not told.scheme.make_up_days:

        def move(one):
            monday = told.monday + timedelta(weeks=told.week(one.at))
            return replace(one, at=local(monday, chance.choice(HOURS), told.zone))

        moved = replace(told, events=[move(one) for one in told.events], signs=[move(one) for one in told.signs])
        assert moved.points == told.points


def more_never_lowers(told: History, chance: random.Random) -> None:
    """One more text, rating or sign, whatever it is."""
    others = history(chance.getrandbits(32), 2)
    for one in others.events[:1]:
        at = local(told.monday + timedelta(weeks=chance.randrange(8)), chance.choice(HOURS), told.zone)
        rises(told, replace(told, events=[*told.events, replace(one, id=1000, at=at)]))
    for one in others.signs[:1]:
        at = local(told.monday + timedelta(weeks=chance.randrange(8)), chance.choice(HOURS), told.zone)
        rises(told, replace(told, signs=[*told.signs, replace(one, id=1000, at=at)]))


def rises(told: History, more: History) -> None:
    before, after = told.standing, more.standing
    assert (after.value or 0) >= (before.value or 0)
    assert (after.closed or 0) >= (before.closed or 0)
    assert (after.share or 0) >= (before.share or 0)


def what_is_foretold_comes(told: History, chance: random.Random) -> None:
    """The composer's hint and the warning say what then happens, also where it is made up."""
    kind, to = chance.choice(KINDS), chance.choice([None, 1, 9])
    hint = folding.hint(kind, told.events, told.periods, told.rules, told.standing, to, told.adjustments)
    one = Event(5000, kind, told.now, words=hint.least_words, reached=to, subject=5000)
    more = replace(told, events=[*told.events, one])
    assert hint.points == sum(more.again()[0]) - sum(told.again()[0])
    room = {period.key: period.room for period in told.standing.periods}
    raised = {key: points - told.points.get(key, 0.0) for key, points in more.points.items()}
    assert hint.earns == sum(min(rise, room[key]) for key, rise in raised.items() if key)
    if not hint.earns and not hint.makes_up:
        assert (more.standing.value or 0) == (told.standing.value or 0)
    current = period_of(told.now, told.periods)
    told_ahead = foreseeing.foresee(told.events, told.periods, told.rules, told.adjustments, told.points)
    assert (told_ahead is None) == (current is None or folding.is_settled(current, told.adjustments))
    if told_ahead is None or current is None:
        return
    now, then = (told.again(at)[1] for at in (told.now, current.ends))
    assert (told_ahead["now"], told_ahead["then"]) == tuple(
        None if one is None else percent(one) for one in (now, then)
    )
    there, lacks = told.points.get(current.key, 0.0), told_ahead["missing"]
    assert (told_ahead["full"] is None) == (topped_up(told, current, lacks).again(current.ends)[1] is None)
    if told_ahead["full"] is not None:
        assert told_ahead["full"] == percent(topped_up(told, current, lacks).again(current.ends)[1] or 0.0)
    if lacks:
        filled = [topped_up(told, current, some).standing.periods[-1] for some in (lacks - 0.25, lacks)]
        assert [one.earned >= one.target for one in filled] == [False, True]
    raised = foreseeing.raising_from(told.periods, told.rules, told.adjustments, told.points)
    if raised:
        assert (topped_up(told, current, raised - there).standing.share or 0) > (told.standing.share or 0)
        assert topped_up(told, current, max(0.0, raised - there - 1)).standing.share == told.standing.share
    if told_ahead["more"]:
        kind, count = told_ahead["kind"], told_ahead["more"]
        texts = [Event(5000 + n, kind, told.now, 100, reached=5000 + n) for n in range(count)]
        done = [replace(told, events=told.events + texts[:n]).standing.periods[-1] for n in (count - 1, count)]
        assert [one.earned >= one.target for one in done] == [False, True]


def topped_up(told: History, period: Period, points: float) -> History:
    """The same with so many points more in a period."""
    more = [Adjustment(7000, "bonus", period.key, points)] if points else []
    return replace(told, adjustments=[*told.adjustments, *more])


def told_step_by_step(found: Standing, scheme: Scheme) -> None:
    """What the receipt adds up is the grade."""
    if found.share is None:
        assert found.value is None
        return
    some = [one for one in found.periods if one.key in found.summed]
    waits = scheme.when_closed and scheme.whole_course
    earned = sum(one.earned for one in some if not (waits and one.is_open)) + found.ahead
    of = sum(one.target for one in some) + found.to_come
    assert min(1.0, earned / of) == found.share
    assert not any(one.is_dropped or one.is_excused for one in some)
    assert all(one.used <= one.earned for one in found.periods)
    passed = scheme.passes_at is None or found.share >= scheme.passes_at
    assert found.value == (found.share if scheme.passes_at is None else float(passed))


@given(st.integers(0, 2**32))
@settings(max_examples=400, deadline=None)
def test_the_promises_hold_with_every_combination(seed):
    promises(seed)


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(20))
def test_the_promises_hold_for_twenty_thousand_histories(part):
    for seed in range(part * 1000, part * 1000 + 1000):
        promises(seed)


def test_what_made_up_learners_reach() -> None:
    """PRODUCT.md's table: 100, 0, 40, 60 and 14 with light rules. It is printed by ``pytest -s``."""
    table = {name: {one.who: one.after for one in trying.invented(LIGHT, CHOICES[name])} for name in PRESETS}
    rows = [("", *PRESETS), *((who, *(table[name][who] for name in PRESETS)) for who in table["light"])]
    sys.stdout.write("\n" + "\n".join(" ".join(f"{cell:>10}" for cell in row) for row in rows) + "\n")
    light = table["light"]
    assert {who: light[who] for who in ("honest", "spammer", "long_posts", "pair", "crammer")} == {
        "honest": 100, "spammer": 0, "long_posts": 40, "pair": 60, "crammer": 14,
    }  # fmt: skip
    assert trying.warnings(trying.invented(LIGHT, LIGHT), LIGHT) == []


def test_it_warns_where_a_short_cut_pays() -> None:
    loose = Scheme(
        "own",
        10,
        (replace(LIGHT.rules[0], most=9, least_words=0), replace(LIGHT.rules[1], most_unless_two_people=None)),
    )
    found = trying.warnings(trying.invented(LIGHT, loose), loose)
    assert found == ["spammer", "long_posts", "pair"]
    posts_only = Scheme("own", 4, (LIGHT.rules[0],))
    assert "not_by_replies" in trying.warnings(trying.invented(LIGHT, posts_only), posts_only)
