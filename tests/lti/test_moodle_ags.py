"""What we send to Moodle for columns, scores and results, and what we make of its answers, as it was recorded."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from flask import Flask
from responses import matchers
from sqlalchemy import select

from sociallearn.database import transaction
from sociallearn.grades.columns import find
from sociallearn.lti import services
from sociallearn.lti.failures import Conflict, Refused, ServiceError
from sociallearn.lti.models import Registration
from sociallearn.lti.services import AGS, Connector
from tests.grades.cast import forget_lms

pytestmark = pytest.mark.alike

CAPTURES = Path(__file__).parent.parent / "practice" / "captures"
SCOPES = [AGS + name for name in ("score", "lineitem", "result.readonly")]
ITEMS = "http://localhost:8090/mod/lti/services.php/2/lineitems?type_id=1"
ITEM = "http://localhost:8090/mod/lti/services.php/2/lineitems/2/lineitem?type_id=1"
OWN = "http://localhost:8090/mod/lti/services.php/2/lineitems/3/lineitem?type_id=1"


def capture(name: str) -> dict[str, Any]:
    """What was sent to a real Moodle 4.5, and what it answered."""
    found: dict[str, Any] = json.loads((CAPTURES / f"ags_{name}.json").read_text())
    return found


@pytest.fixture
def moodle(app: Flask) -> Iterator[responses.RequestsMock]:
    """Moodle's token endpoint; tests add what was recorded."""
    forget_lms(app)
    with app.app_context(), responses.RequestsMock() as http:
        http.post("http://localhost:8090/token", json={"access_token": "t", "expires_in": 3600})
        yield http


def connector() -> Connector:
    with transaction() as session:
        issuer = "http://localhost:8090"
        registration = session.scalars(select(Registration).where(Registration.issuer == issuer)).one()
    return services.connect(registration, SCOPES)


def replay(http: responses.RequestsMock, exchange: dict[str, Any]) -> None:
    """Answer as Moodle did, but only to the very request it answered so: address, media types and JSON."""
    asked, answered = exchange["request"], exchange["response"]
    wanted = {"Accept": asked["accept"], "Content-Type": asked["content_type"]}
    matching: list[Any] = [matchers.header_matcher({name: value for name, value in wanted.items() if value})]
    if asked["data"]:
        matching.append(matchers.json_params_matcher(json.loads(asked["data"])))
    body = answered["body"]
    http.add(
        asked["method"],
        asked["url"],
        body=body if isinstance(body, str) else json.dumps(body),
        status=answered["status"],
        content_type=answered["content_type"],
        match=matching,
    )


def test_the_list_of_columns(moodle: responses.RequestsMock) -> None:
    replay(moodle, capture("lineitems")["lineitems: list after"])
    found = services.list_line_items(connector(), ITEMS)
    assert [(one.url.split("/")[-2], one.label, one.score_maximum) for one in found] == [
        ("2", "Graded board", 100.0),
        ("3", "Participation week 1", 10.0),
        ("4", "Ideas", 5.0),
    ]
    assert [(one.resource_id, one.tag, one.resource_link_id) for one in found] == [
        ("", "", "1"),
        ("board-1-w1", "week1", ""),
        ("ideas-1", "ideas", "1"),
    ]
    assert find(found, "board-1-w1", "7") is found[1]
    assert find(found, "unknown", "1") is found[0]
    assert find(found, "unknown", "7") is None


def test_one_column(moodle: responses.RequestsMock) -> None:
    replay(moodle, capture("lineitems")["lineitem: get"])
    found = services.read_line_item(connector(), ITEM)
    assert (found.label, found.score_maximum, found.body["ltiLinkId"]) == ("Graded board", 100.0, "1")


def test_a_new_column(moodle: responses.RequestsMock) -> None:
    exchange = capture("lineitems")["lineitems: create"]
    replay(moodle, exchange)
    made = services.create_line_item(connector(), ITEMS, json.loads(exchange["request"]["data"]))
    assert (made.url, made.label, made.score_maximum, made.tag) == (OWN, "Participation week 1", 10.0, "week1")


def test_a_column_renamed_and_rescaled(moodle: responses.RequestsMock) -> None:
    exchange = capture("lineitems")["lineitem: update (PUT)"]
    before = next(one for one in capture("lineitems")["lineitems: list after"]["response"]["body"] if one["id"] == OWN)
    moodle.get(OWN, json=before)
    replay(moodle, exchange)  # tag and resourceId go along: Moodle would empty them
    changed = services.change_line_item(connector(), OWN, "Participation week 1 (final)", 20.0)
    assert (changed.label, changed.score_maximum, changed.resource_id) == (
        "Participation week 1 (final)", 20.0, "board-1-w1",
    )  # fmt: skip


def test_a_column_removed(moodle: responses.RequestsMock) -> None:
    replay(moodle, capture("lineitems")["lineitem: delete"])
    services.delete_line_item(connector(), OWN)


def test_what_stands_in_a_column(moodle: responses.RequestsMock) -> None:
    replay(moodle, capture("results")["results: list"])
    [result] = services.read_results(connector(), ITEM)
    assert (result.user_id, result.score, result.maximum) == ("6", 91.0, 100.0)
    assert parse_qs(urlsplit(str(moodle.calls[-1].request.url)).query) == {"type_id": ["1"]}


def test_an_emptied_one_has_no_score(moodle: responses.RequestsMock) -> None:
    replay(moodle, capture("results")["results after PendingManual"])
    [result] = services.read_results(connector(), ITEM)
    assert (result.user_id, result.score) == ("6", None)


# what nobody sends by this code: another media type, and /scores behind the query
NOT_OURS = (
    "score: content-type application/json",
    "score: charset param",
    "score: /scores appended after query (wrong url)",
)


@pytest.mark.parametrize("name", [name for name in capture("scores") if name not in NOT_OURS])
def test_every_score_moodle_answered(moodle: responses.RequestsMock, name: str) -> None:
    exchange = capture("scores")[name]
    replay(moodle, exchange)
    url = exchange["request"]["url"].replace("/scores", "")
    meant: type[ServiceError] | None = {200: None, 409: Conflict, 400: Refused}[exchange["response"]["status"]]
    error: ServiceError | None = None
    try:
        services.post_score(connector(), url, json.loads(exchange["request"]["data"]))
    except ServiceError as said:
        error = said
    assert (type(error) if error else None) is meant
    assert moodle.calls[-1].request.url == exchange["request"]["url"]


@pytest.mark.parametrize("name", NOT_OURS)
def test_what_moodle_was_sent_and_we_never_send(name: str) -> None:
    asked = capture("scores")[name]["request"]
    is_our_address = asked["url"] == services.scores_url(ITEM)
    assert not is_our_address or asked["content_type"] != services.SCORE_TYPE
