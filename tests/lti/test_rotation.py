"""Keys change on both sides while people come in and scores go out: nobody is turned away, no score is lost."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import responses
from flask import Flask
from sqlalchemy import select

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.grades import delivering
from sociallearn.grades.models import Delivery
from sociallearn.lti import keys
from sociallearn.lti.models import Registration
from sociallearn.roster.models import Member, Person
from tests.conftest import GRADED
from tests.grades.cast import forget_lms
from tests.lms import Lms, public_jwk

pytestmark = pytest.mark.alike

ISSUER = "https://lms.example"
LINE_ITEM = GRADED["ags"]["lineitem"]
PEOPLE = 200


@dataclass
class KeepingLms:
    """An LMS that keeps our key set, and checks every assertion against what it has kept.

    ``asks_again``: for a key it does not know it reads our key set at once, as LTI security 6.4 hopes for. Without that
    it only reads it when what it has is 55 minutes old.
    """

    app: Flask
    asks_again: bool
    key: str = "lms"
    refused: list[str] = field(default_factory=list)
    kids: set[str] = field(default_factory=set)
    scores: dict[str, float] = field(default_factory=dict)
    assertions: int = 0
    reads: int = 0
    _kept: dict[str, Any] = field(default_factory=dict)
    _read_at: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def token(self, request: Any) -> tuple[int, dict[str, str], str]:
        """The token endpoint."""
        assertion = parse_qs(request.body)["client_assertion"][0]
        kid = jwt.get_unverified_header(assertion)["kid"]
        with self._lock:
            self.assertions += 1
            is_old = self._read_at is None or clock.now() - self._read_at > timedelta(minutes=55)
            if is_old or (self.asks_again and kid not in self._kept):
                self._read()
            key = self._kept.get(kid)
            off = {"verify_exp": False, "verify_iat": False}  # by the test's own clock
            try:
                claims = jwt.decode(assertion, key, ["RS256"], audience=ISSUER + "/token", options=off)
                assert claims["iat"] <= clock.now().timestamp() < claims["exp"]
            except (jwt.PyJWTError, TypeError, AssertionError) as error:
                self.refused.append(f"{kid}: {error!r}")
                return 400, {}, json.dumps({"error": "invalid_client"})
            self.kids.add(kid)
        return 200, {}, json.dumps({"access_token": "t", "expires_in": 0})  # the next call needs another one

    def _read(self) -> None:
        found = self.app.test_client().get("/lti/jwks", base_url="http://localhost:8000").json
        assert found is not None
        self._kept = {one["kid"]: jwt.PyJWK(one, algorithm="RS256").key for one in found["keys"]}
        self._read_at, self.reads = clock.now(), self.reads + 1

    def take(self, request: Any) -> tuple[int, dict[str, str], str]:
        """A score."""
        score = json.loads(request.body)
        self.scores[score["userId"]] = score["scoreGiven"]
        return 200, {}, ""

    def launch(self, sub: str) -> int:
        """A launch, signed with the LMS's own key of the moment; the status it is answered with."""
        now = int(clock.now().timestamp())
        lms = Lms(key=self.key)
        answer = lms.launch(self.app.test_client(), sub=sub, iat=now, exp=now + 60, **GRADED)
        return answer.status_code


@pytest.fixture
def http(app: Flask) -> Iterator[responses.RequestsMock]:
    """The LMS's addresses; without that, nobody answers."""
    forget_lms(app)
    with transaction_in(app) as session:
        registration = session.scalars(select(Registration).where(Registration.issuer == ISSUER)).one()
        registration.key_set, registration.key_set_url = None, ISSUER + "/jwks"
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def transaction_in(app: Flask) -> Any:
    """A transaction outside any request."""

    class Opened:
        def __enter__(self) -> Any:
            self._context = app.app_context()
            self._context.push()
            self._transaction = transaction()
            return self._transaction.__enter__()

        def __exit__(self, *error: Any) -> None:
            try:
                self._transaction.__exit__(*error)
            finally:
                self._context.pop()

    return Opened()


def serve(http: responses.RequestsMock, lms: KeepingLms) -> None:
    http.add_callback("POST", ISSUER + "/token", lms.token)
    http.add_callback("POST", LINE_ITEM.replace("?", "/scores?"), lms.take)
    http.get(LINE_ITEM, json={"id": LINE_ITEM, "label": "Taking part", "scoreMaximum": 10})
    published = [f"lms-{number}" for number in range(5)] + ["lms"]
    http.add_callback(
        "GET",
        ISSUER + "/jwks",
        # the key in use and the ones before it: the newest is only known once it signs
        lambda _: (200, {}, json.dumps({"keys": [public_jwk(one) for one in published if one <= lms.key]})),
    )


def rotate(app: Flask, delay: timedelta) -> None:
    with transaction_in(app) as session:
        registration = session.scalars(select(Registration).where(Registration.issuer == ISSUER)).one()
        keys.rotate(session, registration, delay=delay)


def score_of(app: Flask, sub: str) -> int:
    """The person's score of 0.5, to be sent; the delivery's id."""
    with transaction_in(app) as session:
        member = session.scalars(select(Member).join(Member.person).where(Person.sub == sub)).one()
        delivering.want(session, member, 0.5, "Half.")
        return session.scalars(select(Delivery.id).where(Delivery.member_id == member.id)).one()


def send(app: Flask, delivery_id: int) -> None:
    with app.app_context():
        delivering.deliver(delivery_id)


def check(app: Flask, lms: KeepingLms, statuses: list[int], people: int) -> None:
    """All came in, all scores arrived at the first attempt, and no signature was refused."""
    assert lms.refused == []
    assert statuses == [303] * people
    assert list(lms.scores.values()) == [5.0] * people
    with transaction_in(app) as session:
        rows = session.scalars(select(Delivery)).all()
        assert {(row.state, row.attempts, row.problem) for row in rows} == {("sent", 1, None)}
        assert len(rows) == people


def test_over_a_day_with_an_lms_that_never_asks_for_an_unknown_key(app: Flask, http: responses.RequestsMock) -> None:
    """Ten hours, a person and a score every six minutes, nine new keys of ours and four of the LMS."""
    lms = KeepingLms(app, asks_again=False, key="lms")
    serve(http, lms)
    start, statuses, changes = clock.now(), [], 0
    for number in range(100):
        with clock.at(start + timedelta(minutes=6 * number)):
            if number % 12 == 2:
                rotate(app, keys.DELAY)
                changes += 1
            if number % 25 == 24:
                lms.key = f"lms-{number // 25}"
            statuses.append(lms.launch(f"person-{number:03}"))
            send(app, score_of(app, f"person-{number:03}"))
    check(app, lms, statuses, 100)
    assert changes == 9
    assert len(lms.kids) == 9  # the last one waits to sign
    assert lms.assertions >= 100
    assert lms.reads <= 11


# seen once on a very busy machine: one score was left to the next sweep
@pytest.mark.flaky(reruns=1, only_rerun=["AssertionError"])
def test_all_at_once_while_keys_change_without_delay(app: Flask, http: responses.RequestsMock) -> None:
    """Four threads; our key changes eight times in their midst and signs at once."""
    lms = KeepingLms(app, asks_again=True)
    serve(http, lms)
    statuses: list[int] = []
    errors: list[Exception] = []

    def work(share: int) -> None:
        try:
            for number in range(share, PEOPLE, 4):
                statuses.append(lms.launch(f"person-{number:03}"))
                send(app, score_of(app, f"person-{number:03}"))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(share,)) for share in range(4)]
    for thread in threads:
        thread.start()
    for step in range(1, 9):
        wait_until(lambda step=step: len(lms.scores) >= step * 20 or errors)  # type: ignore[misc]
        rotate(app, timedelta(0))
    for thread in threads:
        thread.join()
    assert errors == []
    check(app, lms, statuses, PEOPLE)
    assert len(lms.kids) >= 8


def wait_until(check: Callable[[], object]) -> None:
    end = time.monotonic() + 90.0
    while not check():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def test_a_key_that_was_never_ours_is_refused(app: Flask, http: responses.RequestsMock) -> None:
    """The proof above proves something: this LMS does refuse."""
    lms = KeepingLms(app, asks_again=False)
    serve(http, lms)
    assert lms.launch("person") == 303
    send(app, score_of(app, "person"))
    rotate(app, timedelta(0))  # signs at once, and this LMS does not know it yet
    with transaction_in(app) as session:
        delivery = session.scalars(select(Delivery)).one()
        delivering.resend(session, delivery)
    send(app, delivery.id)
    assert len(lms.refused) == 1
    with transaction_in(app) as session:
        row = session.scalars(select(Delivery)).one()
        assert (row.state, row.problem) == ("waiting", "token")
