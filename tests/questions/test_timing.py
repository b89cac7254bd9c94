"""Twelve hours, plain or of work: over weekends, holidays, and nights on which the clocks change."""

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sociallearn.questions import timing
from sociallearn.questions.timing import GOAL, Hours

BRUSSELS = ZoneInfo("Europe/Brussels")
OFFICE = Hours("Europe/Brussels", frozenset(range(5)), 9 * 60, 17 * 60)
HOUR = timedelta(hours=1)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BRUSSELS).astimezone(UTC)


def test_plain_hours_are_twelve_whatever_the_clocks_do() -> None:
    asked = local("2027-03-27T20:00")  # the night on which the clocks go forward
    assert timing.after(asked, GOAL, None) == local("2027-03-28T09:00")
    assert timing.elapsed(asked, local("2027-03-28T09:00"), None) == GOAL


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2027-03-08T09:00", "2027-03-09T13:00"),  # a Monday: eight hours, and four on Tuesday
        ("2027-03-08T07:00", "2027-03-09T13:00"),  # before work begins
        ("2027-03-08T17:00", "2027-03-10T13:00"),  # at its end
        ("2027-03-12T16:00", "2027-03-16T12:00"),  # Friday afternoon: over the weekend
        ("2027-03-13T11:00", "2027-03-16T13:00"),  # on a Saturday
        ("2027-03-26T16:00", "2027-03-30T12:00"),  # over the night on which the clocks change
    ],
)
def test_work_hours_are_those_of_work_days(asked: str, due: str) -> None:
    assert timing.after(local(asked), GOAL, OFFICE) == local(due)
    assert timing.elapsed(local(asked), local(due), OFFICE) == GOAL


def test_a_holiday_does_not_count() -> None:
    free = Hours("Europe/Brussels", OFFICE.days, OFFICE.starts, OFFICE.ends, ((date(2027, 3, 29), date(2027, 3, 30)),))
    assert timing.after(local("2027-03-26T16:00"), GOAL, free) == local("2027-04-01T12:00")
    assert timing.next_work(local("2027-03-29T10:00"), free) == local("2027-03-31T09:00")
    assert timing.pause(local("2027-03-29T10:00"), free) is None


def test_a_day_is_as_long_as_it_is() -> None:
    nights = Hours("Europe/Brussels", frozenset(range(7)), 0, 23 * 60)
    assert timing.elapsed(local("2027-03-28T00:00"), local("2027-03-28T23:00"), nights) == 22 * HOUR
    assert timing.elapsed(local("2027-10-31T00:00"), local("2027-10-31T23:00"), nights) == 24 * HOUR


@pytest.mark.parametrize("hours", [Hours("UTC", frozenset(), 0, 600), Hours("UTC", frozenset({0}), 600, 600)])
def test_where_nobody_ever_works_plain_time_is_all_there_is(hours: Hours) -> None:
    asked = local("2027-03-08T09:00")
    assert timing.after(asked, GOAL, hours) == asked + GOAL
    assert timing.elapsed(asked, asked + HOUR, hours) == HOUR
    assert timing.next_work(asked, hours) == asked
    assert timing.pause(asked, hours) is None


def test_work_goes_on_when_it_rests() -> None:
    assert timing.next_work(local("2027-03-12T17:00"), OFFICE) == local("2027-03-15T09:00")
    assert timing.next_work(local("2027-03-12T16:59"), OFFICE) == local("2027-03-12T16:59")
    assert timing.pause(local("2027-03-12T16:59"), OFFICE) == local("2027-03-12T17:00")
    assert timing.pause(local("2027-03-12T17:00"), OFFICE) is None


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        timing.after(datetime(2027, 3, 8, 9), GOAL, None)  # noqa: DTZ001 - that is the point


def test_hours_come_back_from_a_row_as_they_were() -> None:
    free = Hours("Asia/Tokyo", frozenset({0, 6}), 1, 1439, ((date(2027, 3, 29), date(2027, 3, 30)),))
    assert Hours.from_json(free.to_json()) == free


FIRST = datetime(2027, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def minutes(hours: Hours) -> list[int]:
    """How many minutes of work lie before each minute from FIRST on, counted one by one."""
    place, total, found = ZoneInfo(hours.zone), 0, [0]
    for number in range(60 * 24 * 60):
        here = (FIRST + number * MINUTE).astimezone(place)
        is_off = any(first <= here.date() <= last for first, last in hours.off)
        total += (
            not is_off and here.weekday() in hours.days and hours.starts <= here.hour * 60 + here.minute < hours.ends
        )
        found.append(total)
    return found


ODD = Hours("America/St_Johns", frozenset({1, 3, 6}), 90, 1275, ((date(2027, 3, 14), date(2027, 3, 16)),))
COUNTED = {OFFICE: minutes(OFFICE), ODD: minutes(ODD)}


@settings(deadline=None)
@given(
    st.sampled_from([OFFICE, ODD]),
    st.integers(0, 30 * 24 * 60),
    st.integers(1, 720),
    st.integers(0, 20 * 24 * 60),
)
def test_the_same_as_counting_minute_by_minute(hours: Hours, start: int, length: int, later: int) -> None:
    counted, asked = COUNTED[hours], FIRST + start * MINUTE
    reached = bisect_left(counted, counted[start] + length)
    assert timing.after(asked, length * MINUTE, hours) == FIRST + reached * MINUTE
    assert timing.elapsed(asked, asked + later * MINUTE, hours) == (counted[start + later] - counted[start]) * MINUTE
