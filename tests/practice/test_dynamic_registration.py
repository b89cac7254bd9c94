"""Connecting by link at the practice LMS: its own side, and the real tool at the other end."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.lti import invitations, managing, registering, services
from sociallearn.lti.models import Deployment, Registration, Source
from sociallearn.practice.app import create_practice_lms
from sociallearn.practice.claims import SCOPES
from sociallearn.practice.dynamic_registration import PLATFORM
from sociallearn.practice.dynamic_registration import TOOL as CONFIGURATION
from sociallearn.practice.serving import listening
from tests.practice.conftest import LMS, TOOL, ToyTool, fields

LINK = TOOL + "/lti/register?invite=abc"
WANTED: dict[str, Any] = {
    "application_type": "web",
    "client_name": "Toy",
    "initiate_login_uri": TOOL + "/lti/login",
    "redirect_uris": [TOOL + "/lti/launch"],
    "jwks_uri": TOOL + "/lti/jwks",
    "token_endpoint_auth_method": "private_key_jwt",
    "scope": " ".join(["openid", *SCOPES[:2]]),
    CONFIGURATION: {"target_link_uri": TOOL + "/lti/launch", "messages": []},
}


def frame(page: TestResponse) -> dict[str, str]:
    """What the tool's page is opened with."""
    found = re.search(r'<iframe[^>]* src="([^"]+)"', page.text)
    assert found, page.text
    query = parse_qs(urlsplit(unescape(found[1])).query)
    return {name: values[0] for name, values in query.items()}


def token(client: FlaskClient, **more: str) -> str:
    return frame(client.post("/connecting", data={"link": LINK, **more}))["registration_token"]


def bearer(value: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {value}"}


def register(client: FlaskClient, value: str, wanted: Any = WANTED) -> TestResponse:
    return client.post("/registrations", json=wanted, headers=bearer(value))


def test_the_tools_page_opens_in_a_frame_with_a_token(client: FlaskClient) -> None:
    page = client.post("/connecting", data={"link": LINK})
    assert page.status_code == 200
    asked = frame(page)
    assert asked["invite"] == "abc"
    assert asked["openid_configuration"] == LMS + "/.well-known/openid-configuration"
    found = client.get("/.well-known/openid-configuration", headers=bearer(asked["registration_token"])).json
    assert found
    assert found["issuer"] == LMS
    assert found["registration_endpoint"] == LMS + "/registrations"
    assert {one["type"] for one in found[PLATFORM]["messages_supported"]} >= {"LtiResourceLinkRequest"}


@pytest.mark.parametrize("link", ["", "x", "https://evil.example/x", TOOL, TOOL + ".evil.example/x"])
def test_links_of_another_tool_are_not_opened(client: FlaskClient, link: str) -> None:
    page = client.post("/connecting", data={"link": link})
    assert page.status_code == 422
    assert "<iframe" not in page.text
    assert f"begins with {TOOL}/" in page.text


def test_a_tool_is_pending_until_it_is_activated(tool: ToyTool) -> None:
    answer = register(tool.client, token(tool.client)).json
    assert answer
    assert answer["scope"].split() == SCOPES[:2]
    assert answer[CONFIGURATION]["deployment_id"] == "2"
    client_id = answer["client_id"]
    assertion = {"iss": client_id, "sub": client_id}
    assert tool.ask_token(tool.sign(tool.assertion(**assertion))).status_code == 401
    assert "Pending" in tool.client.get("/connecting").text
    for _ in range(2):
        assert tool.client.post(f"/connecting/{client_id}/activation").status_code == 303
    assert tool.ask_token(tool.sign(tool.assertion(**assertion))).status_code == 200
    login = fields(tool.client.get(f"/launch/{client_id}?person=noor"))
    assert (login["client_id"], login["lti_deployment_id"]) == (client_id, "2")
    refused = fields(tool.authorise(login))
    assert refused["error"] == "unauthorized_client"
    body = fields(tool.authorise(login, client_id=client_id))["id_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    assert claims["aud"] == client_id
    assert claims["https://purl.imsglobal.org/spec/lti/claim/deployment_id"] == "2"
    assert tool.launch()["aud"] == "sociallearn-practice"


def test_only_an_existing_tool_is_activated(client: FlaskClient) -> None:
    assert client.post("/connecting/practice-nothing/activation").status_code == 404


def test_a_token_registers_once_and_for_an_hour(client: FlaskClient) -> None:
    first, second = token(client), token(client)
    assert register(client, first).status_code == 200
    assert register(client, first).status_code == 401
    assert client.get("/.well-known/openid-configuration", headers=bearer(first)).status_code == 401
    with clock.at(clock.now() + timedelta(minutes=61)):
        assert register(client, second).status_code == 401
    for value in ("", "x"):
        assert register(client, value).status_code == 401
    assert client.get("/.well-known/openid-configuration").status_code == 401


WRONG: dict[str, Any] = {
    "nothing": None,
    "a list": [],
    "no LTI": {**WANTED, CONFIGURATION: None},
    "another launch address": {**WANTED, "redirect_uris": [TOOL + "/elsewhere"]},
    "redirects that are a text": {**WANTED, "redirect_uris": TOOL + "/lti/launch"},
    "keys elsewhere": {**WANTED, "jwks_uri": "https://evil.example/jwks"},
    "no login": {**WANTED, "initiate_login_uri": None},
    "a shared secret": {**WANTED, "token_endpoint_auth_method": "client_secret_post"},
    "no name": {**WANTED, "client_name": ""},
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_registration_is_refused_and_keeps_the_token(client: FlaskClient, case: str) -> None:
    value = token(client)
    answer = register(client, value, WRONG[case])
    assert answer.status_code == 400
    assert answer.json["error_description"]
    assert register(client, value).status_code == 200


def test_a_deployment_may_be_left_to_the_first_launch(client: FlaskClient) -> None:
    answer = register(client, token(client, canvas="1")).json
    assert answer
    assert "deployment_id" not in answer[CONFIGURATION]


# -- with the real tool ------------------------------------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Flask]:
    """A practice LMS at an address of its own."""
    waiting = listening(Flask("waiting"), "127.0.0.1", 0)
    port = waiting.port
    waiting.server_close()
    made = create_practice_lms(base_url=f"http://127.0.0.1:{port}", tool_url=TOOL, data_dir=tmp_path / "lms")
    server = listening(made, "127.0.0.1", port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()
    made.extensions["practice"].store.close()


def connected(app: Flask, lms: Flask, **more: str) -> Registration:
    """The whole way: link, frame, Connect, Activate."""
    browser, tool = lms.test_client(), app.test_client()
    base_url = lms.extensions["practice"].base_url
    with app.app_context(), transaction() as session:
        _row, link = invitations.make(session, "Practice")
    asked = frame(browser.post("/connecting", data={"link": link, **more}, base_url=base_url))
    page = tool.get("/lti/register", query_string=asked, base_url=TOOL)
    assert page.status_code == 200, page.text
    done = tool.post("/lti/register", data=fields(page), base_url=TOOL)
    assert done.status_code == 303, done.text
    assert tool.get(done.location, base_url=TOOL).status_code == 200
    with app.app_context(), transaction() as session:
        row = session.scalars(select(Registration).where(Registration.source == Source.LINK)).one()
    activated = browser.post(f"/connecting/{row.client_id}/activation", base_url=base_url)
    assert activated.status_code == 303
    return row


def launch(app: Flask, lms: Flask, registration: Registration, person: str = "noor") -> TestResponse:
    browser, tool = lms.test_client(), app.test_client()
    base_url = lms.extensions["practice"].base_url
    handover = browser.get(f"/launch/{registration.client_id}?person={person}", base_url=base_url)
    login = tool.post("/lti/login", data=fields(handover), base_url=TOOL)
    parts = urlsplit(login.location)
    answered = browser.get(f"{parts.path}?{parts.query}", base_url=base_url)
    return tool.post("/lti/launch", data=fields(answered), base_url=TOOL)


def test_the_tool_is_connected_by_link_and_opens(app: Flask, served: Flask) -> None:
    row = connected(app, served)
    assert row.name == "Practice"
    assert launch(app, served, row).status_code == 303
    path = f"/lti/jwks/{row.key_path}"
    keys = {"keys": app.test_client().get(path).json["keys"]}
    with app.app_context(), responses.RequestsMock() as http:
        http.get(TOOL + path, json=keys)
        http.add_passthru(row.issuer)
        connector = services.connect(row, registering.SCOPES)
        assert connector.get_access_token(connector.scopes)


def test_as_with_canvas_the_first_launch_waits(app: Flask, served: Flask) -> None:
    row = connected(app, served, canvas="1")
    refused = launch(app, served, row)
    assert refused.status_code == 403
    assert "waits for confirmation" in refused.text
    with app.app_context(), transaction() as session:
        managing.confirm(session, session.scalars(select(Deployment).filter_by(registration_id=row.id)).one())
    assert launch(app, served, row).status_code == 303
