"""Login initiation (LTI security 5.1.1): from the LMS's hints to its authorization address, bound to this browser.

PyLTI1p3 has a class for this; it cannot append to an address that already has a query, sets no Partitioned cookie
and keeps the nonce in that cookie, so these forty lines stand in its place.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from flask import Response, current_app
from flask_babel import gettext as _
from sqlalchemy import delete
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.errors import Refusal
from sociallearn.lti import registrations, storing
from sociallearn.lti.models import LoginState

LIFETIME = timedelta(minutes=10)
HINTS = ("iss", "login_hint", "target_link_uri", "client_id", "lti_deployment_id", "lti_message_hint")


@dataclass(frozen=True)
class Beginning:
    """Where the browser must go now, and the state it must bring back."""

    authorization_url: str
    state: str
    place: storing.Place | None  # where else than in a cookie the browser can keep what binds it
    registration_id: int


def begin(hints: Mapping[str, str]) -> Beginning:
    """Remember a launch under way and say where to send the browser. Raises Refusal in words."""
    issuer, login_hint, target = (hints.get(name, "") for name in HINTS[:3])
    if not issuer or not login_hint or not target:
        raise Refusal(
            400,
            _("This address is where a course opens SocialLearn."),
            _("Go to your course and open the activity there. Administrators: this is the login initiation URL."),
        )
    if registrations.origin_of(target) != current_app.config["BASE_URL"]:
        raise Refusal(
            400,
            _("Your course asks for a page that is not SocialLearn’s."),
            _("Tell your administrator that the tool URL must begin with %(url)s.", url=current_app.config["BASE_URL"]),
        )
    state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    with transaction() as session:
        registration = registrations.find(session, issuer, hints.get("client_id"))
        if registration is None:
            raise Refusal(
                400,
                _("SocialLearn does not know this LMS yet."),
                _("Administrators: register issuer %(issuer)s with SocialLearn first.", issuer=issuer[:200]),
            )
        row = LoginState(state=state, nonce=nonce, registration_id=registration.id, target_link_uri=target)
        row.expires_at, row.storage_target = clock.now() + LIFETIME, storing.target_in(hints)
        session.add(row)
        query = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": registration.client_id,
            "redirect_uri": current_app.config["BASE_URL"] + "/lti/launch",
            "state": state,
            "nonce": nonce,
            "login_hint": login_hint,
        }
        if "lti_message_hint" in hints:
            query["lti_message_hint"] = hints["lti_message_hint"]
        login_url, registration_id = registration.auth_login_url, registration.id
        place = storing.place(state, row.storage_target, login_url)
    joint = "&" if "?" in login_url else "?"
    return Beginning(login_url + joint + urlencode(query), state, place, registration_id)


def remember(response: Response, state: str) -> None:
    """Bind the state to this browser: a cookie of its own, so that several launches can be under way at once."""
    response.set_cookie(
        cookie_name(state),
        _proof(state),
        max_age=int(LIFETIME.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )


def forget(response: Response, state: str) -> None:
    """The state has served: remove its cookie."""
    response.delete_cookie(cookie_name(state), path="/", secure=True, httponly=True, samesite="None", partitioned=True)


def is_same_browser(state: str, cookies: Mapping[str, str]) -> bool:
    """Whether the browser that answers is the one that began."""
    return hmac.compare_digest(cookies.get(cookie_name(state), "").encode(), _proof(state).encode())


def cookie_name(state: str) -> str:
    """``__Host-``: only our own host over a secure connection can have set it."""
    return "__Host-launch-" + hashlib.sha256(state.encode()).hexdigest()[:16]


def _proof(state: str) -> str:
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, b"launch|" + state.encode(), hashlib.sha256).hexdigest()


def remove_expired(session: Session) -> None:
    """Housekeeping: launches that were begun and can no longer end."""
    session.execute(delete(LoginState).where(LoginState.expires_at < clock.now() - LIFETIME))
