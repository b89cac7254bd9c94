"""Who is in a course (Names and Role Provisioning Services 2.0), a page at a time.

Moodle gives everybody at once when no ``limit`` is asked for, Canvas at most 50 a page whatever is asked, so nothing is
asked. A list that cannot be read to its end, or that makes no sense, raises: half a list would have us believe that the
other half has left.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from sociallearn.lti import pacing, services
from sociallearn.lti.failures import ServiceError, Throttled
from sociallearn.lti.models import Registration
from sociallearn.lti.services import Connector

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
MEDIA_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
MOST_PAGES = 1000
MOST_PEOPLE = 100_000
PLACE_WITHIN = 5.0  # seconds: a list half read is dearer than a worker that waits a little
MOST_PAUSES = 5  # in a row, when the LMS asks for patience
LONGEST_PAUSE = 10.0  # seconds; who asks for more is asked again from the first page on, much later
SLOWNESS = 3.0  # Moodle makes one answer of thousands of people
_LONGEST_ID = 255  # LTI core 5.3.6.1
_LONGEST_TEXT = 1000
_PORTS = {"https": 443, "http": 80}
_GONE = frozenset({"inactive", "deleted"})


class Unreadable(ServiceError):
    """An answer came, and it is no list of participants we can believe. ``code`` says in which way."""


@dataclass(frozen=True)
class Listed:
    """One person of the list (NRPS 2.0, 2.2). ``name`` and ``email`` are empty where the LMS keeps them to itself."""

    user_id: str
    roles: tuple[str, ...]
    is_active: bool
    name: str
    email: str


def connect(registration: Registration, seconds: float | None = None) -> Connector:
    """A connector with a token for lists of participants and nothing else; no call begins after ``seconds``.

    Raises Unreachable when we have no key for the registration any more.
    """
    connector = services.connect(registration, [SCOPE], seconds, service=SCOPE)
    connector.slowness, connector.place_within = SLOWNESS, PLACE_WITHIN
    return connector


def read(connector: Connector, url: str, wait: Callable[[float], None] = time.sleep) -> Iterator[list[Listed]]:
    """The pages of the list at ``url``, in the LMS's order; somebody may stand in it twice.

    The address of the next page is used as it is. It must be on the same server, as our token goes there. Raises
    ServiceError: Unreadable for what is no such list, or has no end, the others as ``services`` describes them.
    """
    seen: set[str] = set()
    people = 0
    following: str | None = url
    while following is not None:
        if following in seen or len(seen) >= MOST_PAGES:
            raise Unreadable("endless", f"page {len(seen) + 1} of {url} is {following}")
        seen.add(following)
        body, link = _page(connector, following, wait)
        page = _members(body, following)
        people += len(page)
        if people > MOST_PEOPLE:
            raise Unreadable("endless", f"{url} has more than {MOST_PEOPLE} people")
        yield page
        following = _next(following, link)


def _page(connector: Connector, url: str, wait: Callable[[float], None]) -> tuple[Any, str | None]:
    """One page; a short pause when the LMS asks for it, as beginning again would only cost it more."""
    for pauses in range(MOST_PAUSES + 1):
        try:
            answer = connector.make_service_request([SCOPE], url, accept=MEDIA_TYPE)
            return answer["body"], answer["next_page_url"]
        except Throttled as error:
            seconds = pacing.PATIENCE if error.retry_after is None else error.retry_after
            if error.code == "busy":  # with our own calls, which takes turns: no reason to begin again
                seconds = min(seconds, LONGEST_PAUSE)
            if pauses == MOST_PAUSES or seconds > LONGEST_PAUSE:
                raise
            wait(seconds)
    raise AssertionError("unreachable")


def _next(url: str, link: str | None) -> str | None:
    if link is None:
        return None
    try:
        following = urljoin(url, link)
        is_same = _origin(following) == _origin(url)
    except ValueError:  # no address at all
        is_same = False
    if not is_same:
        raise Unreadable("elsewhere", f"the page after {url} is {link}")
    return following


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _members(body: Any, url: str) -> list[Listed]:
    members = body.get("members") if isinstance(body, dict) else None
    if not isinstance(members, list):
        raise Unreadable("unreadable", f"{url} is no membership container")
    return [_listed(one) for one in members]


def _listed(one: Any) -> Listed:
    if not isinstance(one, dict):
        raise Unreadable("unreadable", "a member is not an object")
    parts = [_text(one, "given_name"), _text(one, "family_name")]
    return Listed(
        user_id=_user_id(one.get("user_id")),
        roles=_roles(one.get("roles")),
        is_active=_status(one.get("status")) not in _GONE,
        name=_text(one, "name") or " ".join(part for part in parts if part),
        email=_text(one, "email"),
    )


def _user_id(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value or len(value) > _LONGEST_ID or not _is_storable(value):
        raise Unreadable("unreadable", f"a member has no user_id but {str(value)[:50]!r}")
    return value


def _roles(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(role, str) for role in value):
        raise Unreadable("unreadable", "a member's roles are not a list of strings")
    return tuple(value)


def _status(value: Any) -> str:
    """No status means Active (NRPS 2.0, 2.3); so does a word we do not know, as it must not throw anybody out."""
    if value is not None and not isinstance(value, str):
        raise Unreadable("unreadable", "a member's status is not a string")
    return (value or "Active").lower()


def _text(one: dict[str, Any], name: str) -> str:
    """A name or address. Nothing hangs on it, so that one of another type is the same as none."""
    value = one.get(name)
    return value[:_LONGEST_TEXT].strip() if isinstance(value, str) and _is_storable(value) else ""


def _is_storable(value: str) -> bool:
    return "\x00" not in value and value == value.encode(errors="ignore").decode()
