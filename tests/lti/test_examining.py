"""What the doctor sees, and what it says about it: against an LMS whose answers stand in each test."""

import json
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests
import responses
from click.testing import CliRunner
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import null, select

from sociallearn import clock
from sociallearn.cli import cli
from sociallearn.database import db, transaction
from sociallearn.lti import examining
from sociallearn.lti.examining import Check, Result, Subject
from sociallearn.lti.models import Deployment, Registration, Source
from sociallearn.roster import probing
from tests.conftest import HERE, Actor
from tests.lms import AGS, MEMBERSHIP, public_jwk

pytestmark = pytest.mark.alike

KEYS, TOKEN = "https://lms.example/keys", "https://lms.example/token"
MEMBERS, COLUMN = "https://lms.example/members", "https://lms.example/column"
SCOPES = [AGS + "scope/score", AGS + "scope/lineitem.readonly"]


@pytest.fixture
def english(app: Flask) -> Iterator[None]:
    """Inside the app, in English, with LMSs nobody called yet."""
    for kept in ("lti_tokens", "lti_resting", "lti_pace"):
        app.extensions.pop(kept, None)
    with app.app_context(), force_locale("en"):
        yield


@pytest.fixture
def lms() -> Iterator[responses.RequestsMock]:
    """Answers everything well; a test replaces what it is about."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        now = {"Date": format_datetime(clock.now(), usegmt=True)}
        mock.get(KEYS, json={"keys": [public_jwk()]}, headers=now)
        mock.post(TOKEN, json={"access_token": "secret-token", "expires_in": 3600})
        mock.get(MEMBERS, json={"id": MEMBERS, "context": {"id": "c"}, "members": [{"user_id": "1", "roles": []}]})
        mock.get(COLUMN, json={"id": COLUMN, "label": "Taking part", "scoreMaximum": 20})
        yield mock


def look(**changes: Any) -> dict[str, Check]:
    """The checks of a connection by name. ``registration``: facts that differ."""
    facts = changes.pop("registration", {})
    with transaction() as session:
        registration = session.scalars(select(Registration).where(Registration.issuer == HERE.issuer)).one()
        for name, value in {"key_set": None, "key_set_url": KEYS, **facts}.items():
            setattr(registration, name, value)
        session.flush()
        session.expunge(registration)
    given = {"memberships_url": MEMBERS, "line_item_url": COLUMN, "ags_scopes": SCOPES, **changes}
    found = examining.connection(Subject(registration, **given))
    assert not db.session.registry.has() or not db.session().in_transaction()
    return {check.name: check for check in found}


def results(found: dict[str, Check]) -> dict[str, str]:
    return {name: check.result for name, check in found.items() if check.result != Result.OK}


@pytest.mark.usefixtures("english")
def test_a_good_connection(lms: responses.RequestsMock) -> None:
    found = look()
    assert results(found) == {}
    assert list(found) == [
        "Connection",
        "Deployments",
        "Keys of the LMS",
        "Clocks",
        "Participants",
        "Grades",
        "Our keys",
    ]
    assert found["Grades"].seen == "Column “Taking part”, up to 20."
    scopes = [str(call.request.body).partition("scope=")[2] for call in lms.calls if call.request.url == TOKEN]
    assert len(scopes) == 2
    assert "contextmembership.readonly" in scopes[0]
    assert "score" in scopes[1]


@pytest.mark.usefixtures("english")
def test_a_token_kept_from_before_hides_nothing(lms: responses.RequestsMock) -> None:
    assert results(look()) == {}
    lms.replace("POST", TOKEN, status=400, json={"error": "invalid_client"})
    found = look()
    assert results(found) == {"Participants": "problem", "Grades": "problem", "Our keys": "problem"}
    assert found["Grades"].seen == "The LMS gave no access."
    assert "invalid_client" in found["Grades"].detail
    assert "/lti/jwks" in found["Grades"].mend


@pytest.mark.parametrize(
    ("body", "status", "result"),
    [
        (json.dumps({"keys": [public_jwk()]}), 200, "ok"),
        (json.dumps({"keys": []}), 200, "problem"),
        (json.dumps({"keys": [{"kty": "EC", "kid": "1"}, None, 7, {"kty": ["RSA"], "kid": "1"}]}), 200, "problem"),
        (json.dumps({"keys": [{**public_jwk(), "alg": "RS512"}]}), 200, "problem"),
        (json.dumps({"keys": [{**public_jwk(), "kid": None}]}), 200, "problem"),
        ("[]", 200, "problem"),
        ("<html>Log in</html>", 200, "problem"),
        ("[" * 100_000, 200, "problem"),
        ("x" * 1_100_000, 200, "problem"),
        ("", 404, "problem"),
        ("", 503, "problem"),
        (requests.ConnectionError("refused"), 200, "problem"),
        (requests.Timeout("slow"), 200, "problem"),
        (requests.exceptions.SSLError("expired"), 200, "problem"),
    ],
    ids=map(str, range(14)),  # keys differ from process to process
)
@pytest.mark.usefixtures("english")
def test_the_key_set(lms: responses.RequestsMock, body: Any, status: int, result: str) -> None:
    lms.replace("GET", KEYS, body=body, status=status)
    check = look()["Keys of the LMS"]
    assert check.result == result
    assert bool(check.mend) == (result != "ok")
    assert "Traceback" not in check.seen


@pytest.mark.parametrize(
    ("seconds", "result", "words"),
    [(0, "ok", "agree"), (5, "ok", "agree"), (40, "warning", "ahead"), (-40, "warning", "behind"),
     (300, "problem", "ahead"), (-90, "problem", "behind")],
)  # fmt: skip
@pytest.mark.usefixtures("english")
def test_clocks(lms: responses.RequestsMock, seconds: int, result: str, words: str) -> None:
    date = {"Date": format_datetime(clock.now() + timedelta(seconds=seconds), usegmt=True)}
    lms.replace("GET", KEYS, json={"keys": [public_jwk()]}, headers=date)
    check = look()["Clocks"]
    assert check.result == result
    assert words in check.seen


@pytest.mark.parametrize("date", [{}, {"Date": "yesterday"}, {"Date": ""}])
@pytest.mark.usefixtures("english")
def test_an_lms_without_a_clock(lms: responses.RequestsMock, date: dict[str, str]) -> None:
    lms.replace("GET", KEYS, json={"keys": [public_jwk()]}, headers=date)
    assert look()["Clocks"].result == "warning"


@pytest.mark.parametrize(
    ("name", "url", "answer", "result"),
    [
        ("Participants", MEMBERS, {"status": 401}, "problem"),
        ("Participants", MEMBERS, {"status": 403, "body": "no"}, "problem"),
        ("Participants", MEMBERS, {"status": 404}, "problem"),
        ("Participants", MEMBERS, {"status": 429}, "warning"),
        ("Participants", MEMBERS, {"status": 403, "body": "Rate Limit Exceeded"}, "warning"),
        ("Participants", MEMBERS, {"body": "<html>"}, "problem"),
        ("Participants", MEMBERS, {"json": {"members": "none"}}, "problem"),
        ("Participants", MEMBERS, {"body": requests.ConnectionError("gone")}, "problem"),
        ("Grades", COLUMN, {"status": 404}, "problem"),
        ("Grades", COLUMN, {"status": 500}, "problem"),
        ("Grades", COLUMN, {"json": {"label": "x"}}, "problem"),
        ("Grades", COLUMN, {"body": requests.ConnectTimeout("slow")}, "problem"),
    ],
)
@pytest.mark.usefixtures("english")
def test_services(lms: responses.RequestsMock, name: str, url: str, answer: dict[str, Any], result: str) -> None:
    lms.replace("GET", url, **answer)
    found = look()
    assert found[name].result == result
    assert found[name].mend
    assert "secret-token" not in repr(found)


@pytest.mark.usefixtures("english")
def test_what_no_launch_said_is_not_tried(lms: responses.RequestsMock) -> None:
    found = look(memberships_url=None, line_item_url=None, ags_scopes=[])
    assert results(found) == {"Participants": "warning", "Grades": "warning", "Our keys": "problem"}
    assert [call.request.url for call in lms.calls] == [KEYS]


@pytest.mark.usefixtures("english")
def test_without_a_column_access_alone_is_tried(lms: responses.RequestsMock) -> None:
    found = look(line_item_url=None, memberships_url=None)
    assert found["Grades"].result == "ok"
    assert found["Our keys"].result == "ok"


@pytest.mark.usefixtures("english", "lms")
def test_paused_removed_and_waiting() -> None:
    assert results(look(registration={"paused_at": clock.now()})) == {"Connection": "warning"}
    assert results(look(registration={"paused_at": None, "is_active": False})) == {"Connection": "problem"}
    assert results(look(registration={"is_active": True}, pending=2)) == {"Deployments": "warning"}


@pytest.mark.usefixtures("english")
def test_what_was_connected_by_link_is_looked_for_at_public_addresses_only(app: Flask) -> None:
    facts = {"source": Source.LINK, "key_set_url": "https://10.0.0.1/keys", "auth_token_url": "https://10.0.0.1/token"}
    found = look(registration=facts, memberships_url="https://169.254.169.254/", line_item_url="https://[fd00::1]/")
    assert "not a public https address" in found["Keys of the LMS"].seen
    assert results(found).keys() == {"Keys of the LMS", "Participants", "Grades", "Our keys"}


@pytest.mark.usefixtures("english", "lms")
def test_keys_from_the_file_need_no_address() -> None:
    for key, result in ((public_jwk(), "ok"), ({"kty": "oct"}, "problem")):
        found = look(registration={"key_set": {"keys": [key]}, "key_set_url": None})
        assert found["Keys of the LMS"].result == result


@pytest.mark.usefixtures("english", "lms")
def test_without_a_key_of_ours_nothing_is_signed() -> None:
    found = look(registration={"client_id": "unknown-to-the-file"})
    assert found["Our key"].result == "problem"
    assert "Participants" not in found


@pytest.mark.usefixtures("english")
def test_what_an_lms_repeats_of_our_secrets_is_left_out(lms: responses.RequestsMock) -> None:
    def repeat(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        return 400, {}, f"bad assertion: {request.body}"

    lms.remove("POST", TOKEN)
    lms.add_callback("POST", TOKEN, callback=repeat)
    detail = look()["Grades"].detail
    assert "bad assertion" in detail
    assert "eyJ" not in detail


def test_the_newest_launch_says_what_to_try(app: Flask) -> None:
    nrps = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
    launch = {"roles": [MEMBERSHIP + "Learner"]}
    for number in (1, 2):
        link = {"id": f"link-{number}", "title": "x"}
        ags = {"scope": SCOPES, "lineitems": COLUMN + "s", "lineitem": f"{COLUMN}/{number}"}
        members = {"context_memberships_url": f"{MEMBERS}/{number}", "service_versions": ["2.0"]}
        Actor(app, HERE, resource_link=link, ags=ags, **{nrps: members}, **launch)
    Actor(app, HERE, resource_link={"id": "link-3", "title": "not graded"}, **launch)
    with app.app_context(), transaction() as session:
        registration = session.scalars(select(Registration).where(Registration.issuer == HERE.issuer)).one()
        session.add(Deployment(registration_id=registration.id, deployment_id="new", confirmed_at=null()))
        session.flush()
        subject = probing.subject(session, registration)
    assert (subject.memberships_url, subject.line_item_url) == (f"{MEMBERS}/2", f"{COLUMN}/2")
    assert subject.ags_scopes == SCOPES
    assert subject.pending == 1
    assert subject.registration.issuer == HERE.issuer


@pytest.mark.usefixtures("english")
def test_the_installation(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {check.name: check for check in examining.installation(asks_itself=False)}
    assert results(found) == {"Address": "warning", "Secret key": "problem"}
    public = {"BASE_URL": "https://learn.example.org", "IS_LOCAL": False, "SECRET_KEY": "abcdefghijklm" * 4}
    monkeypatch.setattr(app, "config", app.config | public)
    found = {check.name: check for check in examining.installation(asks_itself=False)}
    assert results(found) == {"Cookies": "warning"}
    assert "PROXY_HOPS" in found["Cookies"].mend


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ({"json": {"status": "ok"}}, "ok"),
        ({"json": {"status": "other"}}, "problem"),
        ({"body": "Welcome to nginx"}, "problem"),
        ({"status": 502}, "problem"),
        ({"body": requests.ConnectionError("refused")}, "problem"),
    ],
)
@pytest.mark.usefixtures("english")
def test_its_own_address(lms: responses.RequestsMock, answer: dict[str, Any], result: str) -> None:
    lms.get("http://localhost:8000/healthz", **answer)
    found = {check.name: check for check in examining.installation()}
    assert found["Reachable"].result == result


@pytest.mark.usefixtures("english")
def test_a_queue_nobody_works_on(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "QUEUE_PATIENCE", 0.2)
    queue = app.extensions["jobs"]
    app.extensions["jobs_run"]("nothing", 1)
    found = {check.name: check for check in examining.installation(asks_itself=False)}
    queue.flush()
    assert found["Worker"].result == "problem"
    assert "1 task waits" in found["Worker"].seen


def environment(app: Flask) -> dict[str, str]:
    """The stage as a command finds it."""
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    return {
        "SOCIALLEARN_DATABASE_URL": url,
        "SOCIALLEARN_BASE_URL": "https://learn.example.org",
        "SOCIALLEARN_DATA_DIR": str(app.config["DATA_DIR"]),
        "SOCIALLEARN_LTI_CONFIG": str(app.config["LTI_CONFIG"]),
        "SOCIALLEARN_SECRET_KEY": app.config["SECRET_KEY"] + "abcdefghijklm",
    }


def test_the_command(app: Flask, lms: responses.RequestsMock) -> None:
    with app.app_context(), transaction() as session:
        ids = list(session.scalars(select(Registration.id).order_by(Registration.id)))
    one = CliRunner().invoke(cli, ["doctor", "--not-itself", "--registration", str(ids[0])], env=environment(app))
    assert one.exit_code == 0, one.output
    assert "LMS 1: https://lms.example" in one.output
    assert "warning  Participants" in one.output
    unknown = CliRunner().invoke(cli, ["doctor", "--not-itself", "--registration", "999"], env=environment(app))
    assert unknown.exit_code == 1
    assert "There is no LMS 999" in unknown.output
    lms.get("https://learn.example.org/healthz", status=502)
    bad = CliRunner().invoke(cli, ["doctor"], env=environment(app))
    assert bad.exit_code == 1
    assert "problem  Reachable" in bad.output
