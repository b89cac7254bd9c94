"""Tables for spreadsheets in which nothing that people wrote runs as a formula. Pure."""

import csv
import io
import re
from collections.abc import Iterable

# a spreadsheet set to another separator splits a line where it likes: so also behind those, and not only in front
_RUNS = re.compile(r"""((?:^|[;\t\r\n])"*)(?=['=+\-@＝＋－＠])""")
_GUARDS = re.compile(r"""((?:^|[;\t\r\n])"*)'(?=['=+\-@＝＋－＠])""")


def harmless(text: str) -> str:
    """The text with an apostrophe before whatever a spreadsheet would run, and before an apostrophe in such a place:
    taking one away in each of these places gives the text again."""
    return _RUNS.sub(r"\1'", text)


def original(text: str) -> str:
    """The text that ``harmless`` was given."""
    return _GUARDS.sub(r"\1", text)


def table(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV in Unicode, marked so that Excel reads it as such; what is None is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    for row in rows:
        writer.writerow("" if cell is None else harmless(str(cell)) for cell in row)
    return "\ufeff" + out.getvalue()
