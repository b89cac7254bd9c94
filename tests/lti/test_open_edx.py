"""The tool in Open edX: launches, tokens, deep linking against the code its own courses run (lti-consumer-xblock)."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import responses
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import make_server

from sociallearn.database import db
from sociallearn.lti import failures, memberships, services
from sociallearn.lti.models import Registration
from sociallearn.lti.services import Tokens
from sociallearn.roster.models import Cohort, ContentItem, Member, Placement, Role, Seat
from tests.conftest import joined
from tests.lms import private_key, public_jwk
from tests.lti import open_edx
from tests.lti.open_edx import CLIENT_ID, COURSE, ISSUER, LINE_ITEM, SCOPE, TOOL, OpenEdx

pytestmark = pytest.mark.alike

DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
TOKEN_URL = ISSUER + "/token"


@pytest.fixture
def edx(app: Flask) -> Iterator[OpenEdx]:
    """Open edX with the tool in it. It reads our key set over real HTTP, as it does where it runs."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    made = OpenEdx(f"http://127.0.0.1:{server.server_port}/lti/jwks")
    app.extensions["lti_tokens"] = Tokens()
    with joined(app, made.registration()):
        yield made
    server.shutdown()
    serving.join()
    server.server_close()


ROLES = {
    "student": Role.LEARNER,
    "guest": Role.LEARNER,
    "instructor": Role.TRAINER,
    "staff": Role.TRAINER,
    "global_staff": Role.TRAINER,
    "Community TA": Role.TRAINER,
    "beta_testers": Role.LEARNER,
    "support": Role.LEARNER,
}


@pytest.mark.parametrize("role", ROLES)
def test_everybody_comes_in_as_what_they_are_in_open_edx(app: Flask, edx: OpenEdx, role: str) -> None:
    browser = app.test_client()
    launched = edx.launch(browser, "ada", role)
    assert launched.status_code == 303, launched.text
    assert browser.get(launched.location, base_url=TOOL).status_code == 200
    with app.app_context():
        member = db.session.scalars(select(Member)).one()
        assert (member.role, member.person.sub, member.person.name) == (ROLES[role], "ada", "Ada Edx")
        assert member.is_administrator is (role == "global_staff")
        cohort = db.session.scalars(select(Cohort)).one()
        assert (cohort.context_id, cohort.title) == (COURSE, "Open cohort")
        placement = db.session.scalars(select(Placement)).one()
        assert (placement.line_item_url, placement.memberships_url) == (LINE_ITEM, open_edx.MEMBERSHIPS)


def test_a_course_of_open_edx_is_one_cohort(app: Flask, edx: OpenEdx) -> None:
    for user, role in (("ada", "student"), ("ben", "student"), ("ines", "instructor"), ("ada", "student")):
        assert edx.launch(app.test_client(), user, role).status_code == 303
    with app.app_context():
        assert len(db.session.scalars(select(Cohort)).all()) == 1
        assert len(db.session.scalars(select(Member)).all()) == 3
        assert len(db.session.scalars(select(Seat)).all()) == 4


def test_a_launch_signed_by_another_key_does_not_come_in(app: Flask, edx: OpenEdx) -> None:
    forger = OpenEdx(edx.tool_keys, key="forger")
    assert forger.launch(app.test_client(), "ada", "instructor").status_code == 400
    with app.app_context():
        assert db.session.scalars(select(Member)).all() == []


def _registration(app: Flask) -> Registration:
    return db.session.scalars(select(Registration).filter_by(issuer=ISSUER, client_id=CLIENT_ID)).one()


def test_open_edx_gives_us_a_token_and_takes_a_score_with_it(app: Flask, edx: OpenEdx) -> None:
    scopes = edx.consumer().ags.get_available_scopes()
    with responses.RequestsMock() as http, app.app_context():
        http.add_callback("POST", TOKEN_URL, edx.token_endpoint)
        http.add_callback("POST", LINE_ITEM + "/scores", edx.service(SCOPE["score"], 200, {}))
        http.add_callback("GET", LINE_ITEM, edx.service(SCOPE["lineitem"], 200, _line_item()))
        connector = services.connect(_registration(app), scopes)
        services.post_score(connector, LINE_ITEM, _score())
        found = services.read_line_item(connector, LINE_ITEM)
        assert (found.label, found.score_maximum) == ("Join in", 20.0)
        assert [call.request.url for call in http.calls].count(TOKEN_URL) == 1  # one token for both
    assert edx.served == [SCOPE["score"], SCOPE["lineitem"]]


def test_a_token_for_lists_of_people_opens_nothing_else(app: Flask, edx: OpenEdx) -> None:
    people = {"id": open_edx.MEMBERSHIPS, "members": [{"user_id": "ada", "roles": ["Learner"], "status": "Active"}]}
    with responses.RequestsMock() as http, app.app_context():
        http.add_callback("POST", TOKEN_URL, edx.token_endpoint)
        http.add_callback("GET", open_edx.MEMBERSHIPS, edx.service(SCOPE["contextmembership.readonly"], 200, people))
        connector = memberships.connect(_registration(app))
        pages = list(memberships.read(connector, open_edx.MEMBERSHIPS))
        assert [[one.user_id for one in page] for page in pages] == [["ada"]]
        token = connector.get_access_token(connector.scopes)
    check = edx.consumer().check_token
    assert check(token, [SCOPE["contextmembership.readonly"]])
    assert not check(token, [SCOPE["score"]])
    assert not check(token, [SCOPE["lineitem"]])


def test_open_edx_refuses_whoever_signs_with_another_key(app: Flask, edx: OpenEdx) -> None:
    stranger = make_server("127.0.0.1", 0, _other_keys, threaded=True)
    serving = threading.Thread(target=stranger.serve_forever, daemon=True)
    serving.start()
    try:
        edx.tool_keys = f"http://127.0.0.1:{stranger.server_port}/"
        with responses.RequestsMock() as http, app.app_context():
            http.add_callback("POST", TOKEN_URL, edx.token_endpoint)
            connector = services.connect(_registration(app), [SCOPE["score"]])
            with pytest.raises(failures.Unreachable, match="InvalidSignatureError"):
                services.post_score(connector, LINE_ITEM, _score())
    finally:
        stranger.shutdown()
        serving.join()
        stranger.server_close()
    assert edx.served == []


def _other_keys(_environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"keys": [public_jwk("somebody else")]}).encode()]


def _score() -> dict[str, Any]:
    return {
        "userId": "ada",
        "scoreGiven": 7.5,
        "scoreMaximum": 10,
        "activityProgress": "InProgress",
        "gradingProgress": "FullyGraded",
        "timestamp": "2026-01-01T10:00:00.123+00:00",
    }


def _line_item() -> dict[str, Any]:
    return {"id": LINE_ITEM, "label": "Join in", "scoreMaximum": 20, "resourceId": "", "tag": ""}


# -- deep linking


def _choose(app: Flask, edx: OpenEdx, **form: Any) -> str:
    """A trainer opens the dialog from Open edX and places something: the answer our page sends there."""
    browser = app.test_client()
    opened = edx.launch(browser, "ines", "instructor", "LtiDeepLinkingRequest")
    assert opened.status_code == 303, opened.text
    page = browser.get(opened.location, base_url=TOOL)
    assert page.status_code == 200, page.text
    token = re.search(r'name="csrf_token" value="(\w+)"', page.text)
    action = re.search(r'<form[^>]*action="([^"]+/placing)"', page.text)
    assert token
    address = action[1] if action else opened.location
    sent = browser.post(address, data={"csrf_token": token[1], **form}, base_url=TOOL)
    assert sent.status_code == 200, sent.text
    assert f'action="{open_edx.RETURN_URL}"' in sent.text
    answer = re.search(r'name="JWT" value="([^"]+)"', sent.text)
    assert answer
    return answer[1]


STARTER = "What will you try first on Monday?"


def test_what_a_trainer_chose_is_what_open_edx_reads(app: Flask, edx: OpenEdx) -> None:
    answer = _choose(
        app,
        edx,
        choice=["space", "starter"],
        **{
            "space-title": "Talk & think along",
            "space-graded": "y",
            "space-points": "25",
            "starter-title": "First question",
            "starter-body": STARTER,
        },
    )
    items = edx.consumer().check_and_decode_deep_linking_token(answer)
    assert [item["type"] for item in items] == ["ltiResourceLink", "ltiResourceLink"]
    assert [item["title"] for item in items] == ["Talk & think along", "First question"]
    assert [item.get("lineItem", {}).get("scoreMaximum") for item in items] == [25, None]
    assert {item["url"] for item in items} == {TOOL + "/lti/launch"}
    with app.app_context():
        kept = db.session.scalars(select(ContentItem).order_by(ContentItem.id)).all()
        assert [item["custom"]["item"] for item in items] == [one.key for one in kept]


def test_a_link_open_edx_made_of_it_opens_just_that(app: Flask, edx: OpenEdx) -> None:
    answer = _choose(app, edx, choice="starter", **{"starter-title": "First question", "starter-body": STARTER})
    (item,) = edx.consumer().check_and_decode_deep_linking_token(answer)
    browser = app.test_client()
    launched = edx.launch(browser, "ada", "student", **item["custom"])
    assert launched.status_code == 303
    page = browser.get(launched.location, base_url=TOOL)
    assert "/posts/" in launched.location
    assert STARTER in page.text


def test_open_edx_is_told_that_nothing_was_chosen(app: Flask, edx: OpenEdx) -> None:
    browser = app.test_client()
    opened = edx.launch(browser, "ines", "instructor", "LtiDeepLinkingRequest")
    page = browser.get(opened.location, base_url=TOOL).text
    token = re.search(r'name="csrf_token" value="(\w+)"', page)
    assert token
    sent = browser.post(opened.location + "/cancellation", data={"csrf_token": token[1]}, base_url=TOOL)
    answer = re.search(r'name="JWT" value="([^"]+)"', sent.text)
    assert answer
    assert edx.consumer().check_and_decode_deep_linking_token(answer[1]) == []


def test_open_edx_takes_no_answer_somebody_touched(app: Flask, edx: OpenEdx) -> None:
    answer = _choose(app, edx, choice="space", **{"space-title": "Talk"})
    head, body, signature = answer.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims[DEEP_LINKING + "content_items"][0]["url"] = "https://evil.example/"
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    check = edx.consumer().check_and_decode_deep_linking_token
    for forged in (f"{head}.{changed}.{signature}", f"{head}.{body}.{signature[::-1]}", f"{head}.{body}."):
        with pytest.raises(jwt.InvalidTokenError):
            check(forged)
    by_another = jwt.encode(claims, private_key("forger"), "RS256", jwt.get_unverified_header(answer))
    with pytest.raises(jwt.InvalidSignatureError):
        check(by_another)
    assert len(check(answer)) == 1


def test_a_learner_in_open_edx_places_nothing(app: Flask, edx: OpenEdx) -> None:
    opened = edx.launch(app.test_client(), "ada", "student", "LtiDeepLinkingRequest")
    assert opened.status_code == 403
    with app.app_context():
        assert db.session.scalars(select(Seat)).all() == []
