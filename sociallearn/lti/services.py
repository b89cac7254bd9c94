"""Calls to the LMS: access tokens (LTI security framework 4) and Assignment and Grade Services (AGS 2.0).

Every call has a time limit, follows no redirect with our credentials, and ends in an answer or a typed error that says
whether trying again can help. Nothing here touches the database: no transaction may be open while we wait for an LMS.
"""

import json
import math
import threading
import time
import uuid
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from flask import current_app
from pylti1p3.registration import Registration as LibraryRegistration
from pylti1p3.service_connector import ServiceConnector, TServiceConnectorResponse

from sociallearn import __version__
from sociallearn.lti import registrations
from sociallearn.lti.models import Registration

TIMEOUT = 10.0  # seconds, to connect and between two pieces of an answer
LARGEST = 1_000_000  # bytes of an answer we read
EARLY = 60.0  # seconds before its end a token is no longer used
REST = 10.0  # seconds an LMS that did not answer in time is not asked again, so that it cannot hold up all the others
ASSERTION_LIFETIME = 240  # seconds; LTI security 4.1.1 allows five minutes

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCORE_SCOPE = AGS + "score"
LINE_ITEM_SCOPES = frozenset({AGS + "lineitem", AGS + "lineitem.readonly"})
LINE_ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FINAL = frozenset({400, 404, 412, 422})

Form = Mapping[str, str]


class ServiceError(Exception):
    """An LMS did not do what we asked. ``code`` is what people are told, ``status`` its answer if it gave one."""

    def __init__(self, code: str, reason: str = "", status: int | None = None) -> None:
        super().__init__(f"{code} ({status or 'no answer'}): {reason}"[:500])
        self.code = code
        self.reason = reason
        self.status = status


class Unreachable(ServiceError):
    """No usable answer: network, time limit, 5xx, redirect, anything about tokens, 401, 403. Trying again may help."""


class Throttled(ServiceError):
    """The LMS asks for patience: 429, or Canvas's older 403 "Rate Limit Exceeded"."""

    def __init__(self, reason: str, status: int, retry_after: float | None) -> None:
        super().__init__("throttled", reason, status)
        self.retry_after = retry_after  # seconds, if it said


class Conflict(ServiceError):
    """409: the LMS has a score with the same or a later time stamp (AGS 2.0 3.4.4)."""


class Refused(ServiceError):
    """400, 404, 412 or 422: the LMS will not take this, however often it is sent."""


@dataclass(frozen=True)
class LineItemData:
    """A column of the gradebook (AGS 2.0 3.2): its name, and the number of points it goes up to."""

    label: str
    score_maximum: float


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: MutableMapping[str, str]
    content: bytes
    next_url: str | None

    @property
    def text(self) -> str:
        return self.content[:2000].decode(errors="replace")

    def json(self) -> Any:
        """The content; None when there is none or it is something else (Moodle answers a score with nothing)."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None


@dataclass
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    token: str = ""
    good_until: float = 0.0
    failure: ServiceError | None = None
    failed_at: float = 0.0


class Tokens:
    """Access tokens of this process, by (registration, scopes). Whoever needs one waits for whoever is fetching it."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], _Kept] = {}
        self._lock = threading.Lock()

    def get(self, key: tuple[Any, ...], fetch: Callable[[], tuple[str, float]]) -> str:
        """The token, from ``fetch`` (token, seconds it is good for) when there is none.

        Raises what ``fetch`` raises; so do all who were waiting for it, instead of trying one after the other.
        """
        asked_at = time.monotonic()
        kept = self._find(key)
        with kept.lock:
            if kept.token and time.monotonic() < kept.good_until:
                return kept.token
            if kept.failure is not None and kept.failed_at >= asked_at:
                raise Unreachable(kept.failure.code, kept.failure.reason)
            try:
                kept.token, lifetime = fetch()
            except ServiceError as error:
                kept.failure, kept.failed_at = error, time.monotonic()
                raise
            kept.failure, kept.good_until = None, time.monotonic() + lifetime
            return kept.token

    def drop(self, key: tuple[Any, ...], token: str) -> None:
        """The LMS no longer takes this token. A newer one, fetched by somebody else meanwhile, stays."""
        kept = self._find(key)
        with kept.lock:
            if kept.token == token:
                kept.token = ""

    def _find(self, key: tuple[Any, ...]) -> _Kept:
        with self._lock:
            return self._kept.setdefault(key, _Kept())


class Connector(ServiceConnector):
    """PyLTI1p3's connector with time limits, tokens kept as long as they are good, and typed errors."""

    def __init__(
        self, registration: LibraryRegistration, key: int, scopes: Sequence[str], seconds: float | None = None
    ) -> None:
        """``key`` is our id of the registration, ``scopes`` what the LMS grants; no call begins after ``seconds``."""
        super().__init__(registration, _http())
        self.scopes = tuple(sorted(scopes))
        self._key = key
        self._begin_until = None if seconds is None else time.monotonic() + seconds
        self._tokens: Tokens = current_app.extensions.setdefault("lti_tokens", Tokens())
        self._resting: dict[int, float] = current_app.extensions.setdefault("lti_resting", {})

    def get_access_token(self, scopes: Sequence[str]) -> str:
        """A token for these scopes (client credentials with a signed assertion). Raises Unreachable."""
        wanted = tuple(sorted(scopes))
        return self._tokens.get((self._key, *wanted), lambda: self._fetch_token(wanted))

    def make_service_request(
        self,
        scopes: Sequence[str],
        url: str,
        is_post: bool = False,
        data: str | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        case_insensitive_headers: bool = False,
    ) -> TServiceConnectorResponse:
        """One call with a token; with a new one if the LMS says 401. Raises ServiceError."""
        headers = {"Accept": accept} | ({"Content-Type": content_type} if is_post else {})
        method = "POST" if is_post else "GET"
        token = self.get_access_token(scopes)
        answer = self._send(method, url, token, headers, data)
        if answer.status == 401:
            self._tokens.drop((self._key, *sorted(scopes)), token)
            answer = self._send(method, url, self.get_access_token(scopes), headers, data)
        _check(answer)
        found = answer.headers if case_insensitive_headers else dict(answer.headers)
        return {"headers": found, "body": answer.json(), "next_page_url": answer.next_url}

    def _fetch_token(self, scopes: tuple[str, ...]) -> tuple[str, float]:
        url = self._registration.get_auth_token_url() or ""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(url),
            "scope": " ".join(scopes),
        }
        answer = self._send("POST", url, None, {"Accept": "application/json"}, form)
        found = answer.json()
        token = found.get("access_token") if isinstance(found, dict) else None
        if answer.status != 200 or not isinstance(token, str) or not token:
            raise Unreachable("token", f"token endpoint answered {answer.status}: {answer.text}")
        return token, max(0.0, _seconds(found.get("expires_in"), 3600.0) - EARLY)

    def _assertion(self, url: str) -> str:
        """The signed proof that it is us (LTI security 4.1.1, RFC 7523): ours for minutes, used once."""
        client_id = str(self._registration.get_client_id())
        now = int(time.time())
        claims: dict[str, str | int] = {
            "iss": client_id,
            "sub": client_id,
            "aud": self._registration.get_auth_audience() or url,
            "iat": now - 5,  # an LMS whose clock runs a little behind
            "exp": now + ASSERTION_LIFETIME,
            "jti": str(uuid.uuid4()),
        }
        kid = self._registration.get_kid()
        return self.encode_jwt(claims, self._registration.get_tool_private_key() or "", {"kid": kid} if kid else {})

    def _send(
        self, method: str, url: str, token: str | None, headers: dict[str, str], data: str | Form | None
    ) -> _Answer:
        if self._begin_until is not None and time.monotonic() > self._begin_until:
            raise Unreachable("timeout", "no time left for this attempt")
        if time.monotonic() < self._resting.get(self._key, 0.0):
            raise Unreachable("timeout", "it did not answer a moment ago")
        body = data.encode() if isinstance(data, str) else data
        try:
            with self._requests_session.request(
                method,
                url,
                data=body,
                headers=headers,
                auth=_Bearer(token),
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as response:
                next_url = response.links.get("next", {}).get("url")
                return _Answer(response.status_code, response.headers, _read(response), next_url)
        except (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError) as error:
            self._resting[self._key] = time.monotonic() + REST
            raise Unreachable("timeout", str(error)) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise Unreachable("unreachable", str(error)) from error


class _Bearer(requests.auth.AuthBase):
    """The token and nothing else: without this requests would look into ~/.netrc."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = "Bearer " + self._token
        return request


def connect(registration: Registration, scopes: Sequence[str], seconds: float | None = None) -> Connector:
    """A connector for AGS with the ``scopes`` (URIs) of a launch's claim; no call begins after ``seconds``.

    One token serves all AGS scopes. Raises Unreachable when we have no key for the registration any more.
    """
    try:
        library = registrations.library_registration(registration)
    except (LookupError, OSError) as error:
        raise Unreachable("unregistered", str(error)) from error
    granted = [scope for scope in scopes if scope.startswith(AGS)]
    return Connector(library, registration.id, granted, seconds)


def may_read_line_item(scopes: Sequence[str]) -> bool:
    """Whether the LMS lets us ask about its columns."""
    return not LINE_ITEM_SCOPES.isdisjoint(scopes)


def read_line_item(connector: Connector, url: str) -> LineItemData:
    """The column at ``url`` (AGS 2.0 3.2). Raises ServiceError, also for an answer that is no line item."""
    answer = connector.make_service_request(connector.scopes, url, accept=LINE_ITEM_TYPE)
    found = answer["body"]
    maximum = _positive(found.get("scoreMaximum")) if isinstance(found, dict) else None
    if not isinstance(found, dict) or maximum is None:
        raise Unreachable("unreachable", f"{url} is not a line item", 200)
    return LineItemData(str(found.get("label") or ""), maximum)


def post_score(connector: Connector, line_item_url: str, score: Mapping[str, Any]) -> None:
    """Send a score (AGS 2.0 3.4) to the column. Raises ServiceError; only Refused is final."""
    if SCORE_SCOPE not in connector.scopes:
        raise Unreachable("unauthorised", "the launch granted no score scope")
    body = json.dumps(score, allow_nan=False)
    url = scores_url(line_item_url)
    connector.make_service_request(connector.scopes, url, is_post=True, data=body, content_type=SCORE_TYPE)


def scores_url(line_item_url: str) -> str:
    """``/scores`` behind the path, before the query: Moodle's addresses end in ``?type_id=1`` (AGS 2.0 3.4.1)."""
    parts = urlsplit(line_item_url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/scores"))


def _check(answer: _Answer) -> None:
    status, text = answer.status, answer.text
    if 200 <= status < 300:
        return
    if status == 429 or (status == 403 and "rate limit" in text.lower()):
        after = _seconds(answer.headers.get("Retry-After"), -1.0)
        raise Throttled(text, status, after if after >= 0 else None)
    if status == 409:
        raise Conflict("conflict", text, status)
    if status in _FINAL:
        raise Refused("refused", text, status)
    raise Unreachable("unauthorised" if status in (401, 403) else "unreachable", text, status)


def _read(response: requests.Response) -> bytes:
    """The body, within ``TIMEOUT`` seconds altogether: a time limit between pieces alone would let them drip."""
    end = time.monotonic() + TIMEOUT
    parts: list[bytes] = []
    while piece := response.raw.read1(65536, decode_content=True):
        parts.append(piece)
        if time.monotonic() > end:
            raise TimeoutError("the answer took too long")
        if sum(map(len, parts)) > LARGEST:
            raise ValueError(f"the answer has more than {LARGEST} bytes")
    return b"".join(parts)


_local = threading.local()


def _http() -> requests.Session:
    """One session a thread, for its open connections: requests promises no more. It keeps no cookies."""
    session: requests.Session | None = getattr(_local, "session", None)
    if session is None:
        session = _local.session = requests.Session()
        session.headers["User-Agent"] = f"SocialLearn/{__version__}"
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def _seconds(value: object, otherwise: float) -> float:
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return otherwise
    return found if math.isfinite(found) else otherwise


def _positive(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if math.isfinite(value) and value > 0 else None
