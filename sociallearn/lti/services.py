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
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
import urllib3
from flask import current_app
from pylti1p3.registration import Registration as LibraryRegistration
from pylti1p3.service_connector import ServiceConnector, TServiceConnectorResponse

from sociallearn import __version__, clock
from sociallearn.lti import fetching, registrations
from sociallearn.lti.failures import Conflict, NotNow, Refused, ServiceError, Throttled, Unreachable, Unsent
from sociallearn.lti.models import Registration
from sociallearn.lti.pacing import A_MOMENT, MOST_AT_ONCE, Pace

TIMEOUT = 10.0  # seconds, to connect and between two pieces of an answer
LARGEST = 10_000_000  # bytes of an answer we read: Moodle gives a course of thousands in one
EARLY = 60.0  # seconds before its end a token is no longer used
REST = 10.0  # seconds an LMS that did not answer in time is not asked again, so that it cannot hold up all the others
ASSERTION_LIFETIME = 240  # seconds; LTI security 4.1.1 allows five minutes
OVERLOADED = frozenset({502, 503, 504})
LEAST_OFF, MOST_OFF = 5.0, 900.0  # seconds an LMS's clock may be wrong for us to sign by it
MOST_PAGES = 200  # of a list; an LMS whose pages lead in a circle must not keep us for ever

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCORE_SCOPE = AGS + "score"
RESULT_SCOPE = AGS + "result.readonly"
COLUMN_SCOPE = AGS + "lineitem"  # also makes, changes and removes
LINE_ITEM_SCOPES = frozenset({COLUMN_SCOPE, AGS + "lineitem.readonly"})
LINE_ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FINAL = frozenset({400, 404, 412, 422})
_STUDENTS_ONLY = "not a student"  # Canvas's 422 for trainers, its test student and whoever left

Form = Mapping[str, str]


@dataclass(frozen=True)
class LineItemData:
    """A column of the gradebook (AGS 2.0 3.2): its name, and the number of points it goes up to.

    ``url`` is its id; ``body`` all the LMS said, to be handed back when changing it.
    """

    label: str
    score_maximum: float
    url: str = ""
    resource_id: str = ""
    tag: str = ""
    resource_link_id: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)


DATES = ("startDateTime", "endDateTime")


@dataclass(frozen=True)
class Dates:
    """From when to when a column is filled (AGS 2.0 3.2.9 and 3.2.10): what an LMS's calendar shows, where it does."""

    starts: datetime | None = None
    ends: datetime | None = None

    def as_body(self) -> dict[str, str]:
        """As a line item says it."""
        said = zip(DATES, (self.starts, self.ends), strict=True)
        return {name: at.astimezone(UTC).isoformat(timespec="seconds") for name, at in said if at is not None}

    def are_in(self, body: Mapping[str, Any]) -> bool:
        """Whether the LMS has those we know."""
        return all(_moment(body.get(name)) == _moment(said) for name, said in self.as_body().items())


NO_DATES = Dates()


@dataclass(frozen=True)
class ResultData:
    """What stands in a column for one person (AGS 2.0 3.3). No score: emptied, or 0 where the LMS keeps that back."""

    user_id: str
    score: float | None
    maximum: float


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

    place_within: float | None = None  # seconds to wait for a place among the calls under way; else a moment at most
    slowness = 1.0  # how often ``TIMEOUT`` an answer may take: more for a list of thousands

    def __init__(
        self,
        registration: LibraryRegistration,
        key: int,
        scopes: Sequence[str],
        seconds: float | None = None,
        at_once: int = MOST_AT_ONCE,
    ) -> None:
        """``key`` is our id of the registration, ``scopes`` what the LMS grants; no call begins after ``seconds``.

        At most ``at_once`` calls of this process to this LMS are under way at the same time.
        """
        super().__init__(registration, _http(getattr(registration, "is_by_link", False)))
        self.scopes = tuple(sorted(scopes))
        self._key = key
        self._begin_until = None if seconds is None else time.monotonic() + seconds
        self._tokens: Tokens = current_app.extensions.setdefault("lti_tokens", Tokens())
        self._resting: dict[int, float] = current_app.extensions.setdefault("lti_resting", {})
        self._pace: Pace = current_app.extensions.setdefault("lti_pace", Pace())
        self._at_once = at_once

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
        answer = self._call("POST" if is_post else "GET", url, scopes, headers, data)
        found = answer.headers if case_insensitive_headers else dict(answer.headers)
        return {"headers": found, "body": answer.json(), "next_page_url": answer.next_url}

    def write(self, method: str, url: str, body: Mapping[str, Any] | None, media_type: str) -> Any:
        """Send JSON of a media type by any method, with all scopes; the content of the answer. Raises ServiceError."""
        data = None if body is None else json.dumps(body, allow_nan=False)
        headers = {} if body is None else {"Accept": media_type, "Content-Type": media_type}
        return self._call(method, url, self.scopes, headers, data).json()

    def _call(self, method: str, url: str, scopes: Sequence[str], headers: dict[str, str], data: str | None) -> _Answer:
        left = self._pace.left(self._key)
        if left > 0:
            raise NotNow("it asked for patience", left)
        try:
            with self._pace.place(self._key, self._at_once, self._patience()):
                answer = self._with_token(method, url, scopes, headers, data)
            _check(answer)
        except (NotNow, Unsent):
            raise
        except Throttled as error:
            self._pace.slow_down(self._key, error.retry_after)
            raise
        except ServiceError as error:
            if error.code == "timeout" or error.status in OVERLOADED:
                self._pace.overloaded(self._key)
            raise
        remaining = _seconds(answer.headers.get("X-Rate-Limit-Remaining"), math.inf)
        self._pace.went_well(self._key, remaining)
        return answer

    def _patience(self) -> float:
        return self.place_within or (A_MOMENT if self._pace.is_quick(self._key) else 0.0)

    def _with_token(
        self, method: str, url: str, scopes: Sequence[str], headers: dict[str, str], data: str | None
    ) -> _Answer:
        token = self.get_access_token(scopes)
        answer = self._send(method, url, token, headers, data)
        if answer.status == 401:
            self._tokens.drop((self._key, *sorted(scopes)), token)
            answer = self._send(method, url, self.get_access_token(scopes), headers, data)
        return answer

    def _fetch_token(self, scopes: tuple[str, ...]) -> tuple[str, float]:
        answer = self._ask_token(scopes, 0.0)
        off = _off(answer.headers.get("Date"))
        if answer.status in (400, 401) and LEAST_OFF < abs(off) <= MOST_OFF:
            answer = self._ask_token(scopes, off)  # by its clock our proof was of yesterday, or of tomorrow
        found = answer.json()
        token = found.get("access_token") if isinstance(found, dict) else None
        if answer.status != 200 or not isinstance(token, str) or not token:
            raise Unreachable("token", f"token endpoint answered {answer.status}: {answer.text}")
        return token, max(0.0, _seconds(found.get("expires_in"), 3600.0) - EARLY)

    def _ask_token(self, scopes: tuple[str, ...], off: float) -> _Answer:
        url = self._registration.get_auth_token_url() or ""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(url, off),
            "scope": " ".join(scopes),
        }
        return self._send("POST", url, None, {"Accept": "application/json"}, form)

    def _assertion(self, url: str, off: float) -> str:
        """The signed proof that it is us (LTI security 4.1.1, RFC 7523): good for minutes, used once.

        By a clock that is ``off`` seconds ahead of ours.
        """
        client_id = str(self._registration.get_client_id())
        now = int(clock.now().timestamp() + off)
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
            raise Unsent("timeout", "no time left for this attempt")
        if time.monotonic() < self._resting.get(self._key, 0.0):
            raise Unsent("timeout", "it did not answer a moment ago")
        body = data.encode() if isinstance(data, str) else data
        patience = TIMEOUT * self.slowness

        def call() -> _Answer:
            with self._requests_session.request(
                method,
                url,
                data=body,
                headers=headers,
                auth=_Bearer(token),
                timeout=patience,
                allow_redirects=False,
                stream=True,
            ) as response:
                next_url = response.links.get("next", {}).get("url")
                return _Answer(response.status_code, response.headers, _read(response, patience), next_url)

        try:
            # to connect, for the headers and for the body: each is limited by ``patience``, all of it by twice that
            return fetching.in_time(call, 2 * patience)
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


def connect(
    registration: Registration, scopes: Sequence[str], seconds: float | None = None, service: str = AGS
) -> Connector:
    """A connector with those ``scopes`` (URIs) that belong to one service; no call begins after ``seconds``.

    One token serves all scopes of a service (AGS unless said otherwise), and no other. Raises Unreachable when we have
    no key for the registration any more.
    """
    try:
        library = registrations.library_registration(registration)
    except (LookupError, OSError) as error:
        raise Unreachable("unregistered", str(error)) from error
    granted = [scope for scope in scopes if scope.startswith(service)]
    return Connector(library, registration.id, granted, seconds, at_once=1 if is_canvas(registration) else MOST_AT_ONCE)


def is_canvas(registration: Registration) -> bool:
    """Whether this LMS is a Canvas: it says so itself at every launch, and the hosted ones share their issuers."""
    host = urlsplit(registration.issuer).hostname or ""
    return registration.product == "canvas" or host == "instructure.com" or host.endswith(".instructure.com")


def may_read_line_item(scopes: Sequence[str]) -> bool:
    """Whether the LMS lets us ask about its columns."""
    return not LINE_ITEM_SCOPES.isdisjoint(scopes)


def read_line_item(connector: Connector, url: str) -> LineItemData:
    """The column at ``url`` (AGS 2.0 3.2). Raises ServiceError, also for an answer that is no line item."""
    answer = connector.make_service_request(connector.scopes, url, accept=LINE_ITEM_TYPE)
    return _line_item(answer["body"], url)


def may_make_columns(scopes: Sequence[str]) -> bool:
    """Whether the LMS lets us make, change and remove columns."""
    return COLUMN_SCOPE in scopes


def list_line_items(connector: Connector, url: str) -> list[LineItemData]:
    """All our columns of a course (AGS 2.0 3.2.3), over all pages. Raises ServiceError.

    Neither ``limit`` nor filters are asked for: the Link header with which Moodle answers a limit cannot be parsed, and
    not everybody knows the filters. What is no line item is left out.
    """
    return [
        _line_item(one, url)
        for one in _pages(connector, url, LINE_ITEMS_TYPE)
        if isinstance(one.get("id"), str) and _positive(one.get("scoreMaximum")) is not None
    ]


def create_line_item(connector: Connector, url: str, body: Mapping[str, Any]) -> LineItemData:
    """A new column (AGS 2.0 3.2.5). Raises ServiceError, also when the answer does not say where it is."""
    made = _line_item(connector.write("POST", url, body, LINE_ITEM_TYPE), url)
    if not made.body.get("id"):
        raise Unreachable("unreachable", "the new line item has no id", 201)
    return made


def change_line_item(
    connector: Connector, url: str, label: str, maximum: float, dates: Dates = NO_DATES
) -> LineItemData:
    """Another name, maximum and other dates (AGS 2.0 3.2.6). Raises ServiceError.

    Dates we do not know stay as somebody set them there.

    PUT replaces the whole column, so that everything else is handed back as the LMS has it: Moodle would empty tag and
    resourceId, and nobody may change id or resourceLinkId.
    """
    now = read_line_item(connector, url)
    if (now.label, now.score_maximum) == (label, maximum) and dates.are_in(now.body):
        return now
    body = {
        **now.body,
        "id": now.body.get("id", url),
        "label": label,
        "scoreMaximum": plain(maximum),
        **dates.as_body(),
    }
    return _line_item(connector.write("PUT", url, body, LINE_ITEM_TYPE), url)


def delete_line_item(connector: Connector, url: str) -> None:
    """Remove a column (AGS 2.0 3.2.7). Raises ServiceError; one that is gone already raises nothing."""
    try:
        connector.write("DELETE", url, None, LINE_ITEM_TYPE)
    except Refused as error:
        if error.status != 404:
            raise


def read_results(connector: Connector, line_item_url: str) -> list[ResultData]:
    """What stands in the column for everybody (AGS 2.0 3.3), over all pages. Raises ServiceError."""
    found = _pages(connector, results_url(line_item_url), RESULTS_TYPE)
    return [_result(one) for one in found if isinstance(one.get("userId"), str | int)]


def _pages(connector: Connector, url: str, media_type: str) -> list[dict[str, Any]]:
    """Every object of a list, over all its pages; the next page's address is used as it is."""
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    following: str | None = url
    while following is not None and following not in seen:
        if len(seen) >= MOST_PAGES:
            raise Unreachable("unreachable", f"{url} has more than {MOST_PAGES} pages", 200)
        seen.add(following)
        answer = connector.make_service_request(connector.scopes, following, accept=media_type)
        body = answer["body"]
        if not isinstance(body, list):
            raise Unreachable("unreachable", f"{following} is not a list", 200)
        found.extend(one for one in body if isinstance(one, dict))
        following = _next(following, answer["next_page_url"])
    return found


def _next(url: str, link: str | None) -> str | None:
    """The next page, of the same LMS, as our token goes with it; nothing when the header makes no sense.

    Raises Unreachable for a page elsewhere: half a list would have us make a column that is there already.
    """
    if not link:
        return None
    following = urljoin(url, link)
    if urlsplit(following)[:2] != urlsplit(url)[:2]:
        raise Unreachable("unreachable", f"the next page is elsewhere: {following}", 200)
    return following


def _line_item(body: Any, url: str) -> LineItemData:
    maximum = _positive(body.get("scoreMaximum")) if isinstance(body, dict) else None
    if not isinstance(body, dict) or maximum is None:
        raise Unreachable("unreachable", f"{url} is not a line item", 200)
    return LineItemData(
        label=str(body.get("label") or ""),
        score_maximum=maximum,
        url=str(body.get("id") or url),
        resource_id=str(body.get("resourceId") or ""),
        tag=str(body.get("tag") or ""),
        resource_link_id=str(body.get("resourceLinkId") or ""),
        body=body,
    )


def _result(body: Mapping[str, Any]) -> ResultData:
    value = body.get("resultScore")
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return ResultData(
        user_id=str(body["userId"]),
        score=float(value) if is_number and value is not None else None,
        maximum=_positive(body.get("resultMaximum")) or 1.0,  # AGS 2.0 3.3.2: 1 where the LMS does not say
    )


def _moment(said: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC) if found else None


def plain(number: float) -> float | int:
    """20 rather than 20.0, as LMSs write it themselves."""
    return int(number) if number.is_integer() else number


def post_score(connector: Connector, line_item_url: str, score: Mapping[str, Any]) -> None:
    """Send a score (AGS 2.0 3.4) to the column. Raises ServiceError; only Refused is final."""
    if SCORE_SCOPE not in connector.scopes:
        raise Unreachable("unauthorised", "the launch granted no score scope")
    body = json.dumps(score, allow_nan=False)
    url = scores_url(line_item_url)
    connector.make_service_request(connector.scopes, url, is_post=True, data=body, content_type=SCORE_TYPE)


def scores_url(line_item_url: str) -> str:
    """``/scores`` behind the path, before the query: Moodle's addresses end in ``?type_id=1`` (AGS 2.0 3.4.1)."""
    return _below(line_item_url, "/scores")


def results_url(line_item_url: str) -> str:
    """``/results`` behind the path, before the query (AGS 2.0 3.3.1)."""
    return _below(line_item_url, "/results")


def _below(url: str, more: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + more))


def _check(answer: _Answer) -> None:
    status, text = answer.status, answer.text
    if 200 <= status < 300:
        return
    if status == 429 or (status == 403 and "rate limit" in text.lower()):
        after = _seconds(answer.headers.get("Retry-After"), -1.0)
        raise Throttled(text, status, after if after >= 0 else None)
    if status == 409 or (status == 400 and "before last updated timestamp" in text.lower()):
        raise Conflict("conflict", text, status)
    if status in _FINAL:
        raise Refused("not_gradable" if status == 422 and _STUDENTS_ONLY in text.lower() else "refused", text, status)
    raise Unreachable("unauthorised" if status in (401, 403) else "unreachable", text, status)


def _read(response: requests.Response, seconds: float) -> bytes:
    """The body, within so many seconds altogether: a time limit between pieces alone would let them drip."""
    end = time.monotonic() + seconds
    parts: list[bytes] = []
    while piece := response.raw.read1(65536, decode_content=True):
        parts.append(piece)
        if time.monotonic() > end:
            raise TimeoutError("the answer took too long")
        if sum(map(len, parts)) > LARGEST:
            raise ValueError(f"the answer has more than {LARGEST} bytes")
    return b"".join(parts)


_local = threading.local()


def _http(is_public: bool) -> requests.Session:
    """One session a thread, for its open connections: requests promises no more. It keeps no cookies.

    ``is_public``: it calls public addresses only, for LMSs that registered themselves (fetching.py).
    """
    name = "public" if is_public else "session"
    session: requests.Session | None = getattr(_local, name, None)
    if session is None:
        session = fetching.session() if is_public else requests.Session()
        setattr(_local, name, session)
        session.headers["User-Agent"] = f"SocialLearn/{__version__}"
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def _seconds(value: object, otherwise: float) -> float:
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return otherwise
    return found if math.isfinite(found) else otherwise


def _off(date: str | None) -> float:
    """Seconds an LMS's clock is ahead of ours, as its ``Date`` header says; 0 without one."""
    try:
        return (parsedate_to_datetime(date) - clock.now()).total_seconds() if date else 0.0
    except (TypeError, ValueError):  # no date, or one without a zone
        return 0.0


def _positive(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if math.isfinite(value) and value > 0 else None
