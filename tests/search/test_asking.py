"""What is typed, taken apart; whatever it is, both databases take the questions made of it."""

import pytest
from flask import g
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from sociallearn.search import asking, reading
from sociallearn.search.asking import MOST_TERMS, parse
from sociallearn.search.reading import Narrowed, place
from tests import make
from tests.conftest import Cast


def words(typed: str) -> list[str]:
    return [" ".join(term.words) for term in parse(typed).terms]


@pytest.mark.parametrize(
    ("typed", "looked_for"),
    [
        ("Éénmalige Vragen", ["eenmalige", "vragen"]),
        ("hoe maak ik een film", ["maak", "film"]),
        ("hoe het", ["hoe", "het"]),  # nothing else was typed
        ('"hoe het" film', ["hoe het", "film"]),
        ("“gouden regel” «petit pas» „kleine stap“", ["gouden regel", "petit pas", "kleine stap"]),
        ('"', []),
        ('"open', ["open"]),
        ("l'équipe d’Anne", ["equipe", "anne"]),
        ("e-learning", ["e learning"]),
        ("word word", ["word"]),
        ("a AND b OR NOT (c) * ^d : NEAR/2 {x} -y", ["and", "b", "or", "not", "c", "d", "near", "2", "x", "y"]),
        ("  \t\n ", []),
        ("🎉 … !?", []),
        ("", []),
    ],
)
def test_everything_typed_is_words_to_look_for(typed: str, looked_for: list[str]) -> None:
    found = words(typed)
    assert found == looked_for or set(found) <= set(looked_for)
    if "AND" not in typed:
        assert found == looked_for


def test_the_last_word_may_go_on_unless_it_is_short_or_quoted() -> None:
    assert parse("museum bez").terms[-1].may_go_on
    assert not parse("museum bez").terms[0].may_go_on
    for typed in ("ai", 'museum "bez"', "museum e-learn"):
        assert not parse(typed).terms[-1].may_go_on


def test_what_is_very_long_is_cut_and_says_so() -> None:
    assert parse("word " * 1000).is_cut
    many = parse(" ".join(f"w{n}" for n in range(40)))
    assert many.is_cut
    assert len(many.terms) == MOST_TERMS
    assert not parse("short").is_cut


@pytest.mark.parametrize("text", ["", "1", "-", "1-", "x-1", "12-3", "1-" + "9" * 30, "١-٢"])
def test_a_page_that_is_none_begins_at_the_start(text: str) -> None:
    assert place(text) is None
    assert place("2-345") == (2, 345)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.text(max_size=60) | st.text(alphabet="ab\"'*()-:^&|!<>\\¦·«°§¬ \x00é", max_size=30))
def test_no_text_is_too_strange_for_a_database(session: Session, cast: Cast, typed: str) -> None:
    member, g.seat_path = cast.cleo.member(session), cast.cleo.url("")
    asked = parse(typed)
    results = reading.search(session, member, asked, Narrowed())
    assert not results.hits


def test_signs_of_the_index_are_no_words(session: Session, cast: Cast) -> None:
    g.seat_path = cast.cleo.url("")
    cohort = cast.ben.member(session).cohort_id
    make.post(session, cast.ben.member(session), "a plain text")
    for typed in (f"{cohort}§any", f"{cohort}·plain", "§any", f"{cohort}°text", "any", asking.NOTHING):
        results = reading.search(session, cast.cleo.member(session), parse(typed), Narrowed())
        assert not results.hits, typed
