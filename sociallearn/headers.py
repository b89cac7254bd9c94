"""Security headers on every answer: strict CSP, and frames only in the pages of registered LMSs."""

import time

from flask import Flask, Response, current_app

from sociallearn.lti import registrations

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors "
)
LIFETIME = 30.0  # seconds until a new registration's pages may frame us


def init_app(app: Flask) -> None:
    """Add the headers after each request."""
    app.extensions["frame_ancestors"] = (0.0, "")
    app.after_request(_add)


def _add(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY + _frame_ancestors()
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
