"""Access tokens for the services: granted for an assertion, and looked at with each call."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.practice.assertions import BadAssertion, check
from sociallearn.practice.claims import SCOPES
from sociallearn.practice.models import AccessToken
from sociallearn.practice.state import Practice

LIFETIME = timedelta(hours=1)
LONGEST_ASSERTION = 300  # seconds; LTI security 4.1.1 recommends short ones
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Refused(Exception):
    """No token (RFC 6749 5.2)."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status, self.error, self.description = status, error, description


def grant(lms: Practice, form: Mapping[str, str]) -> dict[str, Any]:
    """The token endpoint's answer (LTI security 4.1, RFC 7523). Raises Refused."""
    if form.get("grant_type") != "client_credentials":
        raise Refused(400, "unsupported_grant_type", "grant_type must be client_credentials")
    if form.get("client_assertion_type") != ASSERTION_TYPE or not form.get("client_assertion"):
        raise Refused(400, "invalid_request", f"a client_assertion of type {ASSERTION_TYPE} is needed")
    wanted = (form.get("scope") or "").split()
    granted = [scope for scope in SCOPES if scope in wanted]
    try:
        claims = check(
            lms, form["client_assertion"], audience=lms.token_url, lifetime=LONGEST_ASSERTION, once="jti"
        )  # fmt: skip
    except BadAssertion as reason:
        raise Refused(401, "invalid_client", str(reason)) from reason
    if claims.get("sub") != claims["iss"]:
        raise Refused(401, "invalid_client", f"sub is not {claims['iss']}")
    if not granted:
        raise Refused(400, "invalid_scope", "no scope this LMS knows was asked for")
    token = _issue(lms, granted)
    seconds = int(LIFETIME.total_seconds())
    return {"access_token": token, "token_type": "Bearer", "expires_in": seconds, "scope": " ".join(granted)}


def _issue(lms: Practice, scopes: list[str]) -> str:
    token = secrets.token_urlsafe(32)
    with lms.store.writing() as session:
        session.execute(delete(AccessToken).where(AccessToken.expires_at < clock.now()))
        session.add(AccessToken(digest=_digest(token), scopes=" ".join(scopes), expires_at=clock.now() + LIFETIME))
    return token


def scopes_of(session: Session, authorization: str | None) -> set[str] | None:
    """What the bearer of this header may do; None when the token is missing, unknown or expired."""
    kind, _, token = (authorization or "").partition(" ")
    found = session.get(AccessToken, _digest(token.strip())) if kind.lower() == "bearer" else None
    if found is None or found.expires_at <= clock.now():
        return None
    return set(found.scopes.split())


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
