"""Scores and their uncertainty: within the scale, closer with more ratings, and no winner made by three friends."""

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociallearn.ideas import weighing


@given(st.lists(st.integers(1, 5), min_size=5, max_size=200))
def test_the_average_stands_between_the_two_ends_within_the_scale(values: list[int]) -> None:
    score = weighing.score(len(values), sum(values))
    assert score is not None
    assert 1 <= score.low <= score.average + 1e-9
    assert score.average - 1e-9 <= score.high <= 5
    assert isclose(score.average, sum(values) / len(values))


@given(st.lists(st.integers(1, 5), min_size=5, max_size=60))
def test_the_same_opinions_of_more_people_are_surer(values: list[int]) -> None:
    few = weighing.score(len(values), sum(values))
    many = weighing.score(4 * len(values), 4 * sum(values))
    assert few
    assert many
    assert many.high - many.low < few.high - few.low
    assert many.low >= few.low


@pytest.mark.parametrize("count", range(5))
def test_few_ratings_say_nothing(count: int) -> None:
    assert weighing.score(count, count * 5) is None


def test_wilson_by_hand() -> None:
    """Ten of ten successes: the lower end is n / (n + z²)."""
    score = weighing.score(10, 50)
    assert score
    assert isclose((score.low - 1) / 4, 10 / (10 + weighing.CONFIDENCE**2), rel_tol=1e-9)


def test_twenty_good_ratings_stand_above_five_excellent_ones() -> None:
    excellent, good = weighing.score(5, 25), weighing.score(20, 90)
    assert excellent
    assert good
    assert good.low > excellent.low
