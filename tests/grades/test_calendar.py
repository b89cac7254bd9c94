"""Weeks: Monday to Monday by the cohort's own clock, up to the last day and without holidays; or phases."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sociallearn.grades.calendar import NEVER, Period, Plan, next_change, period_of, periods, weeks

BRUSSELS = ZoneInfo("Europe/Brussels")
ZONES = ["Europe/Brussels", "America/New_York", "Pacific/Kiritimati", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]
MOMENTS = st.integers(0, 10 * 365 * 24 * 60).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_a_week_runs_from_monday_to_monday_local_time():
    [week] = weeks(utc(2026, 1, 6, 9), "Europe/Brussels", utc(2026, 1, 6, 10))
    assert week == Period("2026-01-05", utc(2026, 1, 4, 23), utc(2026, 1, 11, 23))


@pytest.mark.parametrize(
    ("zone", "start", "starts", "ends"),
    [
        ("Europe/Brussels", utc(2026, 3, 24), utc(2026, 3, 22, 23), utc(2026, 3, 29, 22)),
        ("Europe/Brussels", utc(2026, 10, 20), utc(2026, 10, 18, 22), utc(2026, 10, 25, 23)),
        ("America/New_York", utc(2026, 3, 3), utc(2026, 3, 2, 5), utc(2026, 3, 9, 4)),
        ("America/New_York", utc(2026, 10, 27), utc(2026, 10, 26, 4), utc(2026, 11, 2, 5)),
        ("Pacific/Kiritimati", utc(2026, 3, 24), utc(2026, 3, 22, 10), utc(2026, 3, 29, 10)),
    ],
)
def test_a_week_in_which_the_clocks_change(zone, start, starts, ends):
    [week] = weeks(start, zone, start)
    assert (week.starts, week.ends) == (starts, ends)


def test_monday_begins_at_another_moment_elsewhere():
    sunday_noon = utc(2026, 3, 1, 12)
    assert weeks(sunday_noon, "Pacific/Kiritimati", sunday_noon)[0].key == "2026-03-02"
    assert weeks(sunday_noon, "America/New_York", sunday_noon)[0].key == "2026-02-23"


@pytest.mark.parametrize(
    ("start", "weeks_long"),
    [
        (datetime(2026, 3, 26, 23, 59, tzinfo=BRUSSELS), 1),
        (datetime(2026, 3, 27, 0, 0, tzinfo=BRUSSELS), 1),  # three days by the clock, though an hour is skipped
        (datetime(2026, 3, 27, 0, 1, tzinfo=BRUSSELS), 2),
        (datetime(2026, 10, 23, 0, 1, tzinfo=BRUSSELS), 2),  # less than three days, though an hour comes twice
        (datetime(2026, 3, 29, 23, 59, tzinfo=BRUSSELS), 2),
        (datetime(2026, 3, 30, 0, 0, tzinfo=BRUSSELS), 1),
    ],
)
def test_a_first_week_with_less_than_three_days_left_joins_the_next(start, weeks_long):
    first, second = weeks(start, "Europe/Brussels", start + timedelta(days=15))[:2]
    assert date.fromisoformat(second.key) - date.fromisoformat(first.key) == timedelta(weeks=weeks_long)
    assert first.ends == second.starts


def test_the_week_holding_the_last_moment_is_there_and_no_later_one():
    monday = utc(2026, 1, 4, 23)
    assert len(weeks(monday, "Europe/Brussels", monday + timedelta(days=7, microseconds=-1))) == 1
    assert len(weeks(monday, "Europe/Brussels", monday + timedelta(days=7))) == 2
    assert len(weeks(monday, "Europe/Brussels", monday - timedelta(days=70))) == 1


def test_moments_without_a_zone_and_unknown_zones_are_refused():
    with pytest.raises(ValueError, match="time zone"):
        weeks(datetime(2026, 1, 1), "UTC", utc(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ZoneInfoNotFoundError):
        weeks(utc(2026, 1, 1), "Europe/Atlantis", utc(2026, 1, 1))


def test_a_moment_belongs_to_the_period_that_begins_with_it():
    one, other = weeks(utc(2026, 1, 5), "UTC", utc(2026, 1, 12))
    later = Period("day", utc(2026, 2, 1), utc(2026, 2, 2))
    periods = [one, other, later]
    assert period_of(other.starts, periods) == other
    assert period_of(other.starts - timedelta(microseconds=1), periods) == one
    assert period_of(other.ends, periods) is None
    assert period_of(one.starts - timedelta(seconds=1), periods) is None
    assert period_of(later.starts, periods) == later
    assert period_of(later.ends, []) is None


@given(MOMENTS, st.sampled_from(ZONES), st.integers(0, 400), MOMENTS)
@settings(max_examples=300, deadline=None)
def test_weeks_follow_each_other_and_hold_every_moment_once(start, zone, days, moment):
    until = start + timedelta(days=days)
    periods = weeks(start, zone, until)
    assert periods == weeks(start.astimezone(BRUSSELS), zone, until)
    assert [period.starts for period in periods[1:]] == [period.ends for period in periods[:-1]]
    assert period_of(start, periods) == periods[0]
    assert period_of(until, periods) == periods[-1]
    assert sum(period.starts <= moment < period.ends for period in periods) == (period_of(moment, periods) is not None)
    for period in periods:
        local = period.starts.astimezone(ZoneInfo(zone))
        assert (local.weekday(), local.hour, local.minute) == (0, 0, 0)
        assert local.date().isoformat() == period.key
        assert period.starts.tzinfo is UTC
    assert len({period.key for period in periods}) == len(periods)


# The end, holidays and phases.

MONDAY = datetime(2026, 3, 2, tzinfo=BRUSSELS)
LATER = MONDAY + timedelta(days=400)


def keys(found: list[Period]) -> list[str]:
    return [period.key for period in found]


def last_moment(day: date, zone: str = "Europe/Brussels") -> datetime:
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)


def test_no_week_is_added_after_the_last_day():
    found = periods(MONDAY, Plan("Europe/Brussels", last_day=date(2026, 3, 22)), LATER)
    assert keys(found) == ["2026-03-02", "2026-03-09", "2026-03-16"]
    assert found[-1].ends == last_moment(date(2026, 3, 22))


@pytest.mark.parametrize(
    ("last_day", "last_key"),
    [
        (date(2026, 3, 25), "2026-03-23"),  # three days of the fourth week: it counts
        (date(2026, 3, 24), "2026-03-16"),  # two: they join the third
        (date(2026, 3, 23), "2026-03-16"),
        (date(2026, 3, 22), "2026-03-16"),
    ],
)
def test_a_last_week_of_less_than_three_days_joins_the_one_before(last_day, last_key):
    found = periods(MONDAY, Plan("Europe/Brussels", last_day=last_day), LATER)
    assert (found[-1].key, found[-1].ends) == (last_key, last_moment(last_day))
    assert [period.starts for period in found[1:]] == [period.ends for period in found[:-1]]


def test_a_course_shorter_than_three_days_has_one_period():
    plan = Plan("Europe/Brussels", last_day=date(2026, 3, 3))
    [only] = periods(MONDAY, plan, LATER)
    assert (only.key, only.ends) == ("2026-03-02", last_moment(date(2026, 3, 3)))
    friday = datetime(2026, 3, 6, 20, tzinfo=BRUSSELS)
    [short] = periods(friday, Plan("Europe/Brussels", last_day=date(2026, 3, 7)), LATER)
    assert short.ends == last_moment(date(2026, 3, 7))


def test_who_joins_after_the_end_has_no_period():
    plan = Plan("Europe/Brussels", last_day=date(2026, 3, 1))
    assert periods(MONDAY, plan, LATER) == []
    assert next_change(MONDAY, plan, LATER) == NEVER


def test_a_week_in_which_every_work_day_is_a_holiday_is_left_out():
    off = ((date(2026, 3, 9), date(2026, 3, 13)),)
    plan = Plan("Europe/Brussels", days_off=off, last_day=date(2026, 3, 22))
    assert keys(periods(MONDAY, plan, LATER)) == ["2026-03-02", "2026-03-16"]
    assert period_of(datetime(2026, 3, 11, tzinfo=UTC), periods(MONDAY, plan, LATER)) is None
    one_work_day = ((date(2026, 3, 10), date(2026, 3, 15)),)
    plan = Plan("Europe/Brussels", days_off=one_work_day, last_day=date(2026, 3, 22))
    assert len(periods(MONDAY, plan, LATER)) == 3
    part_time = Plan("Europe/Brussels", work_days=frozenset({1, 3}), days_off=one_work_day, last_day=date(2026, 3, 22))
    assert len(periods(MONDAY, part_time, LATER)) == 2
    in_pieces = tuple((date(2026, 3, day), date(2026, 3, day)) for day in (9, 10, 11, 12, 13))
    assert len(periods(MONDAY, Plan("Europe/Brussels", days_off=in_pieces, last_day=date(2026, 3, 22)), LATER)) == 2


def test_who_joins_within_a_holiday_begins_after_it():
    off = ((date(2026, 3, 4), date(2026, 3, 8)),)
    wednesday = datetime(2026, 3, 4, 9, tzinfo=BRUSSELS)
    plan = Plan("Europe/Brussels", days_off=off)
    assert keys(periods(wednesday, plan, wednesday + timedelta(days=7))) == ["2026-03-09"]
    assert keys(periods(MONDAY, plan, wednesday)) == ["2026-03-02"]  # Monday and Tuesday were work days


def test_the_next_change_is_when_a_period_closes_or_begins():
    off = ((date(2026, 3, 9), date(2026, 3, 15)),)
    plan = Plan("Europe/Brussels", days_off=off, last_day=date(2026, 3, 22))
    changes = [MONDAY]
    while changes[-1] != NEVER:
        changes.append(next_change(MONDAY, plan, changes[-1]))
    days = [(moment.astimezone(BRUSSELS).day, moment.astimezone(BRUSSELS).hour) for moment in changes[:-1]]
    assert days == [(2, 0), (9, 0), (16, 0), (23, 0)]


def phase(key: str, first: date, last: date, zone: str = "Europe/Brussels") -> Period:
    begins = datetime.combine(first, datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
    return Period(key, begins, last_moment(last, zone), key.title())


BEFORE = phase("before", date(2026, 3, 16), date(2026, 3, 28))
THE_DAY = phase("day", date(2026, 3, 29), date(2026, 3, 29))  # the clocks change: it has 23 hours
AFTER_IT = phase("after", date(2026, 4, 1), date(2026, 4, 12))
PHASES = Plan("Europe/Brussels", phases=(BEFORE, THE_DAY, AFTER_IT))


def test_phases_are_the_periods_and_what_is_between_counts_for_nothing():
    assert THE_DAY.ends - THE_DAY.starts == timedelta(hours=23)
    assert periods(MONDAY, PHASES, LATER) == [BEFORE, THE_DAY, AFTER_IT]
    assert periods(MONDAY, PHASES, MONDAY) == []
    assert periods(MONDAY, PHASES, THE_DAY.starts) == [BEFORE, THE_DAY]
    assert period_of(THE_DAY.ends, periods(MONDAY, PHASES, LATER)) is None
    moments = [MONDAY, BEFORE.starts, BEFORE.ends, THE_DAY.ends, AFTER_IT.starts, AFTER_IT.ends]
    then = [BEFORE.starts, BEFORE.ends, THE_DAY.ends, AFTER_IT.starts, AFTER_IT.ends, NEVER]
    assert [next_change(MONDAY, PHASES, moment) for moment in moments] == then


def test_nobody_makes_up_phases_before_they_joined():
    assert periods(THE_DAY.starts, PHASES, LATER) == [THE_DAY, AFTER_IT]
    assert periods(THE_DAY.ends, PHASES, LATER) == [AFTER_IT]
    assert periods(AFTER_IT.ends, PHASES, LATER) == []


@pytest.mark.parametrize(
    ("joined", "first", "number"),
    [
        (BEFORE.ends - timedelta(days=3), "before", 3),
        (BEFORE.ends - timedelta(days=2), "day", 2),  # the evening before: it counts with the day
        (THE_DAY.starts + timedelta(hours=11), "day", 2),
        (THE_DAY.starts + timedelta(hours=12), "after", 1),  # less than half of a short one is left
        (AFTER_IT.ends - timedelta(hours=1), "after", 1),  # nothing follows: it is the one they have
    ],
)
def test_a_first_phase_with_little_left_joins_the_next(joined, first, number):
    found = periods(joined, PHASES, LATER)
    assert (found[0].key, found[0].name, len(found)) == (first, first.title(), number)
    assert found[0].starts <= joined < found[0].ends


def test_the_last_day_ends_phases_too():
    plan = Plan("Europe/Brussels", phases=PHASES.phases, last_day=date(2026, 4, 5))
    assert [period.ends for period in periods(MONDAY, plan, LATER)][-1] == last_moment(date(2026, 4, 5))
    plan = Plan("Europe/Brussels", phases=PHASES.phases, last_day=date(2026, 3, 29))
    assert keys(periods(MONDAY, plan, LATER)) == ["before", "day"]


DAYS = st.integers(0, 500).map(lambda days: date(2026, 1, 1) + timedelta(days=days))
STARTS = st.integers(0, 400 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    zone = draw(st.sampled_from(ZONES))
    firsts = sorted(draw(st.lists(DAYS, max_size=4, unique=True)))
    phases = [
        phase(f"phase-{number}", first, min([last, *firsts[number + 1 : number + 2]]) - timedelta(days=1), zone)
        for number, first in enumerate(firsts)
        for last in [first + timedelta(days=draw(st.integers(1, 40)))]
    ]
    off = [(day, day + timedelta(days=draw(st.integers(0, 30)))) for day in draw(st.lists(DAYS, max_size=4))]
    work_days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    return Plan(zone, tuple(phases), draw(st.none() | DAYS), work_days, tuple(off))


@given(STARTS, plans(), st.integers(0, 300), STARTS)
@settings(max_examples=400, deadline=None)
def test_periods_never_meet_and_never_change_as_time_goes_on(start, plan, days, moment):
    until = start + timedelta(days=days)
    found = periods(start, plan, until)
    for one, other in pairwise(found):
        assert one.ends <= other.starts
    for period in found:
        assert period.starts < period.ends
        assert period.ends > start
        assert period.starts <= until
        assert plan.last_day is None or period.ends <= last_moment(plan.last_day, plan.zone)
    assert len(set(keys(found))) == len(found)
    assert periods(start, plan, until + timedelta(days=90))[: len(found)] == found
    assert sum(period.starts <= moment < period.ends for period in found) == (period_of(moment, found) is not None)


@given(STARTS, plans(), st.integers(0, 300))
@settings(max_examples=200, deadline=None)
def test_between_two_changes_nothing_changes(start, plan, days):
    now = start + timedelta(days=days)
    then = next_change(start, plan, now)
    assert then > now
    just_before = min(then, now + timedelta(days=300)) - timedelta(microseconds=1)
    known = periods(start, plan, now)
    assert periods(start, plan, just_before) == known
    assert period_of(just_before, known) == period_of(now, known)
    if then != NEVER:
        later = periods(start, plan, then)
        assert period_of(then, later) != period_of(now, known)
