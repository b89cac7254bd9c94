"""Excerpts: plain text, cut at a word."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sociallearn.text.excerpting import excerpt, plain
from sociallearn.text.rendering import render


def test_plain_text_of_several_blocks_on_one_line():
    html = render("# Kop\n\nEen *twee*drie &amp; <b>\n\n- x\n- y\n\n```\ncode\n```")
    assert plain(html) == "Kop Een tweedrie & <b> x y code"


def test_a_short_text_is_left_alone():
    assert excerpt("<p>kort</p>", 4) == "kort"


def test_cut_between_two_words():
    assert excerpt("<p>een twee drie vier</p>", 10) == "een twee…"
    assert excerpt("<p>een twee drie vier</p>", 9) == "een twee…"
    assert excerpt("<p>een twee drie vier</p>", 8) == "een…"


def test_one_long_word_is_cut_but_no_emoji_or_accent_is_torn():
    assert excerpt("<p>" + "a" * 30 + "</p>", 10) == "a" * 9 + "…"
    assert excerpt("<p>abc👩‍🔬xyz</p>", 6) == "abc…"
    assert excerpt("<p>abce\u0301xyz</p>", 5) == "abc…"


@given(st.text(max_size=300), st.integers(2, 60))
@settings(max_examples=200, deadline=None)
def test_never_longer_than_asked_and_always_the_beginning(text, limit):
    html = render(text)
    short = excerpt(html, limit)
    assert len(short) <= limit
    assert plain(html).startswith(short.removesuffix("…"))
