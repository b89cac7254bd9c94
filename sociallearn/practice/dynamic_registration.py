"""Connecting a tool by link (LTI dynamic registration 1.0): the page of the administrator, and what the tool asks.

It is the same tool again, under another client id; so that both can be compared, an activated one gets an activity of
its own in the first course.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import abort, jsonify, redirect, render_template, request, url_for
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from sociallearn import __version__, clock
from sociallearn.practice import log, pages, platform
from sociallearn.practice.claims import SCOPES
from sociallearn.practice.models import Client, Course, Link, RegistrationToken
from sociallearn.practice.state import Practice, origin, practice

LIFETIME = timedelta(hours=1)  # of a registration token, as Moodle's and Canvas's
MOST_CLIENTS = 50
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
MESSAGES = ("LtiResourceLinkRequest", "LtiDeepLinkingRequest", "LtiSubmissionReviewRequest")
VARIABLES = ("Context.id.history", "ResourceLink.id.history", "Moodle.Person.userGroupIds")


class Refused(Exception):
    """The tool is not registered (dynamic registration 3.6.2)."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status, self.error = status, error


@pages.bp.get("/connecting")
def connecting() -> str:
    """Paste a tool's link; the tools that registered themselves."""
    return _page()


@pages.bp.post("/connecting")
def begin_connecting() -> str | tuple[str, int]:
    """Open the tool's page in a frame, with where it finds our configuration and a token that lets it register."""
    lms, link = practice(), request.form.get("link", "").strip()
    if origin(link) != lms.tool_origin or not urlsplit(link).path.strip("/"):
        problem = f"Paste a link that begins with {lms.tool_origin}/, as sociallearn platform invite prints it."
        return _page(link=link, problem=problem), 422
    with lms.store.writing() as session:
        token = _new_token(session, names_deployment="canvas" not in request.form)
    asked = {"openid_configuration": configuration_url(lms), "registration_token": token}
    frame = link + ("&" if urlsplit(link).query else "?") + urlencode(asked)
    return _page(link=link, frame=frame, is_canvas="canvas" in request.form)


@pages.bp.post("/connecting/<client_id>/activation")
def activate(client_id: str) -> Response:
    """Let a tool that registered itself in: it gets an activity in the first course."""
    with practice().store.writing() as session:
        client = session.get(Client, client_id) or abort(404)
        if client.activated_at is None:
            client.activated_at = clock.now()
            _add_activity(session, client)
    return redirect(url_for("pages.connecting"), 303)


def _page(link: str = "", frame: str = "", problem: str = "", is_canvas: bool = False) -> str:
    with practice().store.reading() as session:
        clients = list(session.scalars(select(Client).order_by(Client.made_at.desc())))
        links = {one.client_id: one for one in session.scalars(select(Link).where(Link.client_id.is_not(None)))}
        return render_template(
            "practice/connecting.html",
            link=link,
            frame=frame,
            problem=problem,
            is_canvas=is_canvas,
            clients=clients,
            links=links,
            tool_origin=practice().tool_origin,
        )


def _add_activity(session: Session, client: Client) -> None:
    course = session.scalars(select(Course).order_by(Course.position)).first()
    assert course is not None
    last = session.scalar(select(func.max(Link.position)).where(Link.course_id == course.id)) or 0
    description = f"The same tool as it registered itself by a link: client id {client.client_id}."
    link = Link(id=client.client_id, course_id=course.id, position=last + 1, title=f"{client.name}, connected by link")
    link.description, link.client_id = description, client.client_id
    session.add(link)


def configuration_url(lms: Practice) -> str:
    """Where the tool finds what this LMS says of itself."""
    return lms.base_url + "/.well-known/openid-configuration"


@platform.bp.get("/.well-known/openid-configuration")
def configuration() -> tuple[Any, int]:
    """What this LMS says of itself (dynamic registration 3.5). As Canvas does, it wants to see the token here too."""
    lms = practice()
    with lms.store.reading() as session:
        if _token(session) is None:
            return _refusal(Refused(401, "invalid_token", "the registration token is missing, used or too old"))
    return jsonify(
        {
            "issuer": lms.base_url,
            "authorization_endpoint": lms.base_url + "/auth",
            "token_endpoint": lms.token_url,
            "jwks_uri": lms.base_url + "/jwks",
            "registration_endpoint": lms.base_url + "/registrations",
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", *SCOPES],
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["iss", "sub", "name", "given_name", "family_name", "email"],
            PLATFORM: {
                "product_family_code": "sociallearn-practice",
                "version": __version__,
                "messages_supported": [{"type": message} for message in MESSAGES],
                "variables": list(VARIABLES),
            },
        }
    ), 200


@platform.bp.post("/registrations")
def register() -> tuple[Any, int]:
    """Register a tool (dynamic registration 3.6), pending until somebody activates it."""
    lms = practice()
    try:
        with lms.store.writing() as session:
            token = _token(session)
            if token is None:
                raise Refused(401, "invalid_token", "the registration token is missing, used or too old")
            wanted = _checked(lms, request.get_json(silent=True))
            _spend(session, token)
            client = _new_client(session, wanted)
            answer = _answer(wanted, client, token.names_deployment)
            log.record(session, "registration", f"{client.name} registered", 200, asked=wanted, answer=answer)
    except Refused as refused:
        with lms.store.writing() as session:
            log.record(session, "registration", f"Refused: {refused}", refused.status)
        return _refusal(refused)
    return jsonify(answer), 200


def _refusal(refused: Refused) -> tuple[Any, int]:
    return jsonify(error=refused.error, error_description=str(refused)), refused.status


def _checked(lms: Practice, wanted: Any) -> dict[str, Any]:
    configuration = wanted.get(TOOL) if isinstance(wanted, dict) else None
    if not isinstance(wanted, dict) or not isinstance(configuration, dict):
        raise Refused(400, "invalid_client_metadata", "a JSON object with an LTI tool configuration is needed")
    redirects = wanted.get("redirect_uris")
    addresses = [wanted.get("initiate_login_uri"), wanted.get("jwks_uri"), configuration.get("target_link_uri")]
    if not isinstance(redirects, list) or lms.launch_url not in redirects:
        raise Refused(400, "invalid_redirect_uri", f"redirect_uris must hold {lms.launch_url}")
    if not all(isinstance(one, str) and origin(one) == lms.tool_origin for one in addresses):
        raise Refused(400, "invalid_client_metadata", f"this LMS knows one tool only, at {lms.tool_origin}")
    if wanted.get("token_endpoint_auth_method") != "private_key_jwt":
        raise Refused(400, "invalid_client_metadata", "token_endpoint_auth_method must be private_key_jwt")
    if not isinstance(wanted.get("client_name"), str) or not 0 < len(wanted["client_name"]) <= 100:
        raise Refused(400, "invalid_client_metadata", "client_name is missing or too long")
    return wanted


def _new_client(session: Session, wanted: dict[str, Any]) -> Client:
    number = session.scalar(select(func.count()).select_from(Client)) or 0
    if number >= MOST_CLIENTS:
        raise Refused(400, "invalid_client_metadata", "this LMS has enough tools")
    client = Client(client_id=f"practice-{secrets.token_hex(6)}", deployment_id=str(number + 2))
    client.name, client.jwks_uri = wanted["client_name"], wanted["jwks_uri"]
    session.add(client)
    session.flush()
    return client


def _answer(wanted: dict[str, Any], client: Client, names_deployment: bool) -> dict[str, Any]:
    scopes = [scope for scope in str(wanted.get("scope", "")).split() if scope in SCOPES]
    configuration = dict(wanted[TOOL])
    if names_deployment:
        configuration["deployment_id"] = client.deployment_id
    return {**wanted, "client_id": client.client_id, "scope": " ".join(scopes), TOOL: configuration}


def _new_token(session: Session, names_deployment: bool) -> str:
    session.execute(delete(RegistrationToken).where(RegistrationToken.expires_at < clock.now()))
    token, until = secrets.token_urlsafe(32), clock.now() + LIFETIME
    session.add(RegistrationToken(digest=_digest(token), names_deployment=names_deployment, expires_at=until))
    return token


def _token(session: Session) -> RegistrationToken | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    found = session.get(RegistrationToken, _digest(token.strip())) if kind.lower() == "bearer" else None
    return found if found and found.used_at is None and found.expires_at > clock.now() else None


def _spend(session: Session, token: RegistrationToken) -> None:
    mine = (RegistrationToken.digest == token.digest) & RegistrationToken.used_at.is_(None)
    if session.execute(update(RegistrationToken).where(mine).values(used_at=clock.now())).rowcount != 1:  # type: ignore[attr-defined]
        raise Refused(401, "invalid_token", "the registration token was used before")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
