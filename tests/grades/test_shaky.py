"""An LMS that fails in every way it can, and workers that die: in the end it has what the ledger says, once."""

import random
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.grades import adjusting, columns, delivering, keeping, receipts
from sociallearn.grades.models import Delivery, DeliveryState, OwnColumn, Standing
from sociallearn.lti.failures import ServiceError
from sociallearn.roster.models import Member, Person, Placement
from tests.grades import cast
from tests.grades.cast import MONDAY, GradeLms, School

WORKERS = 4
CHANGES = 5
# what happens to a request, in hundredths; else it goes well
TROUBLE = {"500": 6, "429": 2, "403": 4, "401": 4, "409": 3, "drop": 4, "lost answer": 6, "502 after all": 4}


class ShakyLms(GradeLms):
    """Fails at random, before and after it took a score, until told to recover. Keeps the newest stamp, as Moodle."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.dice, self.is_shaky = random.Random(seed), False
        self.happened: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.accepted: defaultdict[str, list[str]] = defaultdict(list)  # user → stamps, in the order they were taken
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]

    def _trouble(self) -> str:
        with self.lock:
            fate = self.dice.uniform(0, 100)
        for name, share in TROUBLE.items() if self.is_shaky else ():
            if fate < share:
                self.happened[name] += 1
                return name
            fate -= share
        return ""

    def _answer(self, trouble: str, well: Any) -> tuple[int, Any]:
        if trouble.isdecimal():
            return int(trouble), "trouble"
        if trouble == "drop":
            raise ConnectionAbortedError
        with self.lock:
            answer: tuple[int, Any] = well()
        if trouble == "lost answer":
            raise ConnectionAbortedError
        return (502, "trouble") if trouble else answer

    def take(self, path: str, headers: dict[str, str], score: dict[str, Any]) -> tuple[int, Any]:
        """Answer a score."""

        def well() -> tuple[int, Any]:
            answer = super(ShakyLms, self).take(path, headers, score)
            if answer[0] == 200:
                self.accepted[score["userId"]].append(score["timestamp"])
            return answer

        return self._answer(self._trouble(), well)

    def write(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Answer the making of a column."""
        return self._answer(self._trouble(), lambda: super(ShakyLms, self).write(method, path, body))

    def token(self, form: dict[str, str]) -> tuple[int, Any]:
        """Answer the token endpoint; tokens end soon."""
        self.expires_in = 61 if self.is_shaky else 3600
        return super().token(form)


@pytest.fixture
def shaky(app: Flask) -> Iterator[ShakyLms]:
    """One that is fine so far."""
    cast.forget_lms(app)
    keeping.connect()
    with app.app_context(), ShakyLms(random.randrange(10**6)) as lms:
        yield lms


def work(app: Flask, delivery_ids: list[int], dice: random.Random) -> None:
    """What a worker does with its share; now and then it dies in the middle, or its clock is wrong."""
    with app.app_context():
        for id_ in delivery_ids:
            skew = timedelta(seconds=dice.choice((0, 0, 0, -20, 20)))
            with clock.at(clock.now() + skew):
                fate = dice.random()
                if fate >= 0.06:
                    delivering.deliver(id_)
                    continue
                with transaction() as session:
                    attempt = delivering._claim(session, id_)
                if attempt is not None and fate < 0.03:  # killed after sending, before writing that down
                    with suppress(ServiceError):
                        delivering._send(attempt)


def waiting() -> list[int]:
    with transaction() as session:
        statement = select(Delivery.id).where(Delivery.state == DeliveryState.WAITING).order_by(Delivery.id)
        return list(session.scalars(statement))


def let_time_pass(app: Flask) -> None:
    """Back-offs and leases are over."""
    past = clock.now() - timedelta(minutes=2)
    with transaction() as session:
        session.execute(update(Delivery).values(next_at=past))
        session.execute(update(Delivery).where(Delivery.lease_until.is_not(None)).values(lease_until=past))
        session.execute(update(OwnColumn).values(next_at=past, lease_until=None))
    cast.forget_lms(app)


def deliver_all(app: Flask, dice: random.Random) -> None:
    """One round of all workers over everything that waits."""
    rows = waiting()
    dice.shuffle(rows)
    seeds = [random.Random(dice.random()) for _number in range(WORKERS)]
    with ThreadPoolExecutor(WORKERS) as pool:
        shares = [pool.submit(work, app, rows[number::WORKERS], seeds[number]) for number in range(WORKERS)]
        for share in shares:
            share.result()


def make_column(app: Flask, school: School) -> None:
    """By several workers at once, until it is there."""
    for round_ in range(30):  # the column itself, by several at once
        with clock.at(MONDAY + timedelta(days=1, minutes=round_)):
            threads = [threading.Thread(target=_in(app, school.cohort_id)) for _number in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            let_time_pass(app)
            with transaction() as session:
                if session.get_one(OwnColumn, school.cohort_id).state == "made":
                    break


def change_all(app: Flask, school: School, ids: list[int], dice: random.Random) -> None:
    """Everybody's grade, again and again, with all workers over it after each round."""
    for number in range(CHANGES):
        with clock.at(MONDAY + timedelta(days=1, hours=1 + number)):
            for id_ in dice.sample(ids, len(ids)):
                with transaction() as session:
                    learner, by = session.get_one(Member, id_), session.get_one(Member, school.trainer())
                    if number == 0:
                        keeping.recompute(session, learner)
                    adjusting.adjust(
                        session, learner, "2026-03-02", "override", by=by, reason="r", points=dice.randint(0, 40) / 4
                    )
            deliver_all(app, dice)
            let_time_pass(app)


def catch_up(app: Flask, shaky: ShakyLms, dice: random.Random) -> int:
    """Until nothing waits, the LMS being well again after a while; how many rounds that took."""
    rounds = 0
    while rounds < 60 and waiting():
        rounds += 1
        shaky.is_shaky = rounds < 12
        with clock.at(MONDAY + timedelta(days=1, hours=8, minutes=5 * rounds)):
            let_time_pass(app)
            deliver_all(app, dice)
    assert waiting() == []
    return rounds


def check(shaky: ShakyLms, ids: list[int], dice: random.Random) -> int:
    """The LMS has everybody's grade, once, and took none that was older than the one before; attempts made."""
    with transaction() as session:
        rows = session.execute(
            select(Standing, Person.sub, Member, Delivery)
            .join(Member, Member.id == Standing.member_id)
            .join(Person, Person.id == Member.person_id)
            .join(Delivery, Delivery.member_id == Member.id)
            .where(Member.id.in_(ids))
        ).all()
        assert len(rows) == len(ids)
        some = set(dice.sample(ids, min(len(ids), 200)))  # the ledger's own sum takes a few queries each
        scores = {user: score for (_path, user), score in shaky.book.items()}
        for standing, sub, member, delivery in rows:
            assert delivery.state == DeliveryState.SENT, (sub, delivery.problem)
            assert scores[sub]["scoreGiven"] == pytest.approx((standing.grade or 0) * scores[sub]["scoreMaximum"]), sub
            assert scores[sub]["comment"] == standing.comment
            if member.id in some:
                with clock.at(MONDAY + timedelta(days=1, hours=9)):
                    assert receipts.recompute_from_ledger(session, member).value == standing.grade
        attempts = session.scalar(select(func.sum(Delivery.attempts)))
    assert len(shaky.book) == len(ids)  # one column only
    assert len(shaky.columns) == 1
    for stamps in shaky.accepted.values():
        moments = [datetime.fromisoformat(stamp) for stamp in stamps]
        assert moments == sorted(set(moments))
    return attempts or 0


@pytest.mark.parametrize(
    "learners",
    [pytest.param(12, id="few"), pytest.param(2000, id="many", marks=[pytest.mark.prove, pytest.mark.timeout(1200)])],
)
def test_every_grade_arrives_once_and_none_is_overwritten_by_an_older_one(
    app: Flask, shaky: ShakyLms, learners: int, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = random.randrange(10**6)
    dice, began = random.Random(seed), time.monotonic()
    with clock.at(MONDAY + timedelta(days=1)):
        school, ids = cast.class_of(shaky, learners, graded=False)
        shaky.is_shaky = True
        with transaction() as session:
            columns.ask(session, session.get_one(Placement, school.placement_id), "Taking part", 20.0)
    make_column(app, school)
    change_all(app, school, ids, dice)
    changed, wanted = time.monotonic(), CHANGES * learners
    rounds = catch_up(app, shaky, dice)
    attempts = check(shaky, ids, dice)
    if learners > 100:
        with capsys.disabled():
            sys.stdout.write(
                f"\nseed {seed}: {learners} learners x {CHANGES} changes = {wanted}; {attempts} attempts, "
                f"{len(shaky.scores)} scores reached the LMS ({wanted} if each change were sent once, {learners} at "
                f"least), {len(shaky.token_calls)} tokens; {dict(shaky.happened)}; "
                f"{changed - began:.0f} s of changes, {time.monotonic() - changed:.0f} s to catch up in {rounds} "
                f"rounds; columns: {len(shaky.columns)}.\n"
            )


def _in(app: Flask, cohort_id: int) -> Any:
    def run() -> None:
        with app.app_context():
            columns.make(cohort_id)

    return run
