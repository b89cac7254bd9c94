"""Markdown to safe HTML, stored with the text.

Whatever the parser makes of a text, only the Cleaner's short list of tags and attributes leaves this room. Links to the
tool's own pages are kept as ``/-/…`` and completed for the reader when printed (completing.py).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from html import escape
from urllib.parse import urlsplit

import nh3
from markdown_it.token import Token

from sociallearn.text import naming
from sociallearn.text.naming import Named
from sociallearn.text.parsing import PARSER, SEAT_PATH, parse, tidy

RENDERER: int = 2  # raise it when the same Markdown gives other HTML: stored HTML is then rendered again

_REL = "nofollow noopener noreferrer ugc"
_HEADINGS = {"h1": "h3", "h2": "h4", "h3": "h4", "h4": "h4", "h5": "h4", "h6": "h4"}
_TAGS = "p br strong em del code pre blockquote ul ol li a h3 h4 hr table thead tbody tr th td span"
_OUR_PAGE = re.compile(SEAT_PATH)
_VALUES = {"aria-label": re.compile(r"Code \d+"), "start": re.compile(r"\d{1,9}")}


def _checked(_tag: str, attribute: str, value: str) -> str | None:
    allowed = _VALUES.get(attribute)
    return value if allowed is None or allowed.fullmatch(value) else None


_CLEANER = nh3.Cleaner(
    tags=set(_TAGS.split()),
    attributes={"a": {"href"}, "pre": {"aria-label"}, "ol": {"start"}},
    tag_attribute_values={
        "a": {"rel": {_REL}, "target": {"_blank"}},
        "pre": {"tabindex": {"0"}, "role": {"group"}},
        "span": {"class": {"mention"}},
    },
    attribute_filter=_checked,
    url_schemes={"http", "https", "mailto"},
    link_rel=None,  # decided per link: the tool's own pages need none
)


def render(markdown: str, *, tool_url: str = "", names: Mapping[str, str] = naming.NOBODY) -> str:
    """Markdown (CommonMark, tables, ~~strike~~, bare addresses) as safe HTML; valid UTF-8 whatever comes in.

    ``tool_url`` is the tool's own address (BASE_URL): links to its pages become ``/-/…``. ``names`` are those of people
    who may be mentioned (naming.fold of a name → the name); a #topic is a link to its page. Headings become h3 and h4,
    below those of the page; an image becomes a link to it; a code block scrolls by keyboard and has a name
    (WCAG 2.2, 2.1.1; axe scrollable-region-focusable). Never raises.
    """
    tokens = list(_printable(parse(without_seat(markdown, tool_url=tool_url), names), tool_url))
    return tidy(_CLEANER.clean(PARSER.renderer.render(tokens, PARSER.options, {})))


def named(markdown: str, *, names: Mapping[str, str] = naming.NOBODY) -> Named:
    """The topics and people that ``render`` would mark in this text."""
    return naming.in_tokens(parse(markdown, names))


def without_seat(text: str, *, tool_url: str) -> str:
    """The text with ``-`` for the seat in the tool's addresses: a seat belongs to one visit and is never stored."""
    ours = _ours(tool_url)
    return ours.sub(lambda found: f"{found['origin']}/-/", text) if ours else text


def _printable(tokens: Sequence[Token], tool_url: str) -> Iterator[Token]:
    ours, codes = _ours(tool_url), 0
    for token in tokens:
        if token.type in ("fence", "code_block"):
            codes += 1
            yield _code(token.content, codes)
            continue
        if token.type in ("heading_open", "heading_close"):
            token.tag = _HEADINGS[token.tag]
        if token.children:
            token.children = list(_printable_inline(token.children, ours))
        yield token


def _code(content: str, number: int) -> Token:
    html = f'<pre tabindex="0" role="group" aria-label="Code {number}"><code>{escape(content)}</code></pre>\n'
    return Token("html_block", "", 0, content=html)


def _printable_inline(tokens: Sequence[Token], ours: re.Pattern[str] | None) -> Iterator[Token]:
    in_link = in_ours = False
    for token in tokens:
        if token.type == "image":
            yield from _image(token, ours, in_link)
            continue
        if token.type in ("mention", "topic"):
            yield _name(token)
            continue
        if token.type in ("link_open", "link_close"):
            in_link = token.type == "link_open"
            if in_link:
                token.attrs = _link(str(token.attrs["href"]), ours)
            in_ours = in_link and "rel" not in token.attrs
        elif in_ours and ours:
            token.content = ours.sub("/-/", token.content)
        elif token.tag == "s":
            token.tag = "del"
        yield token


def _name(token: Token) -> Token:
    shown = escape(tidy(token.content))
    if token.type == "topic":
        html = f'<a href="/-/{naming.path_of_topic(token.meta["key"])}">{shown}</a>'
    else:
        html = f'<span class="mention">{shown}</span>'
    return Token("html_inline", "", 0, content=html)


def _image(token: Token, ours: re.Pattern[str] | None, in_link: bool) -> Iterator[Token]:
    attrs = _link(str(token.attrs["src"]), ours)
    shown = _alt(token) or str(attrs.get("href", ""))
    if ours and "rel" not in attrs:
        shown = ours.sub("/-/", shown)
    text = Token("text", "", 0, content=shown)
    yield from [text] if in_link else [Token("link_open", "a", 1, attrs=attrs), text, Token("link_close", "a", -1)]


def _alt(image: Token) -> str:
    parts = image.children or []
    return "".join(" " if p.type in ("softbreak", "hardbreak") else _alt(p) or p.content for p in parts).strip()


def _link(href: str, ours: re.Pattern[str] | None) -> dict[str, str | int | float]:
    if not href:
        return {}  # "[text]()": nothing to follow
    found = (ours and ours.match(href)) or _OUR_PAGE.match(href)
    if found:
        return {"href": "/-/" + href[found.end() :]}
    if href.lower().startswith("mailto:"):
        return {"href": href, "rel": _REL}  # a new tab would stay empty
    return {"href": href, "rel": _REL, "target": "_blank"}


@lru_cache(maxsize=8)
def _ours(tool_url: str) -> re.Pattern[str] | None:
    """Finds addresses of the tool's pages, however they were pasted: http or https, scheme or none, any case."""
    if not tool_url:
        return None
    parts = urlsplit(PARSER.normalizeLink(tool_url.rstrip("/")))
    host = re.escape(parts.hostname or "")
    port = "(?::(?:80|443))?" if parts.port in (None, 80, 443) else f":{parts.port}"
    path = re.escape(parts.path)
    return re.compile(rf"(?P<origin>(?:https?://|(?<![\w.@/-])){host}{port}{path}){SEAT_PATH}", re.IGNORECASE)
