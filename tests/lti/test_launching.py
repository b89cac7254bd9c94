"""The strict launch: every case of the 1EdTech conformance table, and what the table forgets. None answers 5xx."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from sociallearn.database import db, transaction
from sociallearn.lti.key_sets import KeySets
from sociallearn.lti.models import LoginState, Registration
from sociallearn.roster.models import Cohort, Member, Person, Placement, Role, Seat
from tests.conftest import ELSEWHERE, HERE, MOODLE
from tests.lms import CLAIM, MEMBERSHIP, public_jwk

pytestmark = pytest.mark.alike

CAPTURES = sorted((Path(__file__).parent / "captures").glob("claims_launch_*.json"))
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
NOW = int(time.time())

GOOD: dict[str, dict[str, Any]] = {
    "instructor": {"roles": [MEMBERSHIP + "Instructor"]},
    "student": {},
    "several roles": {"roles": [MEMBERSHIP + "Learner", INSTITUTION + "Student", MEMBERSHIP + "Mentor"]},
    "short role": {"roles": ["Learner"]},
    "unknown role": {"roles": ["http://example.org/vocab#Wizard"]},
    "empty roles": {"roles": []},
    "email only": {"name": None, "given_name": None, "family_name": None},
    "names only": {"email": None},
    "no personal data": {"name": None, "given_name": None, "family_name": None, "email": None},
    "email without context": {"name": None, "given_name": None, "family_name": None, "context": None},
    "unknown claims": {"https://example.org/claim": {"deep": [1, 2]}, "another": None},
    "aud as a list of one": {"aud": [HERE.client_id]},
    "azp that is ours": {"azp": HERE.client_id},
    "a clock a minute behind": {"iat": NOW - 59, "exp": NOW + 1},
    "a clock almost a minute ahead": {"iat": NOW + 50, "exp": NOW + 110},
    "null optional claims": {"custom": None, "launch_presentation": None, "tool_platform": None},
}

BAD: dict[str, dict[str, Any]] = {
    "wrong version": {"version": "1.2.0"},
    "no version": {"version": None},
    "no message type": {"message_type": None},
    "unknown message type": {"message_type": "LtiTeaRequest"},
    "no roles": {"roles": None},
    "roles as a string": {"roles": MEMBERSHIP + "Instructor"},
    "roles with a number": {"roles": [MEMBERSHIP + "Learner", 7]},
    "no deployment": {"deployment_id": None},
    "unknown deployment": {"deployment_id": "999"},
    "deployment in another case": {"deployment_id": "1 "},
    "deployment as a number": {"deployment_id": 1},
    "deployment as a list": {"deployment_id": ["1"]},
    "no resource link": {"resource_link": None},
    "resource link without id": {"resource_link": {"title": "x"}},
    "resource link as a string": {"resource_link": "link-1"},
    "resource link id as a number": {"resource_link": {"id": 1}},
    "no sub": {"sub": None},
    "empty sub": {"sub": ""},
    "sub as a number": {"sub": 12},
    "no target": {"target_link_uri": None},
    "another target": {"target_link_uri": "http://localhost:8000/elsewhere"},
    "a target elsewhere": {"target_link_uri": "https://evil.example/"},
    "no exp": {"exp": None},
    "no iat": {"iat": None},
    "exp passed": {"iat": NOW - 500, "exp": NOW - 100},
    "iat a year ago": {"iat": NOW - 365 * 86400, "exp": NOW + 60},
    "iat in the future": {"iat": NOW + 3600, "exp": NOW + 7200},
    "exp as a string": {"exp": "tomorrow"},
    "exp as a bool": {"exp": True},
    "iat as an object": {"iat": {}},
    "no nonce": {"nonce": None},
    "another nonce": {"nonce": "made-up"},
    "nonce as a list": {"nonce": ["x"]},
    "aud of another tool": {"aud": "tool-9"},
    "aud with one more": {"aud": [HERE.client_id, "tool-9"], "azp": HERE.client_id},
    "aud as an object": {"aud": {"x": 1}},
    "no aud": {"aud": None},
    "azp of another": {"azp": "tool-9"},
    "issuer of another": {"iss": "https://elsewhere.example"},
    "unknown issuer": {"iss": "https://nobody.example"},
    "issuer as a list": {"iss": ["https://lms.example"]},
    "no issuer": {"iss": None},
    "context as a string": {"context": "course-1"},
    "context without id": {"context": {"title": "x"}},
    "custom as a list": {"custom": []},
    "name as a number": {"name": 7},
    "ags as a string": {"ags": "yes"},
    "scope as a string": {"ags": {"scope": "all", "lineitem": "https://lms.example/1"}},
}


def _today(claims: dict[str, Any]) -> dict[str, Any]:
    """Times are written against the start of the run; a run may be long."""
    late = int(time.time()) - NOW
    timed = {name for name in ("iat", "exp") if type(claims.get(name)) is int}
    return {name: value + late if name in timed else value for name, value in claims.items()}


@pytest.mark.parametrize("case", GOOD)
def test_valid_launches_come_in(app: Flask, client: FlaskClient, case: str) -> None:
    response = HERE.launch(client, **_today(GOOD[case]))
    assert response.status_code == 303, response.text
    assert client.get(response.location, base_url="http://localhost:8000").status_code == 200


@pytest.mark.parametrize("case", BAD)
def test_invalid_launches_are_refused_in_words(app: Flask, client: FlaskClient, case: str) -> None:
    response = HERE.launch(client, **_today(BAD[case]))
    assert response.status_code == 400
    assert "<h1" in response.text
    with app.app_context():
        assert db.session.scalar(select(func.count(Seat.id))) == 0
        assert db.session.scalar(select(func.count(Person.id))) == 0


SIGNATURES: dict[str, Callable[[dict[str, Any]], str]] = {
    "no key id": lambda body: HERE.sign(body, kid=None),
    "wrong key id": lambda body: HERE.sign(body, kid="other"),
    "another key under our id": lambda body: HERE.sign(body, kid="lms", key="forger"),
    "RS384": lambda body: HERE.sign(body, alg="RS384"),
    "HS256": lambda body: HERE.sign(body, alg="HS256"),
    "none": lambda body: HERE.sign(body, alg="none"),
    "not a token": lambda body: "hello",
    "two parts": lambda body: "a.b",
    "three empty parts": lambda body: "..",
    "odd base64": lambda body: "é.%%.x",
    "a list for a body": lambda body: "W10.W10.x",
    "a tampered body": lambda body: _tampered(HERE.sign(body)),
    "a megabyte": lambda body: "a" * 1_000_000,
}


def _tampered(token: str) -> str:
    head, body, signature = token.split(".")
    return ".".join([head, body[:-6] + ("AAAAAA" if body[-6:] != "AAAAAA" else "BBBBBB"), signature])


@pytest.mark.parametrize("case", SIGNATURES)
def test_nothing_unsigned_comes_in(client: FlaskClient, case: str) -> None:
    state, nonce = HERE.begin(client)
    token = SIGNATURES[case](HERE.claims(nonce))
    assert HERE.answer(client, state, token).status_code == 400


def test_a_launch_is_used_once(app: Flask, client: FlaskClient) -> None:
    state, nonce = HERE.begin(client)
    token = HERE.sign(HERE.claims(nonce))
    cookie = client.get_cookie(next(c.key for c in client._cookies.values() if c.key.startswith("__Host-launch")))
    assert cookie is not None
    assert HERE.answer(client, state, token).status_code == 303
    client.set_cookie(cookie.key, cookie.value, secure=True)  # somebody who kept it all
    again = HERE.answer(client, state, token)
    assert again.status_code == 400
    assert "already used" in again.text


def test_twenty_at_once_with_one_token_seat_one(app: Flask, client: FlaskClient) -> None:
    state, nonce = HERE.begin(client)
    token = HERE.sign(HERE.claims(nonce))
    cookies = [c for c in client._cookies.values() if c.key.startswith("__Host-launch")]
    answers: list[int] = []

    def go() -> None:
        browser = app.test_client()
        browser.set_cookie(cookies[0].key, cookies[0].value, secure=True)
        answers.append(HERE.answer(browser, state, token).status_code)

    threads = [threading.Thread(target=go) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303] + [400] * 19


def test_another_browser_cannot_finish_a_launch(app: Flask, client: FlaskClient) -> None:
    state, nonce = HERE.begin(client)
    response = HERE.answer(app.test_client(), state, HERE.sign(HERE.claims(nonce)))
    assert response.status_code == 403
    assert "cookie" in response.text
    assert not response.headers.getlist("Set-Cookie")


def test_the_state_of_one_lms_does_not_open_another(client: FlaskClient) -> None:
    state, nonce = HERE.begin(client)
    token = ELSEWHERE.sign(ELSEWHERE.claims(nonce))
    assert ELSEWHERE.answer(client, state, token).status_code == 400


def test_an_expired_state_is_refused(app: Flask, client: FlaskClient) -> None:
    state, nonce = HERE.begin(client)
    with app.app_context(), transaction() as session:
        row = session.get_one(LoginState, state)
        row.expires_at = row.expires_at.replace(year=2000)
    assert HERE.answer(client, state, HERE.sign(HERE.claims(nonce))).status_code == 400


def test_a_refused_launch_may_still_be_put_right(client: FlaskClient) -> None:
    """The nonce is spent after the signature only, so a forger cannot spend somebody's launch."""
    state, nonce = HERE.begin(client)
    assert HERE.answer(client, state, HERE.sign(HERE.claims(nonce), key="forger")).status_code == 400
    assert HERE.answer(client, state, HERE.sign(HERE.claims(nonce))).status_code == 303


def test_the_lms_says_no_in_its_own_words(client: FlaskClient) -> None:
    state, _ = HERE.begin(client)
    form = {"state": state, "error": "login_required", "error_description": "You <b>must</b> log in"}
    response = client.post("/lti/launch", data=form, base_url="http://localhost:8000")
    assert response.status_code == 400
    assert "You &lt;b&gt;must&lt;/b&gt; log in" in response.text


@pytest.mark.parametrize("form", [{}, {"state": "x"}, {"id_token": "x"}, {"state": "x" * 5000, "id_token": "y"}])
def test_half_a_launch_is_refused(client: FlaskClient, form: dict[str, str]) -> None:
    assert client.post("/lti/launch", data=form, base_url="http://localhost:8000").status_code == 400


def test_a_launch_that_is_too_large_is_a_sentence_about_the_lms(client: FlaskClient) -> None:
    form = {"state": "any", "id_token": "x" * 9_000_000}
    answer = client.post("/lti/launch", data=form, base_url="http://localhost:8000")
    assert answer.status_code == 413
    assert "Your LMS sent more than SocialLearn takes." in answer.text
    assert "Open the activity from your course again." in answer.text
    assert "too much text" not in answer.text


def test_get_on_the_launch_address_explains_itself(client: FlaskClient) -> None:
    assert client.get("/lti/launch", base_url="http://localhost:8000").status_code == 405


@pytest.mark.parametrize("missing", ["iss", "login_hint", "target_link_uri"])
def test_login_needs_its_hints(client: FlaskClient, missing: str) -> None:
    assert HERE.login(client, **{missing: ""}).status_code == 400


def test_login_for_an_unknown_lms_names_it(client: FlaskClient) -> None:
    response = HERE.login(client, iss="https://new.example")
    assert response.status_code == 400
    assert "https://new.example" in response.text


def test_login_never_sends_people_elsewhere(client: FlaskClient) -> None:
    assert HERE.login(client, target_link_uri="https://evil.example/").status_code == 400


def test_login_passes_hints_on_unaltered(client: FlaskClient) -> None:
    hint = '{"cmid":2,"launchid":"ltilaunch1_1872216002"}'
    response = HERE.login(client, lti_message_hint=hint)
    query = parse_qs(urlsplit(response.location).query)
    assert query["lti_message_hint"] == [hint]
    assert query["scope"] == ["openid"]
    assert query["response_mode"] == ["form_post"]
    assert query["prompt"] == ["none"]
    assert query["redirect_uri"] == ["http://localhost:8000/lti/launch"]


def test_login_as_moodle_posts_it(client: FlaskClient) -> None:
    steps = json.loads((CAPTURES[0].parent / "launch_steps_student1.json").read_text())
    form = steps["1_login_initiation"]["f"] | {"target_link_uri": "http://localhost:8000/lti/launch"}
    response = client.post("/lti/login", data=form, base_url="http://localhost:8000")
    assert response.status_code == 302
    cookie = response.headers["Set-Cookie"]
    assert all(word in cookie for word in ("__Host-", "Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"))


def test_login_address_with_a_query_is_joined(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction() as session:
        row = session.scalars(select(Registration).filter_by(issuer=HERE.issuer)).one()
        row.auth_login_url += "?tenant=4"
    location = HERE.login(client).location
    assert location.startswith("https://lms.example/auth?tenant=4&scope=openid")


def test_inside_a_frame_cookies_are_tried_before_the_hint_is_used(client: FlaskClient) -> None:
    response = client.get(
        "/lti/login",
        query_string={"iss": HERE.issuer, "login_hint": "h", "target_link_uri": "http://localhost:8000/lti/launch"},
        headers={"Sec-Fetch-Dest": "iframe"},
        base_url="http://localhost:8000",
    )
    assert response.status_code == 200
    assert "https://lms.example/auth?scope=openid" in response.text
    assert "lti1p3_new_window=1" in response.text


ROLE_OF = {
    "claims_launch_admin": Role.TRAINER,
    "claims_launch_manager1": Role.TRAINER,  # Moodle cannot tell a manager from a teacher
    "claims_launch_teacher1": Role.TRAINER,
    "claims_launch_ta1": Role.TRAINER,
}


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_what_moodle_really_sent_launches(app: Flask, client: FlaskClient, path: Path) -> None:
    captured = json.loads(path.read_text())
    captured[CLAIM + "target_link_uri"] = "http://localhost:8000/lti/launch"
    state, nonce = MOODLE.begin(client)
    shift = int(time.time()) - captured["iat"]
    body = captured | {"nonce": nonce, "iat": captured["iat"] + shift, "exp": captured["exp"] + shift}
    response = MOODLE.answer(client, state, MOODLE.sign(body))
    assert response.status_code == 303, response.text
    page = client.get(response.location, base_url="http://localhost:8000")
    assert page.status_code == 200
    with app.app_context():
        member = db.session.scalars(select(Member)).one()
        assert member.role == ROLE_OF.get(path.stem, Role.LEARNER)
        assert member.person.sub == captured["sub"]
        assert member.person.name == captured["name"]
        cohort = db.session.scalars(select(Cohort)).one()
        assert (cohort.context_id, cohort.title) == ("2", "Cohort 1 Training")
        seat = db.session.scalars(select(Seat)).one()
        placement = db.session.get_one(Placement, seat.placement_id)
        assert placement.is_graded == ("lineitem" in captured["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"])


def test_two_first_launches_at_once_make_one_cohort(app: Flask) -> None:
    answers = []

    def go(number: int) -> None:
        answers.append(HERE.launch(app.test_client(), sub=f"person-{number}").status_code)

    threads = [threading.Thread(target=go, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303] * 6
    with app.app_context():
        assert db.session.scalar(select(func.count(Cohort.id))) == 1
        assert db.session.scalar(select(func.count(Member.id))) == 6


class KeyServer:
    """An LMS's key set address on loopback, with a count of how often it was asked."""

    def __init__(self) -> None:
        self.keys = [public_jwk("first")]
        self.asked = 0
        self.broken = False
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _answer(self, environ: Any, start_response: Any) -> Any:
        self.asked += 1
        if self.broken:
            return Response("<html>", status=503)(environ, start_response)
        return Response(json.dumps({"keys": self.keys}), mimetype="application/json")(environ, start_response)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def key_server(app: Flask) -> Iterator[KeyServer]:
    server = KeyServer()
    with app.app_context(), transaction() as session:
        row = session.scalars(select(Registration).filter_by(issuer=HERE.issuer)).one()
        row.key_set, row.key_set_url = None, server.url
    yield server
    server.close()


def _launch_with(client: FlaskClient, key: str) -> int:
    state, nonce = HERE.begin(client)
    return HERE.answer(client, state, HERE.sign(HERE.claims(nonce), kid=key, key=key)).status_code


def test_keys_are_fetched_once_and_again_when_they_rotate(client: FlaskClient, key_server: KeyServer) -> None:
    assert [_launch_with(client, "first"), _launch_with(client, "first")] == [303, 303]
    assert key_server.asked == 1
    key_server.keys = [public_jwk("first"), public_jwk("second")]
    assert _launch_with(client, "second") == 303
    assert key_server.asked == 2


def test_forged_key_ids_cannot_make_us_hammer_an_lms(client: FlaskClient, key_server: KeyServer) -> None:
    assert _launch_with(client, "first") == 303
    assert {_launch_with(client, "forger") for _ in range(25)} == {400}
    assert key_server.asked <= 10


def test_the_limit_is_one_for_all_who_name_an_address_and_no_others(app: Flask, key_server: KeyServer) -> None:
    """Registrations from the file and by link are fetched under other rules; the LMS behind both is the same one."""
    other, sets = KeyServer(), KeySets()
    with app.app_context():
        sets.find(key_server.url, "first")
        for number in range(40):
            assert sets.find(key_server.url, f"forged-{number}", is_public=number % 2 == 1) == {"keys": key_server.keys}
        assert key_server.asked == 10
        other.keys = [public_jwk("second")]
        assert sets.find(other.url, "second") == {"keys": other.keys}
        assert other.asked == 1
    other.close()


def test_an_lms_without_keys_is_a_sentence_not_a_crash(client: FlaskClient, key_server: KeyServer) -> None:
    key_server.broken = True
    assert _launch_with(client, "first") == 400
    key_server.broken = False
    assert _launch_with(client, "first") == 303


def test_our_own_keys_are_public(client: FlaskClient) -> None:
    keys = client.get("/lti/jwks").get_json()["keys"]
    assert len(keys) == 1
    assert keys[0]["alg"] == "RS256"
    assert "d" not in keys[0]


@pytest.mark.parametrize(
    "target", ["http://[", "http://localhost:8000\x00/", "javascript:alert(1)", "http://localhost:80000000/"]
)
def test_login_with_a_silly_target_is_refused(client: FlaskClient, target: str) -> None:
    assert HERE.login(client, target_link_uri=target).status_code == 400


def test_nul_in_a_state_is_refused(client: FlaskClient) -> None:
    form = {"state": "a\x00b", "id_token": "x"}
    assert client.post("/lti/launch", data=form, base_url="http://localhost:8000").status_code == 400


@pytest.mark.parametrize(
    "times", [{"exp": float("nan")}, {"iat": float("nan")}, {"exp": 10**400}, {"iat": float("inf")}]
)
def test_times_that_are_none_are_refused(client: FlaskClient, times: dict[str, Any]) -> None:
    assert HERE.launch(client, **times).status_code == 400
