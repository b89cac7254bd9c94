"""Tokens and scores over real HTTP: what is sent, what is kept, and what each answer means."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import responses
from flask import Flask
from sqlalchemy import select

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.lti import keys, pacing, services
from sociallearn.lti.failures import Conflict, NotNow, Refused, ServiceError, Throttled, Unreachable
from sociallearn.lti.models import Registration
from sociallearn.lti.services import Connector
from tests.grades import cast
from tests.grades.cast import SCOPES, GradeLms, wait_for

pytestmark = pytest.mark.alike

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


@pytest.mark.parametrize(("off", "tries"), [(240, 2), (-240, 2), (0, 1), (100_000, 1)])
def test_an_lms_whose_clock_is_wrong_gets_a_proof_by_its_clock(lms: GradeLms, off: int, tries: int) -> None:
    lms.headers["Date"] = format_datetime(clock.now() + timedelta(seconds=off), usegmt=True)
    lms.token_answers.append(401)
    with suppress(ServiceError):
        connector().get_access_token(SCOPES)
    assert len(lms.token_calls) == tries
    unchecked = {"verify_signature": False}
    first, last = (
        jwt.decode(lms.token_calls[number]["client_assertion"], options=unchecked) for number in (0, tries - 1)
    )
    assert last["iat"] - first["iat"] == pytest.approx(off if tries > 1 else 0, abs=10)
    assert last["exp"] - last["iat"] == first["exp"] - first["iat"]


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


def columns_of(lms: GradeLms, count: int) -> None:
    for number in range(2, 2 + count):
        url = lms.line_item(number)
        lms.columns[url] = {"id": url, "label": f"Column {number}", "scoreMaximum": number}


def test_results_go_behind_the_path_and_before_the_query() -> None:
    assert services.results_url("https://x.org/a/2/lineitem?t=1") == "https://x.org/a/2/lineitem/results?t=1"


def test_a_list_over_pages_with_addresses_that_know_case(lms: GradeLms) -> None:
    columns_of(lms, 25)
    lms.page_size = 10
    assert len(services.list_line_items(connector(), lms.line_items)) == 25
    assert [path for path, _headers in lms.list_calls] == [
        "/items?type_id=1", "/items?type_id=1&From=10", "/items?type_id=1&From=20",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("link", "calls"),
    [
        ("<{url}/items?type_id=1>; rel=“next”", 1),  # Moodle's, with typographic quotes
        ("nonsense", 1),
        ('<{url}/items?type_id=1>; rel="next"', 1),  # the very same page again
    ],
)
def test_links_that_lead_nowhere_end_a_list(lms: GradeLms, link: str, calls: int) -> None:
    columns_of(lms, 3)
    lms.headers["Link"] = link.format(url=lms.url).encode().decode("latin-1")
    lms.page_size = None
    made = lms._page
    lms._page = lambda path, all_: (200, all_)  # type: ignore[method-assign]
    assert len(services.list_line_items(connector(), lms.line_items)) == 3
    assert len(lms.list_calls) == calls
    lms._page = made  # type: ignore[method-assign]


def test_our_token_goes_nowhere_else(lms: GradeLms) -> None:
    columns_of(lms, 3)
    lms._page = lambda path, all_: (200, all_)  # type: ignore[method-assign]
    lms.headers["Link"] = '<http://elsewhere.example/items>; rel="next"'
    with pytest.raises(Unreachable):
        services.list_line_items(connector(), lms.line_items)


@pytest.mark.parametrize("body", ["{}", "null", "", '"x"'])
def test_what_is_no_list(lms: GradeLms, body: str) -> None:
    lms.result_answers.append((200, body))
    with pytest.raises(Unreachable):
        services.read_results(connector(), lms.line_item())


def test_odd_results_are_left_out_or_empty(lms: GradeLms) -> None:
    odd = '[{"userId": "a", "resultScore": "7"}, {"userId": 7, "resultScore": 1}, {"x": 1}, 5, {"userId": "b", "resultScore": 1e999, "resultMaximum": -1}]'  # noqa: E501
    lms.result_answers.append((200, odd))
    found = services.read_results(connector(), lms.line_item())
    assert [(one.user_id, one.score, one.maximum) for one in found] == [("a", None, 1), ("7", 1, 1), ("b", None, 1)]


def test_canvas_says_older_with_a_400(lms: GradeLms) -> None:
    said = "Provided timestamp of 2026 before last updated timestamp of 2027"
    lms.score_answers.append((400, f'{{"errors":{{"type":"bad_request","message":"{said}"}}}}'))
    assert isinstance(post(lms), Conflict)


def test_canvas_says_who_is_not_gradable(lms: GradeLms) -> None:
    lms.score_answers.append((422, '{"errors":{"message":"User not found in course or is not a student"}}'))
    error = post(lms)
    assert isinstance(error, Refused)
    assert error.code == "not_gradable"


def test_after_a_throttle_the_lms_is_left_alone(lms: GradeLms) -> None:
    start = clock.now()
    lms.score_answers.append(429)
    with clock.at(start):
        assert isinstance(post(lms), Throttled)
        waiting = post(lms)
    assert isinstance(waiting, NotNow)
    assert waiting.retry_after == pytest.approx(pacing.PATIENCE)
    assert len(lms.scores) == 1
    with clock.at(start + timedelta(seconds=1.1)):
        assert post(lms) is None


def test_each_time_longer_and_as_long_as_it_says(lms: GradeLms) -> None:
    now = clock.now()
    waits = []
    for _time in range(8):
        lms.score_answers.append(429)
        with clock.at(now):
            assert isinstance(post(lms), Throttled)
            waits.append(round(connector()._pace.left(1)))
        now += timedelta(seconds=waits[-1] + 0.5)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    lms.headers["Retry-After"] = "17"
    lms.score_answers.append((403, "403 Forbidden (Rate Limit Exceeded)"))
    with clock.at(now):
        post(lms)
        assert round(connector()._pace.left(1)) == 17


def test_an_lms_low_on_quota_gets_a_breath(lms: GradeLms) -> None:
    with clock.at(clock.now()):
        lms.headers["X-Rate-Limit-Remaining"] = "520.3"
        assert post(lms) is None
        lms.headers["X-Rate-Limit-Remaining"] = "42.5"
        assert post(lms) is None
        assert isinstance(post(lms), NotNow)
    assert len(lms.scores) == 2


def test_a_clock_set_back_lets_nobody_wait_for_long(lms: GradeLms) -> None:
    now = clock.now()
    lms.score_answers.append(429)
    with clock.at(now):
        assert isinstance(post(lms), Throttled)
    with clock.at(now - timedelta(minutes=5)):
        assert post(lms) is None


def test_another_lms_need_not_wait(lms: GradeLms) -> None:
    lms.score_answers.append(429)
    with clock.at(clock.now()):
        post(lms)
        assert connector()._pace.left(1) > 0
        assert connector()._pace.left(2) == 0


def test_more_at_once_while_it_goes_well_and_half_when_it_is_too_much(lms: GradeLms) -> None:
    def room() -> int:
        pace, found = connector()._pace, 0
        with ExitStack() as places, suppress(NotNow):
            for _number in range(20):
                places.enter_context(pace.place(1, pacing.MOST_AT_ONCE, 0.0))
                found += 1
        return found

    assert room() == pacing.AT_ONCE
    for _number in range(40):
        assert post(lms) is None
    assert room() == pacing.MOST_AT_ONCE
    for left in (3, 1, 1):
        lms.score_answers.append(503)
        post(lms)
        assert room() == left
    lms.score_answers.append(500)  # trouble of this one score
    post(lms)
    for _number in range(10):
        post(lms)
    assert room() == 2


def test_who_is_sent_away_comes_again_one_after_the_other(lms: GradeLms) -> None:
    pace, waits = connector()._pace, list[float]()
    pace._took[1] = 0.5
    with pace.place(1, 1, 0.0):
        for _number in range(100):
            with pytest.raises(NotNow) as sent_away, pace.place(1, 1, 0.0):
                pass
            waits.append(sent_away.value.retry_after or 0.0)
    assert waits[0] == pacing.BUSY
    assert waits[19] == pytest.approx(10.0, abs=1.0)
    assert waits[-1] == pytest.approx(pacing.LONGEST_TURN, abs=1.0)


@pytest.mark.parametrize(("product", "most"), [("canvas", 1), (None, 3)])
def test_a_few_calls_at_once_and_one_to_canvas(app: Flask, lms: GradeLms, product: str | None, most: int) -> None:
    """Whoever finds no place does not wait for one: the worker has other LMSs to serve."""
    set_registration(product=product)
    under_way, highest, lock = [0], [0], threading.Lock()
    enough, sent_away = threading.Event(), list[NotNow]()

    def slowly() -> int:
        with lock:
            under_way[0] += 1
            highest[0] = max(highest[0], under_way[0])
        enough.wait(20)  # until everybody else was sent away
        with lock:
            under_way[0] -= 1
        return 204

    lms.score_answers.extend([slowly] * 12)

    def send() -> None:
        with app.app_context():
            try:
                services.post_score(connector(), lms.line_item(), SCORE)
            except NotNow as error:
                sent_away.append(error)
                if len(sent_away) == 12 - most:
                    enough.set()

    connector().get_access_token(SCOPES)
    threads = [threading.Thread(target=send) for _number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert enough.is_set()
    assert highest[0] == most
    assert len(lms.score_calls) == most
    assert {error.code for error in sent_away} == {"busy"}
    assert connector()._pace.left(1) == 0, "the LMS itself did not ask for patience"


@pytest.mark.parametrize(
    ("issuer", "product", "is_canvas"),
    [
        ("https://canvas.instructure.com", None, True),
        ("https://canvas.beta.instructure.com", None, True),
        ("https://lms.school.example", "canvas", True),
        ("https://instructure.com.evil.example", None, False),
        ("https://moodle.example", "moodle", False),
        ("not an address", None, False),
    ],
)
def test_who_is_a_canvas(issuer: str, product: str | None, is_canvas: bool) -> None:
    assert services.is_canvas(Registration(issuer=issuer, client_id="1", product=product)) is is_canvas


def test_two_tenants_of_one_issuer_and_token_address_never_share_a_token(app: Flask) -> None:
    """All hosted Canvases have one issuer and one token address; only the client id tells them apart."""
    cast.forget_lms(app)
    token_url = "https://canvas.instructure.com/login/oauth2/token"

    def token(request: Any) -> tuple[int, dict[str, str], str]:
        form = parse_qs(request.body)
        claims = jwt.decode(form["client_assertion"][0], options={"verify_signature": False})
        return 200, {}, json.dumps({"access_token": f"token-of-{claims['sub']}", "expires_in": 3600})

    with app.app_context(), responses.RequestsMock() as http:
        with transaction() as session:
            template = session.scalars(select(Registration).order_by(Registration.id)).first()
            assert template is not None
            keys_of = app.extensions["lti_keys"][template.issuer, template.client_id]
            tenants = []
            for client_id in ("10000000000001", "10000000000002"):
                row = Registration(
                    issuer="https://canvas.instructure.com",
                    client_id=client_id,
                    auth_login_url="https://sso.canvaslms.com/api/lti/authorize_redirect",
                    auth_token_url=token_url,
                )
                session.add(row)
                app.extensions["lti_keys"][row.issuer, client_id] = keys_of
                tenants.append(row)
            session.flush()
        http.add_callback("POST", token_url, token)
        http.post("https://a.instructure.com/li/scores", json={})
        for _again in range(3):
            for tenant in (*tenants, *reversed(tenants)):
                services.post_score(services.connect(tenant, SCOPES), "https://a.instructure.com/li", SCORE)
                said = http.calls[-1].request.headers["Authorization"]
                assert said == f"Bearer token-of-{tenant.client_id}"
        assert sum(call.request.url == token_url for call in http.calls) == 2
        for tenant in tenants:
            del app.extensions["lti_keys"][tenant.issuer, tenant.client_id]
