"""Login initiation and our key set. (The launch itself is the roster's: it makes members.)"""

from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sociallearn import headers
from sociallearn.limiting import LOGINS, limit
from sociallearn.lti import keys, starting, storing

bp = Blueprint("lti", __name__, url_prefix="/lti")

FRAMES = frozenset({"iframe", "frame", "embed", "object", "fencedframe"})


@bp.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Send the browser on to the LMS; where cookies may not stay, by a page that first finds out what can be done.

    Hints are single-use at the LMS, so that is found out now: afterwards it is too late for a new window. The page
    holds the complete authorization address and works as a link without JavaScript.
    """
    limit(LOGINS, f"address-{request.remote_addr}")
    beginning = starting.begin(request.values)
    headers.allow_frame_of(beginning.registration_id)
    if _needs_a_look(beginning):
        response = make_response(_checking(beginning))
    else:
        response = make_response(redirect(beginning.authorization_url))
    starting.remember(response, beginning.state)
    response.headers["Cache-Control"] = "no-store"
    return response


def _needs_a_look(beginning: starting.Beginning) -> bool:
    destination = request.headers.get("Sec-Fetch-Dest")
    if destination is None:
        # not a browser, or one too old to say whether this is a frame: the page itself sees that
        is_browser = request.headers.get("User-Agent", "").startswith("Mozilla/")
        return is_browser or "lti_storage_target" in request.values
    return destination in FRAMES or beginning.place is not None


def _checking(beginning: starting.Beginning) -> str:
    """The page. It may keep the launch's secret in the LMS's page, or offer a window of its own, once."""
    again = None
    if storing.NEW_WINDOW not in request.values:
        hints = {name: request.values[name] for name in starting.HINTS if name in request.values}
        again = f"{current_app.config['BASE_URL']}/lti/login?{urlencode({**hints, storing.NEW_WINDOW: '1'})}"
    secret = storing.secret(beginning.state) if beginning.place else None
    return render_template("lti/checking.html", beginning=beginning, secret=secret, new_window_url=again)


@bp.get("/jwks")
@bp.get("/jwks/<path>")
def jwks(path: str | None = None) -> Response:
    """Our public keys, for LMSs that check our signature (LTI security 6.3): those of one that registered by link at
    its own address, where an unknown one is an empty set."""
    response = jsonify(keys.key_set(path))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
