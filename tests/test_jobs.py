"""The queue only makes things quick: what is lost is found again, and the worker ends when it should."""

import json
import logging
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn import clock, jobs
from sociallearn.database import transaction, unit_of_work
from sociallearn.grades import delivering
from sociallearn.grades.models import Delivery
from sociallearn.roster.models import Organisation
from tests.conftest import IN_CI
from tests.grades import cast
from tests.grades.cast import GradeLms, School

ran: list[int] = []


@jobs.task()
def note(row_id: int) -> None:
    ran.append(row_id)


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    ran.clear()


@pytest.fixture
def queue(app: Flask) -> Iterator[Flask]:
    """The app in its context, with an empty queue."""
    app.extensions["jobs"].flush()
    cast.forget_lms(app)
    with app.app_context():
        yield app


def drain(app: Flask) -> None:
    """Do what a worker would."""
    huey = app.extensions["jobs"]
    while task := huey.dequeue():
        huey.execute(task)


def test_a_task_waits_for_the_commit(queue: Flask) -> None:
    with transaction() as session:
        jobs.after_commit(session, note, 7)
        session.add(Organisation(name="A", founding_registration_id=1))
        session.flush()
        drain(queue)
        assert ran == []
    drain(queue)
    assert ran == [7]


def test_a_rollback_forgets_it(queue: Flask) -> None:
    def fail() -> None:
        with transaction() as session:
            session.add(Organisation(name="A", founding_registration_id=1))
            session.flush()
            jobs.after_commit(session, note, 7)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with unit_of_work() as same:
        same.execute(select(1))
        jobs.after_commit(same, note, 8)
        same.rollback()
        same.execute(select(1))
    drain(queue)
    assert ran == []


def test_a_savepoint_is_no_commit(queue: Flask) -> None:
    with transaction() as session:
        with session.begin_nested():
            session.add(Organisation(name="A", founding_registration_id=1))
            jobs.after_commit(session, note, 7)
        drain(queue)
        assert ran == []
    drain(queue)
    assert ran == [7]


def test_the_same_row_twice_in_a_transaction_is_one_task(queue: Flask) -> None:
    with transaction() as session:
        session.execute(select(1))
        for _again in range(3):
            jobs.after_commit(session, note, 7)
    drain(queue)
    assert ran == [7]


def test_a_delayed_task_is_scheduled_or_left_to_the_sweep(queue: Flask) -> None:
    with transaction() as session:
        session.execute(select(1))
        jobs.after_commit(session, note, 1, 2.0)
        jobs.after_commit(session, note, 2, 20.0)
    drain(queue)
    assert (ran, queue.extensions["jobs"].scheduled_count()) == ([], 1)


def test_a_queue_out_of_order_does_not_undo_what_was_done(
    queue: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(queue.extensions["jobs"].storage, "filename", "/nowhere/queue.db")
    queue.extensions["jobs"].storage.close()
    with transaction() as session:
        session.add(Organisation(name="kept", founding_registration_id=1))
        session.flush()
        jobs.after_commit(session, note, 7)
    with transaction() as session:
        assert session.scalars(select(Organisation.name)).all() == ["kept"]
    assert "did not take" in caplog.text


def test_a_sweep_finds_what_the_queue_lost(queue: Flask) -> None:
    with GradeLms() as lms:
        school = cast.school(lms)
        ben = school.learner("ben", joined_at=clock.now())
        cast.write(ben)
        queue.extensions["jobs"].flush()
        assert jobs.sweep() > 0
        drain(queue)
        assert cast.delivery(ben).state == "sent"
        queue.extensions["jobs"].flush()
        jobs.sweep()
        drain(queue)
        assert jobs.sweep() == 0


def test_one_sweep_failing_does_not_stop_the_others(
    queue: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_session: Session) -> list[int]:
        raise RuntimeError("broken")

    kinds = {"broken": jobs._Kind(note, broken), f"{__name__}.note": jobs._Kind(note, lambda _session: [1, 2])}
    monkeypatch.setattr(jobs, "_kinds", kinds)
    with caplog.at_level(logging.ERROR):
        assert jobs.sweep() == 2
    assert "looking for what is due for broken failed" in caplog.text
    drain(queue)
    assert ran == [1, 2]


def test_a_sweep_adds_nothing_to_a_long_queue(queue: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LONGEST_QUEUE", 3)
    monkeypatch.setattr(jobs, "_kinds", {f"{__name__}.note": jobs._Kind(note, lambda _session: [1, 2, 3, 4])})
    assert [jobs.sweep() for _again in range(3)] == [4, 0, 0]


def test_housekeeping_goes_on_after_a_failure(queue: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_session: Session) -> None:
        raise RuntimeError

    monkeypatch.setattr(jobs, "housekeeping", [broken, lambda _session: ran.append(1)])
    jobs.keep_house()
    assert ran == [1]


def test_what_somebody_else_put_into_the_queue_is_not_run(queue: Flask) -> None:
    huey = queue.extensions["jobs"]
    huey.storage.enqueue(pickle.dumps("anything"))
    with pytest.raises(ValueError, match="Separator"):
        huey.dequeue()


def test_redis_as_the_queue(queue: Flask, tmp_path: Path) -> None:
    url = "redis://127.0.0.1:6379/13"
    try:
        Redis.from_url(url).ping()
    except RedisError as error:
        if IN_CI:
            pytest.fail(f"Redis is needed under CI: {error}")
        pytest.skip("no Redis here")
    kept = queue.extensions["jobs"], queue.extensions["jobs_run"], queue.config["REDIS_URL"]
    try:
        queue.config["REDIS_URL"] = url
        jobs.init(queue)
        assert jobs.is_reachable()
        with transaction() as session:
            session.execute(select(1))
            jobs.after_commit(session, note, 7)
        drain(queue)
        assert ran == [7]
    finally:
        queue.extensions["jobs"].flush()
        queue.extensions["jobs"].storage.pool.disconnect()
        queue.extensions["jobs"], queue.extensions["jobs_run"], queue.config["REDIS_URL"] = kept


# The worker as it really runs: a process of its own.

WORK = """
import json, sys
from pathlib import Path
settings = json.loads(sys.argv[1])
for name in ("DATA_DIR", "LTI_CONFIG"):
    settings[name] = Path(settings[name])
from sociallearn import jobs
from sociallearn.app import create_app
jobs.SWEEP_EVERY = 1.0
jobs.work(create_app(settings), int(sys.argv[2]) or None)
"""


def work(app: Flask, parent: int = 0) -> "subprocess.Popen[bytes]":
    """Start a worker for the app's database and queue."""
    names = ["BASE_URL", "IS_LOCAL", "DATA_DIR", "SECRET_KEY", "SQLALCHEMY_DATABASE_URI", "LTI_CONFIG", "REDIS_URL"]
    names += ["PROXY_HOPS", "FILES_URL", "FILES_QUOTA", "TIME_ZONE", "THREADS", "WORKER"]
    settings = json.dumps({name: app.config[name] for name in names}, default=str)
    return subprocess.Popen([sys.executable, "-c", WORK, settings, str(parent)])


@pytest.fixture
def school(queue: Flask) -> Iterator[School]:
    """A course whose scores can really be sent."""
    with GradeLms() as lms:
        yield cast.school(lms)


@pytest.mark.alike
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_worker_delivers_and_ends_when_told_to(queue: Flask, school: School, number: int) -> None:
    worker = work(queue)
    try:
        ben = school.learner("ben", joined_at=clock.now())
        cast.write(ben)
        cast.wait_for(lambda: cast.delivery(ben).state == "sent")
        worker.send_signal(number)
        assert worker.wait(10) == 0
    finally:
        worker.kill()
        worker.wait()


@pytest.mark.alike
def test_the_worker_ends_with_its_parent(queue: Flask) -> None:
    parent = subprocess.Popen(["sleep", "60"])
    worker = work(queue, parent.pid)
    try:
        time.sleep(2)
        assert worker.poll() is None
        parent.kill()
        parent.wait()
        assert worker.wait(15) == 0
    finally:
        worker.kill()
        worker.wait()


def test_workers_killed_again_and_again_lose_nothing(queue: Flask, school: School) -> None:
    people = [school.learner(f"p{number}", joined_at=clock.now()) for number in range(12)]
    for member in people:
        cast.write(member)

    def slow() -> int:
        time.sleep(0.15)
        return 200

    school.lms.score_answers.extend([slow] * 100)
    for _round in range(2):
        worker = work(queue)
        sent = len(school.lms.scores)
        cast.wait_for(lambda sent=sent: len(school.lms.scores) > sent)  # type: ignore[misc]
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    with transaction() as session:  # what the dead held is free again, as it is after half a minute
        for row in session.scalars(select(Delivery)):
            row.lease_until = None
    last = work(queue)
    try:
        cast.wait_for(lambda: all(cast.delivery(member).state == "sent" for member in people))
        assert len(school.lms.book) == 12
        assert {score["scoreGiven"] for score in school.lms.scores} == {8.0}
    finally:
        last.terminate()
        last.wait()
    with transaction() as session:
        assert list(delivering._due(session)) == []
