"""@mentions and #topics: what is one, and that nobody's name or topic breaks a page."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sociallearn.text.completing import complete
from sociallearn.text.excerpting import plain
from sociallearn.text.naming import fold, topic_key
from sociallearn.text.parsing import parse
from sociallearn.text.rendering import named, render
from sociallearn.text.words import count, own_words
from tests.text.test_rendering import PIECES, assert_safe

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "](javascript:alert(1))",
    '"><script>alert(1)</script>',
    "https://evil.example/x",
    "www.evil.example",
    "**Bold** `code`",
    "a\u202eb\u200f",
    "[x](/-/feed)",
    "&amp;&#x3c;",
    "half \ud83d",
]
CAST = ["Priya Raman", "Elif Yıldız", "Tomasz Zieliński", "Daan van Leeuwen", "Daan", "Pieter-Jan Maes", *HOSTILE]
NAMES = {fold(name): name for name in CAST}


def people(text: str) -> list[str]:
    return sorted(NAMES[key] for key in named(text, names=NAMES).people)


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("@Priya Raman", ["Priya Raman"]),
        ("Dag @priya  RAMAN, hoe is het?", ["Priya Raman"]),
        ("(@Elif Yildiz) en @tomasz zielinski.", ["Elif Yıldız", "Tomasz Zieliński"]),
        ("@Tomasz Zielin\u0301ski", ["Tomasz Zieliński"]),
        ("@Daan van Leeuwen", ["Daan van Leeuwen"]),  # the longest
        ("@Daan van Dijk", ["Daan"]),
        ("@Daan's idee, @Pieter-Jan Maes!", ["Daan", "Pieter-Jan Maes"]),
        ("**@Priya Raman** _@Daan_ ~~@Elif Yıldız~~", ["Daan", "Elif Yıldız", "Priya Raman"]),
        ("- @Daan\n> @Priya Raman", ["Daan", "Priya Raman"]),
        ("@Daantje @Daan-Willem @daan.example @Priya", []),
        ("x@Daan 1@Daan é@Daan /@Daan e\u0301@Daan .@Daan", []),
        ("info@daan @daan@example.org", []),
        ("`@Daan` en\n\n```\n@Priya Raman\n```\n\n    @Elif Yıldız", []),
        ("[@Daan](https://a.example) ![@Daan](https://a.example) <https://a.example/@Daan>", []),
        ("\\@Daan", []),
        ("@Priya\nRaman", []),
        ("@", []),
        ("@ Daan", []),
    ],
)
def test_who_is_mentioned(text: str, who: list[str]) -> None:
    assert people(text) == who


def test_a_mention_shows_the_name_as_it_is() -> None:
    assert render("Dag @priya raman!", names=NAMES) == '<p>Dag <span class="mention">@Priya Raman</span>!</p>\n'
    assert render("Dag @Priya Raman!") == "<p>Dag @Priya Raman!</p>\n"
    assert plain(render("Dag @priya raman!", names=NAMES)) == "Dag @Priya Raman!"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_only_text(name: str) -> None:
    for text in (f"@{name}", f"[a @{name}](https://a.example)", f"**@{name}**", f"| @{name} |\n|---|", f"`@{name}`"):
        html = render(text, names=NAMES)
        assert_safe(html)
        assert "<img" not in html
        assert "<script" not in html
    found = named(f"@{name}", names=NAMES).people
    assert found <= {fold(name)}
    assert "evil" not in "".join(part for part in render(f"@{name}", names=NAMES).split('"') if part.startswith("http"))


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("#mail", {"mail": "mail"}),
        ("Over #E-mail, (#één_twee) en #3D.", {"e-mail": "E-mail", "een_twee": "één_twee", "3d": "3D"}),
        ("#Mail #MAIL #maïl", {"mail": "Mail"}),
        ("#हिन्दी #مرحبا #中文 #Ещё", {"हिन्दी": "हिन्दी", "مرحبا": "مرحبا", "中文": "中文", "еще": "Ещё"}),
        ("_#een_ **#twee** #drie- #vier_", {"een": "een", "twee": "twee", "drie": "drie", "vier": "vier"}),
        ("#" + "a" * 50, {"a" * 50: "a" * 50}),
        ("#" + "a" * 51, {}),
        ("#1 #2026 #-a #_a ## #", {}),
        ("a#b 1#b é#b e\u0301#b /#b ##b &#b &#x41;", {}),
        ("# Kop\n\n#geen-kop", {"geen-kop": "geen-kop"}),
        ("`#nee`\n\n```\n#nee\n```\n\n    #nee", {}),
        ("[#nee](https://a.example) ![#nee](https://a.example) https://a.example/x#nee \\#nee", {}),
        ("[a](#ja)", {"ja": "ja"}),  # no link: only addresses are
    ],
)
def test_topics(text: str, topics: dict[str, str]) -> None:
    assert named(text).topics == topics


def test_a_topic_is_a_link_to_its_page_through_the_readers_seat() -> None:
    html = render("Over #Één-mail")
    assert html == '<p>Over <a href="/-/topics/een-mail">#Één-mail</a></p>\n'
    assert complete(html, "/s/abc") == '<p>Over <a href="/s/abc/topics/een-mail">#Één-mail</a></p>\n'
    assert 'href="/-/topics/%E4%B8%AD%E6%96%87"' in render("#中文")
    assert topic_key("ÉÉN-Mail") == "een-mail"


def test_a_link_typed_to_a_topics_page_stays_an_own_link_and_no_topic() -> None:
    assert render("[x](/-/topics/a%22%3E%3Cb)") == '<p><a href="/-/topics/a%22%3E%3Cb">x</a></p>\n'
    assert_safe(render('[x](</-/topics/"><img src=x onerror=alert(1)>>)'))
    assert named("[x](/-/topics/a)").topics == {}


def test_a_text_names_twenty_topics_at_most() -> None:
    text = " ".join(f"#t{number}" for number in range(25))
    assert len(named(text).topics) == 20
    assert render(text).count("<a ") == 20
    assert render(text + " #t3").count("<a ") == 21  # the same one again


def test_names_count_as_words_whether_they_name_anybody_or_not() -> None:
    assert own_words("@Priya Raman kijkt naar #e-mail") == ["priya", "raman", "kijkt", "naar", "e-mail"]
    assert count("#mail") == 1
    assert own_words("**#le**ren a#b") == ["leren", "a", "b"]


@pytest.mark.parametrize(
    "text", ["@Daan " * 3_000, "#a " * 6_000, "#" * 20_000, "@" * 20_000, " @p" * 6_000, "#a" * 9_000]
)
def test_many_return_and_do_not_swell(text: str) -> None:
    html = render(text, names=NAMES)
    assert_safe(html)
    assert len(html) < 30 * len(text)


@given(st.lists(PIECES | st.sampled_from(["@", "#", *CAST]) | st.text(max_size=4), max_size=30).map("".join))
@settings(max_examples=300, deadline=None)
def test_whatever_is_named_comes_out_safe(text: str) -> None:
    html = render(text, names=NAMES)
    assert_safe(html)
    assert html.count('class="mention"') == sum(
        token.type == "mention" for block in parse(text, NAMES) for token in block.children or []
    )
