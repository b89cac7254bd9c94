"""Lists of participants: what Moodle really sends, what others may send, and what is never believed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import responses
from flask import Flask
from sqlalchemy import select

from sociallearn.database import transaction
from sociallearn.lti import memberships, roles, services
from sociallearn.lti.failures import Refused, Throttled, Unreachable
from sociallearn.lti.memberships import MEDIA_TYPE, SCOPE, Listed, Unreadable
from sociallearn.lti.models import Registration
from tests.grades import cast

pytestmark = pytest.mark.alike

CAPTURES = Path(__file__).parent / "captures"
MOODLE = "http://localhost:8090/mod/lti/services.php/CourseSection/2/bindings/1/memberships"
URL = "https://lms.example/course/1/members"


@pytest.fixture
def web(app: Flask) -> Iterator[responses.RequestsMock]:
    """An app context, and an LMS that gives tokens; everything else a test adds."""
    cast.forget_lms(app)
    with app.app_context(), responses.RequestsMock(assert_all_requests_are_fired=False) as web:
        for issuer in ("https://lms.example", "http://localhost:8090"):
            token = {"access_token": "token-1", "token_type": "bearer", "expires_in": 3600, "scope": SCOPE}
            web.post(issuer + "/token", json=token)
        yield web


def read(url: str, issuer: str = "https://lms.example", pauses: list[float] | None = None) -> list[list[Listed]]:
    with transaction() as session:
        registration = session.scalars(select(Registration).where(Registration.issuer == issuer)).one()
    wait = (pauses if pauses is not None else []).append
    return list(memberships.read(memberships.connect(registration), url, wait))


def page(web: responses.RequestsMock, url: str, members: Any, following: str | None = None, **more: Any) -> None:
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    web.get(url, json={"id": url, "context": {"id": "1"}, "members": members}, headers=headers, **more)


def somebody(user_id: Any = "7", **facts: Any) -> dict[str, Any]:
    return {"user_id": user_id, "roles": ["Learner"], **facts}


def calls(web: responses.RequestsMock) -> list[Any]:
    return [call.request for call in web.calls if not call.request.url.endswith("/token")]


def replay(web: responses.RequestsMock, name: str) -> dict[str, Any]:
    """Let a recorded answer of Moodle's be given again, byte for byte in body and headers; what was recorded."""
    recorded: dict[str, Any] = json.loads((CAPTURES / name).read_text()).popitem()[1]
    answer = recorded["response"]
    web.get(
        recorded["request"]["url"],
        body=json.dumps(answer["body"]).encode(),
        status=answer["status"],
        content_type=answer["content_type"],
        headers={"Link": answer["link"]} if answer["link"] else {},
        match=[responses.matchers.query_string_matcher(recorded["request"]["url"].partition("?")[2])],
    )
    return recorded


def test_everybody_of_a_moodle_course_at_once(web: responses.RequestsMock) -> None:
    recorded = replay(web, "nrps_response.json")
    pages = read(MOODLE, "http://localhost:8090")
    assert [len(one) for one in pages] == [len(recorded["response"]["body"]["members"])]
    people = {one.user_id: one for one in pages[0]}
    assert people["3"] == Listed("3", ("Instructor",), True, "Tessa Teacher", "teacher1@example.com")
    assert people["10"].name == "Élodie Student5"
    assert roles.standing(list(people["3"].roles)).role == "trainer"
    assert roles.standing(list(people["5"].roles)).role == "learner"  # their teaching assistant
    request = calls(web)[0]
    assert request.headers["Accept"] == recorded["request"]["accept"] == MEDIA_TYPE
    assert request.url == MOODLE  # no limit asked for


def test_moodles_pages(web: responses.RequestsMock) -> None:
    recorded = replay(web, "nrps_paged.json")
    everybody = json.loads((CAPTURES / "nrps_response.json").read_text())["nrps: full"]["response"]["body"]["members"]
    following = MOODLE + "?limit=10&from=10"
    web.get(
        following,
        json={"members": everybody[10:]},
        match=[responses.matchers.query_string_matcher("limit=10&from=10")],
    )
    pages = read(MOODLE + "?limit=10", "http://localhost:8090")
    assert [len(one) for one in pages] == [10, len(everybody) - 10]
    assert [one.user_id for page in pages for one in page] == [one["user_id"] for one in everybody]
    assert recorded["response"]["link"] == f'<{following}>; rel="next"'
    assert calls(web)[1].url == following


def test_a_token_for_this_and_nothing_else(web: responses.RequestsMock) -> None:
    page(web, URL, [])
    read(URL)
    assert "contextmembership.readonly" in str(web.calls[0].request.body)
    assert "lti-ags" not in str(web.calls[0].request.body)
    assert calls(web)[0].headers["Authorization"] == "Bearer token-1"
    with transaction() as session:
        registration = session.scalars(select(Registration).where(Registration.issuer == "https://lms.example")).one()
    scopes = [SCOPE, services.SCORE_SCOPE]
    assert services.connect(registration, scopes).scopes == (services.SCORE_SCOPE,)
    assert memberships.connect(registration).scopes == (SCOPE,)


def test_the_next_address_is_used_as_it_is(web: responses.RequestsMock) -> None:
    page(web, URL, [somebody("1")], following=URL + "/Next?Page=bookmark:AbC%2B")
    page(web, URL + "/Next", [somebody("2")], following="/course/1/members/last")
    page(web, URL + "/last", [somebody("3")])
    assert [one.user_id for page_ in read(URL) for one in page_] == ["1", "2", "3"]
    assert calls(web)[1].url.endswith("/Next?Page=bookmark:AbC%2B")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/members",
        "http://lms.example/members",
        "https://lms.example:8443/members",
        "https://lms.example.evil.example/members",
        "https://lms.example@evil.example/members",
        "//evil.example/members",
        "https://[bad/members",
        "https://lms.example:port/members",
        "file:///etc/passwd",
    ],
)
def test_our_token_goes_nowhere_else(web: responses.RequestsMock, elsewhere: str) -> None:
    page(web, URL, [somebody()], following=elsewhere)
    with pytest.raises((Unreadable, Unreachable)) as error:
        read(URL)
    assert error.value.code in ("elsewhere", "unreachable")
    assert len(calls(web)) == 1


def test_the_same_server_by_its_usual_port_is_the_same(web: responses.RequestsMock) -> None:
    page(web, URL, [somebody()], following="https://lms.example:443/course/1/members/2")
    web.get("https://lms.example:443/course/1/members/2", json={"members": []})
    assert len(read(URL)) == 2


def test_pages_in_a_circle(web: responses.RequestsMock) -> None:
    page(web, URL, [somebody("1")], following=URL + "/2")
    page(web, URL + "/2", [somebody("2")], following=URL)
    with pytest.raises(Unreadable) as error:
        read(URL)
    assert error.value.code == "endless"
    assert len(calls(web)) == 2


@pytest.mark.parametrize(("name", "value"), [("MOST_PAGES", 3), ("MOST_PEOPLE", 3)])
def test_a_list_without_an_end(
    web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, name: str, value: int
) -> None:
    monkeypatch.setattr(memberships, name, value)
    for number in range(6):
        following = f"{URL}/{number + 1}"
        page(web, f"{URL}/{number}", [somebody(f"{number}"), somebody(f"x{number}")], following=following)
    with pytest.raises(Unreadable) as error:
        read(URL + "/0")
    assert error.value.code == "endless"
    assert len(calls(web)) <= 3


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"name": "Ann", "email": "a@x.org"}, Listed("7", ("Learner",), True, "Ann", "a@x.org")),
        ({"given_name": "Ann", "family_name": "Lee"}, Listed("7", ("Learner",), True, "Ann Lee", "")),
        ({}, Listed("7", ("Learner",), True, "", "")),
        ({"name": None, "email": 5, "picture": []}, Listed("7", ("Learner",), True, "", "")),
        ({"name": "Ann\x00\ud800"}, Listed("7", ("Learner",), True, "", "")),
        ({"user_id": 12}, Listed("12", ("Learner",), True, "", "")),
        ({"roles": []}, Listed("7", (), True, "", "")),
        ({"roles": None}, Listed("7", (), True, "", "")),
        ({"status": "Inactive"}, Listed("7", ("Learner",), False, "", "")),
        ({"status": "deleted"}, Listed("7", ("Learner",), False, "", "")),
        ({"status": None}, Listed("7", ("Learner",), True, "", "")),
        ({"status": "Provisional"}, Listed("7", ("Learner",), True, "", "")),
    ],
)
def test_one_person(web: responses.RequestsMock, given: dict[str, Any], kept: Listed) -> None:
    web.get(URL, body=json.dumps({"members": [somebody(**given)]}))
    assert read(URL) == [[kept]]


@pytest.mark.parametrize(
    "body",
    [
        "<html>Please log in</html>",
        "[]",
        "null",
        "{}",
        '{"members": {}}',
        '{"members": ["7"]}',
        '{"members": [{"roles": ["Learner"]}]}',
        '{"members": [{"user_id": "", "roles": []}]}',
        '{"members": [{"user_id": true, "roles": []}]}',
        '{"members": [{"user_id": 1.5, "roles": []}]}',
        '{"members": [{"user_id": "a\\u0000b", "roles": []}]}',
        '{"members": [{"user_id": "\\ud800", "roles": []}]}',
        json.dumps({"members": [{"user_id": "x" * 256, "roles": []}]}),
        '{"members": [{"user_id": "7", "roles": "Instructor"}]}',
        '{"members": [{"user_id": "7", "roles": [1]}]}',
        '{"members": [{"user_id": "7", "roles": [], "status": 3}]}',
    ],
)
def test_what_is_no_list(web: responses.RequestsMock, body: str) -> None:
    web.get(URL, body=body)
    with pytest.raises(Unreadable) as error:
        read(URL)
    assert error.value.code == "unreadable"


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [(401, Unreachable, "unauthorised"), (403, Unreachable, "unauthorised"), (404, Refused, "refused"),
     (500, Unreachable, "unreachable"), (302, Unreachable, "unreachable")],
)  # fmt: skip
def test_what_the_lms_may_answer(web: responses.RequestsMock, status: int, kind: type[Exception], code: str) -> None:
    web.get(URL, status=status, headers={"Location": "https://evil.example/"})
    with pytest.raises(kind) as error:
        read(URL)
    assert error.value.code == code  # type: ignore[attr-defined]


def test_a_short_pause_is_granted(web: responses.RequestsMock) -> None:
    pauses: list[float] = []
    page(web, URL, [somebody("1")], following=URL + "/2")
    web.get(URL + "/2", status=403, body="403 Forbidden (Rate Limit Exceeded)", headers={"Retry-After": "0"})
    page(web, URL + "/2", [somebody("2")])
    assert len(read(URL, pauses=pauses)) == 2
    assert len(pauses) == 1


def test_a_long_one_is_not_waited_for(web: responses.RequestsMock) -> None:
    web.get(URL, status=429, headers={"Retry-After": "120"})
    with pytest.raises(Throttled):
        read(URL)
    assert len(calls(web)) == 1


def test_patience_has_an_end(web: responses.RequestsMock) -> None:
    pauses: list[float] = []
    web.get(URL, status=429, headers={"Retry-After": "0"})
    with pytest.raises(Throttled):
        read(URL, pauses=pauses)
    assert len(pauses) == memberships.MOST_PAUSES
