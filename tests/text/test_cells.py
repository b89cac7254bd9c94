"""Tables in which nothing runs, and from which every text can be had again."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociallearn.text import cells

SIGNS = "'=+-@＝＋－＠"
TEXTS = st.text(st.one_of(st.sampled_from(SIGNS + "\"';,\t\r\n a"), st.characters(exclude_categories=["Cs"])))


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_nothing_is_lost_and_nothing_runs(texts: list[str]) -> None:
    table = cells.table([texts])
    (row,) = csv.reader(io.StringIO(table.removeprefix("\ufeff"), newline=""))
    assert [cells.original(cell) for cell in row] == texts
    for part in re.split(r"[;\t\r\n]", table.removeprefix("\ufeff")):  # as a spreadsheet set to another separator would
        assert not part.lstrip('"').startswith(tuple("=+-@＝＋－＠"))


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("'=1", "''=1"),
        ("a=b", "a=b"),
        ("It's", "It's"),
        ("x;=cmd()", "x;'=cmd()"),
        ("- a\n- b", "'- a\n'- b"),
    ],
)
def test_an_apostrophe_stands_before_what_would_run(text: str, cell: str) -> None:
    assert cells.harmless(text) == cell
