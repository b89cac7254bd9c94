"""The rules that are off by default: each by itself, and what must hold with every combination of them."""

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sociallearn.grades import scoring, trying
from sociallearn.grades.calendar import weeks
from sociallearn.grades.schemes import CHOICES, INTENSIVE, LIGHT, PRESETS, STANDARD, Scheme, from_json, to_json
from sociallearn.grades.scoring import Adjustment, Event, Standing, Why, adjust, judge, sums
from tests.grades.test_scoring import OTHER, event_lists, single_events

START = datetime(2026, 3, 9, tzinfo=UTC)
WEEKS = weeks(START, "Europe/Brussels", START + timedelta(weeks=8, days=-1))
DAY = timedelta(days=1)
COMBINATIONS = [
    replace(scheme, make_up_days=days, whole_course=whole, when_closed=closed, passes_at=share)
    for scheme, days, whole, closed, share in product(
        [LIGHT, STANDARD, INTENSIVE, OTHER], [0, 3], [False, True], [False, True], [None, 0.7]
    )
]
SCHEMES = st.sampled_from(COMBINATIONS)
NOWS = st.integers(-1, 9).map(lambda week: START + timedelta(weeks=week, days=4))


def points(events: list[Event], scheme: Scheme, adjustments: list[Adjustment] | None = None) -> dict[str, float]:
    return sums(adjust(judge(events, WEEKS, scheme), adjustments or []))


def standing(events: list[Event], scheme: Scheme, now: datetime, excused: set[str] | None = None) -> Standing:
    adjustments = [Adjustment(n, "excuse", key) for n, key in enumerate(sorted(excused or ()))]
    earned = {key: min(scheme.target, value) for key, value in points(events, scheme, adjustments).items()}
    begun = [week for week in WEEKS if week.starts <= now]
    return scoring.grade(earned, begun, now, scheme, None, excused or set(), WEEKS[len(begun) :])


def replies(count: int, week: int, *, day: float = 1, people: int = 3, first: int = 0) -> list[Event]:
    return [
        Event(1000 * week + first + n, "reply", WEEKS[week].starts + day * DAY, 60, reached=n % people)
        for n in range(count)
    ]


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


@pytest.mark.parametrize("scheme", [COMBINATIONS[0], COMBINATIONS[-1], COMBINATIONS[13]])
def test_they_are_stored_and_old_versions_stay_readable(scheme: Scheme) -> None:
    assert from_json(json.loads(json.dumps(to_json(scheme)))) == scheme
    assert set(to_json(LIGHT)) == {"name", "target", "rules", "drops_after"}


@pytest.mark.parametrize("wrong", [{"make_up_days": 4}, {"passes_at": 0}, {"passes_at": 1.5}, {"whole_course": 1}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        replace(LIGHT, **wrong)


def promises(events: list[Event], more: Event, scheme: Scheme, now: datetime, excused: set[str]) -> None:
    before, after = (standing(some, scheme, now, excused) for some in (events, [*events, more]))
    assert (after.value or 0) >= (before.value or 0)
    assert (after.closed or 0) >= (before.closed or 0)
    assert before.value is None or 0 <= before.value <= 1
    assert before == standing(events[::-1], scheme, now, excused)
    outcomes = judge(events, WEEKS, scheme)
    assert len(outcomes) == len(events)
    assert sum(one.points for one in outcomes) == sum(naive_points(events, scheme).values())
    assert {key: value for key, value in sums(outcomes).items() if value} == naive_points(events, scheme)
    assert before.value == naive_grade(events, scheme, now, excused)
    told_step_by_step(before, scheme)


def naive_points(events: list[Event], scheme: Scheme) -> dict[str, float]:
    """The same in the plainest words: what counts, week by week, kind by kind."""
    found: dict[str, float] = {}
    for number, week in enumerate(WEEKS):
        for rule in scheme.rules:
            here, following = (_valid(events, n, rule) for n in (number, number + 1))
            most = _maximum(here, rule)
            if rule.event == "rating":
                counted = min(most, len({event.subject for event in here}) // rule.per) * 1.0
            else:
                counted = min(most, len(here)) * 1.0
                in_time = [e for e in following if e.at < week.ends + scheme.make_up_days * DAY]
                beyond = max(0, len(following) - rule.most)
                counted += min(len(in_time), beyond, rule.most - counted) / 2
            if counted:
                found[week.key] = found.get(week.key, 0.0) + counted * rule.points
    return found


def _valid(events: list[Event], number: int, rule: scoring.Rule) -> list[Event]:
    if number >= len(WEEKS):
        return []
    week = WEEKS[number]
    theirs = [e for e in events if e.kind == rule.event and week.starts <= e.at < week.ends]
    return [e for e in theirs if e.words >= rule.least_words and not (e.removed or e.copy or e.to_self)]


def _maximum(here: list[Event], rule: scoring.Rule) -> int:
    people = {event.reached for event in here if event.reached is not None}
    if rule.most_unless_two_people is not None and len(people) < 2:
        return rule.most_unless_two_people
    return rule.most


def told_step_by_step(found: Standing, scheme: Scheme) -> None:
    """What the receipt adds up is the grade."""
    if found.share is None:
        assert found.value is None
        return
    some = [one for one in found.periods if one.key in found.summed]
    waits = scheme.when_closed and scheme.whole_course
    earned = sum(one.earned for one in some if not (waits and one.is_open))
    of = sum(one.target for one in some) + found.to_come
    assert earned == pytest.approx(found.share * of)
    assert not any(one.is_dropped or one.is_excused for one in some)
    passed = scheme.passes_at is None or found.share >= scheme.passes_at
    assert found.value == (found.share if scheme.passes_at is None else float(passed))


def naive_grade(events: list[Event], scheme: Scheme, now: datetime, excused: set[str]) -> float | None:
    collected = naive_points(events, scheme)
    asked = [week for week in WEEKS if week.key not in excused]
    worth = {week.key: min(scheme.target, collected.get(week.key, 0.0)) for week in asked}
    closed = [worth[week.key] for week in asked if week.ends <= now]
    opened = [worth[week.key] for week in asked if week.starts <= now < week.ends]
    to_come = [0.0 for week in asked if week.starts > now]
    shown = [] if scheme.when_closed else opened
    values = []
    if scheme.whole_course:
        if closed or any(shown):
            hidden = [0.0] * (len(opened) - len(shown))
            values.append(closed + shown + hidden + to_come)
    else:
        values += [closed] if closed else []
        values += [closed + shown] if any(shown) else []
    if not values:
        return None
    best = 0.0
    for one in values:
        kept = sorted(one)[1:] if len(one) >= scheme.drops_after else one
        best = max(best, sum(kept) / (len(kept) * scheme.target))
    return best if scheme.passes_at is None else float(best >= scheme.passes_at)


EXCUSED = st.sets(st.sampled_from([week.key for week in WEEKS]), max_size=3)


@given(event_lists(), single_events(1000), SCHEMES, NOWS, EXCUSED)
@settings(max_examples=250, deadline=None)
def test_the_promises_hold_with_every_combination(events, more, scheme, now, excused):
    promises(events, more, scheme, now, excused)


@pytest.mark.prove
@pytest.mark.timeout(1800)
@given(event_lists(40), single_events(1000), SCHEMES, NOWS, EXCUSED)
@settings(max_examples=20_000, deadline=None)
def test_the_promises_hold_for_twenty_thousand_histories(events, more, scheme, now, excused):
    promises(events, more, scheme, now, excused)


BUSY = st.lists(
    st.builds(
        lambda week, day, who, kind: (week, day, who, kind),
        st.integers(0, 2), st.sampled_from([0.5, 2, 3.5]), st.integers(1, 3), st.sampled_from(["reply", "post"]),
    ),
    max_size=30,
)  # fmt: skip


@given(BUSY, st.data(), SCHEMES)
@settings(max_examples=250, deadline=None)
def test_one_more_never_lowers_where_weeks_are_full_enough_to_make_up(busy, data, scheme):
    events = [
        Event(number, kind, WEEKS[week].starts + day * DAY, 60, reached=who)
        for number, (week, day, who, kind) in enumerate(busy)
    ]
    for number in range(len(events)):
        promises([*events[:number], *events[number + 1 :]], events[number], scheme, WEEKS[3].starts, set())


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
