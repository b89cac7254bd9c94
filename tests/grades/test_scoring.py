"""Scoring: the model's promises, and the numbers the product names."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sociallearn.grades.calendar import Period, weeks
from sociallearn.grades.schemes import INTENSIVE, KINDS, LIGHT, STANDARD, Rule, Scheme
from sociallearn.grades.scoring import Event, Standing, Why, earned, grade, hint, judge

START = datetime(2026, 3, 9, tzinfo=UTC)  # a Monday; the clocks change within the weeks that follow
WEEKS = weeks(START, "Europe/Brussels", START + timedelta(weeks=8, days=-1))
AFTER = WEEKS[-1].ends
DAY = timedelta(days=1)

OTHER = Scheme("other", 4.5, (Rule("reply", 0.25, 7, 3, 1), Rule("rating", 1.75, 3, per=2), Rule("post", 1, 2)), 2)
SCHEMES = st.sampled_from([LIGHT, STANDARD, INTENSIVE, OTHER])


def at(week: int, day: float = 1) -> datetime:
    return WEEKS[week].starts + day * DAY


def standing(events: list[Event], now: datetime = AFTER, scheme: Scheme = LIGHT) -> Standing:
    return grade(earned(judge(events, WEEKS, scheme), scheme), WEEKS, now, scheme)


def everyday(kind: str, count: int, *, words: int = 60, people: int = 3, in_weeks: range = range(8)) -> list[Event]:
    return [
        Event(100 * week + number, kind, at(week, 0.1 * number), words, reached=number % people)
        for week in in_weeks
        for number in range(count)
    ]


# What the product says of eight weeks with the light preset.


@pytest.mark.parametrize(
    ("events", "value"),
    [
        (everyday("post", 1) + everyday("reply", 2), 1.00),
        (everyday("reply", 4), 1.00),
        (everyday("post", 9, words=5) + everyday("reply", 30, words=5), 0.00),
        (everyday("post", 9, words=300), 0.40),
        (everyday("reply", 9, people=1), 0.60),
        (everyday("post", 9, in_weeks=range(7, 8)) + everyday("reply", 30, in_weeks=range(7, 8)), 0.14),
        (everyday("reply", 4, in_weeks=range(1, 8)), 1.00),
        (everyday("reply", 4, in_weeks=range(2, 8)), 0.86),
    ],
    ids=["honest", "replies only", "short spam", "long-post spam", "pair", "crammer", "one missed", "two missed"],
)
def test_eight_weeks(events, value):
    assert round(standing(events).value, 2) == value


def test_the_first_week_is_open_after_one_post():
    assert standing([Event(1, "post", at(0), 40)], at(0, 2)).value == 0.40


def test_an_empty_new_week_after_perfect_ones():
    now = at(7, 2)
    found = standing(everyday("reply", 4, in_weeks=range(7)), now)
    assert (found.value, found.closed, found.open_key, found.dropped) == (1.0, 1.0, WEEKS[7].key, WEEKS[0].key)
    assert [period.earned for period in found.periods] == [10] * 7 + [0]
    assert [period.is_open for period in found.periods] == [False] * 7 + [True]
    assert [period.is_dropped for period in found.periods] == [True] + [False] * 7


# One rule at a time.


def reasons(*events: Event, scheme: Scheme = LIGHT) -> list[tuple[Why, float]]:
    return [(outcome.why, outcome.points) for outcome in judge(events, WEEKS, scheme)]


def test_why_an_event_does_not_count():
    reply = Event(1, "reply", at(0), 20, reached=7)
    assert reasons(reply) == [(Why.COUNTED, 3)]
    assert reasons(replace(reply, removed=True, copy=True)) == [(Why.REMOVED, 0)]
    assert reasons(replace(reply, to_self=True)) == [(Why.TO_ONESELF, 0)]
    assert reasons(replace(reply, copy=True)) == [(Why.NEAR_COPY, 0)]
    assert reasons(reply, scheme=Scheme("posts", 4, (Rule("post", 4, 1),))) == [(Why.NOT_GRADED, 0)]
    [short] = judge([replace(reply, words=14)], WEEKS, LIGHT)
    assert (short.why, short.short_by, short.points) == (Why.TOO_SHORT, 6, 0)


def test_outside_every_period():
    [before, last, after] = judge(
        [Event(1, "post", START - 3 * DAY, 99), Event(2, "post", AFTER - DAY / 9, 99), Event(3, "post", AFTER, 99)],
        WEEKS,
        LIGHT,
    )
    assert (before.why, before.period_key, after.why, after.period_key) == (Why.OUTSIDE, "", Why.OUTSIDE, "")
    assert earned([before, last, after], LIGHT) == {WEEKS[-1].key: 4}


def test_the_maximum_for_replies_depends_on_how_many_people_they_reach():
    one_person = [Event(n, "reply", at(0, n / 9), 20, reached=7) for n in range(1, 5)]
    assert [why for why, _ in reasons(*one_person)] == [Why.COUNTED] * 2 + [Why.MAXIMUM_REACHED] * 2
    somebody_erased = [*one_person[:3], replace(one_person[3], reached=None)]
    assert [why for why, _ in reasons(*somebody_erased)] == [Why.COUNTED] * 2 + [Why.MAXIMUM_REACHED] * 2
    two_people = [*one_person[:3], replace(one_person[3], reached=8)]
    assert [why for why, _ in reasons(*two_people)] == [Why.COUNTED] * 4
    short_to_the_second = [*one_person[:3], replace(one_person[3], reached=8, words=19)]
    assert [why for why, _ in reasons(*short_to_the_second)][:3] == [Why.COUNTED] * 2 + [Why.MAXIMUM_REACHED]


def test_five_different_ideas_rated_make_a_round():
    ratings = [Event(n, "rating", at(0, n / 99), subject=n) for n in range(1, 8)]
    assert reasons(*ratings) == [(Why.PART_OF_ROUND, 0)] * 4 + [(Why.COUNTED, 2)] + [(Why.MAXIMUM_REACHED, 0)] * 2
    same = [replace(rating, subject=1) for rating in ratings]
    assert {why for why, _ in reasons(*same)} == {Why.PART_OF_ROUND}
    split = [replace(rating, at=at(rating.id % 2)) for rating in ratings]
    assert {why for why, _ in reasons(*split)} == {Why.PART_OF_ROUND}


def test_nothing_to_say_yet():
    nothing = Standing(None, None, None, WEEKS[0].key, standing([], at(0)).periods)
    assert standing([], at(0)) == nothing
    assert standing([], START - 30 * DAY).value is None
    assert standing([], at(1)).value == 0


def test_the_weakest_is_left_out_once_four_have_closed():
    three, four = (standing(everyday("reply", 4, in_weeks=range(1, n)), WEEKS[n].starts) for n in (3, 4))
    assert (three.value, three.dropped) == (2 / 3, None)
    assert (four.value, four.dropped) == (1, WEEKS[0].key)


def test_the_open_week_counts_as_if_it_closed_now():
    events = everyday("reply", 4, in_weeks=range(1, 4))
    found = standing(events, at(3, 2))
    assert (found.value, found.closed, found.dropped) == (1.0, 20 / 30, WEEKS[0].key)


# Promises that hold for every history.


WHENS = st.tuples(st.integers(-1, 8), st.sampled_from([0, 0.5, 3, 6.9]))
ONE_IN_TEN = st.integers(0, 9).map(lambda number: number == 0)


@st.composite
def single_events(draw: st.DrawFn, id: int) -> Event:
    kind = draw(st.sampled_from(["post", "reply", "reply", "idea", "rating"]))
    week, day = draw(WHENS)
    return Event(
        id=id,
        kind=kind,
        at=START + timedelta(weeks=week, days=day),
        words=draw(st.sampled_from([0, 19, 20, 40, 100])),
        reached=draw(st.sampled_from([None, 1, 2, 3])) if kind == "reply" else None,
        removed=draw(ONE_IN_TEN),
        copy=draw(ONE_IN_TEN),
        to_self=draw(ONE_IN_TEN),
        subject=draw(st.integers(1, 12)) if kind == "rating" else 0,
    )


def event_lists(most: int = 20) -> st.SearchStrategy[list[Event]]:
    some = st.lists(single_events(0), max_size=most)
    return some.map(lambda events: [replace(event, id=number) for number, event in enumerate(events)])


NOWS = st.integers(-1, 9).map(lambda week: START + timedelta(weeks=week, days=4))


@given(event_lists(), single_events(1000), SCHEMES, NOWS)
@settings(max_examples=500, deadline=None)
def test_more_valid_work_never_lowers_a_grade(events, more, scheme, now):
    before, after = standing(events, now, scheme), standing([*events, more], now, scheme)
    assert (after.value or 0) >= (before.value or 0)
    assert (after.closed or 0) >= (before.closed or 0)


@given(st.data(), event_lists(), SCHEMES, NOWS)
@settings(max_examples=300, deadline=None)
def test_the_order_in_which_events_come_is_irrelevant(data, events, scheme, now):
    shuffled = data.draw(st.permutations(events))
    assert judge(shuffled, WEEKS, scheme) == judge(events, WEEKS, scheme)
    assert standing(shuffled, now, scheme) == standing(events, now, scheme)


@given(st.data(), event_lists(), SCHEMES)
@settings(max_examples=300, deadline=None)
def test_order_inside_a_period_is_irrelevant(data, events, scheme):
    moved = [
        replace(event, at=week.starts + data.draw(st.floats(0, 0.999)) * (week.ends - week.starts)) if week else event
        for event in events
        for week in [next((w for w in WEEKS if w.starts <= event.at < w.ends), None)]
    ]
    assert earned(judge(moved, WEEKS, scheme), scheme) == earned(judge(events, WEEKS, scheme), scheme)


@given(event_lists(40), SCHEMES, NOWS)
@settings(max_examples=300, deadline=None)
def test_a_grade_lies_between_0_and_1_and_is_the_same_twice(events, scheme, now):
    found = standing(events, now, scheme)
    assert found == standing(events, now, scheme)
    assert found.value is None or 0 <= found.value <= 1
    assert found.closed is None or 0 <= found.closed <= found.value
    assert all(0 <= period.earned <= period.target for period in found.periods)
    outcomes = judge(events, WEEKS, scheme)
    assert len(outcomes) == len(events)
    for outcome in outcomes:
        assert (outcome.points > 0) == (outcome.why == Why.COUNTED)
        assert (outcome.short_by is not None) == (outcome.why == Why.TOO_SHORT)


@given(event_lists(), SCHEMES, NOWS)
@settings(max_examples=200, deadline=None)
def test_the_grade_is_the_formula(events, scheme, now):
    points = earned(judge(events, WEEKS, scheme), scheme)
    closed = [points.get(week.key, 0) for week in WEEKS if week.ends <= now]
    with_open = closed + [points.get(week.key, 0) for week in WEEKS if week.starts <= now < week.ends]

    def average(sums: list[float]) -> float:
        kept = sorted(sums)[1:] if len(sums) >= scheme.drops_after else sums
        return sum(kept) / (scheme.target * len(kept)) if kept else 0

    assert (standing(events, now, scheme).value or 0) == max(average(closed), average(with_open))


# What the composer says.


def rise(events: list[Event], more: Event, periods: list[Period], scheme: Scheme) -> float:
    return sum(o.points for o in judge([*events, more], periods, scheme)) - sum(
        o.points for o in judge(events, periods, scheme)
    )


@given(event_lists(), SCHEMES, NOWS, st.sampled_from(KINDS), st.sampled_from([None, 1, 9]))
@settings(max_examples=500, deadline=None)
def test_a_hint_says_exactly_what_one_more_brings(events, scheme, now, kind, to):
    told = hint(kind, events, WEEKS, scheme, now, to=to)
    more = Event(5000, kind, now, words=told.least_words, reached=to, subject=5000)
    assert told.points == rise(events, more, WEEKS, scheme)
    before, after = (earned(judge(some, WEEKS, scheme), scheme) for some in (events, [*events, more]))
    assert told.earns == sum(after.values()) - sum(before.values())
    if told.points:
        assert told.left
    if kind != "rating":
        assert bool(told.points) == bool(told.left)
    left = 0  # "left" is how many more count one after the other, were they written now
    while hint(kind, events, WEEKS, scheme, now, to=to).left and left < 60:
        left += 1
        events = [*events, Event(6000 + left, kind, now, words=told.least_words, reached=to, subject=6000 + left)]
    assert left == told.left


def test_a_reply_to_a_second_person_makes_earlier_ones_count_too():
    events = [Event(n, "reply", at(0, n / 9), 20, reached=7) for n in range(1, 4)]
    known, new = (hint("reply", events, WEEKS, LIGHT, at(0, 3), to=person) for person in (7, 8))
    assert (known.points, known.left, known.least_words) == (0, 0, 20)
    assert (new.points, new.left, new.earns) == (6, 1, 4)


def test_no_hint_outside_every_period_or_without_a_rule():
    assert hint("post", [], WEEKS, LIGHT, AFTER).points == 0
    assert hint("post", [], WEEKS, LIGHT, at(0)) == hint("post", [], WEEKS, LIGHT, at(1))
    assert hint("idea", [], WEEKS, OTHER, at(0)).left == 0
