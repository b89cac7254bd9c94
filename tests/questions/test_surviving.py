"""How long questions wait, with those that still do."""

import pytest

from sociallearn.questions import surviving

# remission of leukemia under 6-MP (Freireich et al., Blood 21, 1963), the example of every textbook; False: goes on
SIX_MP = [
    *[(6, True)] * 3, (6, False), (7, True), (9, False), (10, True), (10, False), (11, False), (13, True), (16, True),
    (17, False), (19, False), (20, False), (22, True), (23, True), (25, False), (32, False), (32, False), (34, False),
    (35, False),
]  # fmt: skip


def test_the_textbook_example() -> None:
    curve = surviving.waiting((float(time), ended) for time, ended in SIX_MP)
    known = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    assert {time: round(share, 3) for time, share in curve} == known
    assert surviving.quantile(SIX_MP, 0.5) == 23
    assert surviving.quantile(SIX_MP, 0.9) is None


def test_without_anything_waiting_it_is_the_plain_median() -> None:
    assert surviving.quantile([(float(hours), True) for hours in (5, 1, 3, 2, 4)], 0.5) == 3
    assert surviving.quantile([(float(hours), True) for hours in range(1, 11)], 0.9) == 9


@pytest.mark.parametrize("times", [[], [(4.0, False)], [(1.0, True), (2.0, False), (2.0, False)]])
def test_not_reached(times: list[tuple[float, bool]]) -> None:
    assert surviving.quantile(times, 0.5) is None
