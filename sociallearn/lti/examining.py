"""Does it work? The installation and each connection, looked at from here, and how to mend what does not.

Every call to an LMS is made as in earnest: a fresh access token, a real read. No transaction may be open meanwhile.
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.exc import SQLAlchemyError

from sociallearn import clock
from sociallearn.config import LOCAL_HOSTS
from sociallearn.database import db, release
from sociallearn.lti import failures, fetching, keys, registrations, services
from sociallearn.lti.failures import ServiceError
from sociallearn.lti.models import Registration, Source
from sociallearn.lti.services import Connector, Tokens
from sociallearn.paths import MIGRATIONS

TIMEOUT = 5.0  # seconds for what we fetch ourselves
LARGEST = 1_000_000  # bytes
PATIENCE = 30.0  # seconds; no call to an LMS begins later than that after the first
SKEW_NOTICED, SKEW_REFUSED = 10.0, 60.0  # seconds two clocks may differ: LMSs and we forgive a minute
QUEUE_PATIENCE = 3.0  # seconds in which a worker takes something from the queue

MEMBERSHIPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
MEMBERSHIPS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
_LONG = re.compile(r"[\w.~+/=-]{60,}")  # tokens and assertions an LMS may repeat in what it says


class Result(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"  # works, or could not be tried; worth a look
    PROBLEM = "problem"  # people notice


@dataclass(frozen=True)
class Check:
    """What was looked at, how that went, what was seen, and how to mend it (empty: nothing to mend).

    ``detail``: what the other side answered, for the operator's eyes; never on a page.
    """

    name: str
    result: Result
    seen: str
    mend: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Subject:
    """A connection and what its newest launches said: where members and a column are to be had, with which scopes."""

    registration: Registration
    pending: int = 0  # deployments nobody confirmed yet
    memberships_url: str | None = None
    line_item_url: str | None = None
    ags_scopes: list[str] = field(default_factory=list)


class _Unread(Exception):
    """An address could not be read. Says why."""


def has_problem(checks: list[Check]) -> bool:
    """Whether something must be mended."""
    return any(check.result == Result.PROBLEM for check in checks)


def installation(asks_itself: bool = True) -> list[Check]:
    """The tool itself: its address, secrets, proxy, database and queue. ``asks_itself``: over its own address, too."""
    found = [_base_url(), *([_itself()] if asks_itself else []), _secret_key(), _cookies(), _database()]
    release()
    return [*found, _queue()]


def connection(subject: Subject) -> list[Check]:
    """One LMS: its state, keys, clock, access tokens, participants and columns."""
    registration = subject.registration
    found = [_state(registration), _deployments(subject), *_key_set(registration)]
    connector = _connector(registration, subject.ags_scopes)
    release()  # our signing key may have been read from the database
    if isinstance(connector, Check):
        return [*found, connector]
    participants = _participants(connector, subject)
    column = _column(connector, subject)
    return [*found, participants, column, _our_key_set(registration, [participants, column])]


def _base_url() -> Check:
    url, name = current_app.config["BASE_URL"], _("Address")
    if current_app.config["IS_LOCAL"]:
        mend = _("Good for trying out. For an LMS elsewhere set SOCIALLEARN_BASE_URL to an https address.")
        return Check(name, Result.WARNING, _("%(url)s can be reached from this machine only.", url=url), mend)
    return Check(name, Result.OK, url)


def _itself() -> Check:
    url, name = current_app.config["BASE_URL"] + "/healthz", _("Reachable")
    try:
        found, _date = _read_json(url)
    except _Unread as error:
        mend = _("Is the server running, and does the proxy lead this address to it?")
        return Check(name, Result.PROBLEM, _("%(url)s does not answer: %(why)s", url=url, why=error), mend)
    if not isinstance(found, dict) or found.get("status") != "ok":
        mend = _("Another server answers there: look at the proxy and at SOCIALLEARN_BASE_URL.")
        return Check(name, Result.PROBLEM, _("%(url)s is not SocialLearn.", url=url), mend)
    return Check(name, Result.OK, _("%(url)s answers.", url=url))


def _secret_key() -> Check:
    key, name = current_app.config["SECRET_KEY"], _("Secret key")
    if len(set(key)) < 12:
        mend = _("Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'")
        return Check(name, Result.PROBLEM, _("SOCIALLEARN_SECRET_KEY can be guessed."), mend)
    return Check(name, Result.OK, _("Set, and long enough."))


def _cookies() -> Check:
    name = _("Cookies")
    is_https = urlsplit(current_app.config["BASE_URL"]).scheme == "https"
    if is_https and not current_app.config["PROXY_HOPS"]:
        mend = _("Set SOCIALLEARN_PROXY_HOPS to the number of proxies, usually 1: else all people share one address.")
        return Check(name, Result.WARNING, _("Kept; but the proxy that brings https is not counted."), mend)
    if not is_https:
        return Check(name, Result.OK, _("Browsers keep ours over http on localhost only."))
    return Check(name, Result.OK, _("Secure and partitioned: they stay inside the frame of an LMS."))


def _database() -> Check:
    name = _("Database")
    try:
        with db.engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
            kind = connection.dialect.name
    except SQLAlchemyError as error:
        mend = _("Is it running, and is SOCIALLEARN_DATABASE_URL right?")
        return Check(name, Result.PROBLEM, _("It does not answer (%(why)s).", why=type(error).__name__), mend)
    if current != ScriptDirectory(str(MIGRATIONS)).get_current_head():
        seen = _("Its tables are not those of this version.")
        return Check(name, Result.PROBLEM, seen, _("Stop the server and run: sociallearn db upgrade"))
    return Check(name, Result.OK, _("%(kind)s, up to date.", kind={"sqlite": "SQLite"}.get(kind, "PostgreSQL")))


def _queue() -> Check:
    name, queue = _("Worker"), current_app.extensions["jobs"]
    mend = _("Is `sociallearn serve` or `sociallearn work` running, and SOCIALLEARN_REDIS_URL right?")
    try:
        waiting = before = queue.pending_count()
        end = time.monotonic() + QUEUE_PATIENCE
        while waiting >= before > 0 and time.monotonic() < end:
            time.sleep(0.1)
            waiting = queue.pending_count()
    except Exception as error:  # whatever the queue's own storage raises
        return Check(name, Result.PROBLEM, _("The queue does not answer (%(why)s).", why=type(error).__name__), mend)
    if waiting >= before > 0:
        seen = ngettext("%(num)s task waits and nobody takes it.", "%(num)s tasks wait and nobody takes them.", waiting)
        return Check(name, Result.PROBLEM, seen, mend)
    return Check(name, Result.OK, _("Nothing is left lying in the queue."))


def _state(registration: Registration) -> Check:
    name = _("Connection")
    if not registration.is_active:
        mend = _("Connect the LMS again, or put it back into lti_config.json.")
        return Check(name, Result.PROBLEM, _("Switched off: it was removed, or left lti_config.json."), mend)
    if registration.paused_at is not None:
        return Check(name, Result.WARNING, _("Paused: nobody can come in."), _("Resume it when you are ready."))
    seen = _("%(issuer)s, client id %(client_id)s.", issuer=registration.issuer, client_id=registration.client_id)
    return Check(name, Result.OK, seen)


def _deployments(subject: Subject) -> Check:
    name = _("Deployments")
    if not subject.pending:
        return Check(name, Result.OK, _("None waits for confirmation."))
    seen = ngettext("%(num)s waits for confirmation.", "%(num)s wait for confirmation.", subject.pending)
    return Check(
        name,
        Result.WARNING,
        seen,
        _("Confirm or refuse it under Administration, or with `sociallearn platform confirm`."),
    )


def _key_set(registration: Registration) -> list[Check]:
    name = _("Keys of the LMS")
    if registration.key_set:
        usable, seen = _usable(registration.key_set), _("They stand in lti_config.json.")
        mend = "" if usable else _("None of them can check RS256 signatures: copy the LMS’s key set again.")
        return [Check(name, Result.OK if usable else Result.PROBLEM, seen, mend)]
    url = registration.key_set_url or ""
    try:
        found, date = _read_json(url, is_public=registration.source == Source.LINK)
    except _Unread as error:
        mend = _("Open that address from this server: is it right, and does a firewall stand between?")
        return [Check(name, Result.PROBLEM, _("%(url)s cannot be read: %(why)s", url=url, why=error), mend)]
    usable = _usable(found)
    if not usable:
        mend = _("Look up the public keyset URL in the LMS; this is another address.")
        return [Check(name, Result.PROBLEM, _("%(url)s holds no key for RS256.", url=url), mend)]
    seen = ngettext("%(num)s key at %(url)s.", "%(num)s keys at %(url)s.", usable, url=url)
    return [Check(name, Result.OK, seen), _clocks(date)]


def _usable(key_set: Any) -> int:
    keys = key_set.get("keys") if isinstance(key_set, dict) else None
    wanted: dict[str, tuple[str | None, ...]] = {"kty": ("RSA",), "alg": ("RS256", None), "use": ("sig", None)}
    return sum(
        isinstance(key, dict)
        and isinstance(key.get("kid"), str)
        and all(key.get(what) in allowed for what, allowed in wanted.items())
        for key in (keys if isinstance(keys, list) else [])
    )


def _clocks(date: datetime | None) -> Check:
    name = _("Clocks")
    if date is None:
        return Check(name, Result.WARNING, _("The LMS does not say what time it is."), _("Nothing to do."))
    skew = (date - clock.now()).total_seconds()
    seconds = ngettext("%(num)s second", "%(num)s seconds", max(1, round(abs(skew))))
    if abs(skew) <= SKEW_NOTICED:
        return Check(name, Result.OK, _("They agree to within %(seconds)s.", seconds=seconds))
    words = (
        _("The LMS’s clock is %(seconds)s ahead of ours.", seconds=seconds)
        if skew > 0
        else _("The LMS’s clock is %(seconds)s behind ours.", seconds=seconds)
    )
    mend = _("Set both by NTP. Beyond a minute launches are refused, beyond a quarter of an hour scores too.")
    return Check(name, Result.PROBLEM if abs(skew) > SKEW_REFUSED else Result.WARNING, words, mend)


class _FreshConnector(Connector):
    """Asks for its own tokens, so that a kept one cannot hide what is wrong now."""

    def forget(self) -> "_FreshConnector":
        """Start without what other calls left behind; an LMS that asked for patience still gets it."""
        self._tokens, self._resting, self.place_within = Tokens(), {}, TIMEOUT
        return self


def _connector(registration: Registration, scopes: list[str]) -> _FreshConnector | Check:
    try:
        library = registrations.library_registration(registration)
    except (LookupError, OSError, ValueError) as error:
        mend = _("Is the LMS still in lti_config.json, and its key file readable? Else rotate the key.")
        return Check(_("Our key"), Result.PROBLEM, _("There is no key to sign with: %(why)s", why=_short(error)), mend)
    granted = [scope for scope in scopes if scope.startswith(services.AGS)]
    return _FreshConnector(library, registration.id, granted, PATIENCE, at_once=1).forget()


def _participants(connector: Connector, subject: Subject) -> Check:
    name, url = _("Participants"), subject.memberships_url
    if url is None:
        mend = _("Allow names and roles in the LMS (Moodle: Names and Role Provisioning), then open an activity.")
        return Check(name, Result.WARNING, _("No launch said where to read them, so this was not tried."), mend)

    def read() -> str:
        answer = connector.make_service_request([MEMBERSHIPS], url, accept=MEMBERSHIPS_TYPE)
        members = answer["body"].get("members") if isinstance(answer["body"], dict) else None
        if not isinstance(members, list):
            raise failures.Unreachable("unreachable", "the answer is no list of members", 200)
        return str(ngettext("%(num)s on the first page.", "%(num)s on the first page.", len(members)))

    return _tried(name, read, _("Allow names and roles for SocialLearn in the LMS."), subject)


def _column(connector: Connector, subject: Subject) -> Check:
    name, url = _("Grades"), subject.line_item_url
    if not subject.ags_scopes:
        mend = _("Allow grades in the LMS (Moodle: Assignment and Grade Services), then open an activity.")
        return Check(name, Result.WARNING, _("No launch granted them, so this was not tried."), mend)

    def read() -> str:
        if url is None or not services.may_read_line_item(subject.ags_scopes):
            connector.get_access_token(connector.scopes)
            return str(_("The LMS gives access; no column was there to read."))
        found = services.read_line_item(connector, url)
        return str(_("Column “%(label)s”, up to %(maximum)g.", label=found.label, maximum=found.score_maximum))

    return _tried(name, read, _("Was the activity deleted in the LMS? Open a graded one, then check again."), subject)


def _tried(name: str, read: Callable[[], str], otherwise: str, subject: Subject) -> Check:
    try:
        return Check(name, Result.OK, read())
    except ServiceError as error:
        result = Result.WARNING if isinstance(error, failures.Throttled) else Result.PROBLEM
        return Check(
            name,
            result,
            _said(error),
            _mend(error, otherwise, keys.address_of(subject.registration)),
            _short(error.reason),
        )


def _said(error: ServiceError) -> str:
    if error.code == "token":
        return str(_("The LMS gave no access."))
    if error.status is None:
        return str(_("The LMS did not answer."))
    return str(_("The LMS answered %(status)s.", status=error.status))


def _mend(error: ServiceError, otherwise: str, own: str) -> str:
    words: dict[str, str] = {
        "token": _("Does the LMS know this client id, is the tool active there, and can it read %(url)s?", url=own),
        "busy": _("The LMS is busy with our scores: try again in a minute."),
        "timeout": _("The LMS is slow or out of reach: try again, then look at the network between the two."),
        "throttled": _("The LMS asks for patience: try again in a few minutes."),
        "unauthorised": _("Allow this service for SocialLearn in the LMS."),
    }
    if error.code == "unreachable" and error.status is None:
        return str(_("Is the LMS running, and does a firewall stand between the two?"))
    return words.get(error.code, otherwise)


def _our_key_set(registration: Registration, tried: list[Check]) -> Check:
    name, url = _("Our keys"), keys.address_of(registration)
    if any(check.result == Result.OK for check in tried):
        return Check(name, Result.OK, _("The LMS believes our signature."))
    mend = _("Open that address from the LMS’s server.")
    theirs = urlsplit(registration.auth_token_url).hostname or ""
    if current_app.config["IS_LOCAL"] and theirs not in LOCAL_HOSTS:
        return Check(name, Result.PROBLEM, _("The LMS cannot reach %(url)s.", url=url), _base_url().mend)
    return Check(name, Result.WARNING, _("The LMS must be able to read %(url)s; not seen yet.", url=url), mend)


def _read_json(url: str, is_public: bool = False) -> tuple[Any, datetime | None]:
    """(document, the time its server says it is); ``is_public``: only at a public address. Raises _Unread."""
    http = fetching.session() if is_public else requests.Session()

    def call() -> tuple[Any, datetime | None]:
        with http.get(url, timeout=TIMEOUT, stream=True, allow_redirects=not is_public) as answer:
            answer.raise_for_status()
            date = _moment(answer.headers.get("Date"))
            return json.loads(_read(answer)), date

    try:
        return fetching.in_time(call, TIMEOUT)
    except requests.HTTPError as error:
        raise _Unread(_("it answered %(status)s", status=error.response.status_code)) from error
    except fetching.ForbiddenAddress as error:
        raise _Unread(_("it is not a public https address")) from error
    except requests.exceptions.SSLError as error:
        raise _Unread(_("its certificate is not trusted")) from error
    except (requests.Timeout, TimeoutError, urllib3.exceptions.TimeoutError) as error:
        raise _Unread(_("it took too long")) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise _Unread(_("no connection")) from error
    except (ValueError, RecursionError) as error:
        raise _Unread(_("it is not JSON")) from error


def _read(answer: requests.Response) -> bytes:
    end, content = time.monotonic() + TIMEOUT, b""
    while piece := answer.raw.read1(65536, decode_content=True):
        content += piece
        if time.monotonic() > end:
            raise TimeoutError("the answer took too long")
        if len(content) > LARGEST:
            raise ValueError("the answer is too long")
    return content


def _moment(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else None


def _short(words: object) -> str:
    return " ".join(_LONG.sub("…", str(words)).split())[:200]
