"""Names and titles from outside, as one tidy line."""

import unicodedata

LONGEST_NAME = 120


def clean_name(text: str | None) -> str:
    """A name or title from an LMS as one tidy line: no control or direction characters, at most 120 characters."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text or "")
    kept = "".join(c for c in kept if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn"))
    return " ".join(kept.split())[:LONGEST_NAME]
