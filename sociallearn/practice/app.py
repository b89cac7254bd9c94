"""The practice LMS as a Flask app of its own: own origin, own cookies, own database, own keys."""

from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, render_template
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.http import http_date

# the service rooms hang their views on the blueprint when they are imported
from sociallearn import clock, paths
from sociallearn.practice import (
    columns,
    deep_linking,
    dynamic_registration,
    gradebook,
    memberships,
    pages,
    platform,
    scores,
    services,
)
from sociallearn.practice.keys import KeySets, PlatformKey
from sociallearn.practice.state import SERVICE_NAME, Practice, origin
from sociallearn.practice.store import Store

SERVICES = (columns, dynamic_registration, memberships, scores)
LARGEST_REQUEST = 1_000_000  # bytes


def create_practice_lms(*, base_url: str, tool_url: str, data_dir: Path) -> Flask:
    """A practice LMS at ``base_url`` (its issuer) for the tool at ``tool_url``; its state is in ``data_dir``."""
    base_url, tool_url = base_url.rstrip("/"), tool_url.rstrip("/")
    data_dir.mkdir(parents=True, exist_ok=True)
    store = Store(data_dir / "practice.db")
    store.set_up()
    app = Flask(
        __name__, template_folder=str(paths.TEMPLATES), static_folder=str(paths.STATIC), static_url_path="/static"
    )
    app.config.update(
        SECRET_KEY=store.secret(),
        SESSION_COOKIE_NAME="practice_lms",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        # a page elsewhere that points its own name at this machine is not let in
        TRUSTED_HOSTS=[urlsplit(base_url).hostname or "127.0.0.1", "127.0.0.1", "localhost", "[::1]"],
    )
    app.jinja_env.filters["when"] = gradebook.when
    app.jinja_env.globals["lms_name"] = SERVICE_NAME
    app.extensions["practice"] = Practice(
        base_url, tool_url, store, PlatformKey(data_dir / "practice_key.pem"), KeySets(tool_url + "/lti/jwks")
    )
    for room in (pages, platform, deep_linking, services):
        app.register_blueprint(room.bp)
    app.register_error_handler(HTTPException, _show_error)
    _add_headers(app, origin(tool_url))
    return app


def _show_error(error: HTTPException) -> tuple[str, int]:
    if isinstance(error, SecurityError):
        return "This address is not the practice LMS's.", 400  # no page: its links would have that address too
    sentence = error.description or "Something went wrong."
    return render_template("practice/message.html", title=error.name, sentence=sentence), error.code or 500


def _add_headers(app: Flask, tool_origin: str) -> None:
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"form-action 'self' {tool_origin}; frame-src 'self' {tool_origin}; base-uri 'none'; frame-ancestors 'self'"
    )

    @app.after_request
    def add(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Date", http_date(clock.now()))
        return response
