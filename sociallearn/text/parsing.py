"""The one Markdown parser, so that what is shown and what is counted are read alike."""

import re
from collections.abc import Mapping, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, paragraph, table
from markdown_it.rules_inline import StateInline, linkify
from markdown_it.token import Token

from sociallearn.text import naming

# Deeper quotes and lists are read as plain paragraphs: past maxNesting the parser would drop the text without a word.
_DEEPEST = 16

# A row of a table may be two characters long and still fill every column: without a limit, 20,000 give a megabyte.
_MOST_CELLS = 20_000

# Read from the address itself, so a pasted page of the tool keeps no trace of whose seat it was.
SEAT_PATH = r"/(?:s/[\w~%-]+|-)(?:/|(?![\w~%-]))"

_LINKABLE = re.compile(rf"https?://[^/]|mailto:[^?]|{SEAT_PATH}", re.IGNORECASE)
_A_LOOK = 1000  # characters; enough to see whether an address begins here
_SCHEME = re.compile(r"(?<![a-z0-9.+-])https?$", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]+")
_SURROGATES = re.compile(r"[\ud800-\udfff]")


class _Parser(MarkdownIt):
    """CommonMark that makes a link only of what may be one; anything else stays as it was typed."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 (markdown-it's name)
        return _LINKABLE.match(url) is not None


def _too_deep(state: StateBlock, start: int, end: int, _silent: bool) -> bool:
    return state.level >= _DEEPEST and paragraph(state, start, end, False)


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    columns = state.src.count("|", state.bMarks[start], state.eMarks[start])
    return columns * (end - start) <= _MOST_CELLS and table(state, start, end, silent)


def _address(state: StateInline, silent: bool) -> bool:
    """The rule for bare addresses, asked only where it will succeed: each refusal searches all the text before it."""
    scheme = _SCHEME.search(state.pending[-6:])
    linkifier = state.md.linkify
    if not scheme or not linkifier:
        return False
    start = state.pos - len(scheme[0])
    return linkifier.match_at_start(state.src[start : start + _A_LOOK]) is not None and linkify(state, silent)


def _prepared() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False, "linkify": True, "typographer": False, "maxNesting": 20})
    parser.enable(["linkify", "strikethrough", "table"]).disable(["html_block", "html_inline"])
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.inline.ruler.at("linkify", _address)
    parser.block.ruler.before("table", "too_deep", _too_deep)
    naming.add_rules(parser)
    return parser


PARSER = _prepared()


def tidy(text: str) -> str:
    """The text without control characters, and with U+FFFD for lone surrogates: always valid UTF-8."""
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", _CONTROLS.sub("", text))


def parse(markdown: str, names: Mapping[str, str] = naming.NOBODY) -> Sequence[Token]:
    """Block tokens of a text, inline ones below them (https://markdown-it-py.readthedocs.io/en/latest/using.html).

    ``names`` are those of people who may be mentioned: folded → to show.
    """
    return PARSER.parse(tidy(markdown.replace("\r\n", "\n").replace("\r", "\n")), {"names": names})
