"""Checking what the tool signed: client assertions and deep linking answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from sqlalchemy import delete
from sqlalchemy.dialects.sqlite import insert

from sociallearn import clock
from sociallearn.practice import clients, switches
from sociallearn.practice.keys import KeyUnavailable
from sociallearn.practice.models import Spent
from sociallearn.practice.state import Practice

SKEW = 5  # seconds two clocks may differ


class BadAssertion(Exception):
    """What the tool signed is not acceptable. Says why."""


def check(lms: Practice, token: str, *, audience: str, lifetime: int, once: str) -> dict[str, Any]:
    """The claims of a JWT the tool signed for ``audience``, refused when old, foreign or seen before.

    LTI security 4.1.1 (client assertion) and 5.2.2 (deep linking answer). ``lifetime``: the longest it may still
    live, in seconds; ``once``: the claim that makes it single-use, "jti" or "nonce". Raises BadAssertion.
    """
    issuer = _issuer(token)
    with lms.store.reading() as session:
        if not clients.is_active(session, issuer):
            raise BadAssertion("iss is not the client id of a tool that is active here")
        address = clients.key_set_of(session, issuer)
        skew = switches.read(session).skew
    claims = _verified(lms, token, address)
    audiences = claims.get("aud")
    if audience not in (audiences if isinstance(audiences, list) else [audiences]):
        raise BadAssertion(f"aud is not {audience}")
    expires_at = _check_times(claims, lifetime, skew)
    value = claims.get(once)
    if not isinstance(value, str) or not value or len(value) > 500:
        raise BadAssertion(f"{once} is missing")
    _spend(lms, f"{once}:{value}", expires_at)
    return claims


def _issuer(token: str) -> str:
    """Who the token says signed it: which key set must show that it is true."""
    try:
        return str(jwt.decode(token, options={"verify_signature": False}).get("iss"))
    except jwt.PyJWTError as error:
        raise BadAssertion("not a JWT") from error


def _verified(lms: Practice, token: str, address: str | None) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise BadAssertion("not a JWT") from error
    kid = header.get("kid")
    if header.get("alg") != "RS256" or not isinstance(kid, str):
        raise BadAssertion("not signed with RS256 and a kid")
    try:
        # times are checked against our own clock, below; the audience beside them
        off = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
        return jwt.decode(token, lms.tool_keys.at(address).find(kid), algorithms=["RS256"], options=off)  # type: ignore[arg-type]
    except KeyUnavailable as error:
        raise BadAssertion(str(error)) from error
    except jwt.PyJWTError as error:
        raise BadAssertion("the signature is not the tool's") from error


def _check_times(claims: dict[str, Any], lifetime: int, skew: int) -> datetime:
    now = clock.now().timestamp() + skew  # by our clock, which may be wrong for practice
    exp, iat = claims.get("exp"), claims.get("iat")
    for name, value in (("exp", exp), ("iat", iat)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e11:
            raise BadAssertion(f"{name} is missing or not a number")
    assert isinstance(exp, int | float) and isinstance(iat, int | float)  # noqa: PT018
    if exp <= now - SKEW:
        raise BadAssertion(f"it expired {now - exp:.0f} seconds ago")
    if exp > now + lifetime + SKEW:
        raise BadAssertion(f"it lives longer than {lifetime} seconds")
    if iat > now + SKEW:
        raise BadAssertion("iat is in the future")
    return datetime.fromtimestamp(exp, UTC)


def _spend(lms: Practice, value: str, expires_at: datetime) -> None:
    with lms.store.writing() as session:
        session.execute(delete(Spent).where(Spent.expires_at < clock.now() - timedelta(minutes=1)))
        spent = session.execute(insert(Spent).values(value=value, expires_at=expires_at).on_conflict_do_nothing())
        if spent.rowcount != 1:  # type: ignore[attr-defined]
            raise BadAssertion("it was used before")
