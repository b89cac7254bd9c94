"""How alike two questions are: measured on pairs that were there first."""

import sys
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sociallearn.text import alike
from sociallearn.text.alike import USUAL, About, Word, rarity
from tests.questions.pairs import AROUND, OTHER, OTHER_UNSEEN, SAME, SAME_UNSEEN

LEAST_RECALL, LEAST_PRECISION, LEAST_FOUND = 0.6, 0.7, 0.6


def about(text: str) -> About:
    """A title, or a title and a body after ``|``."""
    title, _bar, body = text.partition("|")
    return alike.about(title, body)


EVERYTHING = [text for pairs in (SAME, OTHER, SAME_UNSEEN, OTHER_UNSEEN) for pair in pairs for text in pair] + AROUND
COUNTS = Counter(key for text in dict.fromkeys(EVERYTHING) for key in about(text).keys)


def score(asked: str, other: str) -> float:
    """As ``matching`` does: only the words of what is asked are counted."""
    one = about(asked)

    def rare(word: Word) -> float:
        return rarity(max(COUNTS[key] for key in word.keys), len(EVERYTHING)) if word.keys <= one.keys else USUAL

    return alike.alike(one, about(other), rare)


def test_precision_and_recall_on_pairs_the_scoring_never_saw() -> None:
    assert min(len(SAME), len(OTHER)) >= 50
    for name, same, other in (("chosen on", SAME, OTHER), ("unseen", SAME_UNSEEN, OTHER_UNSEEN)):
        right = sum(score(*pair) >= alike.LIKE for pair in same)
        wrong = sum(score(*pair) >= alike.LIKE for pair in other)
        recall, precision = right / len(same), right / (right + wrong)
        sys.stdout.write(f"\n{name}: recall {recall:.2f}, precision {precision:.2f} ({len(same)} + {len(other)} pairs)")
    assert recall >= LEAST_RECALL
    assert precision >= LEAST_PRECISION


def test_the_question_one_means_stands_among_the_five_shown() -> None:
    """Asked in other words among all others, most of them about the same things."""
    others = list(dict.fromkeys(EVERYTHING))
    shown = 0
    for asked, meant in SAME_UNSEEN:
        ranked = sorted((score(asked, one), one) for one in others if one != asked)[-5:]
        shown += meant in {one for value, one in ranked if value >= alike.LIKE}
    sys.stdout.write(f"\namong {len(others)} questions: {shown} of {len(SAME_UNSEEN)} stand among the five shown\n")
    assert shown / len(SAME_UNSEEN) >= LEAST_FOUND


def test_a_typing_error_and_half_a_compound_still_meet() -> None:
    assert score("Hoe wijzig ik mijn certifciaat?", "Hoe wijzig ik mijn certificaat?") >= alike.LIKE
    assert score("Waar staat de webinaropname?", "Waar staat de opname van het webinar?") >= alike.LIKE
    assert score("Where is the recrding of the session?", "Where is the recording of the session?") >= alike.LIKE


def test_another_number_or_the_opposite_act_is_another_question() -> None:
    for one, other in (
        ("Hoe schrijf ik een paper?", "Hoe lang moet een paper zijn?"),
        ("How do I export my results?", "How do I import my results?"),
        ("How do I add a topic?", "How do I delete a topic?"),
    ):
        assert score(one, other) < alike.LIKE, one


def test_small_words_alone_are_about_nothing() -> None:
    assert about("Hoe kan ik dit doen?").keys == frozenset()
    assert score("Hoe kan ik dit?", "Hoe moet dat?") == 0
    assert score("", "") == 0


@given(st.text(max_size=80), st.text(max_size=200), st.text(max_size=80))
def test_it_is_a_number_from_0_to_1_whichever_comes_first(title: str, body: str, other: str) -> None:
    one, two = alike.about(title, body), alike.about(other, "")
    value = alike.alike(one, two)
    assert 0 <= value <= 1
    assert abs(value - alike.alike(two, one)) < 1e-9
    if one.title and not one.body:
        assert alike.alike(one, one) > 0.999
