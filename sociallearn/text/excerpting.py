"""The beginning of a text, for lists, notifications and mails."""

import unicodedata
from html.parser import HTMLParser

_INLINE = frozenset({"a", "code", "del", "em", "span", "strong"})  # everything else ends a word
_JOINING = "\N{ZERO WIDTH JOINER}"
_CUT = "…"


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _INLINE:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.handle_starttag(tag, [])

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def plain(html: str) -> str:
    """What rendered ``html`` says, on one line. Text, not HTML: escape it where it is printed."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    return " ".join("".join(parser.parts).split())


def excerpt(html: str, limit: int = 160) -> str:
    """At most ``limit`` (2 or more) characters of what ``html`` says; cut between two words, then ends in ``…``."""
    text = plain(html)
    if len(text) <= limit:
        return text
    words = text[:limit].rfind(" ")  # the sign of the cut needs one character as well
    end = words if words > 0 else _between_letters(text, limit - 1)
    return text[:end].rstrip() + _CUT


def _between_letters(text: str, end: int) -> int:
    """The last place up to ``end`` that parts no letter from its accent and no emoji from the rest of it."""
    whole = end
    while whole > 0 and (unicodedata.category(text[whole])[0] == "M" or _JOINING in text[whole - 1 : whole + 1]):
        whole -= 1
    return whole or end
