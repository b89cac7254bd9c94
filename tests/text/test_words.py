"""Own words: what somebody added, in any language."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sociallearn.text.words import count, own_words


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("Mijn *eigen* **woorden**, ~~hier~~!", ["mijn", "eigen", "woorden", "hier"]),
        ("**arb**eid", ["arbeid"]),
        ("> wat jij zei\n\nmijn antwoord", ["mijn", "antwoord"]),
        ("> een\n>> twee\n\ndrie\n\n> vier", ["drie"]),
        ("- een\n  > geciteerd\n- twee", ["een", "twee"]),
        ("```\ncode hier\n```\n\ntekst `niet` wel\n\n    code", ["tekst", "wel"]),
        ("zie https://a.be/x/y en www.vrt.be of <https://b.be> x@y.be", ["zie", "en", "of"]),
        (
            "[mijn tekst](https://a.be) [https://a.be/x](https://a.be/x) [lees www.a.be](/-/x)",
            ["mijn", "tekst", "lees"],
        ),
        ("[x]: https://a.be\n\ntekst [x]", ["tekst", "x"]),
        ("ftp://a.be/een/twee drie", ["drie"]),
        ("![een foto](https://a.be/x.png)", ["een", "foto"]),
        ("@ben kijk naar #leren", ["ben", "kijk", "naar", "leren"]),
        ("# Kop\n\n| a | b |\n|---|---|\n| c | d |", ["kop", "a", "b", "c", "d"]),
        ("e-learning foto’s l'école - ja--nee -x- 't", ["e-learning", "foto's", "l'école", "ja", "nee", "x", "t"]),
        ("één regel\nvolgende", ["één", "regel", "volgende"]),
        ("ÉCOLE Straße cafe\u0301", ["école", "strasse", "café"]),
        ("12 maart 2026, 3x", ["12", "maart", "2026", "3x"]),
        ("🎉 👍🏽 ❤️ 🇧🇪 … — ?!", []),
        ("我们很好。", ["我", "们", "很", "好"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("zacht\u00adkoppel \u200bnul", ["zachtkoppel", "nul"]),
        ("&eacute;&eacute;n &amp; \\*twee\\*", ["één", "twee"]),
        ("", []),
    ],
)
def test_own_words(markdown, words):
    assert own_words(markdown) == words


def test_thai_counts_a_word_for_five_letters():
    assert own_words("สวัสดีครับ") == ["สวัสดีค", "รับ"]


@pytest.mark.parametrize(
    ("word", "worth"),
    [
        ("leren", 1),
        ("arbeidsmarkten", 1),
        ("arbeidsmarkttes", 2),
        ("projectmanagement", 2),
        ("verantwoordelijkheid", 2),
        ("arbeidsmarktcommunicatie", 3),
        ("state-of-the-art", 1),
        ("a" * 500, 3),
    ],
)
def test_a_compound_counts_as_the_words_it_is_made_of(word, worth):
    assert count(word) == worth


def test_dutch_needs_no_more_text_than_english():
    dutch = "De arbeidsmarktcommunicatie van onze opleidingsafdeling verdient een tevredenheidsonderzoek."
    english = "The labour market communication of our training department deserves a satisfaction survey."
    assert abs(count(dutch) - count(english)) <= 1


@given(st.text(st.characters(), max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_string_is_counted_alike_every_time(text):
    words = own_words(text)
    assert words == own_words(text)
    assert all(words)
    assert len(words) <= count(text) <= 3 * len(words)


@given(st.lists(st.sampled_from(["een", "twee", "foto's", "é", "我"]), max_size=10), st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_a_quote_never_adds_a_word(words, quoted):
    quote = "\n".join(f"> {line}" for line in quoted.splitlines() or [""])
    assert own_words(" ".join(words) + "\n\n" + quote) == own_words(" ".join(words))
