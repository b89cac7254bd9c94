"""Close spellings, from known words only."""

import pytest

from sociallearn.search.asking import parse
from sociallearn.search.spelling import put_right, vocabulary


@pytest.mark.parametrize(
    ("typed", "known", "meant"),
    [
        ("musuem", "museum bezoek", "museum"),
        ("bezoek musuem", "museum bezoek", "bezoek museum"),
        ("vergadring", "vergadering", "vergadering"),
        ("etudient", "etudiant", "etudiant"),
        ("museum", "museum", None),
        ("museums", "museum", None),  # a form of it
        ("zon", "zoon zin", None),  # too short to tell
        ("kwantummechanica", "museum", None),
        ('"musuem"', "museum", None),  # meant so
        ("e-laerning", "e learning", "e-learning"),
        ("", "museum", None),
    ],
)
def test_a_word_nobody_used_becomes_the_closest_one_somebody_did(typed: str, known: str, meant: str | None) -> None:
    assert put_right(parse(typed), vocabulary([known])) == meant


def test_of_words_equally_close_the_most_used_one() -> None:
    assert put_right(parse("grade"), vocabulary(["grave grape", "grape"])) == "grape"
