"""Scores on their way as a table for a spreadsheet: what we have beside what the LMS has, reasons in words."""

import csv
import io
from collections.abc import Callable, Iterable

from sociallearn.grades.reading import Row

FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run
COLUMNS = (
    "name", "column", "state", "reason", "percent", "we_sent", "out_of", "sent_at", "lms_has", "lms_out_of",
    "changed_in_lms", "tries_in_a_row",
)  # fmt: skip


def as_csv(rows: Iterable[Row], in_words: Callable[[str | None], str]) -> str:
    """The whole file; ``in_words`` tells what a code of a problem means."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(
            [
                _plain(row.name),
                _plain(row.placement_title),
                row.state,
                in_words(row.problem).strip() if row.problem else "",
                row.grade_percent,
                row.sent_points,
                row.points,
                row.sent_at.isoformat() if row.sent_at else "",
                row.result_points if row.has_result else "",
                row.result_of if row.has_result else "",
                int(row.is_changed),
                row.failures,
            ]
        )
    return out.getvalue()


def _plain(text: str) -> str:
    return "'" + text if text.startswith(FORMULAS) else text
