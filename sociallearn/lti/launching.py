"""The strict launch: PyLTI1p3's validation, and everything it leaves open closed here and nowhere else.

Closed here: state bound to this browser and to one LMS; RS256 only; exp, iat, aud, azp and claim types; unknown key
ids fetched at once; target_link_uri; and the nonce, which is spent once, atomically, after the signature.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import current_app
from flask_babel import gettext as _
from jwcrypto.common import JWException
from jwt.exceptions import PyJWTError
from pylti1p3.contrib.flask import FlaskMessageLaunch, FlaskRequest
from pylti1p3.exception import LtiException
from pylti1p3.message_validators.deep_link import DeepLinkMessageValidator
from sqlalchemy import select, update

from sociallearn import clock
from sociallearn.database import db, release, transaction
from sociallearn.errors import Refusal
from sociallearn.lti import claims, managing, registrations, starting, storing
from sociallearn.lti.key_sets import KeySets, KeySetUnavailable
from sociallearn.lti.models import Deployment, LoginState, Registration, Source


class StrictLaunch(FlaskMessageLaunch):
    """PyLTI1p3's launch in a safe order: nothing is believed before the signature."""

    def __init__(self, form: Mapping[str, str], tools: registrations.RegisteredTools, client_id: str) -> None:
        self._client_id = client_id
        request = FlaskRequest(cookies={}, session={}, request_data=dict(form), request_is_secure=True)
        super().__init__(request, tools, requests_session=requests.Session())  # type: ignore[no-untyped-call]
        # exp and iat are checked below, by our clock and with a minute's patience; aud below, more strictly
        self.set_jwt_verify_options(
            {"verify_aud": False, "verify_iat": False, "verify_exp": False, "verify_nbf": False}
        )

    def validate(self) -> "StrictLaunch":
        """Format, registration, signature, times, audience, deployment, message. Raises LtiException or BadClaim."""
        self._validated = True  # the library's getters would call us again
        self.validate_jwt_format()
        header, body = self._jwt.get("header"), self._jwt.get("body")
        if not isinstance(header, dict) or not isinstance(body, dict):
            raise LtiException("Invalid JWT format, can't be decoded")
        if header.get("alg") != "RS256" or not isinstance(header.get("kid"), str):
            raise LtiException("JWT must be signed by RS256 and name its key")
        claims.check_audience(self.body, self._client_id)
        self.validate_registration()
        self.validate_jwt_signature()
        claims.check_times(self.body, clock.now().timestamp())
        if not isinstance(body.get(claims.CLAIM + "deployment_id"), str):
            raise claims.BadClaim("deployment_id is not a string")
        self.validate_deployment()
        self.validate_message()
        return self

    def validate_message(self) -> "StrictLaunch":
        """As the library does; but a deep linking request that wants no links is let in, so that it can be told why."""
        if self.body.get(claims.CLAIM + "message_type") == claims.CHOOSING:
            DeepLinkMessageValidator().run_common_validators(self.body)  # its settings are checked by claims.parse
        else:
            super().validate_message()
        return self

    def get_public_key(self) -> tuple[str, str]:
        """The key the token names; the set is fetched again when it is not in the one we have."""
        registration = self._registration
        if registration is not None and not registration.get_key_set():
            key_sets: KeySets = current_app.extensions["key_sets"]
            is_by_link = getattr(registration, "is_by_link", False)
            found = key_sets.find(str(registration.get_key_set_url()), self._jwt["header"]["kid"], is_by_link)
            registration.set_key_set(found)  # type: ignore[arg-type]
        key: tuple[str, str] = super().get_public_key()
        return key

    @property
    def body(self) -> dict[str, Any]:
        """The claims, after ``validate``."""
        return dict(self._jwt["body"])


def receive(form: Mapping[str, str], cookies: Mapping[str, str], sent_by: str | None = None) -> claims.Launch:
    """The proven launch in this POST, its nonce spent. Raises Refusal in words for everything else.

    ``sent_by``: the request's Origin; it counts where a secret stands in for the cookie (storing.py).

    No transaction is open while keys are fetched, and the spent nonce stays spent whatever happens afterwards.
    """
    if "error" in form:
        raise _refused_by_lms(form)
    state, id_token = form.get("state", ""), form.get("id_token", "")
    if not state or not id_token:
        raise Refusal(400, _("This address is where a course opens SocialLearn."), _open_again())
    row = db.session.get(LoginState, state)
    if row is None or row.expires_at <= clock.now():
        raise Refusal(400, _("This way in is no longer valid."), _open_again())
    if not (starting.is_same_browser(state, cookies) or storing.is_proven(row, form, sent_by)):
        raise Refusal(
            403,
            _("Your browser did not bring back the cookie that this launch began with."),
            _("Reload the course page. If it happens again, allow cookies for SocialLearn or open it in a new window."),
        )
    registration = db.session.get_one(Registration, row.registration_id)
    registrations.check_open(registration)
    confirmed = (Deployment.registration_id == registration.id) & Deployment.confirmed_at.is_not(None)
    known = set(db.session.scalars(select(Deployment.deployment_id).where(confirmed)))
    db.session.expunge_all()
    release()
    body = _prove(form, registration, known, row.nonce)
    launch = _read(body, row, registration)
    _spend(row, body)
    return launch


def _prove(form: Mapping[str, str], registration: Registration, deployment_ids: set[str], nonce: str) -> dict[str, Any]:
    tools = registrations.RegisteredTools(registration, deployment_ids)
    launch = StrictLaunch(form, tools, registration.client_id)
    try:
        return launch.validate().body
    except KeySetUnavailable as error:
        current_app.logger.warning("key set unavailable: %s", error)
        raise Refusal(
            400,
            _("SocialLearn could not read your LMS’s keys just now."),
            _("Try again in a minute. Administrators: is %(url)s reachable?", url=registration.key_set_url),
        ) from error
    except LtiException as error:
        if "deployment" in str(error) and "Unable" in str(error):  # signature, times and audience are proved by then
            raise _unknown_deployment(registration, launch.body, nonce) from error
        raise _invalid(error) from error
    except (
        claims.BadClaim,
        JWException,
        PyJWTError,  # a key of another kind than its set says is no InvalidTokenError
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        # the library meets odd types with AttributeError, KeyError or TypeError; to people they are one thing
        raise _invalid(error) from error


def _unknown_deployment(registration: Registration, body: dict[str, Any], nonce: str) -> Refusal:
    """One of an LMS that names none when it registers (Canvas) waits for an administrator; the row outlives us."""
    if registration.source != Source.LINK:
        return Refusal(
            400,
            _("This LMS placed SocialLearn under a deployment id that is not known here."),
            _("Administrators: add the deployment id to the registration in lti_config.json."),
        )
    deployment_id: str = body[claims.CLAIM + "deployment_id"]
    if body.get("nonce") != nonce or not 0 < len(deployment_id) <= 255 or not deployment_id.isprintable():
        return _invalid(claims.BadClaim("deployment_id is unknown, and the launch is not one to note it from"))
    with transaction() as session:
        is_noted = managing.note(session, registration.id, deployment_id)
    if not is_noted:
        return Refusal(
            403,
            _("SocialLearn is not yet allowed at this place in your LMS, and many other places wait for that too."),
            _("Administrators: confirm or refuse those under Administration first."),
        )
    return Refusal(
        403,
        _("SocialLearn waits for confirmation by an administrator."),
        _(
            "It was opened from this part of your LMS for the first time. "
            "Administrators: choose Confirm under Administration, or run "
            "“sociallearn platform confirm %(registration)s %(deployment)s”. Then open the activity again.",
            registration=registration.id,
            deployment=deployment_id,
        ),
    )


def _read(body: dict[str, Any], row: LoginState, registration: Registration) -> claims.Launch:
    try:
        if body.get("nonce") != row.nonce:
            raise claims.BadClaim("nonce is not the one of this login")
        launch = claims.parse(body, registration.id)
        _check_target(launch.target_link_uri, row.target_link_uri)
    except claims.BadClaim as error:
        raise _invalid(error) from error
    return launch


def _check_target(claimed: str, announced: str) -> None:
    if claimed != announced:
        raise claims.BadClaim("target_link_uri is not the one of the login")
    if urlsplit(claimed).username:
        raise claims.BadClaim("target_link_uri holds a user name")


def _spend(row: LoginState, body: dict[str, Any]) -> None:
    with transaction() as session:
        spent = session.execute(
            update(LoginState)
            .where(LoginState.state == row.state, LoginState.nonce == body["nonce"], LoginState.used_at.is_(None))
            .values(used_at=clock.now())
        )
        if spent.rowcount != 1:  # type: ignore[attr-defined]
            raise Refusal(400, _("This launch was already used."), _open_again())


def _invalid(error: Exception) -> Refusal:
    current_app.logger.warning("launch refused: %s: %s", type(error).__name__, error)
    return Refusal(400, _("Your LMS sent a launch that SocialLearn cannot trust."), _open_again(), detail=str(error))


def _refused_by_lms(form: Mapping[str, str]) -> Refusal:
    said = (form.get("error_description") or form["error"])[:300]
    return Refusal(400, _("Your LMS did not let you in: %(said)s", said=said), _open_again())


def _open_again() -> str:
    return str(_("Go back to your course and open the activity again."))
