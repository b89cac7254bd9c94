"""Numbers that come in by address or form: no larger than a database takes, so that a silly one is just not found."""

from flask import request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.routing import IntegerConverter, Map

from sociallearn.errors import TYPED, Refusal

LARGEST = 2**63 - 1


def refuse_nul() -> None:
    """No database takes a NUL. Texts people type are tidied; anywhere else it is no accident. Raises Refusal 400."""
    fields = ((name, value) for source in (request.args, request.form) for name, value in source.items(multi=True))
    if any("\x00" in name or ("\x00" in value and name not in TYPED) for name, value in fields):
        raise Refusal(
            400,
            _("SocialLearn could not understand this request."),
            _("Use your browser’s back button, or open the activity from your course again."),
        )


class IdConverter(IntegerConverter):
    """``<int:…>`` in an address, up to what a BIGINT holds; anything larger is a 404."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=LARGEST)


def number(source: MultiDict[str, str], name: str) -> int | None:
    """The whole number of that name in a query or form, from 0 up; nothing when it is missing or no such number."""
    return whole(source.get(name, ""))


def whole(text: str) -> int | None:
    """The number these digits say, if a database can hold it."""
    if not text.isascii() or not text.isdecimal() or len(text) > 19:
        return None
    value = int(text)
    return value if value <= LARGEST else None
