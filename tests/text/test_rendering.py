"""Rendering: only what is on the list leaves it, whatever goes in."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sociallearn.text.rendering import RENDERER, render, without_seat

TOOL = "https://tool.test"
OUTSIDE = 'rel="nofollow noopener noreferrer ugc" target="_blank"'

TAGS = set(
    [
        "p",
        "br",
        "strong",
        "em",
        "del",
        "code",
        "pre",
        "blockquote",
        "ul",
        "ol",
        "li",
        "a",
        "h3",
        "h4",
        "hr",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "span",
    ]
)
ATTRIBUTES = {
    ("a", "href"): r"(https?://|mailto:|/-/).*",
    ("a", "rel"): r"nofollow noopener noreferrer ugc",
    ("a", "target"): r"_blank",
    ("ol", "start"): r"\d+",
    ("pre", "tabindex"): r"0",
    ("pre", "role"): r"group",
    ("pre", "aria-label"): r"Code \d+",
    ("span", "class"): r"mention",
}
VOID = {"br", "hr"}


class Inspector(HTMLParser):
    """Fails on anything that is not on the list, or not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        assert tag in TAGS
        for name, value in attrs:
            assert re.fullmatch(ATTRIBUTES[tag, name], value, re.IGNORECASE | re.DOTALL), (tag, name, value)
        assert len(attrs) == len(dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_comment(self, data):
        pytest.fail(f"a comment: {data}")

    handle_decl = unknown_decl = handle_pi = handle_comment


def assert_safe(html: str) -> None:
    html.encode("utf-8")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", html)
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    assert inspector.open == []


XSS = r"""
<script>alert(1)</script>
<SCRIPT SRC=//evil.test/x.js></SCRIPT>
<scr<script>ipt>alert(1)</scr</script>ipt>
<img src=x onerror=alert(1)>
<img src="x" onerror="alert(1)"/>
<svg onload=alert(1)>
<svg><script>alert(1)</script></svg>
<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>
<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>
<math href="javascript:alert(1)">x</math>
<iframe src="javascript:alert(1)"></iframe>
<iframe srcdoc="<script>alert(1)</script>"></iframe>
<object data="javascript:alert(1)"></object>
<embed src="javascript:alert(1)">
<form action="javascript:alert(1)"><button>x</button></form>
<button formaction=javascript:alert(1)>x</button>
<input autofocus onfocus=alert(1)>
<details open ontoggle=alert(1)>
<video><source onerror=alert(1)></video>
<audio src=x onerror=alert(1)>
<body onload=alert(1)>
<base href="https://evil.test/">
<link rel=stylesheet href="https://evil.test/x.css">
<meta http-equiv="refresh" content="0;url=javascript:alert(1)">
<style>@import 'https://evil.test/x.css';</style>
<div style="background:url(javascript:alert(1))">x</div>
<p onclick="alert(1)">x</p>
<a href="javascript:alert(1)">x</a>
<a href=" javascript:alert(1)">x</a>
<!--><script>alert(1)</script>-->
<![CDATA[<script>alert(1)</script>]]>
<?php echo 1 ?>
<noscript><p title="</noscript><img src=x onerror=alert(1)>">
<template><script>alert(1)</script></template>
<textarea></textarea><script>alert(1)</script>
</p></div></main><script>alert(1)</script>
[x](javascript:alert(1))
[x](JaVaScRiPt:alert(1))
[x]( javascript:alert(1))
[x](<javascript:alert(1)>)
[x](java&#115;cript:alert(1))
[x](javascript&colon;alert(1))
[x](&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;alert(1))
[x](java%73cript:alert(1))
[x](java\script:alert(1))
[x](&#1;javascript:alert(1))
[x](java&#9;script:alert(1))
[x](java&#10;script:alert(1))
[x](vbscript:msgbox(1))
[x](data:text/html,<script>alert(1)</script>)
[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)
[x](data:image/svg+xml;base64,PHN2Zy8+)
[x](data:image/png;base64,AAAA)
[x](file:///etc/passwd)
[x](blob:https://tool.test/1)
[x](about:blank)
[x](view-source:https://x.test)
[x](//evil.test/x)
[x](\\evil.test/x)
[x](/\evil.test/x)
[x](https:\\evil.test)
[x](http:evil.test)
[x](https:///evil.test)
[x](/lti/login)
[x](../moderation)
[x](#top)
[x](?a=b)
[x]()
[x](/-/" onclick="alert(1))
[x](https://a.test/"onmouseover="alert(1))
[x](https://a.test/'onmouseover='alert(1))
[x](https://a.test "title" onmouseover="alert(1)")
[x](https://a.test 'a" onmouseover="alert(1)')
[x](https://a.test/<script>alert(1)</script>)
[<script>alert(1)</script>](https://a.test)
![x](javascript:alert(1))
![x](data:image/png;base64,AAAA)
![x" onerror="alert(1)](https://a.test/x.png)
!["><script>alert(1)</script>](https://a.test/x.png)
[![x](javascript:alert(1))](https://a.test)
[![x](https://a.test/x.png)](javascript:alert(1))
<javascript:alert(1)>
<data:text/html,x>
<https://a.test/"onclick="alert(1)>
<x@y.test"onclick="alert(1)>
https://a.test/"onclick="alert(1)
https://a.test/'><script>alert(1)</script>
www.a.test/"onclick=alert(1)
mailto:x@y.test?body=<script>alert(1)</script>
`<script>alert(1)</script>`
``"onclick="alert(1)``
~~~ "onclick="alert(1)
```js" onclick="alert(1)
    <script>alert(1)</script>
| <script>alert(1)</script> | "onclick="x |
&lt;script&gt;alert(1)&lt;/script&gt;
&#60;script&#62;alert(1)&#60;/script&#62;
\<script\>alert(1)\</script\>
# <script>alert(1)</script>
![x]()
- <script>alert(1)</script>
> <script>alert(1)</script>
**<script>alert(1)</script>**
1. <img src=x onerror=alert(1)>
<a/href="j&Tab;a&Tab;v&Tab;asc&NewLine;ri&Tab;pt&colon;alert(1)">x</a>
""".strip("\n").split("\n")


def test_the_corpus_is_large():
    assert len(set(XSS)) >= 60


@pytest.mark.parametrize("payload", XSS)
def test_no_payload_survives(payload):
    assert_safe(render(payload, tool_url=TOOL))
    assert_safe(render(f"| a |\n|---|\n| {payload} |\n\n> - **{payload}**\n\n[r]: {payload}\n[r]", tool_url=TOOL))


def test_all_payloads_together_stay_harmless():
    assert_safe(render("\n".join(XSS), tool_url=TOOL))
    assert_safe(render("".join(XSS)))
    for one, other in pairwise(XSS):
        assert_safe(render(one + other))


PIECES = st.sampled_from(
    [
        "[",
        "](",
        ")",
        "<",
        ">",
        "`",
        "```\n",
        "*",
        "**",
        "_",
        "~~",
        "|",
        "\n",
        "\n\n",
        "    ",
        "- ",
        "1. ",
        "> ",
        "# ",
        "!",
        "http://",
        "https://tool.test/s/abc/x",
        "javascript:",
        "www.a.be",
        "#topic",
        " #één",
        "@",
        "a@b.be",
        '"',
        "'",
        "&#x0;",
        "&amp;",
        "\\",
        "/-/",
        "|-|-|\n",
        "---\n",
        "\x00",
        "\ud800",
        "\u202e",
        "\U0001f469\u200d\U0001f52c",
        "tekst",
        "[x]: http://a.test\n",
    ]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=40).map("".join))
@settings(max_examples=400, deadline=None)
def test_whatever_comes_in_safe_html_comes_out_and_always_the_same(text):
    html = render(text, tool_url=TOOL)
    assert_safe(html)
    assert html == render(text, tool_url=TOOL)
    assert "/s/abc" not in html


@given(st.text(st.characters(), max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_string_is_rendered(text):
    assert_safe(render(text))


@pytest.mark.parametrize(
    "text", ["\x00" * 50, "\x07\x1b[31m", "\ud83d", "a\udc00b", "مرحبا \u202eabc", "👩‍🔬🇧🇪", "\ufffe\uffff"]
)
def test_odd_characters_come_out_as_valid_utf_8(text):
    assert_safe(render(text))
    assert_safe(render(f"<http://a.be/{text}> `{text}` [{text}](http://a.be/%00%1b%ed%a0%80)"))


NASTY = {
    "brackets": "[" * 20_000,
    "images": "![" * 10_000,
    "links": "[](" * 6_000,
    "nested links": "[a" * 5_000 + "](b)" * 2_500,
    "quotes": ">" * 20_000,
    "stars": "*" * 20_000,
    "alternating": "*_" * 10_000,
    "bold": "**a " * 5_000,
    "backticks": "`" * 10_000,
    "backticks of all lengths": "".join("`" * n + " " for n in range(1, 195)),
    "list": "- " * 10_000,
    "indented list": "\n".join(" " * (2 * n) + "- a" for n in range(130)),
    "quoted list": "> - " * 5_000,
    "angles": "<" * 20_000,
    "addresses": "http://a" * 2_500,
    "broken addresses": "http://[" * 2_500,
    "mail": "a@b." * 5_000,
    "wide table": "|a" * 5_000 + "\n" + "|-" * 5_000 + "\n" + "|b\n" * 10,
    "long table": "|a|b|c|\n|-|-|-|\n" + "|\n" * 10_000,
    "references": "[a]: b\n" + "[a]" * 6_000,
    "backslashes": "\\" * 20_000,
    "tildes": "~~a" * 6_000,
    "fences": "```\n" * 5_000,
}


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_nasty_nesting_returns_and_does_not_swell(text):
    html = render(text)
    assert_safe(html)
    assert len(html) < 30 * len(text)


def test_what_is_nested_too_deep_is_still_there():
    assert "diep" in render("> " * 60 + "diep")
    assert "diep" in render("- " * 60 + "diep\n- en verder")


def test_ordinary_markdown():
    assert render("Een *nadruk*, **sterk**, ~~weg~~ en `code`  \nnieuw") == (
        "<p>Een <em>nadruk</em>, <strong>sterk</strong>, <del>weg</del> en <code>code</code><br>\nnieuw</p>\n"
    )
    assert render("3. drie\n4. vier") == '<ol start="3">\n<li>drie</li>\n<li>vier</li>\n</ol>\n'
    assert "<th>a</th>" in render("|a|b|\n|:-|-:|\n|1|2|")
    assert RENDERER == 2


def test_headings_stand_below_those_of_the_page():
    assert render("# een\n## twee\n###### zes\n\nset\n===") == (
        "<h3>een</h3>\n<h4>twee</h4>\n<h4>zes</h4>\n<h3>set</h3>\n"
    )


def test_code_blocks_scroll_by_keyboard_and_have_a_name_each():
    html = render("```py\na < b\n```\n\ntekst\n\n    ingesprongen\n\n- ~~~\n  drie\n  ~~~")
    assert '<pre tabindex="0" role="group" aria-label="Code 1"><code>a &lt; b\n</code></pre>' in html
    assert re.findall(r'aria-label="([^"]+)"', html) == ["Code 1", "Code 2", "Code 3"]


def test_an_image_is_a_link_to_it():
    assert (
        render("![een *foto*](https://a.be/x.png)") == f'<p><a href="https://a.be/x.png" {OUTSIDE}>een foto</a></p>\n'
    )
    assert (
        render("![](https://a.be/x.png)") == f'<p><a href="https://a.be/x.png" {OUTSIDE}>https://a.be/x.png</a></p>\n'
    )
    assert (
        render("[![foto](https://a.be/x.png)](https://b.be)") == f'<p><a href="https://b.be" {OUTSIDE}>foto</a></p>\n'
    )


def test_outside_links_open_a_new_tab_and_mail_does_not():
    assert render("https://a.be/x_y_z") == f'<p><a href="https://a.be/x_y_z" {OUTSIDE}>https://a.be/x_y_z</a></p>\n'
    assert render("www.vrt.be") == f'<p><a href="http://www.vrt.be" {OUTSIDE}>www.vrt.be</a></p>\n'
    assert render("x@y.be") == '<p><a href="mailto:x@y.be" rel="nofollow noopener noreferrer ugc">x@y.be</a></p>\n'


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("https://tool.test/s/abc/questions/9?x=1#p", '<a href="/-/questions/9?x=1#p">/-/questions/9?x=1#p</a>'),
        ("<https://tool.test/s/abc/feed>", '<a href="/-/feed">/-/feed</a>'),
        ("[hier](https://tool.test/s/abc/feed)", '<a href="/-/feed">hier</a>'),
        ("[https://tool.test/s/abc/feed](https://tool.test/s/abc/feed)", '<a href="/-/feed">/-/feed</a>'),
        ("https://tool.test/-/feed", '<a href="/-/feed">/-/feed</a>'),
        ("http://TOOL.test:443/s/abc/feed", '<a href="/-/feed">/-/feed</a>'),
        ("[hier](/s/abc/feed)", '<a href="/-/feed">hier</a>'),
        ("[hier](/-/feed)", '<a href="/-/feed">hier</a>'),
        ("[hier](https://tool.test/s/abc)", '<a href="/-/">hier</a>'),
        ("[hier](http&#115;://tool.test/&#115;/abc/feed)", '<a href="/-/feed">hier</a>'),
        ("![foto](https://tool.test/s/abc/files/3)", '<a href="/-/files/3">foto</a>'),
        ("[h][1]\n\n[1]: https://tool.test/s/abc/feed", '<a href="/-/feed">h</a>'),
    ],
)
def test_a_pasted_page_of_the_tool_is_stored_without_its_seat(typed, stored):
    html = render(typed, tool_url=TOOL)
    assert html == f"<p>{stored}</p>\n"
    assert render(typed, tool_url=TOOL + "/") == html


@pytest.mark.parametrize(
    "typed",
    [
        "https://tool.test.evil.test/s/abc/x",
        "https://evil.test/s/abc/x",
        "https://my-tool.test/s/abc/x",
        "https://tool.test/static/s.css",
        "https://tool.test:8443/s/abc/x",
    ],
)
def test_other_addresses_stay_what_they_are(typed):
    assert render(typed, tool_url=TOOL) == f'<p><a href="{typed}" {OUTSIDE}>{typed}</a></p>\n'


def test_a_seat_shows_nowhere_not_even_in_code():
    text = "`https://tool.test/s/abc/feed` en tool.test/s/abc/x, (https://tool.test/s/abc)"
    assert "abc" not in render(text, tool_url=TOOL)
    assert without_seat(text, tool_url=TOOL) == "`https://tool.test/-/feed` en tool.test/-/x, (https://tool.test/-/)"
    assert without_seat(text, tool_url="") == text


def test_a_tool_on_a_port_and_below_a_path():
    assert 'href="/-/feed"' in render("http://localhost:8000/s/abc/feed", tool_url="http://localhost:8000")
    assert 'href="/-/feed"' in render("https://a.be/leren/s/abc/feed", tool_url="https://a.be/leren")
    assert 'href="/-/' not in render("https://a.be/s/abc/feed", tool_url="https://a.be/leren")
