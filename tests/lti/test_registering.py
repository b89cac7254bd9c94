"""Dynamic registration: a real Moodle's messages byte for byte, Canvas after its documentation, and whatever is wrong.

The LMS's HTTP is played by `responses`, which stands before any look at addresses; those are looked at below with real
sockets, certificates and names.
"""

import copy
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select
from werkzeug.test import TestResponse

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.lti import (
    failures,
    fetching,
    invitations,
    key_sets,
    keys,
    managing,
    registering,
    registrations,
    services,
)
from sociallearn.lti.key_sets import KeySets, KeySetUnavailable
from sociallearn.lti.models import Deployment, Invite, Registration, SigningKey, Source
from sociallearn.roster.models import Organisation, Person
from tests.conftest import HERE, Actor
from tests.lms import Lms, public_jwk

pytestmark = pytest.mark.alike

CAPTURES = Path(__file__).parent / "captures"
BASE = "http://localhost:8000"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
CONFIGURATION = json.loads((CAPTURES / "openid-configuration.json").read_text())
REGISTRATION = json.loads((CAPTURES / "registration.json").read_text())
SITE = "https://moodle.example.org"
URL = SITE + "/mod/lti/openid-configuration.php"
END = SITE + "/mod/lti/openid-registration.php"


def elsewhere(what: Any, before: str, after: str) -> Any:
    """A message, from another address."""
    return json.loads(json.dumps(what).replace(before, after))


MOODLE = elsewhere(CONFIGURATION, "http://localhost:8090", SITE)
ANSWER = {**REGISTRATION["response_body"], "client_id": "a1B2c3D4e5F6g7H"}


@pytest.fixture
def public(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tool as it runs for people: nothing on this machine is an LMS."""
    monkeypatch.setitem(app.config, "IS_LOCAL", False)


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    """The LMS's HTTP."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def invited(app: Flask, label: str = "Academy", organisation_id: int | None = None) -> str:
    """A fresh invite's token."""
    with app.app_context(), transaction() as session:
        _row, link = invitations.make(session, label, organisation_id)
    return link.rpartition("=")[2]


def is_usable(app: Flask, token: str) -> bool:
    with app.app_context(), transaction() as session:
        return invitations.find(session, token) is not None


def made_by_link(app: Flask) -> list[Registration]:
    with app.app_context(), transaction() as session:
        return list(session.scalars(select(Registration).where(Registration.source == Source.LINK)))


def fields(page: TestResponse) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return {name: unescape(value) for name, value in found}


def look(client: FlaskClient, invite: str, url: str = URL, token: str = "reg-token", **more: Any) -> TestResponse:
    """The page the LMS opens in its frame."""
    query = {"invite": invite, "openid_configuration": url, "registration_token": token}
    return client.get("/lti/register", query_string=query, base_url=BASE, **more)


def connect(client: FlaskClient, invite: str, url: str = URL, token: str = "reg-token", **more: str) -> TestResponse:
    """Its button."""
    form = {"invite": invite, "openid_configuration": url, "registration_token": token, **more}
    return client.post("/lti/register", data=form, base_url=BASE)


def plays(http: responses.RequestsMock, configuration: Any = None, answer: Any = None, **more: Any) -> None:
    """An LMS that answers like this."""
    http.get(URL, json=MOODLE if configuration is None else configuration)
    http.post(END, **{"json": ANSWER if answer is None else answer, **more})


# -- Moodle ------------------------------------------------------------------------------------------------------------


def test_a_real_moodle_registers(app: Flask, client: FlaskClient, http: responses.RequestsMock) -> None:
    with app.app_context(), transaction() as session:  # known by file to all other tests
        theirs = select(Registration.id).where(Registration.issuer == "http://localhost:8090")
        session.execute(delete(Deployment).where(Deployment.registration_id.in_(theirs)))
        session.execute(delete(Registration).where(Registration.issuer == "http://localhost:8090"))
    url = REGISTRATION["openid_configuration_url"]
    http.get(url, body=(CAPTURES / "openid-configuration.json").read_bytes(), content_type="application/json")
    http.post(
        CONFIGURATION["registration_endpoint"],
        json=REGISTRATION["response_body"],
        content_type=REGISTRATION["response_content_type"],
    )
    token = invited(app)
    page = look(client, token, url)
    assert page.status_code == 200
    assert "localhost:8090" in page.text
    assert "Moodle 4.5.6 (Build: 20250811)" in page.text
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["Content-Security-Policy"].endswith("http://localhost:8090")
    assert not made_by_link(app)
    done = client.post("/lti/register", data=fields(page), base_url=BASE)
    assert done.status_code == 303
    after = client.get(done.location, base_url=BASE)
    assert after.status_code == 200
    assert "Activate" in after.text
    assert "You can close this window." in after.text
    assert "http://localhost:8090" in after.headers["Content-Security-Policy"]
    [row] = made_by_link(app)
    assert (row.issuer, row.client_id, row.product) == ("http://localhost:8090", "mnf14u4npR8Ahw0", "moodle")
    assert row.auth_login_url == "http://localhost:8090/mod/lti/auth.php"
    assert row.auth_token_url == "http://localhost:8090/mod/lti/token.php"
    assert row.key_set_url == "http://localhost:8090/mod/lti/certs.php"
    assert row.name == "Academy"
    with app.app_context(), transaction() as session:
        deployment = session.scalars(select(Deployment).where(Deployment.registration_id == row.id)).one()
        assert deployment.deployment_id == "1"
        assert deployment.confirmed_at is not None
        assert session.scalars(select(SigningKey.registration_id)).one() == row.id
        assert session.scalars(select(Invite.registration_id)).one() == row.id
    assert not is_usable(app, token)


def test_what_moodle_is_sent_has_the_shape_it_accepted(
    app: Flask, client: FlaskClient, http: responses.RequestsMock, public: None
) -> None:
    plays(http)
    assert connect(client, invited(app)).status_code == 303
    fetched, posted = (call.request for call in http.calls)
    assert fetched.headers["Authorization"] == posted.headers["Authorization"] == "Bearer reg-token"
    assert posted.headers["Content-Type"] == "application/json"
    sent, accepted = json.loads(posted.body or ""), REGISTRATION["request_body"]
    assert set(sent) == set(accepted)
    assert set(sent[TOOL]) == set(accepted[TOOL])
    for name in ("application_type", "response_types", "grant_types", "token_endpoint_auth_method", "scope"):
        assert sent[name] == accepted[name]
    assert sent[TOOL]["claims"] == accepted[TOOL]["claims"]
    assert sent["redirect_uris"] == [BASE + "/lti/launch"]
    assert sent["initiate_login_uri"] == BASE + "/lti/login"
    [row] = made_by_link(app)
    assert sent["jwks_uri"] == f"{BASE}/lti/jwks/{row.key_path}"
    assert sent[TOOL]["domain"] == "localhost:8000"
    assert sent[TOOL]["custom_parameters"] == {
        "context_history": "$Context.id.history",
        "link_history": "$ResourceLink.id.history",
        "course_start": "$CourseSection.timeFrame.begin",
        "course_end": "$CourseSection.timeFrame.end",
        "groups": "$Moodle.Person.userGroupIds",
    }
    assert [message["type"] for message in sent[TOOL]["messages"]] == [
        "LtiResourceLinkRequest",
        "LtiDeepLinkingRequest",
    ]
    assert "null" not in str(posted.body)
    with client.get(sent["logo_uri"], base_url=BASE) as logo:
        assert logo.mimetype == "image/svg+xml"


def test_only_what_an_lms_supports_is_asked_for(
    app: Flask, client: FlaskClient, http: responses.RequestsMock, public: None
) -> None:
    score = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
    plain = {**MOODLE, "scopes_supported": ["openid", score]}
    plain[PLATFORM] = {
        "product_family_code": "other",
        "messages_supported": [{"type": "LtiResourceLinkRequest"}, {"type": "LtiSubmissionReviewRequest"}],
    }
    plays(http, plain)
    page = look(client, token := invited(app))
    assert "gradebook" in page.text
    assert "Who is in a course" not in page.text
    assert "picker" not in page.text
    assert connect(client, token).status_code == 303
    sent = json.loads(http.calls[-1].request.body or "")
    assert sent["scope"] == score
    assert [one["type"] for one in sent[TOOL]["messages"]] == ["LtiResourceLinkRequest", "LtiSubmissionReviewRequest"]


def test_people_come_in_through_an_lms_that_registered_itself(
    app: Flask, client: FlaskClient, http: responses.RequestsMock, public: None
) -> None:
    plays(http)
    assert connect(client, invited(app)).status_code == 303
    http.get(SITE + "/mod/lti/certs.php", json={"keys": [public_jwk()]})
    school = Lms(issuer=SITE, client_id=str(ANSWER["client_id"]))
    assert school.launch(client).status_code == 303
    unknown = school.launch(client, deployment_id="2")
    assert unknown.status_code == 403
    assert "waits for confirmation" in unknown.text


def test_an_lms_joins_the_organisation_of_its_invite(
    app: Flask, client: FlaskClient, http: responses.RequestsMock, public: None
) -> None:
    Actor(app, HERE, sub="tess")
    with app.app_context(), transaction() as session:
        mine = session.scalars(select(Organisation.id)).one()
    plays(http)
    assert connect(client, invited(app, organisation_id=mine)).status_code == 303
    [row] = made_by_link(app)
    assert row.organisation_id == mine


# -- Canvas ------------------------------------------------------------------------------------------------------------

CANVAS_LTI = "https://canvas.instructure.com/lti/"
CANVAS_URL = "https://canvas.instructure.com/api/lti/security/openid-configuration"
CANVAS_END = "https://canvas.instructure.com/api/lti/registrations"
CANVAS: dict[str, Any] = {
    "issuer": "https://canvas.instructure.com",
    "authorization_endpoint": "https://sso.canvaslms.com/api/lti/authorize_redirect",
    "registration_endpoint": CANVAS_END,
    "jwks_uri": "https://sso.canvaslms.com/api/lti/security/jwks",
    "token_endpoint": "https://canvas.instructure.com/login/oauth2/token",
    "token_endpoint_auth_methods_supported": ["private_key_jwt"],
    "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
    "scopes_supported": [*MOODLE["scopes_supported"], "https://canvas.instructure.com/lti/public_jwk/scope/update"],
    "response_types_supported": ["id_token"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "claims_supported": ["sub", "name", "locale"],
    "subject_types_supported": ["public"],
    "authorization_server": "canvas.instructure.com",
    PLATFORM: {
        "product_family_code": "canvas",
        "version": "vCloud",
        "messages_supported": [
            {"type": "LtiResourceLinkRequest", "placements": ["account_navigation", "course_navigation"]},
            {"type": "LtiDeepLinkingRequest", "placements": ["assignment_selection", "link_selection"]},
        ],
        "variables": ["ResourceLink.id"],
        "https://canvas.instructure.com/lti/account_name": "Test University",
    },
}
SCHOOL = Lms(issuer="https://canvas.instructure.com", client_id="10000000000042", deployment_id="7:abc")


@pytest.fixture
def canvas(app: Flask, client: FlaskClient, http: responses.RequestsMock, public: None) -> dict[str, Any]:
    """A hosted Canvas that registered itself, framed under its school's own name; what it was sent."""

    def configuration(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        if request.headers.get("Authorization") != "Bearer reg-token":
            return 401, {}, json.dumps({"errors": [{"message": "JWT missing"}]})
        return 200, {}, json.dumps(CANVAS)

    http.add_callback("GET", CANVAS_URL, configuration)
    http.post(CANVAS_END, json={"client_id": 10000000000042, "application_type": "web", TOOL: {"messages": []}})
    http.get(CANVAS["jwks_uri"], json={"keys": [public_jwk()]})
    page = look(client, invited(app), CANVAS_URL, headers={"Referer": "https://canvas.school.example/"})
    assert page.status_code == 200
    assert "install it in the account" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "https://*.instructure.com" in policy
    assert "https://canvas.school.example" in policy
    done = client.post("/lti/register", data=fields(page), base_url=BASE)
    assert done.status_code == 303
    assert "Developer" not in client.get(done.location, base_url=BASE).text.split("data-registered")[0]
    sent: dict[str, Any] = json.loads(http.calls[-1].request.body or "")
    return sent


def test_canvas_is_sent_what_its_documentation_asks_for(app: Flask, canvas: dict[str, Any]) -> None:
    configuration = canvas[TOOL]
    assert configuration[CANVAS_LTI + "privacy_level"] == "public"
    assert configuration["custom_parameters"]["sections"] == "$Canvas.course.sectionIds"
    assert "groups" not in configuration["custom_parameters"]
    places = [(one["type"], one["placements"]) for one in configuration["messages"]]
    assert places == [
        ("LtiResourceLinkRequest", ["course_navigation"]),
        ("LtiDeepLinkingRequest", ["assignment_selection"]),
        ("LtiDeepLinkingRequest", ["link_selection"]),
    ]
    assert all({"target_link_uri", "label", "icon_uri"} <= set(one) for one in configuration["messages"])
    assert "public_jwk" not in canvas["scope"]
    [row] = made_by_link(app)
    assert (row.client_id, row.product, row.auth_audience) == ("10000000000042", "canvas", None)
    assert row.frame_origins == ["https://*.instructure.com", "https://canvas.school.example"]
    with app.app_context(), transaction() as session:
        assert not session.scalars(select(Deployment).where(Deployment.registration_id == row.id)).all()


def test_its_first_deployment_waits_and_opens_when_confirmed(
    app: Flask, client: FlaskClient, canvas: dict[str, Any]
) -> None:
    [row] = made_by_link(app)
    for _ in range(2):
        refused = SCHOOL.launch(client)
        assert refused.status_code == 403
        assert "waits for confirmation by an administrator" in refused.text
        assert f"platform confirm {row.id} 7:abc" in refused.text
    with app.app_context(), transaction() as session:
        deployment = session.scalars(select(Deployment).where(Deployment.registration_id == row.id)).one()
        assert deployment.confirmed_at is None
        assert session.scalar(select(func.count(Person.id))) == 0
        managing.confirm(session, deployment)
    assert SCHOOL.launch(client).status_code == 303


def test_a_refused_deployment_stays_out(app: Flask, client: FlaskClient, canvas: dict[str, Any]) -> None:
    SCHOOL.launch(client)
    with app.app_context(), transaction() as session:
        managing.reject(session, session.scalars(select(Deployment).order_by(Deployment.id.desc())).first())  # type: ignore[arg-type]
    assert SCHOOL.launch(client).status_code == 403


def test_at_most_twenty_deployments_wait(app: Flask, client: FlaskClient, canvas: dict[str, Any]) -> None:
    said = [SCHOOL.launch(client, deployment_id=f"place-{number}").text for number in range(23)]
    assert sum("waits for confirmation" in text for text in said) == 20
    assert "many other places" in said[-1]
    [row] = made_by_link(app)
    with app.app_context(), transaction() as session:
        mine = select(func.count(Deployment.id)).where(Deployment.registration_id == row.id)
        assert session.scalar(mine) == 20


STRANGE: dict[str, Callable[[Lms, str], str]] = {
    "signed by somebody else": lambda lms, nonce: lms.sign(lms.claims(nonce), key="forger"),
    "another nonce": lambda lms, nonce: lms.sign(lms.claims("made-up")),
    "too old": lambda lms, nonce: lms.sign(lms.claims(nonce, iat=1000, exp=2000)),
    "for another tool": lambda lms, nonce: lms.sign(lms.claims(nonce, aud="tool-9")),
    "an empty deployment id": lambda lms, nonce: lms.sign(lms.claims(nonce, deployment_id="")),
    "an endless deployment id": lambda lms, nonce: lms.sign(lms.claims(nonce, deployment_id="x" * 300)),
    "a deployment id with a NUL": lambda lms, nonce: lms.sign(lms.claims(nonce, deployment_id="a\0b")),
    "a deployment id that is a number": lambda lms, nonce: lms.sign(lms.claims(nonce, deployment_id=7)),
}


@pytest.mark.parametrize("case", STRANGE)
def test_only_a_signed_launch_names_a_deployment(
    app: Flask, client: FlaskClient, canvas: dict[str, Any], case: str
) -> None:
    state, nonce = SCHOOL.begin(client)
    assert SCHOOL.answer(client, state, STRANGE[case](SCHOOL, nonce)).status_code == 400
    [row] = made_by_link(app)
    with app.app_context(), transaction() as session:
        assert not session.scalars(select(Deployment).where(Deployment.registration_id == row.id)).all()


def test_a_school_under_its_own_name_may_speak_for_the_hosted_canvas(
    app: Flask, client: FlaskClient, http: responses.RequestsMock, public: None
) -> None:
    url = "https://school.instructure.com/api/lti/security/openid-configuration"
    http.get(url, json=CANVAS)
    http.post(CANVAS_END, json={"client_id": "10000000000043"})
    assert connect(client, invited(app), url).status_code == 303


def test_canvas_by_hand(client: FlaskClient) -> None:
    answer = client.get("/lti/config/canvas.json", base_url=BASE, headers={"Accept-Language": "nl"})
    found = answer.json
    assert found["oidc_initiation_url"] == BASE + "/lti/login"
    assert found["public_jwk_url"] == BASE + "/lti/jwks"
    assert "grade" in found["description"]
    [extension] = found["extensions"]
    assert extension["privacy_level"] == "public"
    placements = {one["placement"]: one["message_type"] for one in extension["settings"]["placements"]}
    assert placements == {
        "course_navigation": "LtiResourceLinkRequest",
        "assignment_selection": "LtiDeepLinkingRequest",
        "link_selection": "LtiDeepLinkingRequest",
    }


# -- what is wrong -----------------------------------------------------------------------------------------------------


def moodle(**changes: Any) -> dict[str, Any]:
    """Moodle's configuration with something else in it; None removes."""
    made = copy.deepcopy(MOODLE) | changes
    return {name: value for name, value in made.items() if value is not None}


CONFIGURATIONS: dict[str, Any] = {
    "an issuer elsewhere": moodle(issuer="https://other.example"),
    "an issuer of a neighbour": moodle(issuer="https://lms.example.org"),
    "an issuer on another port": moodle(issuer=SITE + ":8443"),
    "an issuer over http": moodle(issuer="http://moodle.example.org"),
    "an issuer with a query": moodle(issuer=SITE + "?x=1"),
    "an issuer with a user": moodle(issuer="https://moodle.example.org@evil.example"),
    "the issuer of hosted Canvas": moodle(issuer="https://canvas.instructure.com"),
    "no issuer": moodle(issuer=None),
    "an issuer that is a list": moodle(issuer=[SITE]),
    "an endpoint over http": moodle(token_endpoint="http://moodle.example.org/token"),
    "keys on a foreign host": moodle(jwks_uri="https://evil.example/keys"),
    "keys at a name that begins alike": moodle(jwks_uri="https://moodle.example.org.evil.example/keys"),
    "keys at a name that ends alike": moodle(jwks_uri="https://evilexample.org/keys"),
    "a login on a foreign host": moodle(authorization_endpoint="https://evil.example/auth"),
    "a host that would change our headers": moodle(authorization_endpoint="https://x;script-src *.example.org/auth"),
    "a registration at a private address": moodle(registration_endpoint="https://10.0.0.1/"),
    "no token endpoint": moodle(token_endpoint=None),
    "no registration endpoint": moodle(registration_endpoint=""),
    "no keys": moodle(jwks_uri=None),
    "no LTI": moodle(**{PLATFORM: None}),
    "LTI that is a text": moodle(**{PLATFORM: "moodle"}),
    "no message we know": moodle(**{PLATFORM: {"messages_supported": [{"type": "Tea"}, 7, {"type": []}, {}]}}),
    "messages that are no list": moodle(**{PLATFORM: {"messages_supported": "all"}}),
    "other signatures": moodle(id_token_signing_alg_values_supported=["HS256"]),
    "other ways to show who we are": moodle(token_endpoint_auth_methods_supported=["client_secret_post"]),
}


@pytest.mark.parametrize("case", CONFIGURATIONS)
def test_a_wrong_configuration_is_refused_in_words(
    app: Flask, client: FlaskClient, http: responses.RequestsMock, public: None, case: str
) -> None:
    plays(http, CONFIGURATIONS[case])
    token = invited(app)
    for answer in (look(client, token), connect(client, token)):
        refused(answer, 400)
    assert all(call.request.method == "GET" for call in http.calls)
    assert not made_by_link(app)
    assert is_usable(app, token)


def refused(answer: TestResponse, status: int) -> None:
    """In words, with something to do next, and readable inside the LMS's frame."""
    assert answer.status_code == status, answer.text
    heading = re.search(r"<h1>(.+?)</h1>", answer.text)
    assert heading
    assert len(heading[1]) > 20
    assert "Traceback" not in answer.text


BODIES: dict[str, dict[str, Any]] = {
    "not JSON": {"body": b"<html>Log in</html>"},
    "a list": {"json": [MOODLE]},
    "a number": {"json": 7},
    "nothing": {"body": b""},
    "odd bytes": {"body": b"\xff\xfe\x00"},
    "endlessly nested": {"body": b"[" * 200_000},
    "a huge document": {"body": b'{"issuer": "' + b"x" * 2_000_000 + b'"}'},
    "a redirect": {"status": 302, "headers": {"Location": "http://169.254.169.254/latest/meta-data"}},
    "401": {"status": 401, "json": {"error": "token_already_used"}},
    "404": {"status": 404, "body": b"nothing here"},
    "500": {"status": 500, "body": b"oops"},
    "no connection": {"body": requests.ConnectionError("refused")},
    "no answer in time": {"body": requests.ReadTimeout("slow")},
    "a certificate nobody trusts": {"body": requests.exceptions.SSLError("self-signed")},
}


@pytest.mark.parametrize("case", BODIES)
def test_a_configuration_that_cannot_be_read(
    app: Flask, client: FlaskClient, http: responses.RequestsMock, public: None, case: str
) -> None:
    http.get(URL, **BODIES[case])
    token = invited(app)
    refused(look(client, token), 400)
    refused(connect(client, token), 400)
    assert {call.request.url for call in http.calls} == {URL}
    assert is_usable(app, token)


ANSWERS: dict[str, dict[str, Any]] = {
    **{f"to the registration: {case}": how for case, how in BODIES.items()},
    "no client id": {"json": {**ANSWER, "client_id": None}},
    "an empty client id": {"json": {**ANSWER, "client_id": ""}},
    "a client id that is a list": {"json": {**ANSWER, "client_id": ["x"]}},
    "a client id that is true": {"json": {**ANSWER, "client_id": True}},
    "an endless client id": {"json": {**ANSWER, "client_id": "x" * 1000}},
    "a client id with a NUL": {"json": {**ANSWER, "client_id": "a\0b"}},
    "400 with a reason": {"status": 400, "json": {"error": "invalid_redirect_uri", "error_description": "No way"}},
    "503": {"status": 503, "json": {}},
}


@pytest.mark.parametrize("case", ANSWERS)
def test_an_lms_that_does_not_register_us_costs_nobody_a_link(
    app: Flask, client: FlaskClient, http: responses.RequestsMock, public: None, case: str
) -> None:
    plays(http, **({"json": None} | ANSWERS[case] if "body" in ANSWERS[case] else ANSWERS[case]))
    token = invited(app)
    answer = connect(client, token)
    refused(answer, 400)
    if "reason" in case:
        assert "It says: “No way”." in answer.text
    assert not made_by_link(app)
    assert is_usable(app, token)
    http.replace("POST", END, json=ANSWER)
    assert connect(client, token).status_code == 303


def test_an_answer_that_names_a_known_registration(
    app: Flask, client: FlaskClient, http: responses.RequestsMock, public: None
) -> None:
    plays(http)
    assert connect(client, invited(app)).status_code == 303
    token = invited(app)
    answer = connect(client, token)
    refused(answer, 409)
    assert "registered with this LMS already" in answer.text
    assert len(made_by_link(app)) == 1
    assert is_usable(app, token)


def spent(app: Flask, client: FlaskClient) -> str:
    token = invited(app)
    assert connect(client, token).status_code == 303
    return token


def withdrawn(app: Flask, client: FlaskClient) -> str:
    token = invited(app)
    with app.app_context(), transaction() as session:
        invitations.withdraw(session, session.scalars(select(Invite)).one())
    return token


def expired(app: Flask, client: FlaskClient) -> str:
    with clock.at(clock.now() - timedelta(days=8)):
        return invited(app)


INVITES: dict[str, Callable[[Flask, FlaskClient], str]] = {
    "spent": spent,
    "withdrawn": withdrawn,
    "expired": expired,
    "unknown": lambda app, client: "x" * 43,
    "missing": lambda app, client: "",
    "odd": lambda app, client: "é%00",
}


@pytest.mark.parametrize("case", INVITES)
def test_without_a_link_that_works_nothing_is_even_fetched(
    app: Flask, client: FlaskClient, http: responses.RequestsMock, public: None, case: str
) -> None:
    plays(http)
    token = INVITES[case](app, client)
    before, registered = len(http.calls), len(made_by_link(app))
    for answer in (look(client, token), connect(client, token), look(client, token, url="")):
        refused(answer, 403)
    assert len(http.calls) == before
    assert len(made_by_link(app)) == registered


ADDRESSES = {
    "http": "http://moodle.example.org/x",
    "a file": "file:///etc/passwd",
    "no scheme": "moodle.example.org/x",
    "a user name": "https://moodle.example.org@10.0.0.1/x",
    "a space": "https://moodle.example.org /x",
    "a back slash": "https://moodle.example.org\\@evil.example/x",
    "a line break": "https://moodle.example.org/x\r\nX: y",
    "no host": "https:///x",
    "an odd port": "https://moodle.example.org:99999/x",
    "half an address": "https://[::1/x",
    "not ASCII": "https://moodlé.example/x",
    "endless": "https://moodle.example.org/" + "x" * 5000,
}


@pytest.mark.parametrize("case", ADDRESSES)
def test_addresses_that_are_none(app: Flask, client: FlaskClient, public: None, case: str) -> None:
    token = invited(app)
    refused(look(client, token, ADDRESSES[case]), 400)
    refused(connect(client, token, ADDRESSES[case]), 400)


@pytest.mark.parametrize("token", ["a b", "a\r\nX: y", "é", "x" * 9000])
def test_registration_tokens_that_are_none(app: Flask, client: FlaskClient, public: None, token: str) -> None:
    refused(connect(client, invited(app), token=token), 400)


def test_without_a_registration_token_none_is_sent(
    app: Flask, client: FlaskClient, http: responses.RequestsMock, public: None
) -> None:
    plays(http)
    assert connect(client, invited(app), token="").status_code == 303
    assert all("Authorization" not in call.request.headers for call in http.calls)


def test_two_people_with_one_link_make_one_registration(app: Flask, http: responses.RequestsMock, public: None) -> None:
    http.get(URL, json=MOODLE)
    count = iter(range(100))
    both = threading.Barrier(2, timeout=20)

    def register(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        return 200, {}, json.dumps({**ANSWER, "client_id": f"client-{next(count)}"})

    http.add_callback("POST", END, register)
    token, statuses = invited(app), []

    def go() -> None:
        browser = app.test_client()
        both.wait()
        statuses.append(connect(browser, token).status_code)

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 403]
    assert len(made_by_link(app)) == 1


def test_opened_in_a_browser_the_link_says_where_it_belongs(app: Flask, client: FlaskClient) -> None:
    token = invited(app)
    page = client.get("/lti/register", query_string={"invite": token}, base_url=BASE)
    assert page.status_code == 200
    assert f'value="{BASE}/lti/register?invite={token}"' in page.text
    assert "Add LTI Advantage" in page.text
    assert "Developer Keys" in page.text
    assert client.post("/lti/register", data={"invite": token}, base_url=BASE).status_code == 400
    assert is_usable(app, token)


def test_the_page_afterwards_is_for_the_link_alone(app: Flask, client: FlaskClient) -> None:
    for token in ("", "x", invited(app)):
        assert client.get("/lti/connected", query_string={"invite": token}, base_url=BASE).status_code == 404


# -- public addresses only ---------------------------------------------------------------------------------------------

CLOSED = """
    127.0.0.1 127.1 2130706433 0x7f000001 0177.0.0.1 0 0.0.0.0 localhost [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1]
    [::127.0.0.1] [::ffff:0:127.0.0.1] 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 2852039166 [fd00:ec2::254]
    [fe80::1] [fec0::1] [fc00::1] 100.64.0.1 100.100.100.200 192.0.0.192 198.18.0.1 224.0.0.1 239.1.1.1 240.0.0.1
    255.255.255.255 [ff02::1] [64:ff9b::7f00:1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::1] [2002:7f00:1::] [2001::1]
    168.63.129.16 [2001:db8::1] 203.0.113.1 [::ffff:169.254.169.254]
""".split()  # noqa: SIM905


@pytest.mark.parametrize("host", CLOSED)
def test_addresses_inside_are_never_called(app: Flask, client: FlaskClient, public: None, host: str) -> None:
    answer = look(client, invited(app), f"https://{host}/configuration")
    refused(answer, 400)
    assert "public https addresses" in answer.text


@pytest.mark.parametrize(
    "text", ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "2a00:1450:400e:80e::200e", "::ffff:8.8.8.8"]
)
def test_public_addresses_are_public(text: str) -> None:
    assert fetching.is_public(ip_address(text))


@contextmanager
def named(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> Iterator[list[str]]:
    """A name server that answers ``lms.test`` with these, one after the other, the last one again and again."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def lookup(host: Any, port: Any, *args: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name != "lms.test":
            return real(host, port, *args, **more)
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(name)
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found
        ]

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lookup)
        yield asked


def test_a_name_with_one_private_address_is_not_called(
    app: Flask, public: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context(), named(monkeypatch, ["8.8.8.8", "10.0.0.7"]), pytest.raises(fetching.FetchError) as error:
        fetching.fetch_json("GET", "https://lms.test/")
    assert error.value.code == "forbidden"


class Server:
    """An LMS's server on this machine, over TLS with a certificate for ``name`` when there is one."""

    def __init__(self, folder: Path, name: str | None = None, answer: bytes = b'{"issuer": "x"}') -> None:
        server = self
        self.hosts: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.hosts.append(self.headers["Host"])
                self.send_response(200)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if name:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(_certificate(folder, name))
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> "Server":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _certificate(folder: Path, name: str) -> Path:
    """A certificate that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_the_certificate_is_checked_against_the_name_though_the_address_is_called(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context(), named(monkeypatch, ["127.0.0.1"]):
        with Server(tmp_path, "lms.test") as server:
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "lms.test.pem"))
            assert fetching.fetch_json("GET", f"https://lms.test:{server.port}/") == {"issuer": "x"}
            assert server.hosts == [f"lms.test:{server.port}"]
        with Server(tmp_path, "other.test") as server:
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.test.pem"))
            with pytest.raises(fetching.FetchError) as error:
                fetching.fetch_json("GET", f"https://lms.test:{server.port}/")
            assert error.value.code == "unreachable"
            assert not server.hosts


def test_a_name_that_changes_between_look_and_call_leads_nowhere(
    app: Flask, public: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: looked at, the name is public; asked again, it would be this machine. It is asked once."""
    called = []

    def connect(address: tuple[str, int], *args: object, **more: object) -> socket.socket:
        called.append(address[0])
        raise OSError("no network in tests")

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    with app.app_context(), named(monkeypatch, ["8.8.8.8"], ["127.0.0.1"]) as asked, Server(tmp_path) as server:
        with pytest.raises(fetching.FetchError) as error:
            fetching.fetch_json("GET", f"https://lms.test:{server.port}/")
        assert error.value.code == "unreachable"
        assert asked == ["lms.test"]
        assert called == ["8.8.8.8"]
        assert not server.hosts


def test_on_localhost_the_practice_lms_may_be_called_and_nothing_else(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context(), Server(tmp_path) as server:
        assert fetching.fetch_json("GET", f"http://127.0.0.1:{server.port}/") == {"issuer": "x"}
        assert fetching.fetch_json("GET", f"http://localhost:{server.port}/") == {"issuer": "x"}
        for url in ("http://10.0.0.1/", "https://192.168.1.1/", "http://8.8.8.8/", "https://169.254.169.254/"):
            with pytest.raises(fetching.FetchError) as error:
                fetching.fetch_json("GET", url)
            assert error.value.code == "forbidden"
        with named(monkeypatch, ["127.0.0.1", "10.0.0.1"]), pytest.raises(fetching.FetchError):
            fetching.fetch_json("GET", "http://lms.test/")


@pytest.mark.parametrize("line", [b"HTTP/1.1 200 OK\r\n\r\n{", b"HTTP/1.1 200 OK\r\n"])
def test_an_answer_that_drips_ends_in_time(app: Flask, monkeypatch: pytest.MonkeyPatch, line: bytes) -> None:
    monkeypatch.setattr(fetching, "LIMIT", 0.5)
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            caller, _address = server.accept()
            with caller:
                caller.recv(10_000)
                try:
                    caller.sendall(line)
                    while not done.wait(0.05):
                        caller.sendall(b"a" if b"{" in line else b"X: y\r\n")
                except OSError:
                    pass

        thread = threading.Thread(target=drip)
        thread.start()
        started = clock.now()
        with app.app_context(), pytest.raises(fetching.FetchError) as error:
            fetching.fetch_json("GET", f"http://127.0.0.1:{server.getsockname()[1]}/")
        assert error.value.code == "timeout"
        assert clock.now() - started < timedelta(seconds=3)
        done.set()
        thread.join()


def test_a_key_set_that_drips_holds_nobody_up(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_sets, "TIMEOUT", 0.5)
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            caller, _address = server.accept()
            with caller:
                caller.recv(10_000)
                try:
                    caller.sendall(b"HTTP/1.1 200 OK\r\n")
                    while not done.wait(0.05):
                        caller.sendall(b"X: y\r\n")
                except OSError:
                    pass

        thread = threading.Thread(target=drip)
        thread.start()
        started = clock.now()
        with app.app_context(), pytest.raises(key_sets.KeySetUnavailable):
            key_sets.KeySets().find(f"http://127.0.0.1:{server.getsockname()[1]}/", "any", False)
        assert clock.now() - started < timedelta(seconds=3)
        done.set()
        thread.join()


def test_an_lms_that_takes_anothers_client_id_gets_nothing_the_other_believes(
    app: Flask, client: FlaskClient, http: responses.RequestsMock, public: None
) -> None:
    """It tells us the client id we sign under: what we sign for it must count nowhere else."""
    configuration = {**MOODLE, "authorization_server": "https://victim.example/mod/lti/token.php"}
    plays(http, configuration, {**ANSWER, "client_id": HERE.client_id})
    assert connect(client, invited(app)).status_code == 303
    [row] = made_by_link(app)
    assert row.client_id == HERE.client_id
    assert row.auth_audience is None
    with app.app_context():
        signing = keys.signing_key(row).kid
        own = {key["kid"] for key in keys.key_set(row.key_path)["keys"]}
        everybodys = {key["kid"] for key in keys.key_set()["keys"]}
        assert keys.address_of(row).endswith(f"/lti/jwks/{row.key_path}")
    assert own == {signing}
    assert signing not in everybodys
    assert everybodys
    assert client.get("/lti/jwks/unknown", base_url=BASE).get_json() == {"keys": []}


@pytest.mark.parametrize(
    ("audience", "is_believed"),
    [
        ("https://api.brightspace.com/auth/token", True),
        (SITE + "/mod/lti/token.php", True),
        ("https://api.brightspace.com.evil.example/auth/token", False),
        ("https://victim.example/token", False),
        ("moodle", False),
        (7, False),
    ],
)
def test_only_an_audience_of_its_own_is_believed(
    app: Flask, client: FlaskClient, http: responses.RequestsMock, public: None, audience: object, is_believed: bool
) -> None:
    plays(http, configuration={**MOODLE, "authorization_server": audience})
    assert connect(client, invited(app)).status_code == 303
    [row] = made_by_link(app)
    assert row.auth_audience == (audience if is_believed else None)


def test_later_calls_obey_the_same_rule(app: Flask, client: FlaskClient, public: None) -> None:
    """A signed launch of an LMS registered by link may name any address for its services."""
    with app.app_context(), responses.RequestsMock() as mock:
        plays(mock)
        assert connect(client, invited(app)).status_code == 303
    [row] = made_by_link(app)
    with app.app_context():
        for url in ("http://127.0.0.1:9/x", "https://169.254.169.254/x", "http://moodle.example.org/x"):
            row.auth_token_url = url
            connector = services.connect(row, registering.SCOPES)
            with pytest.raises(failures.Unreachable):
                connector.get_access_token(connector.scopes)
            with pytest.raises(KeySetUnavailable):
                KeySets().find(url, "kid", is_public=True)
        assert registrations.library_registration(row).is_by_link


# -- afterwards --------------------------------------------------------------------------------------------------------


def test_a_restart_leaves_them_alone(
    app: Flask, client: FlaskClient, http: responses.RequestsMock, public: None
) -> None:
    plays(http)
    assert connect(client, invited(app)).status_code == 303
    with app.app_context():
        registrations.sync()
    [row] = made_by_link(app)
    assert row.is_active
    with app.app_context():
        assert SITE in registrations.frame_ancestors()[row.id]


def test_a_paused_lms_is_closed_in_words_and_stays_so_after_a_restart(app: Flask, client: FlaskClient) -> None:
    begun = HERE.begin(client)
    with app.app_context():
        with transaction() as session:
            managing.pause(
                session, session.scalars(select(Registration).where(Registration.issuer == HERE.issuer)).one()
            )
        registrations.sync()
        assert any(
            HERE.issuer in origins for origins in registrations.frame_ancestors().values()
        )  # why it is closed can be read there
    for answer in (HERE.login(client), HERE.answer(client, begun[0], HERE.sign(HERE.claims(begun[1])))):
        refused(answer, 403)
        assert "closed SocialLearn for a while" in answer.text
    with app.app_context(), transaction() as session:
        managing.resume(session, session.scalars(select(Registration).where(Registration.issuer == HERE.issuer)).one())
    assert HERE.launch(client).status_code == 303


def test_a_removed_lms_is_closed(app: Flask, client: FlaskClient, http: responses.RequestsMock, public: None) -> None:
    plays(http)
    http.get(SITE + "/mod/lti/certs.php", json={"keys": [public_jwk()]})
    assert connect(client, invited(app)).status_code == 303
    school = Lms(issuer=SITE, client_id=str(ANSWER["client_id"]))
    begun = school.begin(client)
    with app.app_context(), transaction() as session:
        [row] = session.scalars(select(Registration).where(Registration.source == Source.LINK))
        managing.remove(session, row)
    refused(school.answer(client, begun[0], school.sign(school.claims(begun[1]))), 400)
    refused(school.login(client), 400)
    with app.app_context():
        assert not any(SITE in origins for origins in registrations.frame_ancestors().values())
