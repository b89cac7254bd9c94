"""Launches and tokens, as a tool sees them."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from sociallearn import clock
from tests.practice.conftest import KEYS, LMS, TOOL, ToyTool, capture, fields

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
NOT_OURS = {"https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome"}  # LTI 1.1's way of grading


def test_the_login_initiation_has_moodles_fields(client: FlaskClient) -> None:
    page = client.get("/launch/praat-mee?person=noor")
    sent = fields(page)
    assert f'action="{TOOL}/lti/login"' in page.text
    assert set(sent) == {
        "iss", "target_link_uri", "login_hint", "lti_message_hint", "client_id", "lti_deployment_id"
    }  # fmt: skip
    assert sent["iss"] == LMS
    assert sent["login_hint"] == "noor"
    assert set(json.loads(sent["lti_message_hint"])) == {"cmid", "launchid"}
    assert "<button" in page.text


@pytest.mark.parametrize(
    ("link", "name"), [("praat-mee", "claims_launch_student1"), ("prikbord", "claims_launch_student1_ungraded")]
)
def test_a_launch_has_every_claim_moodle_sends_in_the_same_shape(tool: ToyTool, link: str, name: str) -> None:
    ours, moodles = tool.launch(link), capture(name)
    assert set(moodles) - NOT_OURS <= set(ours)
    assert shape(ours[AGS]) == shape(moodles[AGS])
    for claim in (NRPS, *(CLAIM + n for n in ("context", "resource_link", "roles", "tool_platform", "version"))):
        assert shape(ours[claim]) == shape(moodles[claim]), claim


def shape(value: Any) -> Any:
    """Types and keys, not contents."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return [shape(value[0])] if isinstance(value, list) else type(value)


def test_a_launch_says_who_where_and_what(tool: ToyTool) -> None:
    claims = tool.launch("praat-mee", "amira")
    assert claims["sub"] == "amira"
    assert claims["name"] == "Amira Benali"
    assert claims["nonce"] == "the-nonce"
    assert claims["exp"] - claims["iat"] == 60
    assert claims[CLAIM + "roles"] == [MEMBERSHIP + "Learner"]
    assert claims[CLAIM + "custom"] == {"unit": "Verkoop", "groups": "31"}
    assert claims[CLAIM + "context"]["id"] == "smld-2026"
    assert claims[CLAIM + "launch_presentation"]["locale"] == "nl"
    assert claims[CLAIM + "tool_platform"]["product_family_code"] == "sociallearn-practice"
    assert claims[AGS]["lineitem"] == f"{LMS}/services/smld-2026/lineitems/1/lineitem?type_id=1"
    assert "lineitem" not in tool.launch("prikbord", "amira")[AGS]


@pytest.mark.parametrize(("person", "role"), [("katrien", "Instructor"), ("bart", "Manager"), ("sam", "Learner")])
def test_each_persona_has_its_role(tool: ToyTool, person: str, role: str) -> None:
    assert tool.launch(person=person)[CLAIM + "roles"] == [MEMBERSHIP + role]


def test_one_person_is_the_same_in_both_courses(tool: ToyTool) -> None:
    here, there = tool.launch("praat-mee", "marisol"), tool.launch("join-in", "marisol")
    assert here["sub"] == there["sub"]
    assert here[CLAIM + "context"]["id"] != there[CLAIM + "context"]["id"]


def test_the_authorisation_endpoint_takes_a_post_too_and_needs_no_cookie(tool: ToyTool, client: FlaskClient) -> None:
    login = fields(client.get("/launch/praat-mee?person=noor"))
    asked = {
        "scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none",
        "client_id": "sociallearn-practice", "redirect_uri": f"{TOOL}/lti/launch", "state": "s", "nonce": "n",
        "login_hint": "noor", "lti_message_hint": login["lti_message_hint"],
    }  # fmt: skip
    page = tool.lms.test_client().post("/auth", data=asked, headers={"Origin": TOOL})
    assert f'action="{TOOL}/lti/launch"' in page.text
    assert set(fields(page)) == {"id_token", "state"}


def test_a_hint_works_once(tool: ToyTool) -> None:
    login = fields(tool.client.get("/launch/praat-mee?person=noor"))
    assert "id_token" in fields(tool.authorise(login))
    again = tool.authorise(login)
    assert again.status_code == 400
    assert "already used" in again.text
    assert not fields(again)


def test_a_hint_is_good_for_five_minutes(tool: ToyTool) -> None:
    login = fields(tool.client.get("/launch/praat-mee?person=noor"))
    with clock.at(clock.now() + timedelta(minutes=6)):
        assert "older than five minutes" in tool.authorise(login).text


@pytest.mark.parametrize("hint", ["", "noor", "[]", '{"launchid": 5}', '{"launchid": "guessed"}', "1" * 5000])
def test_an_unknown_hint_is_a_sentence(tool: ToyTool, hint: str) -> None:
    login = fields(tool.client.get("/launch/praat-mee?person=noor"))
    assert tool.authorise(login, lti_message_hint=hint).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": f"{TOOL}/lti/launch/"},
        {"redirect_uri": f"{TOOL}/lti/launch?x=1"},
        {"redirect_uri": "https://evil.example/lti/launch"},
        {"redirect_uri": None},
        {"client_id": "somebody"},
        {"state": None},
    ],
)
def test_nothing_is_ever_posted_to_an_unproved_address(tool: ToyTool, changes: dict[str, str | None]) -> None:
    login = fields(tool.client.get("/launch/praat-mee?person=noor"))
    page = tool.authorise(login, **changes)
    assert page.status_code == 400
    assert "<form" not in page.text
    assert "id_token" in fields(tool.authorise(login))  # the hint was not spent on it


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"prompt": "login"}, "invalid_request"),
        ({"response_type": "code"}, "invalid_request"),
        ({"response_mode": "query"}, "invalid_request"),
        ({"scope": "profile"}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
        ({"login_hint": "wout"}, "login_required"),
    ],
)
def test_other_faults_are_posted_back_with_the_state(tool: ToyTool, changes: dict[str, str | None], error: str) -> None:
    login = fields(tool.client.get("/launch/praat-mee?person=noor"))
    answer = fields(tool.authorise(login, **changes))
    assert answer["error"] == error
    assert answer["error_description"]
    assert answer["state"] == "the-state"
    assert "id_token" not in answer


def test_only_who_is_in_the_course_launches(client: FlaskClient) -> None:
    assert client.get("/launch/join-in?person=noor").status_code == 403
    assert client.get("/launch/nothing?person=noor").status_code == 404
    assert client.get("/launch/praat-mee").status_code == 403


def test_the_clock_can_be_wrong(tool: ToyTool) -> None:
    tool.client.post("/practice/services", data={"skew": "-300"})
    claims = tool.launch()
    assert abs(claims["iat"] + 300 - clock.now().timestamp()) < 10


def test_a_token_is_granted_for_the_scopes_known(tool: ToyTool) -> None:
    wanted = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
    answer = tool.ask_token(scope=f"{wanted} https://elsewhere.example/scope")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json is not None
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 3600
    assert answer.json["scope"] == wanted
    assert tool.ask_token(scope="https://elsewhere.example/scope").json["error"] == "invalid_scope"  # type: ignore[index]


def _moved(**changes: float) -> dict[str, Any]:
    now = clock.now().timestamp()
    return {name: int(now + seconds) for name, seconds in changes.items()}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"aud": "http://127.0.0.1:9000"}, "aud"),
        ({"aud": [TOOL]}, "aud"),
        ({"iss": "somebody"}, "iss"),
        ({"sub": "somebody"}, "sub"),
        ({"exp": -60}, "expired"),
        ({"exp": 3600}, "longer"),
        ({"exp": None}, "exp"),
        ({"iat": 600, "exp": 250}, "future"),
        ({"iat": None}, "iat"),
        ({"jti": None}, "jti"),
    ],
)
def test_a_faulty_assertion_gets_no_token(tool: ToyTool, changes: dict[str, Any], says: str) -> None:
    times = {name: value for name, value in changes.items() if name in ("iat", "exp") and value is not None}
    claims = tool.assertion(**{**changes, **_moved(**times)})
    answer = tool.ask_token(tool.sign(claims))
    assert answer.status_code == 401
    assert answer.json is not None
    assert answer.json["error"] == "invalid_client"
    assert says in answer.json["error_description"]


def test_an_assertion_works_once(tool: ToyTool) -> None:
    assertion = tool.sign(tool.assertion())
    assert tool.ask_token(assertion).status_code == 200
    again = tool.ask_token(assertion)
    assert again.status_code == 401
    assert "used before" in again.text


def test_an_assertion_by_another_key_gets_no_token(tool: ToyTool) -> None:
    assert tool.ask_token(tool.sign(tool.assertion(), key=KEYS[1])).status_code == 401
    assert tool.ask_token(tool.sign(tool.assertion(), key=KEYS[1], kid="other")).status_code == 401
    assert tool.ask_token("not.a.jwt").status_code == 401


def test_a_new_key_of_the_tool_is_fetched_at_once(tool: ToyTool) -> None:
    assert tool.ask_token().status_code == 200
    tool.key, tool.kid = KEYS[1], "toy-2"
    assert tool.ask_token().status_code == 200


def test_other_grants_are_refused(tool: ToyTool) -> None:
    assert tool.ask_token(grant_type="password").json == {
        "error": "unsupported_grant_type", "error_description": "grant_type must be client_credentials"
    }  # fmt: skip
    assert tool.ask_token(client_assertion_type="basic").status_code == 400


def test_a_token_ends_after_an_hour(tool: ToyTool) -> None:
    url = "/services/smld-2026/memberships"
    assert tool.call("GET", url).status_code == 200
    with clock.at(clock.now() + timedelta(hours=1, seconds=1)):
        assert tool.call("GET", url).status_code == 401


def test_the_key_and_the_people_survive_a_restart(tool: ToyTool, tmp_path: Any) -> None:
    from sociallearn.practice.app import create_practice_lms

    before = tool.client.get("/jwks").json
    again = create_practice_lms(base_url=LMS, tool_url=TOOL, data_dir=tmp_path / "lms")
    assert again.test_client().get("/jwks").json == before
    assert (tmp_path / "lms" / "practice_key.pem").stat().st_mode & 0o777 == 0o600
    again.extensions["practice"].store.close()
