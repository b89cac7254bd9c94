"""A course with a grade column, people in it, and an LMS that answers over real HTTP."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.database import transaction
from sociallearn.grades import keeping
from sociallearn.grades.models import Delivery, LedgerEntry, Standing
from sociallearn.ideas import proposing, rating
from sociallearn.ideas.models import Idea
from sociallearn.lti.models import Deployment, Registration
from sociallearn.posts import deciding, writing
from sociallearn.posts.models import Kind, Post, Visibility
from sociallearn.roster.models import Cohort, Member, Organisation, Person, Placement, Role

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)  # 9:00 in Brussels, where the cohort is
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCOPES = [AGS + "score", AGS + "lineitem.readonly", AGS + "result.readonly"]

Answer = int | tuple[int, str] | Callable[[], int | tuple[int, str]]  # a status, with a body, or something to do first


class GradeLms:
    """Token endpoint, line item and scores. Refuses stamps that do not grow, as Moodle does, in whole seconds."""

    def __init__(self) -> None:
        self.token_calls: list[dict[str, str]] = []
        self.line_item_calls: list[dict[str, str]] = []
        self.scores: list[dict[str, Any]] = []  # everything that was sent
        self.score_calls: list[tuple[str, dict[str, str]]] = []  # (path with query, headers)
        self.book: dict[tuple[str, str], dict[str, Any]] = {}  # (path, user) → what the LMS keeps
        self.token_answers: deque[Answer] = deque()
        self.line_item_answers: deque[Answer] = deque()
        self.score_answers: deque[Answer] = deque()
        self.columns: dict[str, dict[str, Any]] = {}  # address → a column that was made
        self.column_calls: list[tuple[str, str, Any]] = []  # (method, path with query, body) of making and changing
        self.column_answers: deque[Answer] = deque()  # instead of making, changing or removing one
        self.lost_answers = 0  # so many columns are made, and nobody told
        self.list_calls: list[tuple[str, dict[str, str]]] = []
        self.page_size: int | None = None  # of lists
        self.changed: dict[str, float | None] = {}  # user → what somebody typed into the gradebook
        self.result_calls: list[tuple[str, dict[str, str]]] = []
        self.result_answers: deque[Answer] = deque()
        self.headers: dict[str, str] = {}  # of every answer
        self.maximum = 20.0
        self.expires_in: Any = 3600
        self.refuses_tokens: set[str] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> "GradeLms":
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Nobody listens on the port any more."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def token_url(self) -> str:
        """Its token endpoint."""
        return self.url + "/token"

    def line_item(self, number: int = 1) -> str:
        """The address of a column; with a query, like Moodle's."""
        return f"{self.url}/items/{number}/lineitem?type_id=1"

    @property
    def line_items(self) -> str:
        """The address of all columns."""
        return f"{self.url}/items?type_id=1"

    def stamps(self) -> list[datetime]:
        """Time stamps in the order they came."""
        return [datetime.fromisoformat(score["timestamp"]) for score in self.scores]

    def token(self, form: dict[str, str]) -> tuple[int, Any]:
        """Answer the token endpoint."""
        self.token_calls.append(form)
        number = len(self.token_calls)
        if (made := _scripted(self.token_answers)) is not None:
            return made
        return 200, {"access_token": f"token-{number}", "token_type": "bearer", "expires_in": self.expires_in}

    def get(self, path: str, headers: dict[str, str]) -> tuple[int, Any]:
        """Answer any read."""
        way = urlsplit(path).path
        if way == "/items":
            self.list_calls.append((path, headers))
            return self._page(path, list(self.columns.values()))
        if way.endswith("/results"):
            self.result_calls.append((path, headers))
            if (made := _scripted(self.result_answers)) is not None:
                return made
            return self._page(path, self._results(path.replace("/results", "")))
        return self.read(path, headers)

    def _page(self, path: str, all_: list[Any]) -> tuple[int, Any]:
        self.headers.pop("Link", None)
        if self.page_size is None:
            return 200, all_
        first = int(parse_qs(urlsplit(path).query).get("From", ["0"])[0])
        if first + self.page_size < len(all_):
            base = path.partition("&From")[0]
            self.headers["Link"] = f'<{self.url}{base}&From={first + self.page_size}>; rel="next"'
        return 200, all_[first : first + self.page_size]

    def _results(self, path: str) -> list[dict[str, Any]]:
        url = self.url + path
        maximum = self.columns[url]["scoreMaximum"] if url in self.columns else self.maximum
        scores_path = path.replace("/lineitem?", "/lineitem/scores?")
        found: dict[str, float | None] = {
            user: score["scoreGiven"] / score["scoreMaximum"] * maximum
            for (at, user), score in self.book.items()
            if at == scores_path
        }
        return [
            {"id": f"{url}/{user}", "userId": user, "resultMaximum": maximum}
            | ({"resultScore": value} if value else {})
            for user, value in (found | self.changed).items()
        ]

    def write(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Answer the making, changing or removing of a column."""
        self.column_calls.append((method, path, body))
        if (made := _scripted(self.column_answers)) is not None and made[0] >= 300:
            return made
        url = self.url + path
        if method == "POST":
            url = self.line_item(100 + len(self.column_calls))
            self.columns[url] = body | {"id": url}
            if self.lost_answers:
                self.lost_answers -= 1
                return 502, ""
            return 201, self.columns[url]
        if url not in self.columns:
            return 404, ""
        if method == "DELETE":
            del self.columns[url]
            return 204, ""
        self.columns[url] = body
        return 200, body

    def read(self, path: str, headers: dict[str, str]) -> tuple[int, Any]:
        """Answer a read of a line item."""
        self.line_item_calls.append(headers)
        if (made := _scripted(self.line_item_answers)) is not None:
            return made
        if self.url + path in self.columns:
            return 200, self.columns[self.url + path]
        if "/items/1" in path and not path.startswith(("/items/1/", "/items/1?")):
            return 404, ""
        return 200, {"id": self.line_item(), "label": "Taking part", "scoreMaximum": self.maximum}

    def take(self, path: str, headers: dict[str, str], score: dict[str, Any]) -> tuple[int, Any]:
        """Answer a score."""
        self.score_calls.append((path, headers))
        if headers.get("authorization", "").removeprefix("Bearer ") in self.refuses_tokens:
            return 401, "token expired"
        self.scores.append(score)
        if (made := _scripted(self.score_answers)) is not None and made[0] != 200:
            return made
        key = (path, score["userId"])
        kept = self.book.get(key)
        if kept and kept["timestamp"][:19] >= score["timestamp"][:19]:
            return 409, "Refusing score with an earlier timestamp"
        self.book[key] = score
        return 200, ""


def _scripted(answers: deque[Answer]) -> tuple[int, Any] | None:
    if not answers:
        return None
    made = answers.popleft()
    if callable(made):
        made = made()
    return made if isinstance(made, tuple) else (made, "")


class _Handler(BaseHTTPRequestHandler):
    lms: "GradeLms"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(*self.lms.get(self.path, self._headers()))

    def do_PUT(self) -> None:
        self._answer(*self.lms.write("PUT", self.path, self._body()))

    def do_DELETE(self) -> None:
        self._answer(*self.lms.write("DELETE", self.path, None))

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if urlsplit(self.path).path == "/token":
            self._answer(*self.lms.token({name: values[0] for name, values in parse_qs(content).items()}))
        elif urlsplit(self.path).path == "/items":
            self._answer(*self.lms.write("POST", self.path, json.loads(content)))
        else:
            self._answer(*self.lms.take(self.path, self._headers(), json.loads(content)))

    def _headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _answer(self, status: int, body: Any) -> None:
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in self.lms.headers.items():
            self.send_header(name, value)
        if status in (301, 302, 307):
            self.send_header("Location", self.lms.url + "/token")
        self.end_headers()
        if status != 204:
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _handler(lms: GradeLms) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (_Handler,), {"lms": lms})


@dataclass
class School:
    """A cohort as ids, usable in any session."""

    lms: GradeLms
    registration_id: int
    cohort_id: int
    organisation_id: int
    placement_id: int
    people: dict[str, int] = field(default_factory=dict)  # name → member id

    def learner(self, name: str, joined_at: datetime = MONDAY, role: str = Role.LEARNER) -> int:
        """A member's id, made at the first mention."""
        if name not in self.people:
            with transaction() as session:
                person = Person(
                    organisation_id=self.organisation_id,
                    registration_id=self.registration_id,
                    sub=f"sub-{name}",
                    name=name.title(),
                    locale="en",
                )
                session.add(person)
                session.flush()
                member = Member(
                    cohort_id=self.cohort_id, person_id=person.id, role=role, joined_at=joined_at, seen_at=joined_at
                )
                session.add(member)
                session.flush()
                self.people[name] = member.id
        return self.people[name]

    def trainer(self) -> int:
        """The trainer's id."""
        return self.learner("tess", role=Role.TRAINER)


def school(lms: GradeLms, *, graded: bool = True) -> School:
    """A cohort in Brussels that began on MONDAY; its one link has a column unless not ``graded``."""
    with transaction() as session:
        registration = session.scalars(select(Registration).where(Registration.issuer == "https://lms.example")).one()
        registration.auth_token_url = lms.token_url
        organisation = Organisation(name="House", founding_registration_id=registration.id)
        session.add(organisation)
        session.flush()
        registration.organisation_id = organisation.id
        deployment = session.scalars(select(Deployment).where(Deployment.registration_id == registration.id)).one()
        cohort = Cohort(
            organisation_id=organisation.id,
            deployment_id=deployment.id,
            context_id="course-1",
            title="Course",
            time_zone="Europe/Brussels",
            created_at=MONDAY,
        )
        session.add(cohort)
        session.flush()
        made = School(lms, registration.id, cohort.id, organisation.id, 0)
        made.placement_id = _link(session, made, 1, lms.line_item() if graded else None).id
    return made


def class_of(lms: GradeLms, count: int, *, graded: bool) -> tuple[School, list[int]]:
    """A cohort with so many learners, in one go."""
    made = school(lms, graded=graded)
    with transaction() as session:
        session.get_one(Member, made.trainer()).may_grade = True
        placement = session.get_one(Placement, made.placement_id)
        placement.line_items_url, placement.ags_scopes = lms.line_items, [*SCOPES, AGS + "lineitem"]
        ids = []
        for number in range(count):
            person = Person(
                organisation_id=made.organisation_id,
                registration_id=made.registration_id,
                sub=f"u{number}",
                name=f"Nr {number}",
                locale="en",
            )
            session.add(person)
            session.flush()
            member = Member(
                cohort_id=made.cohort_id, person_id=person.id, role=Role.LEARNER, joined_at=MONDAY, seen_at=MONDAY
            )
            session.add(member)
            session.flush()
            ids.append(member.id)
    return made, ids


def link(school: School, number: int, url: str | None) -> int:
    """Another link in the course; its id."""
    with transaction() as session:
        return _link(session, school, number, url).id


def _link(session: Session, school: School, number: int, url: str | None) -> Placement:
    cohort = session.get_one(Cohort, school.cohort_id)
    placement = Placement(
        cohort_id=cohort.id,
        deployment_id=cohort.deployment_id,
        resource_link_id=f"link-{number}",
        title=f"Link {number}",
        line_item_url=url,
        ags_scopes=SCOPES,
    )
    session.add(placement)
    session.flush()
    return placement


def text(words: int, seed: str) -> str:
    """``words`` words that share no run of five with a text of another seed."""
    return " ".join(f"{seed}x{number}" for number in range(words))


_seeds = iter(range(10**9))


def in_context(function: Callable[[], object]) -> Callable[[], None]:
    """The same in the app, for a thread of its own."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def run() -> None:
        with app.app_context():
            function()

    return run


def write(by: int, words: int = 45, *, kind: Kind = Kind.POST, body: str | None = None) -> int:
    """A post (or idea) of its own text; its id."""
    content = body or text(words, f"s{next(_seeds)}")
    with transaction() as session:
        member = session.get_one(Member, by)
        if kind == Kind.IDEA:
            return proposing.propose(session, by=member, title="Idea", body=content).post_id
        title = "Who?" if kind == Kind.QUESTION else None
        return writing.write(session, kind, by=member, body=content, title=title).id


def reply(by: int, to: int, words: int = 25, body: str | None = None) -> int:
    """A reply of its own text; its id."""
    with transaction() as session:
        parent, member = session.get_one(Post, to), session.get_one(Member, by)
        return writing.reply(session, parent, by=member, body=body or text(words, f"s{next(_seeds)}")).id


def edit(post_id: int, words: int = 45, body: str | None = None) -> None:
    """The author changes the text."""
    with transaction() as session:
        post = session.get_one(Post, post_id)
        author = session.get_one(Member, post.author_id)
        writing.edit(session, post, by=author, body=body or text(words, f"s{next(_seeds)}"), title=post.title)


def decide(post_id: int, after: Visibility, by: int | None = None) -> None:
    """The author deletes or undeletes; somebody else (the trainer) hides or restores."""
    with transaction() as session:
        post = session.get_one(Post, post_id)
        member = session.get_one(Member, by or post.author_id)
        deciding.decide(session, post, after, by=member, reason="because")


def rate(by: int, idea_id: int, value: int = 4) -> None:
    """Rate an idea."""
    with transaction() as session:
        rating.rate(session, session.get_one(Idea, idea_id), value, by=session.get_one(Member, by))


def recompute(member_id: int) -> None:
    """What a sweep does."""
    keeping.catch_up(member_id)


def standing(member_id: int) -> Standing:
    """The learner's standing as it is in the database."""
    with transaction() as session:
        return session.get_one(Standing, member_id)


def grade(member_id: int) -> float | None:
    """The learner's grade as it is in the database."""
    return standing(member_id).grade


def ledger(member_id: int) -> list[LedgerEntry]:
    """The learner's ledger, oldest entry first."""
    with transaction() as session:
        statement = select(LedgerEntry).where(LedgerEntry.member_id == member_id).order_by(LedgerEntry.id)
        return list(session.scalars(statement))


def why(member_id: int, event_id: int) -> str:
    """What the newest entry about this event says."""
    return [entry.why for entry in ledger(member_id) if entry.event_id == event_id][-1]


def delivery(member_id: int, placement_id: int | None = None) -> Delivery:
    """The learner's score as it is in the database."""
    with transaction() as session:
        statement = select(Delivery).where(Delivery.member_id == member_id).order_by(Delivery.id)
        found = session.scalars(statement).all()
        return next(row for row in found if placement_id in (None, row.placement_id))


def forget_lms(app: Flask) -> None:
    """Nothing is known any more of tokens and of LMSs that did not answer: tests use the same ids for new ones."""
    app.extensions.pop("lti_tokens", None)
    app.extensions.pop("lti_resting", None)
    app.extensions.pop("lti_pace", None)


def wait_for(check: Callable[[], object]) -> None:
    """Until ``check`` holds. Fails after a minute and a half: machines may be busy."""
    end = time.monotonic() + 90.0
    while not check():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def delivery_id(member_id: int, session: Session) -> int:
    """The id of the learner's first delivery, in a transaction under way."""
    return session.scalars(select(Delivery.id).where(Delivery.member_id == member_id).order_by(Delivery.id)).all()[0]
