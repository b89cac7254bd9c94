"""What a file is called: as people called it, without what could mislead them or a browser. Pure."""

import re
import unicodedata

LONGEST = 120  # characters
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # control, text direction, halves of characters


def clean(name: str | None) -> str:
    """The last part of a path, in one line, without control characters and marks that turn the direction of writing."""
    last = re.split(r"[/\\]", name or "")[-1]
    shown = "".join(one for one in unicodedata.normalize("NFC", last) if unicodedata.category(one) not in _HIDDEN)
    tidy = " ".join(re.sub(r'[<>:"|?*]', " ", shown).split()).strip(". ")
    stem, dot, ending = tidy.rpartition(".")
    if not dot:
        return tidy[:LONGEST] or "file"
    return f"{stem[: LONGEST - 10].rstrip('. ')}.{ending[:9]}"


def ending_of(name: str) -> str:
    """``pdf`` of ``Plan.PDF``; nothing when there is none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def with_ending(name: str, ending: str) -> str:
    """The same name with another ending."""
    stem = name.rpartition(".")[0] or name
    return f"{stem}.{ending}"
