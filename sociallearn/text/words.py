"""The author's own words, for the grading rule "so many words" and for finding repeated texts.

Counted are the words somebody added: not what they quote, not addresses, not code. Read from the parser's tokens, so a
text counts for what it shows, however its Markdown is spelt.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby

from markdown_it.token import Token

from sociallearn.text.parsing import PARSER, parse

_LONG_WORD = 14  # letters of the longest word that counts as one
_PART_OF_LONG_WORD = 10
_MOST_PARTS = 3

_BREAKS = frozenset({"softbreak", "hardbreak", "code_inline"})


def _marks() -> str:
    """Accents and vowel signs as the inside of a character class; they belong to the letter before them.

    Variation selectors are left out: they only choose between two looks of an emoji.
    """
    points = (p for p in range(0x300, 0x11A00) if unicodedata.category(chr(p)) in ("Mn", "Mc") and p >> 4 != 0xFE0)
    runs = (list(run) for _, run in groupby(enumerate(points), lambda pair: pair[1] - pair[0]))
    return "".join(f"{chr(run[0][1])}-{chr(run[-1][1])}" for run in runs)


# Chinese and Japanese do not part words by spaces: each character counts as a word, as word processors do, since a word
# is one or two of them. Thai, Lao, Khmer and Burmese letters are sounds: five, with their vowel signs, count as a word.
_CHARACTERS = r"\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff" + (
    "\U00020000-\U0003ffff"
)
_UNSPACED = r"\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff"
_MARKS = _marks()
_LETTER = rf"[^\W_{_CHARACTERS}{_UNSPACED}][{_MARKS}]*"
_WORD = re.compile(
    rf"[{_CHARACTERS}][{_MARKS}]*"
    rf"|(?:(?=[{_UNSPACED}])[^\W_][{_MARKS}]*){{1,5}}"
    rf"|(?:{_LETTER})+(?:['-](?:{_LETTER})+)*"
)
# Invisible signs inside a word would make a copy look new; a zero-width space does part words.
_INVISIBLE = re.compile("[\u00ad\u200c-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_SPELLINGS = str.maketrans({"’": "'", "‘": "'", "‐": "-", "\u200b": " "})


def own_words(markdown: str) -> list[str]:
    """The words of the author in order, case-folded: letters and digits, with apostrophes and hyphens inside a word.

    A mention or #topic is a word, and so is each word of a link's text unless it is itself an address. Left out:
    quotes, addresses, code, punctuation, emoji. Never raises.
    """
    return spelled(" ".join(_own_texts(parse(markdown))))


def spelled(plain: str) -> list[str]:
    """The words of a plain text in order, case-folded, accents kept; apostrophes and hyphens stay inside a word."""
    return _WORD.findall(_folded(plain))


def count(markdown: str) -> int:
    """How many words the author wrote, fair to languages that write compounds together.

    A word of up to 14 letters counts as one, of 15 to 20 as two, a longer one as three: Dutch
    "arbeidsmarktcommunicatie" is English "labour market communication". Never more than three, so that a held-down key
    earns nothing.
    """
    return sum(map(_worth, own_words(markdown)))


def _worth(word: str) -> int:
    letters = sum(map(str.isalnum, word))
    return 1 if letters <= _LONG_WORD else min(_MOST_PARTS, -(-letters // _PART_OF_LONG_WORD))


def _folded(text: str) -> str:
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return unicodedata.normalize("NFKC", text.translate(_SPELLINGS).casefold())


def _own_texts(tokens: Sequence[Token]) -> Iterator[str]:
    quotes = 0
    for token in tokens:
        if token.type in ("blockquote_open", "blockquote_close"):
            quotes += token.nesting
        elif token.type == "inline" and not quotes:
            yield _without_addresses("".join(_shown(token.children or [])))


def _shown(tokens: Sequence[Token]) -> Iterator[str]:
    in_address = False
    for token in tokens:
        if token.info == "auto":  # a bare address: the parser made the link, the author wrote no text for it
            in_address = token.type == "link_open"
            yield " "
        elif token.type in _BREAKS:
            yield " "
        elif token.type == "image":
            yield from _shown(token.children or [])
        elif token.type in ("text", "text_special", "topic") and not in_address:
            yield token.content


def _without_addresses(text: str) -> str:
    kept, end = [], 0
    for found in (PARSER.linkify.match(text) if PARSER.linkify else None) or []:
        kept.append(text[end : found.index])
        end = found.last_index
    return " ".join([*kept, text[end:]])
