"""kill -9 in the middle of deliveries: every grade arrives, none behind a newer one, and nothing of ours stays running.

A real server in processes of its own, a practice LMS whose services fail, and people who come in over HTTP.
"""

import csv
import io
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
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from sociallearn import clock, config, migrating
from sociallearn.app import create_app
from sociallearn.database import db, transaction
from sociallearn.grades import adjusting, delivering, keeping, receipts
from sociallearn.grades.models import Delivery, DeliveryState, Standing
from sociallearn.practice import log, registering, serving
from sociallearn.practice.app import create_practice_lms
from sociallearn.practice.models import Enrolment, Entry, LineItem, Score
from sociallearn.practice.models import Person as Account
from sociallearn.practice.people import Role
from sociallearn.roster.models import Cohort, Member, Person
from tests import databases
from tests.browser.conftest import free_port
from tests.conftest import IN_CI

COURSE, LINK, MAXIMUM = "smld-2026", "praat-mee", 100
BARE_LINK, OWN_MAXIMUM = "prikbord", 20  # without a column, so that one is made
TRAINER = "katrien"
BOTH_TEXTS = 0.7  # a post (4 points) and a reply (3) of the 10 a week asks for
PATIENCE = 180.0  # seconds for one thing to happen on two busy cores
MOST_TO_CATCH_UP = 900.0  # seconds: of 200 somebody fails ten times in a row now and then, and waits 30 s each time
MOST_TO_NOTICE = 6.0  # seconds until those whose parent was killed are gone
MOST_TO_GIVE_UP = 45.0  # the same, while one is in the middle of a call that is answered too late
CHANGES, TOGETHER = 5, 2
WRONG_BY = 240  # seconds a clock is off


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


def end(process: subprocess.Popen[bytes], within: float = MOST_TO_NOTICE) -> None:
    """End a process politely, and see that its group ends with it; what does not, is killed."""
    try:
        process.terminate()
        process.wait(30)
        until(lambda: not alive(process.pid), "the group ended", within)
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
                account = Account(id=name, position=100 + number, given_name="Learner", family_name=name)
                account.email, account.locale, account.unit = f"{name}@example.com", "en", "Chaos"
                session.add(account)
                session.add(Enrolment(course_id=COURSE, person_id=name, role=Role.LEARNER))
        return names

    def turn(self, mode: str, **more: int) -> None:
        """Have the services behave like this from now on."""
        form = {"mode": mode, **more}
        answer = requests.post(self.url + "/practice/services", data=form, timeout=PATIENCE, allow_redirects=False)
        assert answer.status_code == 303, answer.text

    def remove(self, names: Sequence[str], removed: bool = True) -> None:
        """Take learners out of the course, or put them back."""
        with self._store.writing() as session:
            session.execute(
                update(Enrolment)
                .where(Enrolment.course_id == COURSE, Enrolment.person_id.in_(names))
                .values(removed_at=clock.now() if removed else None)
            )

    def columns(self) -> list[str]:
        """The names of the course's columns."""
        with self._store.reading() as session:
            return list(session.scalars(select(LineItem.label).where(LineItem.course_id == COURSE)))

    def troubles(self) -> Counter[str]:
        """What went wrong with how many calls."""
        with self._store.reading() as session:
            entries = session.scalars(select(Entry.details).where(Entry.kind == "service"))
            return Counter(one["trouble"] for one in entries if "trouble" in one)

    def tokens(self) -> Counter[int]:
        """How often a token was asked for, and our answers."""
        with self._store.reading() as session:
            return Counter(session.scalars(select(Entry.status).where(Entry.kind == "token")))

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
        self.port, self.folder, self.most_to_notice = free_port(), folder, MOST_TO_NOTICE
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
        until(lambda: not self.alive(), f"all of {self.alive()} are gone", self.most_to_notice)
        return time.monotonic() - at

    def stop(self) -> None:
        """End it politely."""
        if self._process is not None:
            end(self._process, self.most_to_notice)


class Visitor:
    """Somebody with a browser, who tries again when the server is gone."""

    def __init__(self, lms_url: str, tool_url: str, name: str) -> None:
        self._lms_url, self._tool_url, self._name = lms_url, tool_url, name
        self._cookies: dict[str, str] = {}
        self._seat_url = self._token = self.feed = ""

    def enter(self, link: str) -> None:
        """A signed launch from the course into the feed."""
        started = self.ask("GET", f"{self._lms_url}/launch/{link}?person={self._name}", 200)
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
        """Write a text; the post's number."""
        return int(re.findall(r"(?:/|#post-)(\d+)", self.send(path, body=body).headers["Location"])[-1])

    def send(self, path: str, **form: str) -> requests.Response:
        """Send a form, again and again until it is taken."""
        deadline, form["csrf_token"] = time.monotonic() + PATIENCE, self._token
        while True:
            try:
                return self.ask("POST", self._seat_url + path, 303, form)
            except requests.ConnectionError:
                assert time.monotonic() < deadline, "the server never came back"
                time.sleep(0.2)  # what people do

    def read(self, path: str) -> str:
        """A page or a file."""
        return self.ask("GET", self._seat_url + path, 200).text


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

    def visit(self, name: str, link: str = LINK) -> Visitor:
        """Somebody comes in."""
        visitor = Visitor(self.lms.url, self.tool.url, name)
        visitor.enter(link)
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


def class_of(site: Site, names: Sequence[str]) -> dict[str, int]:
    """Everybody is a member of the one cohort there is, as after a launch; their ids."""
    with site.reader.app_context(), transaction() as session:
        cohort = session.scalars(select(Cohort)).one()
        [trainer] = session.scalars(select(Person).where(Person.sub == TRAINER))
        people = [
            Person(
                organisation_id=cohort.organisation_id,
                registration_id=trainer.registration_id,
                sub=name,
                name=f"Learner {name}",
                locale="en",
            )
            for name in names
        ]
        session.add_all(people)
        session.flush()
        now = clock.now()
        members = [
            Member(cohort_id=cohort.id, person_id=one.id, role="learner", joined_at=now, seen_at=now) for one in people
        ]
        session.add_all(members)
        session.flush()
        return {person.sub: member.id for person, member in zip(people, members, strict=True)}


def change_all(site: Site, ids: Sequence[int], trainer_id: int, dice: random.Random) -> None:
    """Another grade for everybody, again and again, in any order; a few in a transaction."""
    before: dict[int, float] = {}
    order = [id_ for _time in range(CHANGES) for id_ in dice.sample(ids, len(ids))]
    with site.reader.app_context():
        with transaction() as session:
            period = adjusting.choices(session, session.get_one(Member, ids[0]))[0].period.key
        for begin in range(0, len(order), TOGETHER):
            few = sorted(order[begin : begin + TOGETHER])
            wanted = {id_: dice.choice([n / 4 for n in range(1, 41) if n / 4 != before.get(id_)]) for id_ in few}
            while True:
                try:
                    with transaction() as session:
                        _change(session, wanted, period, trainer_id, is_first=begin < len(ids))
                    break
                except OperationalError:  # SQLite's one writer was somebody else for too long: people try again
                    continue
            before |= wanted


def _change(session: Session, wanted: dict[int, float], period: str, trainer_id: int, *, is_first: bool) -> None:
    by = session.get_one(Member, trainer_id)
    for id_, points in wanted.items():
        learner = session.get_one(Member, id_)
        if is_first:
            keeping.recompute(session, learner)
        adjusting.adjust(session, learner, period, "override", by=by, reason="r", points=points)


def wrong_clocks(site: Site, ended: threading.Event, dice: random.Random) -> None:
    """A worker more, whose clock is minutes off, and another way each time."""
    while not ended.wait(0.5):
        with site.reader.app_context(), clock.at(clock.now() + timedelta(seconds=dice.choice((-1, 1)) * WRONG_BY)):
            with transaction() as session:
                waiting = select(Delivery.id).where(Delivery.state == DeliveryState.WAITING)
                found = session.scalars(waiting.order_by(Delivery.next_at).limit(200)).all()
            if found:
                delivering.deliver(dice.choice(found))


def states(site: Site) -> dict[str, int]:
    """How many scores are how far; asked every second."""
    time.sleep(1)
    with site.reader.test_request_context("/"):
        counted = select(Delivery.state, func.count()).group_by(Delivery.state)
        return dict(db.session.execute(counted).tuples().all())


def reasons_shown(page: str) -> set[str]:
    """Why scores did not arrive, as the trainer reads it (in Dutch: she does)."""
    rows = page.partition('<ul class="rows scores">')[2].partition("</ul>")[0]
    found = re.findall(r'<p class="soft">(?:Wachtend: )?([^<]*?)\s*(?:\d+ poging|</p>)', rows)
    return {unescape(one).strip() for one in found} - {"Wachtend"}


@pytest.mark.prove
@pytest.mark.timeout(5400)
@pytest.mark.parametrize("learners", [pytest.param(100, id="hundred"), pytest.param(2000, id="all")])
@pytest.mark.parametrize("site", databases.NAMES, indirect=True)
def test_every_trouble_there_is_and_kills_and_wrong_clocks(
    site: Site, learners: int, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = random.randrange(10**6)
    dice, names = random.Random(seed), site.lms.enrol(learners)
    site.tool.most_to_notice = MOST_TO_GIVE_UP
    trainer = site.visit(TRAINER, BARE_LINK)
    ids = class_of(site, names)
    before = site.lms.columns()
    site.lms.turn("troubled", seed=dice.randrange(10**6))
    began = time.monotonic()
    trainer.send("/grading/column", label="Taking part", points=str(OWN_MAXIMUM))
    with site.reader.app_context(), transaction() as session:
        trainer_id = session.scalars(select(Member.id).join(Person).where(Person.sub == TRAINER)).one()

    gone = dice.sample(names, max(3, learners // 100))
    kills = [site.tool.kill_all, site.tool.kill_worker, site.tool.kill_arbiter]
    told: Counter[str] = Counter()
    reasons: set[str] = set()
    ended = threading.Event()
    with ThreadPoolExecutor(3) as pool:
        shares = list(ids.values())[::2], list(ids.values())[1::2]
        talking = [pool.submit(change_all, site, share, trainer_id, random.Random(dice.random())) for share in shares]
        wrong = pool.submit(wrong_clocks, site, ended, random.Random(dice.random()))
        try:
            while not all(one.done() for one in talking):
                time.sleep(dice.uniform(10, 60))
                kill = dice.choice(kills)
                kill()
                told[kill.__name__] += 1
                skew = dice.choice((-WRONG_BY, 0, WRONG_BY))
                site.lms.turn("troubled", seed=dice.randrange(10**6), skew=skew)
                if sum(told.values()) == 2:
                    site.lms.remove(gone)
                reasons |= reasons_shown(trainer.read("/grading?state=waiting"))
                reasons |= reasons_shown(trainer.read("/grading?state=refused"))
            for one in talking:
                one.result()
            changed = time.monotonic()
            time.sleep(dice.uniform(5, 25))
            site.tool.kill_all()
            told["kill_all"] += 1
        finally:
            ended.set()
        wrong.result()

    site.lms.remove(gone, removed=False)
    site.lms.turn("ok", skew=0)
    until(lambda: states(site).keys() <= {DeliveryState.SENT, DeliveryState.REFUSED}, "none waits", MOST_TO_CATCH_UP)
    trainer.send("/cohort/reading")  # for whoever the list of participants called gone
    trainer.send("/grading/deliveries/resending")
    until(lambda: states(site) == {DeliveryState.SENT: learners}, "all are sent", MOST_TO_CATCH_UP)
    took = time.monotonic()

    accepted = check_everything(site, names)
    check_table(trainer.read("/grading/deliveries.csv"), site.lms.scores())
    assert sorted(site.lms.columns()) == sorted([*before, "Taking part"])
    assert reasons
    assert not any("“" in reason for reason in reasons), "a code nobody put into words"
    requests_made = site.lms.posts()
    attempts = sum(row.attempts for row in site.deliveries())
    with capsys.disabled():
        sys.stdout.write(
            f"\n{site.reader.config['SQLALCHEMY_DATABASE_URI'].split(':')[0]}, seed {seed}: {learners} learners x "
            f"{CHANGES} changes = {learners * CHANGES}. {attempts} attempts, {len(requests_made)} scores reached the "
            f"LMS, {accepted} were taken ({learners * CHANGES} if each change were sent once, {learners} at least); "
            f"answers {dict(Counter(status for _key, status, _stamp in requests_made))}; "
            f"tokens {dict(site.lms.tokens())}; troubles {dict(site.lms.troubles())}; {dict(told)}; columns: one more. "
            f"{changed - began:.0f} s of changes, all there {took - changed:.0f} s after the last one.\n"
            f"Told the trainer: {'; '.join(sorted(reasons))}\n"
        )


def check_everything(site: Site, names: Sequence[str]) -> int:
    """The LMS has what the ledger says of everybody, and took nothing older than it had; how often it took a score."""
    scores = {name: score for name, score in site.lms.scores().items() if name in set(names)}
    assert len(scores) == len(names)
    with site.reader.test_request_context("/"):
        rows = db.session.execute(
            select(Member, Person.sub, Standing, Delivery)
            .join(Person, Person.id == Member.person_id)
            .join(Standing, Standing.member_id == Member.id)
            .join(Delivery, Delivery.member_id == Member.id)
            .where(Person.sub.in_(names))
        ).all()
        assert len(rows) == len(names)
        for member, name, standing, row in rows:
            assert (row.state, row.sent) == (DeliveryState.SENT, row.wanted), (name, row.problem)
            assert standing.grade == receipts.recompute_from_ledger(db.session(), member).value, name
            assert scores[name].value == pytest.approx((standing.grade or 0.0) * OWN_MAXIMUM), name
            assert scores[name].comment == standing.comment, name
    taken: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)
    for key, status, stamp in site.lms.posts():
        if status == 200:
            taken[key].append(stamp)
    assert len({column for column, _who in taken}) == 1
    for (_column, who), stamps in taken.items():
        seconds = [int(stamp.timestamp()) for stamp in stamps]
        assert seconds == sorted(set(seconds)), f"{who} got an older score after a newer one: {stamps}"
        assert scores[who].timestamp == stamps[-1]
    return sum(map(len, taken.values()))


def check_table(text: str, scores: dict[str, Score]) -> None:
    """The trainer's table says of everybody what the LMS has."""
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    told = {(row["name"].removeprefix("Learner "), row["state"], row["reason"]) for row in rows}
    assert told == {(name, "sent", "") for name in scores}
    for row in rows:
        assert float(row["we_sent"]) == pytest.approx(scores[row["name"].removeprefix("Learner ")].value), row
        assert float(row["out_of"]) == OWN_MAXIMUM
