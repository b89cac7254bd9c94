"""kill -9 in the middle of deliveries: every grade arrives, none behind a newer one, and nothing of ours stays running.

A real server in processes of its own, a practice LMS whose services fail, and people who come in over HTTP.
"""

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import select, update

from sociallearn import clock, config, migrating
from sociallearn.app import create_app
from sociallearn.database import db, transaction
from sociallearn.grades import receipts
from sociallearn.grades.models import Delivery, DeliveryState, Standing
from sociallearn.practice import log, registering, serving
from sociallearn.practice.app import create_practice_lms
from sociallearn.practice.models import Enrolment, Entry, Score
from sociallearn.practice.models import Person as Account
from sociallearn.practice.people import Role
from sociallearn.roster.models import Member, Person
from tests import databases
from tests.browser.conftest import free_port
from tests.conftest import IN_CI

COURSE, LINK, MAXIMUM = "smld-2026", "praat-mee", 100
TRAINER = "katrien"
BOTH_TEXTS = 0.7  # a post (4 points) and a reply (3) of the 10 a week asks for
PATIENCE = 60.0  # seconds for one thing to happen on two busy cores
MOST_TO_CATCH_UP = 480.0  # seconds: of 200 somebody fails ten times in a row now and then, and waits 30 s each time
MOST_TO_NOTICE = 6.0  # seconds until those whose parent was killed are gone


def until(happened: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Wait for it, and say what it answered."""
    deadline = time.monotonic() + seconds
    while not (found := happened()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.05)
    return found


def alive(group: int) -> dict[int, str]:
    """Every process of the group that still runs, with its command."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            state, _parent, its_group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            command = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue  # ended meanwhile
        if int(its_group) == group and state not in "ZX":
            found[int(folder.name)] = command
    return found


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process politely, and see that its group ends with it; what does not, is killed."""
    try:
        process.terminate()
        process.wait(30)
        until(lambda: not alive(process.pid), "the group ended", MOST_TO_NOTICE)
    finally:
        for pid in alive(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait(PATIENCE)


class Lms:
    """A practice LMS of this process, which nobody kills."""

    def __init__(self, folder: Path, tool_url: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        app = create_practice_lms(base_url=self.url, tool_url=tool_url, data_dir=folder)
        self._store = app.extensions["practice"].store
        self._server = serving.listening(app, "127.0.0.1", port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def enrol(self, count: int) -> list[str]:
        """So many new learners in the course."""
        names = [f"learner-{number:03}" for number in range(count)]
        with self._store.writing() as session:
            for number, name in enumerate(names):
                account = Account(id=name, position=100 + number, given_name="Learner", family_name=f"Nr {number}")
                account.email, account.locale, account.unit = f"{name}@example.com", "en", "Chaos"
                session.add(account)
                session.add(Enrolment(course_id=COURSE, person_id=name, role=Role.LEARNER))
        return names

    def turn(self, mode: str) -> None:
        """Have the services behave like this from now on."""
        answer = requests.post(self.url + "/practice/services", data={"mode": mode}, timeout=10, allow_redirects=False)
        assert answer.status_code == 303

    def scores(self) -> dict[str, Score]:
        """What stands in the gradebook, by person."""
        with self._store.reading() as session:
            return {score.person_id: score for score in session.scalars(select(Score))}

    def posts(self) -> list[tuple[tuple[str, str], int, datetime]]:
        """Every score that was sent here, in order: (column and person, our answer, its time stamp)."""
        with self._store.reading() as session:
            entries = session.scalars(select(Entry).where(Entry.kind == "service").order_by(Entry.id))
            found = [entry for entry in entries if re.match(r"POST \S+/scores(:|$)", entry.title)]
        return [
            (
                (entry.title.split(":")[0], entry.details["body"]["userId"]),
                entry.status or 0,
                datetime.fromisoformat(entry.details["body"]["timestamp"]),
            )
            for entry in found
        ]

    def stop(self) -> None:
        """Close."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._store.close()


class Tool:
    """``sociallearn serve``: an arbiter, the server's process and the worker, one process group. Mortal."""

    def __init__(self, folder: Path, database: str) -> None:
        self.port, self.folder = free_port(), folder
        self.url = f"http://localhost:{self.port}"
        given = {
            "BASE_URL": self.url,
            "DATABASE_URL": database,
            "DATA_DIR": str(folder),
            "LTI_CONFIG": str(folder / "lti_config.json"),
            "SECRET_KEY": "chaos-" + "k" * 40,
            "THREADS": "8",
        }
        ours = {config.PREFIX + name: value for name, value in given.items()}
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(config.PREFIX)} | ours
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it is ready with its worker beside it."""
        command = [sys.executable, "-m", "sociallearn", "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        with (self.folder / "tool.log").open("ab") as output:
            self._process = subprocess.Popen(
                command, env=self.environment, stdout=output, stderr=output, start_new_session=True
            )
        until(self._is_ready, "the tool is ready")

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "tool.log").read_text()[-3000:]
        try:
            return requests.get(self.url + "/readyz", timeout=5).ok and self.worker() != 0
        except requests.RequestException:
            return False

    @property
    def pid(self) -> int:
        """The arbiter's, which is also the group's."""
        assert self._process is not None
        return self._process.pid

    def alive(self) -> dict[int, str]:
        """Every process of the group that still runs, with its command."""
        return alive(self.pid)

    def worker(self) -> int:
        """The ``work`` process's id; 0 while there is none."""
        return next((pid for pid, command in self.alive().items() if " work " in command), 0)

    def kill_all(self) -> float:
        """kill -9 for the whole group, and a fresh start."""
        os.killpg(self.pid, signal.SIGKILL)
        gone_after = self.bury()
        self.start()
        return gone_after

    def kill_arbiter(self) -> float:
        """kill -9 for the first process only: the others must notice. Then a fresh start; seconds they took."""
        assert len(self.alive()) == 3, self.alive()
        os.kill(self.pid, signal.SIGKILL)
        gone_after = self.bury()
        self.start()
        return gone_after

    def kill_worker(self) -> float:
        """kill -9 for the ``work`` process: another must take its place. Seconds until it did."""
        before, at = self.worker(), time.monotonic()
        assert before
        os.kill(before, signal.SIGKILL)
        until(lambda: self.worker() not in (0, before), "another worker")
        return time.monotonic() - at

    def bury(self) -> float:
        """Wait until everybody in the group is gone; seconds that took."""
        at = time.monotonic()
        assert self._process is not None
        self._process.wait(PATIENCE)
        until(lambda: not self.alive(), f"all of {self.alive()} are gone", MOST_TO_NOTICE)
        return time.monotonic() - at

    def stop(self) -> None:
        """End it politely."""
        if self._process is not None:
            end(self._process)


class Visitor:
    """Somebody with a browser, who tries again when the server is gone."""

    def __init__(self, lms_url: str, tool_url: str, name: str) -> None:
        self._lms_url, self._tool_url, self._name = lms_url, tool_url, name
        self._cookies: dict[str, str] = {}
        self._seat_url = self._token = self.feed = ""

    def enter(self) -> None:
        """A signed launch from the course into the feed."""
        started = self.ask("GET", f"{self._lms_url}/launch/{LINK}?person={self._name}", 200)
        login = self.ask("POST", self._tool_url + "/lti/login", 302, fields(started.text))
        answered = self.ask("GET", login.headers["Location"], 200)
        launched = self.ask("POST", self._tool_url + "/lti/launch", 303, fields(answered.text))
        seat = re.match(r"/s/[\w-]+", launched.headers["Location"].removeprefix(self._tool_url))
        assert seat, launched.headers["Location"]
        self._seat_url = self._tool_url + seat[0]
        self.feed = self.ask("GET", self._seat_url + "/feed", 200).text
        self._token = fields(self.feed)["csrf_token"]

    def ask(self, method: str, url: str, status: int, form: dict[str, str] | None = None) -> requests.Response:
        """One request, answered with this status."""
        # by hand: browsers send secure cookies to http://localhost as well, requests does not
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        with requests.Session() as http:
            http.trust_env = False
            answer = http.request(method, url, data=form, headers=cookies, timeout=PATIENCE, allow_redirects=False)
        assert answer.status_code == status, f"{url}: {answer.status_code} {answer.text}"
        if url.startswith(self._tool_url):
            self._cookies.update(answer.cookies.get_dict())
        return answer

    def say(self, path: str, body: str) -> int:
        """Send a form, again and again until it is taken; the post's number."""
        deadline, form = time.monotonic() + PATIENCE, {"csrf_token": self._token, "body": body}
        while True:
            try:
                answer = self.ask("POST", self._seat_url + path, 303, form)
            except requests.ConnectionError:
                assert time.monotonic() < deadline, "the server never came back"
                time.sleep(0.2)  # what people do
                continue
            return int(re.findall(r"(?:/|#post-)(\d+)", answer.headers["Location"])[-1])


def fields(page: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {unescape(name): unescape(value) for name, value in found}


def words(dice: random.Random, count: int) -> str:
    """A text like no other."""
    return " ".join("".join(dice.choices("abdeiklmnoprstuv", k=dice.randint(4, 9))) for _ in range(count))


@dataclass
class Site:
    """All of it. ``reader`` is the tool's code in this process, for reading the database."""

    lms: Lms
    tool: Tool
    reader: Flask

    def visit(self, name: str) -> Visitor:
        """Somebody comes in."""
        visitor = Visitor(self.lms.url, self.tool.url, name)
        visitor.enter()
        return visitor

    def deliveries(self) -> list[Delivery]:
        """Every score on its way or there."""
        with self.reader.test_request_context("/"):  # a GET, so that SQLite's writers are left alone
            return list(db.session.scalars(select(Delivery).order_by(Delivery.id)))

    def waiting(self) -> int:
        """How many still have to be sent."""
        return sum(row.state == DeliveryState.WAITING for row in self.deliveries())

    def accepted(self) -> set[str]:
        """Whose score the LMS has."""
        return {who for (_column, who), status, _stamp in self.lms.posts() if status == 200}

    def let_a_minute_pass(self) -> None:
        """For deliveries: back-offs and leases are over. Only while the tool is dead."""
        past = clock.now() - timedelta(minutes=1)
        with self.reader.app_context(), transaction() as session:
            session.execute(update(Delivery).values(next_at=past))
            session.execute(update(Delivery).where(Delivery.lease_until.is_not(None)).values(lease_until=past))

    def everybody_has(self, names: Sequence[str], grade: float) -> bool:
        """Whether the tool knows that the LMS has everybody's newest score, and that is this one."""
        rows = self.deliveries()
        return len(rows) == len(names) and all(
            row.state == DeliveryState.SENT and row.sent == row.wanted and row.sent_grade == grade for row in rows
        )


@contextmanager
def site_on(database: str, folder: Path) -> Iterator[Site]:
    """A migrated tool and an LMS that know each other, both running."""
    tool = Tool(folder, database)
    lms = Lms(folder / "lms", tool.url)
    try:
        registering.write_lti_config(None, folder / "lti_config.json", lms.url)
        reader = create_app(config.read(tool.environment))
        with reader.app_context():
            migrating.upgrade()
        try:
            tool.start()
            yield Site(lms, tool, reader)
        finally:
            tool.stop()
            with reader.app_context():
                db.engine.dispose()
    finally:
        lms.stop()


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """On the database named in the parameter."""
    monkeypatch.setattr(log, "KEPT", 10**6)  # we read all of it
    name = None
    if request.param == "sqlite":
        url = databases.sqlite_url(tmp_path)
    else:
        try:
            url, name = databases.postgres_url()
        except databases.NoPostgres as error:
            if IN_CI:
                pytest.fail(f"PostgreSQL is needed under CI: {error}")
            pytest.skip(str(error))
    try:
        with site_on(url, tmp_path) as running:
            yield running
    finally:
        if name:
            databases.drop(name)


def check_grades(site: Site, names: Sequence[str], grade: float) -> None:
    """The LMS has what the ledger says, of everybody, in numbers and words."""
    scores = site.lms.scores()
    assert sorted(scores) == sorted(names)
    with site.reader.test_request_context("/"):
        rows = db.session.execute(select(Member, Person.sub).join(Person).where(Person.sub.in_(names))).all()
        assert len(rows) == len(names)
        for member, name in rows:
            standing = db.session.get_one(Standing, member.id)
            assert standing.grade == receipts.recompute_from_ledger(db.session(), member).value == grade, name
            assert scores[name].value == pytest.approx(standing.grade * MAXIMUM), name
            assert scores[name].comment == standing.comment, name


def check_order(site: Site) -> Counter[int]:
    """Nothing was sent with a stamp that is not later than one accepted before; how often the LMS answered what."""
    newest: dict[tuple[str, str], int] = {}
    sent: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)
    for key, status, stamp in site.lms.posts():
        second = int(stamp.timestamp())
        assert second > newest.get(key, 0), f"{key}: {stamp} is not later than what was accepted before"
        sent[key].append(stamp)
        if status == 200:
            newest[key] = second
    for key, stamps in sent.items():
        assert stamps == sorted(set(stamps)), key
    kept = {name: int(score.timestamp.timestamp()) for name, score in site.lms.scores().items()}
    assert kept == {name: second for (_column, name), second in newest.items()}
    answers = Counter(status for _key, status, _stamp in site.lms.posts())
    assert answers.keys() <= {200, 503}, answers
    return answers


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_an_lms_that_is_down_and_one_kill_cost_nobody_a_grade(site: Site) -> None:
    dice, names = random.Random(), site.lms.enrol(12)
    topic = site.visit(TRAINER).say("/feed", words(dice, 45))
    visitors = [site.visit(name) for name in names]

    site.lms.turn("down")
    visitors[0].say("/feed", words(dice, 45))
    until(lambda: any(row.problem for row in site.deliveries()), "the page can tell what is wrong")
    assert (site.waiting(), site.lms.scores()) == (1, {})
    site.lms.turn("ok")
    until(lambda: names[0] in site.lms.scores(), "the score arrives once the LMS is back", 30)

    site.lms.turn("half")
    with ThreadPoolExecutor(3) as pool:
        said = [pool.submit(visitor.say, "/feed", words(dice, 45)) for visitor in visitors[1:-1]]
        assert all([future.result() for future in said])
    until(lambda: len(site.accepted()) >= 3, "a few scores")
    site.lms.turn("down")  # so that one at least is surely under way
    visitors[-1].say("/feed", words(dice, 45))
    os.killpg(site.tool.pid, signal.SIGKILL)
    site.tool.bury()
    assert site.waiting()
    site.let_a_minute_pass()
    site.lms.turn("ok")
    site.tool.start()
    for visitor in visitors:
        visitor.say(f"/posts/{topic}/replies", words(dice, 25))
    until(lambda: site.everybody_has(names, BOTH_TEXTS), "every grade arrives")
    check_grades(site, names, BOTH_TEXTS)
    check_order(site)


@pytest.mark.prove
@pytest.mark.parametrize("site", databases.NAMES, indirect=True)
def test_kills_in_the_middle_of_two_hundred_deliveries(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    seed = random.randrange(10**6)
    dice, names = random.Random(seed), site.lms.enrol(200)
    topic = site.visit(TRAINER).say("/feed", words(dice, 45))
    texts = [(name, "/feed", words(dice, 45)) for name in names]
    texts += [(name, f"/posts/{topic}/replies", words(dice, 25)) for name in names]

    with ThreadPoolExecutor(4) as pool:
        visitors = dict(zip(names, pool.map(site.visit, names), strict=True))
    site.lms.turn("half")
    began = time.monotonic()

    kills = [site.tool.kill_all, site.tool.kill_worker, site.tool.kill_arbiter, site.tool.kill_all]
    dice.shuffle(kills)
    told = []
    with ThreadPoolExecutor(4) as pool:
        talking = [pool.submit(visitors[name].say, path, text) for name, path, text in texts]
        for number, kill in enumerate(kills):
            wanted = dice.randint(10 + 45 * number, 45 + 45 * number)
            until(lambda wanted=wanted: len(site.accepted()) >= wanted, f"{wanted} people with a score")
            until(site.waiting, "something to interrupt")
            time.sleep(dice.random() / 4)  # any moment
            waiting = site.waiting()
            told.append(f"{kill.__name__} with {waiting} waiting ({kill():.1f} s)")
        last_kill = time.monotonic()
        for future in talking:
            future.result()
    spoken = time.monotonic()
    until(lambda: site.everybody_has(names, BOTH_TEXTS), "every grade arrives", MOST_TO_CATCH_UP)
    ended = time.monotonic()
    check_grades(site, names, BOTH_TEXTS)
    answers = check_order(site)
    attempts = sum(row.attempts for row in site.deliveries())
    with capsys.disabled():
        sys.stdout.write(
            f"\n{site.reader.config['SQLALCHEMY_DATABASE_URI'].split(':')[0]}, seed {seed}: {len(names)} deliveries, "
            f"{attempts} attempts, {sum(answers.values())} reached the LMS: {answers[200]} accepted, "
            f"{answers[503]} failed; 0 lost. {'; '.join(told)}. "
            f"{spoken - began:.0f} s of talk, all there {ended - spoken:.0f} s after it, "
            f"{ended - last_kill:.0f} s after the last kill.\n"
        )
