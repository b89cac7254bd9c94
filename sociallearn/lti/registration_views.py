"""Where an LMS registers itself: the page behind an invite link, and the configuration for registering by hand."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _
from limits import RateLimitItemPerMinute

from sociallearn import headers
from sociallearn.database import db, release
from sociallearn.errors import Refusal
from sociallearn.limiting import limit
from sociallearn.lti import registering, registrations
from sociallearn.lti.models import Registration

bp = Blueprint("registration", __name__, url_prefix="/lti")

TRIES = RateLimitItemPerMinute(40)  # an address
PRODUCTS = {"moodle": "Moodle", "canvas": "Canvas", "desire2learn": "Brightspace", "sociallearn-practice": "Practice"}


@bp.get("/register")
def register() -> ResponseReturnValue:
    """Say which LMS this is and what we ask for. Opened by hand, without an LMS around it: where to paste this link."""
    _begin(request.args.get("openid_configuration", ""))
    token = request.args.get("invite", "")
    invite = registering.usable(db.session(), token)
    label = invite.label
    release()
    url = request.args.get("openid_configuration", "")
    if not url:
        link = f"{current_app.config['BASE_URL']}/lti/register?invite={token}"
        return render_template("lti/register_where.html", link=link, label=label)
    registration_token = request.args.get("registration_token", "")
    platform = registering.read(url, registration_token)
    return render_template(
        "lti/register.html",
        platform=platform,
        product=_product(platform.product),
        fields={
            "invite": token,
            "openid_configuration": url,
            "registration_token": registration_token,
            "framed_by": _framed_by(request.referrer) or "",
        },
    )


@bp.post("/register")
def connect() -> ResponseReturnValue:
    """Register. There is no session here that another site could misuse: the invite itself is the permission."""
    url, token = request.form.get("openid_configuration", ""), request.form.get("invite", "")
    _begin(url)
    if not url:
        raise Refusal(400, _("This form is sent from within an LMS."), _("Paste the invite link into your LMS."))
    release()
    framed_by = _framed_by(request.form.get("framed_by"))
    registering.connect(token, url, request.form.get("registration_token", ""), framed_by)
    headers.forget_registrations()  # its pages may hold ours from now on
    return redirect(url_for("registration.connected", invite=token), 303)


@bp.get("/connected")
def connected() -> ResponseReturnValue:
    """What happens next in that LMS; closes the LMS's dialog where it listens."""
    _begin("")
    registration = registering.connected(db.session(), request.args.get("invite", ""))
    if registration is None:
        raise Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))
    _allow_frame(registration)
    return render_template(
        "lti/register_done.html",
        host=urlsplit(registration.issuer).netloc,
        product=_product(registration.product or ""),
        kind=registration.product,
    )


@bp.get("/config/canvas.json")
def canvas_configuration() -> Response:
    """For setting Canvas up by hand: *Developer Keys → LTI key → Enter URL*."""
    with force_locale("en"):  # a server asks, for everybody
        response = jsonify(registering.canvas_configuration())
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def _begin(url: str) -> None:
    limit(TRIES, f"register-{request.remote_addr}")
    own = registrations.origin_of(url)
    hosted = "https://*.instructure.com" if own and own.endswith(".instructure.com") else None
    headers.allow_frame_in(own, hosted, _framed_by(request.referrer))


def _allow_frame(registration: Registration) -> None:
    own = registrations.origin_of(registration.issuer)
    headers.allow_frame_in(own, *registration.frame_origins)


def _framed_by(address: str | None) -> str | None:
    """The site that holds our page, as the browser says it. A school's own name for its hosted Canvas is only there."""
    origin = registrations.origin_of(address or "")
    return origin if origin != current_app.config["BASE_URL"] else None


def _product(code: str) -> str:
    return PRODUCTS.get(code, code.capitalize())
