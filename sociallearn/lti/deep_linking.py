"""Deep linking (LTI deep linking 2.0): remember where the answer goes, and sign it.

Our own and not PyLTI1p3's, whose content items know neither text nor dates and whose answer always holds ``data``.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.errors import Refusal
from sociallearn.lti import keys
from sociallearn.lti.claims import CLAIM, DEEP_LINKING, Launch
from sociallearn.lti.models import ContentRequest, Registration

LINK = "ltiResourceLink"
TAG = "participation"  # of every column we ask for, so that it is found again in a copy of the course
LIFETIME = timedelta(hours=8)  # to choose in: a working day
ANSWER_LIFETIME = timedelta(minutes=5)  # of a signed answer; the browser carries it to the LMS at once

_PORTS = {"http": 80, "https": 443}
_PLAIN = re.compile(r"[!-~]+")  # visible ASCII
_FOREIGN = '\\"<>^`{|}'  # what browsers and urlsplit read differently, or no address holds unescaped


@dataclass(frozen=True)
class Item:
    """One link to be placed in the course. ``points`` empty: it gets no column in the gradebook."""

    key: str
    title: str
    text: str = ""
    points: float | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None


def remember(session: Session, launch: Launch) -> ContentRequest:
    """Keep what a deep linking request says about its answer.

    Raises Refusal 400 for a return address that is not the LMS's own: nothing we sign is sent anywhere else.
    """
    wanted = launch.choosing
    registration = session.get_one(Registration, launch.registration_id)
    if wanted is None or not is_own(registration, wanted.return_url):
        raise Refusal(
            400,
            _("Your LMS asks us to send your choice to an address that is not its own."),
            _("Administrators: add that site to the frame origins of this LMS, if it is yours."),
        )
    row = ContentRequest(
        registration_id=registration.id,
        deployment_id=launch.deployment_id,
        return_url=wanted.return_url,
        data=wanted.data,
        accepts_links=LINK in wanted.accept_types,
        accept_multiple=wanted.accept_multiple,
        accept_line_item=wanted.accept_line_item,
        title=wanted.title,
        text=wanted.text,
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return row


def is_own(registration: Registration, url: str) -> bool:
    """Whether an address is on a site that belongs to this LMS: its issuer, its endpoints, or its frame origins."""
    origin = origin_of(url)
    if origin is None:
        return False
    endpoints = (
        registration.issuer,
        registration.auth_login_url,
        registration.auth_token_url,
        registration.key_set_url or "",
    )
    own = {origin_of(one) for one in endpoints}
    return origin in own or any(_covers(one, origin) for one in registration.frame_origins)


def _covers(pattern: str, origin: str) -> bool:
    """``https://*.example.org`` stands for every host below example.org, as in a Content-Security-Policy."""
    scheme, found, domain = pattern.partition("://*.")
    if not found:
        return origin_of(pattern) == origin
    return origin.startswith(scheme + "://") and origin.endswith("." + domain.lower())


def origin_of(url: str) -> str | None:
    """``scheme://host[:port]`` as browsers write it; nothing for whatever is no plain http(s) address."""
    if not _PLAIN.fullmatch(url) or any(sign in url for sign in _FOREIGN):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = port is None or port == _PORTS[parts.scheme]
    return f"{parts.scheme}://{host}" if usual else f"{parts.scheme}://{host}:{port}"


def check_open(row: ContentRequest) -> None:
    """Raises Refusal 409 for a request that was answered, 400 for one that is too old to be."""
    if row.answered_at is not None:
        raise _answered()
    if clock.now() >= row.created_at + LIFETIME:
        raise Refusal(
            400,
            _("Your course no longer waits for this choice."),
            _("Close this dialog and open it again from your course."),
        )


def close(session: Session, row: ContentRequest) -> None:
    """This request is answered now, once and for all: of two answers at the same time, one gets through.

    Raises Refusal as ``check_open`` does.
    """
    check_open(row)
    answered = session.execute(
        update(ContentRequest)
        .where(ContentRequest.id == row.id, ContentRequest.answered_at.is_(None))
        .values(answered_at=clock.now())
    )
    if answered.rowcount != 1:  # type: ignore[attr-defined]
        raise _answered()


def _answered() -> Refusal:
    return Refusal(
        409,
        _("This was already placed in your course."),
        _("Look for it there. To place more, open this dialog again from your course."),
    )


def sign(registration: Registration, row: ContentRequest, items: Sequence[Item], problem: str = "") -> str:
    """The answer (deep linking 4.5) as a JWT, signed with RS256. No items: nothing was chosen, perhaps for a problem.

    Raises Refusal 409 when we have no key for this LMS (any more).
    """
    now = clock.now()
    body: dict[str, Any] = {
        "iss": registration.client_id,
        "aud": [registration.issuer],
        "iat": int(now.timestamp()),
        "exp": int((now + ANSWER_LIFETIME).timestamp()),
        "nonce": secrets.token_urlsafe(24),
        CLAIM + "message_type": "LtiDeepLinkingResponse",
        CLAIM + "version": "1.3.0",
        CLAIM + "deployment_id": row.deployment_id,
        DEEP_LINKING + "content_items": [content_item(one) for one in items],
    }
    if row.data is not None:  # an LMS that sent none may trip over it
        body[DEEP_LINKING + "data"] = row.data
    if problem:
        body[DEEP_LINKING + "errormsg"] = problem
    try:
        key = keys.signing_key(registration)
    except LookupError as error:
        raise Refusal(409, _("This LMS is no longer registered with SocialLearn."), "") from error
    return jwt.encode(body, key.private_pem, algorithm="RS256", headers={"kid": key.kid})


def content_item(item: Item) -> dict[str, Any]:
    """One link (deep linking 3.2), without a single null: Moodle 4.3 stumbles over them."""
    made: dict[str, Any] = {
        "type": LINK,
        "title": item.title,
        "url": current_app.config["BASE_URL"] + "/lti/launch",
        "custom": {"item": item.key},
    }
    if item.text:
        made["text"] = item.text
    if item.points is not None:
        points = int(item.points) if item.points.is_integer() else item.points
        made["lineItem"] = {"scoreMaximum": points, "label": item.title, "resourceId": item.key, "tag": TAG}
    if item.opens_at:
        made["available"] = {"startDateTime": _stamp(item.opens_at)}
    if item.closes_at:  # a conversation stays readable afterwards, so it is a due date and not the end of access
        made["submission"] = {"endDateTime": _stamp(item.closes_at)}
    return made


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def remove_expired(session: Session) -> None:
    """Housekeeping: requests nobody can answer any more."""
    session.execute(delete(ContentRequest).where(ContentRequest.created_at < clock.now() - 2 * LIFETIME))
