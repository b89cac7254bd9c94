"""Tokens and scores over real HTTP: what is sent, what is kept, and what each answer means."""

import socket
import threading
import time
from collections.abc import Iterator

import jwt
import pytest
from flask import Flask
from sqlalchemy import select

from sociallearn.database import transaction
from sociallearn.lti import keys, services
from sociallearn.lti.models import Registration
from sociallearn.lti.services import Conflict, Connector, Refused, ServiceError, Throttled, Unreachable
from tests.grades import cast
from tests.grades.cast import SCOPES, GradeLms, wait_for

SCORE = {"userId": "7", "scoreGiven": 0.1, "timestamp": "2026-03-02T08:00:00.000+00:00"}


@pytest.fixture
def lms(app: Flask) -> Iterator[GradeLms]:
    """An LMS, inside an app context whose registration leads to it."""
    cast.forget_lms(app)
    with app.app_context(), GradeLms() as running:
        set_registration(auth_token_url=running.token_url)
        yield running


def set_registration(**facts: str | None) -> None:
    with transaction() as session:
        registration = session.scalars(select(Registration).where(Registration.issuer == "https://lms.example")).one()
        for name, value in facts.items():
            setattr(registration, name, value)


def connector(seconds: float | None = None) -> Connector:
    with transaction() as session:
        registration = session.scalars(select(Registration).where(Registration.issuer == "https://lms.example")).one()
    return services.connect(registration, SCOPES, seconds)


def post(lms: GradeLms) -> ServiceError | None:
    """Send a score; the error, if any."""
    stamp = f"2026-03-02T08:00:{len(lms.score_calls):02}.000+00:00"
    try:
        services.post_score(connector(), lms.line_item(), {**SCORE, "timestamp": stamp})
    except ServiceError as error:
        return error
    return None


def test_scores_go_behind_the_path_and_before_the_query() -> None:
    assert services.scores_url("https://x.org/a/2/lineitem?type_id=1") == "https://x.org/a/2/lineitem/scores?type_id=1"
    assert services.scores_url("https://x.org/a/2/") == "https://x.org/a/2/scores"


def test_a_score_arrives_as_it_is(lms: GradeLms) -> None:
    assert post(lms) is None
    path, headers = lms.score_calls[0]
    assert path == "/items/1/lineitem/scores?type_id=1"
    assert headers["content-type"] == "application/vnd.ims.lis.v1.score+json"
    assert headers["authorization"] == "Bearer token-1"
    assert lms.scores == [SCORE]


def test_the_assertion(lms: GradeLms) -> None:
    for _again in range(2):
        connector().get_access_token([SCOPES[0]])
        connector()._tokens.drop((1, SCOPES[0]), f"token-{_again + 1}")
    forms = lms.token_calls
    assert forms[0]["grant_type"] == "client_credentials"
    assert forms[0]["scope"] == SCOPES[0]
    assertions = [form["client_assertion"] for form in forms]
    with transaction() as session:
        key = keys.signing_key(session.scalars(select(Registration).order_by(Registration.id)).first())  # type: ignore[arg-type]
    assert jwt.get_unverified_header(assertions[0])["kid"] == key.kid
    found = [jwt.decode(text, key.public_pem, ["RS256"], audience=lms.token_url) for text in assertions]
    assert found[0]["iss"] == found[0]["sub"] == "tool-1"
    assert 0 < found[0]["exp"] - found[0]["iat"] <= 300
    assert found[0]["jti"] != found[1]["jti"]


def test_the_audience_may_be_another_than_the_token_address(lms: GradeLms) -> None:
    set_registration(auth_audience="https://audience.example")
    post(lms)
    text = lms.token_calls[0]["client_assertion"]
    assert jwt.decode(text, options={"verify_signature": False})["aud"] == "https://audience.example"


def test_all_granted_scopes_in_one_token(lms: GradeLms) -> None:
    services.read_line_item(connector(), lms.line_item())
    post(lms)
    assert [form["scope"] for form in lms.token_calls] == [" ".join(sorted(SCOPES))]


def test_a_token_is_dropped_a_minute_before_its_end(lms: GradeLms) -> None:
    for lifetime, calls in ((3600, 1), (60, 2), ("59", 2)):
        lms.expires_in, before = lifetime, len(lms.token_calls)
        connector()._tokens._kept.clear()
        post(lms)
        post(lms)
        assert len(lms.token_calls) - before == calls


def test_twenty_threads_fetch_one_token(app: Flask, lms: GradeLms) -> None:
    lms.token_answers.append(_slow_token)
    found: list[str] = []

    def fetch() -> None:
        with app.app_context():
            found.append(connector().get_access_token(SCOPES))

    threads = [threading.Thread(target=fetch) for _number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["slow-token"] * 20
    assert len(lms.token_calls) == 1


def _slow_token() -> tuple[int, str]:
    time.sleep(0.2)
    return 200, '{"access_token": "slow-token", "expires_in": 3600}'


def test_who_waited_for_a_token_that_was_refused_does_not_ask_again(app: Flask, lms: GradeLms) -> None:
    def refuse() -> tuple[int, str]:
        wait_for(lambda: len(errors) + waiting[0] >= 5)
        time.sleep(0.1)
        return 500, ""

    errors: list[ServiceError] = []
    waiting = [0]
    lms.token_answers.append(refuse)

    def fetch() -> None:
        with app.app_context():
            made = connector()
            waiting[0] += 1
            try:
                made.get_access_token(SCOPES)
            except ServiceError as error:
                errors.append(error)

    threads = [threading.Thread(target=fetch) for _number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lms.token_calls) == 1
    assert [error.code for error in errors] == ["token"] * 5


def test_a_token_the_lms_no_longer_takes_is_replaced_once(lms: GradeLms) -> None:
    post(lms)
    lms.refuses_tokens.add("token-1")
    assert post(lms) is None
    assert len(lms.token_calls) == 2
    lms.refuses_tokens.add("token-2")
    lms.refuses_tokens.add("token-3")
    error = post(lms)
    assert isinstance(error, Unreachable)
    assert (error.code, error.status) == ("unauthorised", 401)
    assert len(lms.token_calls) == 3


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (400, Refused, "refused"),
        (404, Refused, "refused"),
        (412, Refused, "refused"),
        (422, Refused, "refused"),
        (409, Conflict, "conflict"),
        (429, Throttled, "throttled"),
        ((403, "403 Forbidden (Rate Limit Exceeded)"), Throttled, "throttled"),
        ((403, "not yours"), Unreachable, "unauthorised"),
        (500, Unreachable, "unreachable"),
        (503, Unreachable, "unreachable"),
        (405, Unreachable, "unreachable"),
        (302, Unreachable, "unreachable"),
    ],
)
def test_what_each_answer_means(lms: GradeLms, answer: int, kind: type[ServiceError], code: str) -> None:
    lms.score_answers.append(answer)
    error = post(lms)
    assert isinstance(error, kind)
    assert error.code == code
    assert len(lms.token_calls) == 1  # a redirect to the token endpoint was not followed


@pytest.mark.parametrize("answer", [400, 401, 403, 404, 429, 500, (200, "{}"), (200, "[]"), (200, "no")])
def test_nothing_the_token_endpoint_says_is_final(lms: GradeLms, answer: int) -> None:
    lms.token_answers.append(answer)
    error = post(lms)
    assert isinstance(error, Unreachable)
    assert error.code == "token"
    assert error.status is None


def test_nobody_there(lms: GradeLms) -> None:
    lms.stop()
    error = post(lms)
    assert isinstance(error, Unreachable)
    assert error.code == "unreachable"


def test_a_time_limit(lms: GradeLms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "TIMEOUT", 0.2)
    monkeypatch.setattr(services, "REST", 0.5)
    done = threading.Event()

    def hang() -> int:
        done.wait(5)
        return 200

    lms.score_answers.append(hang)
    error = post(lms)
    done.set()
    assert isinstance(error, Unreachable)
    assert error.code == "timeout"
    resting = post(lms)
    assert isinstance(resting, Unreachable)
    assert len(lms.score_calls) == 1
    time.sleep(services.REST)
    assert post(lms) is None


def test_an_answer_that_drips(lms: GradeLms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "TIMEOUT", 0.3)
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _address = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            for _number in range(20):
                time.sleep(0.1)
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    began = time.monotonic()
    with pytest.raises(Unreachable) as error:
        services.read_line_item(connector(), f"http://127.0.0.1:{listener.getsockname()[1]}/item")
    assert time.monotonic() - began < 1.5
    assert error.value.code == "timeout"
    thread.join()
    listener.close()


def test_no_call_begins_after_its_time(lms: GradeLms) -> None:
    made = connector(seconds=0.0)
    time.sleep(0.01)
    with pytest.raises(Unreachable) as error:
        services.post_score(made, lms.line_item(), SCORE)
    assert error.value.code == "timeout"
    assert not lms.token_calls


def test_a_line_item(lms: GradeLms) -> None:
    found = services.read_line_item(connector(), lms.line_item())
    assert (found.label, found.score_maximum) == ("Taking part", 20.0)
    assert lms.line_item_calls[0]["accept"] == "application/vnd.ims.lis.v2.lineitem+json"


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"scoreMaximum": 0}', '{"scoreMaximum": "10"}', '{"scoreMaximum": NaN}']
)
def test_what_is_no_line_item(lms: GradeLms, body: str) -> None:
    lms.line_item_answers.append((200, body))
    with pytest.raises(Unreachable):
        services.read_line_item(connector(), lms.line_item())


def test_two_registrations_never_share_a_token(app: Flask, lms: GradeLms) -> None:
    post(lms)
    with transaction() as session:
        other = session.scalars(select(Registration).where(Registration.issuer == "https://elsewhere.example")).one()
        other.auth_token_url = lms.token_url
    assert services.connect(other, SCOPES).get_access_token(SCOPES) == "token-2"


def test_without_the_score_scope_nothing_is_sent(lms: GradeLms) -> None:
    made = connector()
    made.scopes = (SCOPES[1],)
    with pytest.raises(Unreachable) as error:
        services.post_score(made, lms.line_item(), SCORE)
    assert error.value.code == "unauthorised"
    assert not lms.token_calls


def test_a_registration_without_key(app: Flask, lms: GradeLms) -> None:
    with pytest.raises(Unreachable) as error:
        services.connect(Registration(issuer="https://gone.example", client_id="x"), SCOPES)
    assert error.value.code == "unregistered"
