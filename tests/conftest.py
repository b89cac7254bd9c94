"""The cast and the stage: a tool on each database, and people who come in through a real signed launch."""

import gc
import json
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import exists, literal, select, text, union_all
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from sociallearn import migrating
from sociallearn.app import create_app
from sociallearn.database import db, transaction
from sociallearn.lti import registrations
from sociallearn.lti.key_sets import KeySets
from sociallearn.roster.models import Member, Seat
from sociallearn.search.engines import engine_of
from sociallearn.search.models import SearchText
from tests import databases
from tests.lms import AGS, MEMBERSHIP, Lms

IN_CI = os.environ.get("CI") == "true"

HERE = Lms()
ELSEWHERE = Lms(issuer="https://elsewhere.example", client_id="tool-2")
MOODLE = Lms(issuer="http://localhost:8090", client_id="mnf14u4npR8Ahw0")


def settings(folder: Path, url: str, lmss: list[Lms]) -> dict[str, Any]:
    """A configuration for tests: everything in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "lti_config.json", lmss)
    return {
        "BASE_URL": "http://localhost:8000",
        "IS_LOCAL": True,
        "DATA_DIR": folder,
        "SECRET_KEY": "test-" + "k" * 40,
        "SQLALCHEMY_DATABASE_URI": url,
        "LTI_CONFIG": folder / "lti_config.json",
        "REDIS_URL": None,
        "PROXY_HOPS": 0,
        "FILES_URL": str(folder / "files"),
        "FILES_QUOTA": 2048 * 1024 * 1024,
        "TIME_ZONE": "Europe/Brussels",
        "MAIL": None,
        "THREADS": 4,
        "WORKER": False,
        "TESTING": True,
    }


def _write(path: Path, lmss: list[Lms]) -> None:
    entries: dict[str, list[dict[str, Any]]] = {}
    for lms in lmss:
        entries.setdefault(lms.issuer, []).append(lms.registration())
    path.write_text(json.dumps(entries))


@contextmanager
def joined(app: Flask, *lmss: Lms) -> Iterator[None]:
    """These LMSs stand in ``lti_config.json`` too, as after an operator's edit and a restart."""
    path = app.config["LTI_CONFIG"]
    before = path.read_text()
    _write(path, [HERE, ELSEWHERE, MOODLE, *lmss])
    try:
        registrations.init_app(app)
        with app.app_context():
            registrations.sync()
        yield
    finally:
        path.write_text(before)
        registrations.init_app(app)


@pytest.fixture(scope="session", params=databases.NAMES)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One app and one migrated database for all tests of this process."""
    folder = tmp_path_factory.mktemp(request.param)
    name = None
    if request.param == "sqlite":
        url = databases.sqlite_url(folder)
    else:
        try:
            url, name = databases.postgres_url()
        except databases.NoPostgres as error:
            if IN_CI:
                pytest.fail(f"PostgreSQL is needed under CI: {error}")
            pytest.skip(str(error))
    app = create_app(settings(folder, url, [HERE, ELSEWHERE, MOODLE]))
    with app.app_context():
        migrating.upgrade()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    if name:
        databases.drop(name)


@pytest.fixture
def app(stage: Flask) -> Flask:
    """The app on an empty database."""
    with stage.app_context():
        _empty(stage)
        registrations.sync()
    stage.extensions["rate_limiter"].storage.reset()
    stage.extensions["jobs"].flush()  # what earlier tests put in line
    stage.extensions["key_sets"] = KeySets()
    for known in ("lti_tokens", "lti_resting", "lti_pace"):  # of LMSs that had the same ids
        stage.extensions.pop(known, None)
    stage.extensions["frame_origins"] = (0.0, {})
    return stage


def _empty(app: Flask) -> None:
    """Delete what earlier tests left, in the few tables that hold anything: far quicker than to TRUNCATE them all."""
    tables = list(reversed(db.metadata.sorted_tables))
    with transaction() as session:
        held = [select(literal(table.name)).where(exists(select(1).select_from(table))) for table in tables]
        used = set(session.scalars(union_all(*held)))
        if db.engine.dialect.name == "postgresql":
            session.execute(text("SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'"))
        else:
            session.execute(text("PRAGMA defer_foreign_keys=ON"))
        for table in tables:
            if table.name in used:
                session.execute(table.delete())
        if SearchText.__tablename__ in used:
            engine_of(session).refresh(session)  # SQLite's index is not in the metadata


class Actor:
    """Somebody in a browser, in a seat."""

    def __init__(self, app: Flask, lms: Lms, **claims: Any) -> None:
        self.app, self.client = app, app.test_client()
        self.launched = lms.launch(self.client, **claims)
        assert self.launched.status_code == 303, self.launched.text
        found = re.match(r"/s/([\w-]+)/", self.launched.location.removeprefix("http://localhost:8000"))
        assert found, self.launched.location
        self.seat = found[1]
        self._token = ""
        with app.app_context():
            self.member_id = db.session.get_one(Seat, self.seat).member_id

    def url(self, path: str) -> str:
        """A path within the seat, or any other as it is."""
        return path if path.startswith("/s/") else f"/s/{self.seat}{path}"

    def get(self, path: str, **more: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(self.url(path), base_url="http://localhost:8000", **more)

    def post(self, path: str, **form: Any) -> TestResponse:
        """Send a form with this seat's token."""
        data = {"csrf_token": self.token, **form}
        return self.client.post(self.url(path), data=data, base_url="http://localhost:8000")

    @property
    def token(self) -> str:
        """The token that stands in every form."""
        if not self._token:
            found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', self.get("/feed").text)
            assert found
            self._token = found[1]
        return self._token

    def member(self, session: Session) -> Member:
        """The member in this session."""
        return session.get_one(Member, self.member_id)


class Cast:
    """``cast.ben`` comes in when first named, and stays."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._here: dict[str, Actor] = {}

    def __getattr__(self, name: str) -> Actor:
        if name.startswith("_") or name not in ROLES:
            raise AttributeError(name)
        if name not in self._here:
            lms, role, claims = ROLES[name]
            self._here[name] = Actor(
                self._app, lms, sub=name, roles=[MEMBERSHIP + role], **{**person(name), **GRADED, **claims}
            )
        return self._here[name]


GRADED = {
    "ags": {
        "scope": [AGS + "scope/score", AGS + "scope/lineitem.readonly", AGS + "scope/lineitem"],
        "lineitem": "https://lms.example/services/1/lineitems/2/lineitem?type_id=1",
        "lineitems": "https://lms.example/services/1/lineitems?type_id=1",
    }
}


def person(name: str) -> dict[str, Any]:
    """Name claims."""
    return {"name": f"{name.title()} Test", "given_name": name.title(), "family_name": "Test", "email": f"{name}@x.org"}


OTHER_COURSE = {"context": {"id": "course-2", "title": "Course two"}, "resource_link": {"id": "link-2", "title": "Two"}}
ROLES: dict[str, tuple[Lms, str, dict[str, Any]]] = {
    "tess": (HERE, "Instructor", {}),
    "ben": (HERE, "Learner", {}),
    "cleo": (HERE, "Learner", {}),
    "dora": (HERE, "Learner", {}),
    "mona": (HERE, "Manager", {}),
    "omar": (HERE, "Mentor", {}),
    "otto": (HERE, "Learner", OTHER_COURSE),
    "tara": (HERE, "Instructor", OTHER_COURSE),
    "zoe": (ELSEWHERE, "Learner", {}),
}


@pytest.fixture
def cast(app: Flask) -> Cast:
    """tess trains; ben, cleo and dora learn; mona manages; omar observes; otto and tara are in another cohort;
    zoe is in another organisation."""
    return Cast(app)


@pytest.fixture
def session(app: Flask, cast: Cast) -> Iterator[Session]:
    """The app's own session, for tests that call acts directly; what they leave is rolled back."""
    # they come in first: this session holds SQLite's one write lock from its first statement on
    for name in ("tess", "ben", "cleo", "dora"):
        getattr(cast, name)
    with app.test_request_context("/", method="POST"):
        yield db.session()
        db.session.rollback()
        db.session.remove()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser nobody has launched in yet."""
    return app.test_client()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what ran on which database and browser."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    ran = {name: sum(f"[{name}" in report.nodeid for report in reports) for name in databases.NAMES}
    browser = sum("/browser/" in report.nodeid for report in reports)
    said = ", ".join(f"{count} on {name}" for name, count in ran.items())
    terminalreporter.write_line(f"Databases: {said}. Real browser: {browser} tests.")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long campaigns run only when asked for; what starts servers of its own runs in two processes, in each one by one.

    Of many cases that differ in what an LMS says and not in what a database does, all run on SQLite and one in six on
    PostgreSQL as well; `make prove` runs all on both.
    """
    for item in items:
        if item.path.name in ("test_chaos.py", "test_wheel.py", "test_accessibility.py"):
            item.add_marker(pytest.mark.xdist_group("servers"))
        elif "/browser/" in item.nodeid:
            item.add_marker(pytest.mark.xdist_group("browser"))
        if "/browser/" in item.nodeid:  # a browser, two servers and a worker on two cores: a slow moment is no fault
            item.add_marker(pytest.mark.flaky(reruns=1))  # what is broken fails twice; the summary counts the reruns
    if "prove" not in (config.getoption("-m") or ""):
        items[:] = [item for item in items if item.get_closest_marker("prove") is None and not _is_left_out(item)]


def pytest_collection_finish() -> None:
    """Look for garbage less often: what was imported and collected stays, and every test makes much that does not."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _is_left_out(item: pytest.Item) -> bool:
    is_one_of_many = item.get_closest_marker("alike") is not None and "[postgresql" in item.nodeid
    return is_one_of_many and zlib.crc32(item.nodeid.encode()) % 6 > 0


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Under CI a skipped test is a failure: nothing is green that did not run."""
    if IN_CI and report.skipped:
        report.outcome = "failed"
