"""Weeks: Monday to Monday by the cohort's own clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sociallearn.grades.calendar import Period, period_of, weeks

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
