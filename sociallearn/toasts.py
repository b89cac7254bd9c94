"""Short messages after a redirect. They travel as a code in the address: there is no session to keep them in."""

from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

import flask
from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from sociallearn.parameters import number

Toast = tuple[str, str | None, str | None]  # text, address that undoes it, label of that button

_WORDS: dict[str, Callable[[], str]] = {
    "deleted": lambda: _("Deleted. A trace stays where it was."),
    "undeleted": lambda: _("It is back."),
    "hidden": lambda: _("Hidden. The author and the cohort can read why."),
    "restored": lambda: _("It can be read again."),
    "read": lambda: _("Everything is marked as read."),
    "accepted": lambda: _("Marked as the answer that helped."),
    "rated": lambda: _("Your rating counts. You can change it at any time."),
    "resend": lambda: _("It will be sent again within a minute."),
    "saved": lambda: _("Saved."),
}


def redirect(goal: str, code: str, undo: int | None = None) -> ResponseReturnValue:
    """303 to ``goal`` with a message for there; ``undo`` is the post whose deletion the message offers to take back."""
    parts = urlsplit(goal)
    extra = f"toast={code}" + (f"&undo={undo}" if undo else "")
    query = f"{parts.query}&{extra}" if parts.query else extra
    return flask.redirect(urlunsplit(parts._replace(query=query)), 303)


def current() -> list[Toast]:
    """What the page should say; nothing for a code we do not know."""
    words = _WORDS.get(request.args.get("toast", ""))
    if words is None:
        return []
    undo = number(request.args, "undo")
    if undo is None:
        return [(words(), None, None)]
    return [(words(), url_for("posts.undelete", post_id=undo), _("Undo"))]
