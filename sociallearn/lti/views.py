"""Login initiation and our key set. (The launch itself is the roster's: it makes members.)"""

from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sociallearn.limiting import LOGINS, limit
from sociallearn.lti import keys, starting

bp = Blueprint("lti", __name__, url_prefix="/lti")


@bp.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Send the browser on to the LMS; inside a frame, only after seeing that a cookie can stay here.

    Hints are single-use at the LMS, so cookies are tried out now: afterwards it is too late for a new window.
    """
    limit(LOGINS, f"address-{request.remote_addr}")
    beginning = starting.begin(request.values)
    if request.headers.get("Sec-Fetch-Dest") == "iframe" and "lti1p3_new_window" not in request.values:
        hints = {name: request.values[name] for name in starting.HINTS if name in request.values}
        again = f"{current_app.config['BASE_URL']}/lti/login?{urlencode({**hints, 'lti1p3_new_window': '1'})}"
        page = render_template("lti/checking.html", auth_url=beginning.authorization_url, new_window_url=again)
        response = make_response(page)
    else:
        response = make_response(redirect(beginning.authorization_url))
    starting.remember(response, beginning.state)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/jwks")
def jwks() -> Response:
    """Our public keys, for LMSs that check our signature (LTI security 6.3)."""
    response = jsonify(keys.key_set())
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
