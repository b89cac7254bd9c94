"""The piece of a text that shows best why it was found, the words looked for marked. Pure."""

import unicodedata
from bisect import bisect_left

from markupsafe import Markup, escape

from sociallearn.search.asking import Wanted
from sociallearn.text import stems

LENGTH = 220  # characters of an excerpt
BEFORE = 60  # of them, before the first word marked
LOOKED_AT = 20_000  # characters of a text
_CUT = "…"

Found = list[tuple[int, int, str]]  # where a word begins and ends, and which it is


def mark(text: str, wanted: Wanted) -> Markup:
    """The whole text, escaped, with ``<mark>`` around what was looked for."""
    text = _tidy(text)
    return _marked(text, _found(text, wanted))


def excerpt(text: str, wanted: Wanted) -> Markup:
    """The stretch with the most different words looked for, or the beginning; escaped, with ``<mark>``."""
    text = _tidy(text)[:LOOKED_AT]
    found = _found(text, wanted)
    if len(text) <= LENGTH + BEFORE:
        return _marked(text, found)
    start = _start(text, found)
    end = _word_edge(text, start + LENGTH)
    piece = text[start:end].rstrip()
    inside = [(a - start, b - start, word) for a, b, word in found if a >= start and b <= start + len(piece)]
    shown = _marked(piece, inside)
    return escape(_CUT if start else "") + shown + (_CUT if end < len(text) else "")


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _found(text: str, wanted: Wanted) -> Found:
    return [(start, end, word) for start, end, word, its in stems.placed(text) if wanted.has(word, its)]


def _start(text: str, found: Found) -> int:
    best, most = 0, 0
    begins = [start for start, _end, _word in found]
    for number, (start, _end, _word) in enumerate(found):
        last = bisect_left(begins, start + LENGTH - BEFORE)
        different = len({word for _a, _b, word in found[number:last]})
        if different > most:
            best, most = start, different
    if best <= BEFORE:
        return 0
    edge = text.rfind(" ", 0, best - BEFORE + 1)
    return edge + 1 if edge > best - 2 * BEFORE else best


def _word_edge(text: str, end: int) -> int:
    if end >= len(text):
        return len(text)
    edge = text.rfind(" ", end - BEFORE, end)
    return edge if edge > 0 else end


def _marked(text: str, found: Found) -> Markup:
    parts, end = [], 0
    for start, stop, _word in found:
        parts += [escape(text[end:start]), Markup("<mark>"), escape(text[start:stop]), Markup("</mark>")]
        end = stop
    return Markup("").join([*parts, escape(text[end:])])
