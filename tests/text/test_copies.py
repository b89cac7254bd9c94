"""Shingles: which part of a text stands in another."""

import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from sociallearn.text.copies import NEAR_COPY, share, shingles

WORDS = st.lists(st.sampled_from(["een", "twee", "drie", "vier", "vijf", "zes", "zeven"]), max_size=30)


def test_a_run_of_five_words_is_one_shingle():
    assert len(shingles(["a", "b", "c", "d", "e", "f", "g"])) == 3
    assert len(shingles(["a", "b", "c", "d", "e"])) == 1
    assert shingles(["a", "b", "c", "d"]) == set()


def test_the_same_in_another_process():
    code = "from sociallearn.text.copies import shingles; print(shingles('a b c d é'.split()))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == str(shingles(["a", "b", "c", "d", "é"]))


def test_a_near_copy():
    original = [str(n) for n in range(40)]
    shortened, changed = original[:30], [*original[:20], "nieuw", *original[21:]]
    assert share(shingles(shortened), shingles(original)) == 1
    assert share(shingles(changed), shingles(original)) > NEAR_COPY
    assert share(shingles(original), shingles(original[:20])) < NEAR_COPY
    assert share(set(), {1}) == 0


@given(WORDS, WORDS)
@settings(max_examples=200, deadline=None)
def test_shares_are_parts_and_numbers_fit_a_bigint(one, other):
    a, b = shingles(one), shingles(other)
    assert 0 <= share(a, b) <= 1
    assert share(a, a) == (1 if a else 0)
    assert all(0 <= number < 2**63 for number in a)
