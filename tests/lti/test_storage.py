"""Launches without cookies: proven by a secret that only this browser's pages reach, or not at all."""

import re
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from sociallearn import clock
from sociallearn.database import db
from sociallearn.lti import starting, storing
from sociallearn.lti.models import LoginState
from sociallearn.roster.models import Person, Seat
from tests.conftest import ELSEWHERE, HERE
from tests.lms import Lms

pytestmark = pytest.mark.alike

TOOL = "http://localhost:8000"
OWN = {"Origin": TOOL}
BROWSER = "Mozilla/5.0 (iPad; CPU OS 15_8 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"


class Begun:
    """A login that was answered with the page that looks for a place to keep the secret."""

    def __init__(self, client: FlaskClient, lms: Lms = HERE, **changes: str) -> None:
        self.page = lms.login(client, **{"lti_storage_target": "_parent", **changes})
        assert self.page.status_code == 200, self.page.text
        self.data = dict(re.findall(r'data-([a-z-]+)="([^"]*)"', self.page.text))
        query = dict(re.findall(r"(\w+)=([^&]+)", unescape(self.data["continue"])))
        self.state, self.nonce = query["state"], query["nonce"]
        self.token = lms.sign(lms.claims(self.nonce), kid=lms.key)

    def launch(self, client: FlaskClient, *, headers: dict[str, str] | None = None, **more: str) -> TestResponse:
        """The LMS's post, or the page's own with the secret."""
        form = {"state": self.state, "id_token": self.token, **more}
        return client.post(
            "/lti/launch", data=form, base_url=TOOL, headers=headers or {"Origin": "https://lms.example"}
        )


def seats(app: Flask) -> int:
    """How many there are."""
    with app.app_context():
        return db.session.scalar(select(func.count(Seat.id))) or 0


@pytest.fixture
def bare(app: Flask) -> FlaskClient:
    """A browser that keeps no cookie."""
    return app.test_client(use_cookies=False)


def test_the_login_page_gives_the_secret_only_to_the_lmss_own_origin(bare: FlaskClient) -> None:
    begun = Begun(bare, lti_storage_target="post_message_forwarding")
    assert begun.data["target"] == "post_message_forwarding"
    assert begun.data["origin"] == "https://lms.example"  # of the authorization address, never of a hint
    assert begun.state not in begun.data["key"]
    assert len(begun.data["secret"]) == 64
    assert f'href="{begun.data["continue"]}"' in begun.page.text  # a link without JavaScript
    assert begun.page.headers["Cache-Control"] == "no-store"
    assert "lti_storage_target=" not in begun.page.text  # a new window asks the page that opened it


def test_without_its_cookie_a_launch_first_gets_a_page_and_no_seat(app: Flask, bare: FlaskClient) -> None:
    begun = Begun(bare)
    answer = begun.launch(bare)
    assert answer.status_code == 200
    assert begun.token in answer.text
    assert begun.data["secret"] not in answer.text
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "private, no-store"
    with app.app_context():
        assert db.session.scalar(select(func.count(Person.id))) == 0
        assert db.session.get_one(LoginState, begun.state).used_at is None
    assert seats(app) == 0


def test_with_the_secret_the_seat_stands_in_the_address(app: Flask, bare: FlaskClient) -> None:
    begun = Begun(bare)
    assert begun.launch(bare).status_code == 200
    answer = begun.launch(bare, headers=OWN, storage_secret=begun.data["secret"])
    assert answer.status_code == 303
    assert re.fullmatch(r"/s/[\w-]{12}~[\w-]{43}/feed", answer.location)
    assert not any(cookie.startswith("__Host-seat") for cookie in answer.headers.getlist("Set-Cookie"))
    assert bare.get(answer.location, base_url=TOOL).status_code == 200
    again = begun.launch(bare, headers=OWN, storage_secret=begun.data["secret"])
    assert again.status_code == 400
    assert "already used" in again.text
    assert begun.launch(bare).status_code == 403  # and no second page either
    assert seats(app) == 1


def test_where_the_cookie_stayed_it_goes_first(app: Flask, client: FlaskClient) -> None:
    begun = Begun(client)
    answer = begun.launch(client)
    assert answer.status_code == 303
    assert "~" not in answer.location
    assert seats(app) == 1


ATTACKS: dict[str, dict[str, Any]] = {
    "no origin": {"headers": {"Accept": "*/*"}},
    "the LMS's origin": {"headers": {"Origin": "https://lms.example"}},
    "another site's origin": {"headers": {"Origin": "https://evil.example"}},
    "no origin's name": {"headers": {"Origin": "null"}},
    "our origin in another case": {"headers": {"Origin": "HTTP://LOCALHOST:8000"}},
    "an empty secret": {"storage_secret": ""},
    "a guess": {"storage_secret": "0" * 64},
    "not ASCII": {"storage_secret": "é" * 64},
    "half of it": {"half": True},
    "the key": {"key": True},
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_does_not_prove_it_makes_no_seat(app: Flask, bare: FlaskClient, attack: str) -> None:
    begun = Begun(bare)
    how = ATTACKS[attack]
    secret = how.get("storage_secret", begun.data["secret"])
    secret = begun.data["secret"][:32] if "half" in how else begun.data["key"] if "key" in how else secret
    answer = begun.launch(bare, headers=how.get("headers", OWN), storage_secret=secret)
    assert answer.status_code == 403
    assert "<h1" in answer.text
    assert seats(app) == 0
    # and the real one is not harmed
    assert begun.launch(bare, headers=OWN, storage_secret=begun.data["secret"]).status_code == 303


def test_the_secret_of_another_launch_does_not_serve(app: Flask, bare: FlaskClient) -> None:
    mine, theirs = Begun(bare), Begun(bare)
    assert mine.launch(bare, headers=OWN, storage_secret=theirs.data["secret"]).status_code == 403
    assert mine.data["key"] != theirs.data["key"]
    assert seats(app) == 0


def test_an_id_token_for_another_login_is_refused_whatever_the_secret(app: Flask, bare: FlaskClient) -> None:
    mine, theirs = Begun(bare), Begun(bare)
    mine.token = theirs.token
    assert mine.launch(bare, headers=OWN, storage_secret=mine.data["secret"]).status_code == 400
    elsewhere = Begun(bare, lms=ELSEWHERE)
    mine.token = elsewhere.token
    assert mine.launch(bare, headers=OWN, storage_secret=mine.data["secret"]).status_code == 400
    assert seats(app) == 0


@pytest.mark.parametrize("hint", ["", "a b", "x" * 65, "<script>", ":opener", "top.frames", "é", "_parent\n"])
def test_a_name_no_frame_should_have_is_no_storage(app: Flask, bare: FlaskClient, hint: str) -> None:
    page = HERE.login(bare, lti_storage_target=hint)
    assert "data-secret" not in page.text
    with app.app_context():
        row = db.session.scalars(select(LoginState)).one()
        assert row.storage_target is None
        state, nonce = row.state, row.nonce
        secret = storing.secret(state)
    form = {"state": state, "id_token": HERE.sign(HERE.claims(nonce)), "storage_secret": secret}
    assert bare.post("/lti/launch", data=form, base_url=TOOL, headers=OWN).status_code == 403
    del form["storage_secret"]
    assert bare.post("/lti/launch", data=form, base_url=TOOL).status_code == 403
    assert seats(app) == 0


def test_an_old_or_unknown_state_gets_no_page_to_ask_from(app: Flask, bare: FlaskClient) -> None:
    begun = Begun(bare)
    with clock.at(clock.now() + starting.LIFETIME):
        assert begun.launch(bare).status_code == 400
        assert begun.launch(bare, headers=OWN, storage_secret=begun.data["secret"]).status_code == 400
    begun.state = "made-up"
    assert begun.launch(bare).status_code == 400
    assert seats(app) == 0


def test_what_the_lms_says_instead_of_a_token_is_shown(bare: FlaskClient) -> None:
    begun = Begun(bare)
    form = {"state": begun.state, "error": "login_required", "error_description": "Log in first"}
    answer = bare.post("/lti/launch", data=form, base_url=TOOL)
    assert answer.status_code == 400
    assert "Log in first" in answer.text


def test_the_page_escapes_what_was_posted(bare: FlaskClient) -> None:
    begun = Begun(bare)
    begun.token = '"><script>alert(1)</script>'
    answer = begun.launch(bare)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


FRAME, WINDOW = {"Sec-Fetch-Dest": "iframe"}, {"Sec-Fetch-Dest": "document"}
LOGINS: list[tuple[dict[str, str], dict[str, str], bool]] = [
    (FRAME, {}, True),
    (WINDOW, {}, False),
    (WINDOW, {"lti_storage_target": "_parent"}, True),
    (WINDOW, {"lti1p3_new_window": "1"}, True),
    ({"User-Agent": BROWSER}, {}, True),  # too old to say whether this is a frame
    ({"User-Agent": BROWSER}, {"lti1p3_new_window": "1"}, True),
    ({"User-Agent": "python-requests/2"}, {}, False),
    ({"User-Agent": "python-requests/2"}, {"lti1p3_new_window": "1"}, False),
    ({"User-Agent": "python-requests/2"}, {"lti_storage_target": "_parent"}, True),
]


@pytest.mark.parametrize(("headers", "hints", "is_page"), LOGINS)
def test_login_answers_at_once_with_the_complete_address(
    app: Flask, bare: FlaskClient, headers: dict[str, str], hints: dict[str, str], is_page: bool
) -> None:
    query = {
        "iss": HERE.issuer,
        "client_id": HERE.client_id,
        "login_hint": "hint-1",
        "lti_message_hint": '{"cmid":2}',
        "target_link_uri": TOOL + "/lti/launch",
    }
    response = bare.get("/lti/login", query_string=query | hints, base_url=TOOL, headers=headers)
    if is_page:
        assert response.status_code == 200
        address = unescape(dict(re.findall(r'data-(continue)="([^"]*)"', response.text))["continue"])
        has_window = "Open in a new window" in response.text
        assert has_window is ("lti1p3_new_window" not in hints)  # hints serve once, and so does that window
    else:
        assert response.status_code == 302
        address = response.location
    assert address.startswith("https://lms.example/auth?")
    assert "lti_message_hint=%7B%22cmid%22%3A2%7D" in address


def test_a_new_windows_secret_is_kept_by_our_own_page_alone(app: Flask, bare: FlaskClient) -> None:
    response = bare.get(
        "/lti/login",
        query_string={
            "iss": HERE.issuer,
            "client_id": HERE.client_id,
            "login_hint": "h",
            "target_link_uri": TOOL + "/lti/launch",
            "lti_storage_target": "_parent",
            "lti1p3_new_window": "1",
        },
        base_url=TOOL,
        headers=WINDOW,
    )
    data = dict(re.findall(r'data-([a-z-]+)="([^"]*)"', response.text))
    assert (data["target"], data["origin"]) == (storing.OPENER, TOOL)


def test_without_cookie_storage_or_opener_there_is_no_way_in(app: Flask, bare: FlaskClient) -> None:
    state, nonce = HERE.begin(bare)
    answer = HERE.answer(bare, state, HERE.sign(HERE.claims(nonce)))
    assert answer.status_code == 403
    assert "open it in a new window" in answer.text
    assert seats(app) == 0
