"""``@Full Name`` and ``#topic`` in a text: two inline rules of the parser, and what a text names by them.

Who may be named is given from outside, as folded name → name to show: this room asks no database.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

LONGEST_TOPIC = 50
LONGEST_NAME = 100
MOST_TOPICS = 20  # different ones in a text; what comes after stays plain text
NOBODY: Mapping[str, str] = MappingProxyType({})

# Letters that differ by a stroke or a dot only, which Unicode does not take apart.
_STROKES = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ħ": "h", "æ": "ae", "œ": "oe"})
_ACCENTS = ((0x300, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF))  # not vowel signs: they are letters


@dataclass
class Named:
    """What a text names: topics (folded key → as written first), and folded names of people."""

    topics: dict[str, str] = field(default_factory=dict)
    people: set[str] = field(default_factory=set)


def fold(text: str) -> str:
    """What makes two spellings one: no capitals, no accents, no invisible signs, single spaces."""
    return " ".join("".join(map(_folded, text)).split())


def topic_key(name: str) -> str:
    """A topic's folded name, as it stands in addresses."""
    return unicodedata.normalize("NFC", fold(name))


def path_of_topic(key: str) -> str:
    """The address of its page, behind the seat."""
    return "topics/" + quote(key, safe="")


def in_tokens(tokens: Sequence[Token]) -> Named:
    """What the text these tokens were made of names."""
    named = Named()
    for token in _inline(tokens):
        if token.type == "topic":
            named.topics.setdefault(token.meta["key"], token.content[1:])
        elif token.type == "mention":
            named.people.add(token.meta["key"])
    return named


def _inline(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from token.children or []  # not an image's: that becomes a link


def add_rules(parser: MarkdownIt) -> None:
    """Let the parser make tokens ``mention`` and ``topic``."""
    parser.inline.ruler.after("escape", "mention", _mention)
    parser.inline.ruler.after("mention", "topic", _topic)


def _folded(character: str) -> str:
    parts = unicodedata.normalize("NFKD", character)
    kept = (p for p in parts if not _is_accent(p) and unicodedata.category(p) not in ("Cc", "Cf", "Cs"))
    # capitals with a dot get an accent of their own by casefold
    return "".join(p for p in "".join(kept).casefold() if not _is_accent(p)).translate(_STROKES)


def _is_accent(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _ACCENTS)


def _is_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


def _begins(state: StateInline, sign: str, never_after: str) -> bool:
    if state.src[state.pos] != sign or state.linkLevel > 0:
        return False
    before = state.src[state.pos - 1] if state.pos else " "
    return not _is_word(before) and before not in never_after


def _topic(state: StateInline, silent: bool) -> bool:
    if not _begins(state, "#", "/#&"):
        return False
    start = end = state.pos + 1
    while end < state.posMax and end - start <= LONGEST_TOPIC and (state.src[end] in "-_" or _is_word(state.src[end])):
        end += 1
    name = state.src[start:end].rstrip("-_")  # "_#topic_" is emphasis
    key = topic_key(name)
    if not key or name[0] in "-_" or len(name) > LONGEST_TOPIC or not any(map(str.isalpha, key)):
        return False
    if not silent:
        found: set[str] = state.env.setdefault("topics", set())
        if key not in found and len(found) >= MOST_TOPICS:
            return False
        found.add(key)
        token = state.push("topic", "", 0)
        token.content, token.meta = "#" + name, {"key": key}
    state.pos = start + len(name)
    return True


def _mention(state: StateInline, silent: bool) -> bool:
    names: Mapping[str, str] = state.env.get("names", NOBODY)
    if not names or not _begins(state, "@", "/@.&+"):
        return False
    found = _longest(state.src, state.pos + 1, state.posMax, names)
    if found is None:
        return False
    key, end = found
    if not silent:
        token = state.push("mention", "", 0)
        token.content, token.meta = "@" + names[key], {"key": key}
    state.pos = end
    return True


def _longest(text: str, start: int, stop: int, names: Mapping[str, str]) -> tuple[str, int] | None:
    """The longest name that stands in ``text`` from ``start`` on, and where it ends."""
    most = max(map(len, names))
    key, found = "", None
    for at in range(start, min(stop, start + 2 * LONGEST_NAME)):
        character = text[at]
        if character == "\n" or (character.isspace() and not key):
            break
        if not character.isspace():
            key += _folded(character)
        elif not key.endswith(" "):
            key += " "
        if len(key) > most:
            break
        if key in names and _ends(text, at + 1, stop):
            found = key, at + 1
    return found


def _ends(text: str, at: int, stop: int) -> bool:
    """No word goes on here: "@Ben" names nobody in "@Bennie", "@Ben-Jan" or "@ben.example"."""
    rest = text[at : min(at + 2, stop)]
    if not rest:
        return True
    if rest[0] in "-_.@":
        return rest[0] != "@" and not (len(rest) > 1 and _is_word(rest[1]))
    return not _is_word(rest[0])
