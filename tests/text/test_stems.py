"""Stems: forms of one word meet, in three languages, with and without accents."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociallearn.text.stems import LONGEST_WORD, is_stop, stems, with_stems, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vragen", "vraag"), ("vraagt", "vraag"), ("gevraagd", "vragen"), ("deelt", "gedeeld"), ("werkte", "werken"),
        ("ideeën", "idee"), ("ideeen", "ideeën"), ("foto's", "foto"), ("fotos", "foto"), ("opdrachten", "opdracht"),
        ("bijeenkomsten", "Bijeenkomst"), ("collega's", "collega"),
        ("running", "runs"), ("answered", "answers"), ("studies", "studying"), ("organization", "organisation"),
        ("organize", "organised"),
        ("étudiées", "étudier"), ("etudier", "étudiées"), ("étudiants", "etudiant"), ("L'équipe", "équipes"),
        ("journaux", "journal"), ("réunions", "REUNION"), ("formations", "formation"),
    ],
)  # fmt: skip
def test_forms_of_one_word_have_a_stem_in_common(one: str, other: str) -> None:
    assert set(stems(one)) & set(stems(other))


@pytest.mark.parametrize(
    ("one", "other"), [("vraag", "antwoord"), ("week", "werk"), ("poll", "pool"), ("idée", "ideaal"), ("12", "13")]
)
def test_different_words_have_none(one: str, other: str) -> None:
    assert not set(stems(one)) & set(stems(other))


def test_words_are_folded_and_in_reading_order() -> None:
    text = "L'Équipe deelt foto’s — e-learning, ÉCOLE & 3x 2026 naïef zacht\u00adkoppel 我们"
    assert words(text) == [
        "l", "equipe", "deelt", "foto", "s", "e", "learning", "ecole", "3x", "2026", "naief", "zachtkoppel", "我", "们",
    ]  # fmt: skip


def test_stems_stand_in_reading_order_each_once_for_a_word() -> None:
    assert stems("twee vragen") == [*stems("twee"), *stems("vragen")]
    assert stems("12 3x ai") == ["12", "3x", "ai"]
    assert len(set(stems("vragen"))) == len(stems("vragen"))


def test_little_words_are_known_in_three_languages() -> None:
    assert all(map(is_stop, ["het", "the", "les", "d"]))
    assert not any(map(is_stop, ["vraag", "team", "ecole", ""]))


def test_what_is_very_long_is_cut_and_what_is_nothing_gives_nothing() -> None:
    assert words("a" * 5000) == ["a" * LONGEST_WORD]
    assert words("… — 🎉 \x00 ̈") == stems("") == []


def test_two_threads_may_stem_at_once() -> None:
    texts = [f"vragen{n} studying étudiées" for n in range(500)]
    expected = [sorted(stems(text)) for text in texts]
    found: list[list[list[str]]] = []
    threads = [threading.Thread(target=lambda: found.append([sorted(stems(t)) for t in texts])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


@given(st.text())
def test_any_text_has_words_of_one_token_each(text: str) -> None:
    for word, found in with_stems(text):
        assert found
        assert all(one and " " not in one and len(one) <= 3 * LONGEST_WORD for one in (word, *found))
