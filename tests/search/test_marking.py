"""What was found is marked, and nothing anybody wrote becomes HTML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from sociallearn.search.asking import parse, wanted
from sociallearn.search.marking import LENGTH, excerpt, mark


@pytest.mark.parametrize(
    ("text", "typed", "shown"),
    [
        ("Wie stelt een vraag?", "vragen", "Wie stelt een <mark>vraag</mark>?"),
        ("L'équipe", "equipe", "L&#39;<mark>équipe</mark>"),
        ("<b>fout</b> & co", "fouten", "&lt;b&gt;<mark>fout</mark>&lt;/b&gt; &amp; co"),
        ("rapport-2026_final.pdf", "rapport", "<mark>rapport</mark>-2026_final.pdf"),
        ("Museumbezoek", "muse", "<mark>Museumbezoek</mark>"),
        ("cafe\u0301", "café", "<mark>café</mark>"),
        ("niets", "iets anders", "niets"),
        ("mark &lt;mark&gt;", "mark", "<mark>mark</mark> &amp;lt;<mark>mark</mark>&amp;gt;"),
    ],
)
def test_words_looked_for_are_marked(text: str, typed: str, shown: str) -> None:
    assert mark(text, wanted(parse(typed))) == shown


def test_an_excerpt_shows_where_most_of_it_stands() -> None:
    text = "regel " + "vulling " * 100 + "de gouden regel van het museum " + "nog meer " * 100
    shown = excerpt(text, wanted(parse("gouden regel museum")))
    assert "<mark>gouden</mark> <mark>regel</mark> van het <mark>museum</mark>" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown.striptags()) <= LENGTH + 20


def test_without_a_word_looked_for_it_is_the_beginning() -> None:
    assert excerpt("kort", wanted(parse("anders"))) == "kort"
    shown = excerpt("begin " + "woord " * 100, wanted(parse("anders")))
    assert shown.startswith("begin woord")
    assert "<mark>" not in shown


@given(st.text(max_size=400), st.text(max_size=20))
def test_any_text_comes_out_escaped(text: str, typed: str) -> None:
    for shown in (mark(text, wanted(parse(typed))), excerpt(text, wanted(parse(typed)))):
        rest = str(shown).replace("<mark>", "").replace("</mark>", "")
        assert "<" not in rest
        assert ">" not in rest
    assert escape("") == mark("", wanted(parse(typed)))
