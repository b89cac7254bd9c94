"""Look at a file somebody sends, and make of it what is kept. Needs no database, so that none waits meanwhile."""

from dataclasses import dataclass

from flask_babel import gettext as _

from sociallearn.attachments import naming, picturing, sniffing
from sociallearn.attachments.kinds import IMAGES, KINDS, LARGEST, SHOWN_AS
from sociallearn.errors import Refusal

_PAGES = frozenset({"svg", "svgz", "html", "htm", "xhtml", "xht", "mhtml", "xml", "js", "mjs"})


@dataclass(frozen=True)
class Prepared:
    """What is kept of a file: its bytes (an image's made anew, and a small one), and what they are."""

    name: str
    media_type: str
    content: bytes
    small: bytes = b""
    width: int | None = None
    height: int | None = None

    @property
    def size(self) -> int:
        """Bytes it takes."""
        return len(self.content) + len(self.small)


def prepare(given_name: str | None, content: bytes) -> Prepared:
    """What this file really is.

    Raises Refusal 413 when it is too large, 415 for a kind we do not take, 422 when there is nothing in it.
    """
    name = naming.clean(given_name)
    ending = naming.ending_of(name)
    if not content:
        raise Refusal(422, _("“%(name)s” is empty.", name=name), _("Choose it again, or another one."))
    if len(content) > LARGEST:
        raise too_large(name)
    if ending in _PAGES:
        raise Refusal(
            415,
            _("“%(name)s” is not taken: a file of this kind can run as a program.", name=name),
            _("Save a drawing as PNG, and a page as PDF."),
        )
    media_type = sniffing.sniff(content)
    if media_type is None:
        raise Refusal(
            415, _("“%(name)s” is of a kind that is not taken here.", name=name), _("Perhaps you can save it as PDF.")
        )
    if "." not in name:
        name = naming.with_ending(name, KINDS[media_type].endings[0])
    elif ending not in KINDS[media_type].endings:
        raise Refusal(
            415,
            _("“%(name)s” holds something else than its name says.", name=name),
            _("Open it in the program you made it with, and save it again."),
        )
    return _picture(name, content) if media_type in IMAGES else Prepared(name, media_type, content)


def too_large(name: str) -> Refusal:
    """The same sentence wherever that is found out."""
    return Refusal(
        413,
        _("“%(name)s” is too large: at most 10 MB.", name=name),
        _("Make it smaller, or put a link to it in your text."),
    )


def _picture(name: str, content: bytes) -> Prepared:
    try:
        made = picturing.make(content)
    except picturing.TooManyPixels as error:
        raise Refusal(
            413,
            _("“%(name)s” has too many pixels: at most 50 million.", name=name),
            _("Save it smaller and choose it again."),
        ) from error
    except picturing.Unreadable as error:
        raise Refusal(
            415,
            _("“%(name)s” cannot be read as an image: it may be damaged.", name=name),
            _("Open it on your computer, and save it again as JPEG or PNG."),
        ) from error
    return Prepared(naming.with_ending(name, "webp"), SHOWN_AS, made.content, made.small, made.width, made.height)
