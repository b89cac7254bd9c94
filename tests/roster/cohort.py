"""A cohort whose LMS answers over real HTTP: any number of participants, on any number of pages, in any mood."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import current_app
from flask.globals import _cv_app
from flask.testing import FlaskClient
from sqlalchemy import event, select
from sqlalchemy.engine import Engine
from werkzeug.test import TestResponse

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.lti.claims import NRPS_SERVICE
from sociallearn.lti.models import Registration
from sociallearn.roster import syncing
from sociallearn.roster.models import Cohort, Member, Person, RosterSync
from tests.lms import MEMBERSHIP

Act = Callable[[], int | None]  # done when a page is asked for; a status to answer instead of the page


class Browser(FlaskClient):
    """A client whose requests know nothing of the app context a test works in, as in real life."""

    def open(self, *args: Any, **more: Any) -> TestResponse:
        """One request, in an app context of its own."""
        context = copy_context()
        context.run(_cv_app.set, None)  # type: ignore[arg-type]
        return context.run(super().open, *args, **more)


class RosterLms:
    """Token endpoint and lists of participants. ``people`` are asked for ``page`` at a time."""

    def __init__(self) -> None:
        self.people: list[dict[str, Any]] = []
        self.page = 50
        self.acts: dict[int, Act] = {}  # by number of the page, from 1
        self.token_status = 200
        self.token_calls: list[dict[str, list[str]]] = []
        self.calls: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> "RosterLms":
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def memberships_url(self) -> str:
        """The address of the list."""
        return self.url + "/course/1/memberships"

    @property
    def claim(self) -> dict[str, Any]:
        """What a launch says about the service."""
        return {NRPS_SERVICE: {"context_memberships_url": self.memberships_url, "service_versions": ["2.0"]}}

    def enrol(self, *user_ids: str, role: str = "Learner", **facts: Any) -> None:
        """Put people in the list; ``role`` may be a full or a short name."""
        self.people += [member(user_id, role, **facts) for user_id in user_ids]

    def answer(self, path: str) -> tuple[int, Any, str]:
        """(status, body, Link) for a page."""
        self.calls.append(path)
        query = parse_qs(urlsplit(path).query)
        number = int(query.get("Page", ["1"])[0])
        status = self.acts[number]() if number in self.acts else None
        if status:
            return status, "no", ""
        start = (number - 1) * self.page
        more = start + self.page < len(self.people)
        link = f'<{self.memberships_url}?Page={number + 1}>; rel="next"' if more else ""
        return 200, {"id": self.memberships_url, "members": self.people[start : start + self.page]}, link


def _handler(lms: RosterLms) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body go separately, and would wait 40 ms for each other

        def do_GET(self) -> None:
            self._answer(*lms.answer(self.path))

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
            lms.token_calls.append(form)
            if lms.token_status != 200:
                self._answer(lms.token_status, {"error": "invalid_scope"}, "")
            else:
                self._answer(200, {"access_token": "roster", "token_type": "bearer", "expires_in": 3600}, "")

        def _answer(self, status: int, body: Any, link: str) -> None:
            content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            if link:
                self.send_header("Link", link)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


def member(user_id: str, role: str = "Learner", **facts: Any) -> dict[str, Any]:
    """One entry of a list, named like the cast of the other tests."""
    full = {"user_id": user_id, "roles": [role], "status": "Active", "name": f"{user_id.title()} Test"}
    return {name: value for name, value in {**full, **facts}.items() if value is not None}


def use(lms: RosterLms) -> None:
    """Let the registration of the cast lead to this LMS for tokens."""
    for name in ("lti_tokens", "lti_resting", "lti_pace"):
        current_app.extensions.pop(name, None)
    with transaction() as session:
        for registration in session.scalars(select(Registration)):
            registration.auth_token_url = lms.url + "/token"


def cohort_id(context_id: str = "course-1", issuer: str = "https://lms.example") -> int:
    """The cohort of a course."""
    with transaction() as session:
        found = session.scalars(
            select(Cohort).join(Cohort.deployment).where(Cohort.context_id == context_id).order_by(Cohort.id)
        ).all()
        return next(one.id for one in found if _issuer(session, one) == issuer)


def _issuer(session: Any, cohort: Cohort) -> str:
    from sociallearn.lti.models import Deployment

    found: str = session.get_one(Deployment, cohort.deployment_id).registration.issuer
    return found


def plan(lms: RosterLms, cohort: int) -> None:
    """Have the cohort's list read, whoever launched."""
    with transaction() as session:
        organisation_id = session.get_one(Cohort, cohort).organisation_id
        row = session.get(RosterSync, cohort) or RosterSync(cohort_id=cohort, organisation_id=organisation_id)
        row.memberships_url, row.next_at = lms.memberships_url, datetime(2020, 1, 1, tzinfo=UTC)
        session.add(row)


def sync(cohort: int) -> RosterSync:
    """Let a worker read the list now; how that went."""
    with transaction() as session:
        row = session.get_one(RosterSync, cohort)
        row.next_at = min(row.next_at, clock.now())
    syncing.read_roster(cohort)
    return state(cohort)


def state(cohort: int) -> RosterSync:
    """How reading the list goes."""
    with transaction() as session:
        return session.get_one(RosterSync, cohort)


def people(cohort: int) -> dict[str, Member]:
    """Members by the LMS's user id."""
    with transaction() as session:
        statement = select(Person.sub, Member).join(Member.person).where(Member.cohort_id == cohort)
        return {sub: found for sub, found in session.execute(statement).unique()}


@contextmanager
def counted() -> Iterator[list[str]]:
    """The SQL statements sent in this block."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    engine: Engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


TRAINER = MEMBERSHIP + "Instructor"
