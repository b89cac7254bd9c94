"""The texts people see: taken from code and templates, and merged into the Dutch catalogue (``make texts``)."""

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from sociallearn.paths import HOME, TRANSLATIONS

DUTCH = TRANSLATIONS / "nl" / "LC_MESSAGES" / "messages.po"
METHODS = [("sociallearn/**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "ugettext": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}


def catalogue() -> Catalog:
    """Every text in code and templates."""
    found = Catalog(project="SocialLearn", charset="utf-8")
    for name, line, message, comments, _context in extract_from_dir(
        HOME, METHODS, keywords=KEYWORDS, options_map={"**.html": {"trimmed": "true"}},
        directory_filter=lambda path: "/practice" not in str(path) and not Path(path).name.startswith("."),
    ):  # fmt: skip
        if "/practice/" not in name:
            found.add(message, None, [(name, line)], auto_comments=comments)
    return found


def read() -> Catalog:
    """The Dutch catalogue as it stands; an empty one when there is none."""
    content = DUTCH.read_bytes() if DUTCH.exists() else b""
    return read_po(io.BytesIO(content), locale="nl")


def update() -> None:
    """Add what is new, drop what is gone, keep every translation; no line numbers, so that the file changes little."""
    dutch = read()
    dutch.update(catalogue(), no_fuzzy_matching=True)
    dutch.obsolete.clear()
    dutch.fuzzy = False
    DUTCH.parent.mkdir(parents=True, exist_ok=True)
    with DUTCH.open("wb") as file:
        write_po(file, dutch, width=120, no_location=True, omit_header=False, sort_output=True)


if __name__ == "__main__":
    update()
