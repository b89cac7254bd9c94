"""Security headers on every answer: strict CSP, and frames only in the pages of the LMS somebody came from.

Nobody learns from us which other LMSs there are: a page under a seat names that seat's LMS, a launch under way its own.
A refusal outside any seat does not know where it is shown; it holds nothing of anybody's and nothing to click on, so it
may stand in any frame: in a course it must be readable why nothing opens.
"""

import re
import time
from typing import cast

from flask import Flask, Response, current_app, g

from sociallearn.lti import registrations

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; object-src 'none'; "
)
ALONE = "default-src 'none'; sandbox; frame-ancestors 'none'"
_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9.-]+(:[0-9]+)?", re.IGNORECASE)
LIFETIME = 30.0  # seconds until a new registration's pages may frame us


def init_app(app: Flask) -> None:
    """Add the headers after each request."""
    app.extensions["frame_origins"] = (0.0, {})
    app.after_request(_add)


def allow_form_to(origin: str) -> None:
    """Let forms of this one answer go to that site (``scheme://host``) too: what was chosen goes back to the LMS."""
    g.form_action = f"'self' {origin}"


def allow_frame_in(*origins: str | None) -> None:
    """Let pages of these sites hold this one answer in a frame: an LMS that is about to register."""
    g.frame_in = [each for each in origins if each and _ORIGIN.fullmatch(each)]


def show_alone() -> None:
    """This one answer is something somebody uploaded: whatever it is, it runs nothing and loads nothing."""
    g.is_alone = True


def allow_frame_of(registration_id: int) -> None:
    """Let pages of this LMS hold this one answer in a frame: somebody is here, or on the way, from there."""
    g.frame_of = registration_id


def forget_registrations() -> None:
    """Read who may frame us again at the next answer: a registration was just made."""
    current_app.extensions["frame_origins"] = (0.0, {})


def _add(response: Response) -> Response:
    form_action = g.get("form_action", "'self'")
    policy = f"{POLICY}form-action {form_action}; frame-ancestors {' '.join(_frames(response.status_code))}"
    response.headers["Content-Security-Policy"] = ALONE if "is_alone" in g else policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    response.headers.setdefault("Cache-Control", "private, no-store")
    return response


def _frames(status: int) -> list[str]:
    if "frame_of" in g:
        return ["'self'", *_origins().get(g.frame_of, ())]
    if "frame_in" not in g and status >= 400:
        return ["*"]
    return ["'self'", *g.get("frame_in", ())]


def _origins() -> dict[int, list[str]]:
    """By registration; read again every half minute, so that a page costs no query for it."""
    read_at, origins = current_app.extensions["frame_origins"]
    if time.monotonic() - read_at > LIFETIME or not origins:
        try:
            origins = registrations.frame_ancestors()
        except Exception:  # the database is away: an error page must still be possible
            return {}
        current_app.extensions["frame_origins"] = (time.monotonic(), origins)
    return cast(dict[int, list[str]], origins)
