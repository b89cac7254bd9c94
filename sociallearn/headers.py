"""Security headers on every answer: strict CSP, and frames only in the pages of registered LMSs."""

import re
import time

from flask import Flask, Response, current_app, g

from sociallearn.lti import registrations

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; object-src 'none'; "
)
_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9.-]+(:[0-9]+)?", re.IGNORECASE)
LIFETIME = 30.0  # seconds until a new registration's pages may frame us


def init_app(app: Flask) -> None:
    """Add the headers after each request."""
    app.extensions["frame_ancestors"] = (0.0, "")
    app.after_request(_add)


def allow_form_to(origin: str) -> None:
    """Let forms of this one answer go to that site (``scheme://host``) too: what was chosen goes back to the LMS."""
    g.form_action = f"'self' {origin}"


def allow_frame_in(*origins: str | None) -> None:
    """Let pages of these sites hold this one answer in a frame: an LMS that is about to register."""
    g.frame_in = [each for each in origins if each and _ORIGIN.fullmatch(each)]


def _add(response: Response) -> Response:
    form_action = g.get("form_action", "'self'")
    policy = (
        f"{POLICY}form-action {form_action}; frame-ancestors {' '.join([_frame_ancestors(), *g.get('frame_in', [])])}"
    )
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    response.headers.setdefault("Cache-Control", "private, no-store")
    return response


def _frame_ancestors() -> str:
    read_at, origins = current_app.extensions["frame_ancestors"]
    if time.monotonic() - read_at > LIFETIME or not origins:
        try:
            origins = " ".join(["'self'", *registrations.frame_ancestors()])
        except Exception:  # the database is away: an error page must still be possible
            return "'self'"
        current_app.extensions["frame_ancestors"] = (time.monotonic(), origins)
    return str(origins)
