"""The signed answer to a deep linking request, as Moodle took one and as the standard says."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from sociallearn.database import db
from sociallearn.lti.deep_linking import Item, content_item, origin_of
from sociallearn.lti.models import ContentRequest, Registration
from tests.conftest import MOODLE
from tests.placing.cast import DL, dialog, goal_of, items, sent, settings

pytestmark = pytest.mark.alike

CAPTURES = Path(__file__).parent / "captures"
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"


def capture(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CAPTURES / f"{name}.json").read_text())
    return found


def test_the_answer_has_the_shape_moodle_took(app: Flask) -> None:
    taken = capture("deep_linking_response")["payload"]
    page = dialog(app).post("/placing", **{"choice": "feed", "feed-graded": "1", "feed-title": "Join in"})
    ours = sent(app, page)
    assert set(ours) == set(taken)
    [moodles], [mine] = taken[DL + "content_items"], ours[DL + "content_items"]
    assert set(mine) == set(moodles)
    assert set(mine["lineItem"]) == set(moodles["lineItem"])
    assert [type(value) for value in mine["lineItem"].values()] == [int, str, str, str]
    assert ours["aud"] == ["https://lms.example"]
    assert ours["iss"] == "tool-1"
    assert ours["exp"] - ours["iat"] == 300
    assert abs(ours["iat"] - time.time()) < 30
    assert (ours[CLAIM + "message_type"], ours[CLAIM + "version"]) == ("LtiDeepLinkingResponse", "1.3.0")
    assert ours[CLAIM + "deployment_id"] == "1"
    assert ours[DL + "data"] == "opaque/+=ü"


def test_moodle_s_own_request_leads_to_the_dialog_and_back_to_moodle(app: Flask) -> None:
    captured = capture("claims_deep_linking_request_teacher1")
    captured[CLAIM + "target_link_uri"] = "http://localhost:8000/lti/launch"
    client = app.test_client()
    state, nonce = MOODLE.begin(client)
    shift = int(time.time()) - captured["iat"]
    body = captured | {"nonce": nonce, "iat": captured["iat"] + shift, "exp": captured["exp"] + shift}
    launched = MOODLE.answer(client, state, MOODLE.sign(body))
    assert launched.status_code == 303, launched.text
    assert launched.location.endswith("/placing")
    page = client.get(launched.location, base_url="http://localhost:8000").text
    assert 'value="Capture tool"' in page
    with app.app_context():
        row = db.session.scalars(select(ContentRequest)).one()
        assert row.return_url == captured[DL + "deep_linking_settings"]["deep_link_return_url"]
        assert (row.data, row.accept_multiple, row.accept_line_item, row.accepts_links) == (None, True, True, True)
        assert db.session.get_one(Registration, row.registration_id).issuer == "http://localhost:8090"


def test_data_goes_back_only_if_it_came(app: Flask) -> None:
    for data, expected in ((None, None), ("", ""), ("a" * 4000, "a" * 4000)):
        body = sent(app, dialog(app, settings(data=data)).post("/placing", choice="feed"))
        assert body.get(DL + "data") == expected
        assert (DL + "data" in body) == (expected is not None)


def test_no_answer_holds_a_null_and_each_has_its_own_nonce(app: Flask) -> None:
    bodies = [sent(app, dialog(app, settings(data=None)).post("/placing", choice="feed")) for _ in range(2)]
    assert bodies[0]["nonce"] != bodies[1]["nonce"]
    assert "null" not in json.dumps(bodies)


def test_the_form_goes_to_the_lms_and_only_this_page_may(app: Flask) -> None:
    trainer = dialog(app)
    page = trainer.post("/placing", choice="feed")
    assert goal_of(page) == "https://lms.example/deep_linking?course=1&id=7"
    assert "form-action 'self' https://lms.example;" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "private, no-store"
    for path in ("/placing", "/feed"):
        assert "form-action 'self';" in trainer.get(path).headers["Content-Security-Policy"]


def test_each_link_names_its_item_and_opens_the_one_registered_address(app: Flask) -> None:
    form = {"choice": ["space", "feed", "questions", "ideas"], "space-graded": "1", "space-points": "7,5"}
    form |= {"questions-opens": "2090-07-01T09:00", "questions-closes": "2090-12-01T17:30", "space-title": "Meet"}
    made = items(app, dialog(app).post("/placing", **form))
    assert [one["title"] for one in made] == ["Meet", "Feed", "Questions", "Ideas"]
    keys = [one["custom"]["item"] for one in made]
    assert len(set(keys)) == 4
    assert all(key.isascii() and key.isalnum() and len(key) == 12 for key in keys)
    assert {one["url"] for one in made} == {"http://localhost:8000/lti/launch"}
    assert made[0]["lineItem"] == {
        "scoreMaximum": 7.5, "label": "Meet", "resourceId": keys[0], "tag": "participation",
    }  # fmt: skip
    # 9 in the summer and half past five in the winter of Brussels
    assert made[2]["available"] == {"startDateTime": "2090-07-01T07:00:00Z"}
    assert made[2]["submission"] == {"endDateTime": "2090-12-01T16:30:00Z"}
    assert not {"lineItem", "available", "submission"} & set(made[1])


def test_a_whole_number_of_points_is_sent_as_one(app: Flask) -> None:
    with app.app_context():
        assert content_item(Item("k", "t", points=20.0))["lineItem"]["scoreMaximum"] == 20
        made = content_item(Item("k", "t", "about", opens_at=datetime(2026, 1, 2, tzinfo=UTC)))
        assert made["text"] == "about"
        assert made["available"] == {"startDateTime": "2026-01-02T00:00:00Z"}


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://a.example/x?y#z", "https://a.example"),
        ("HTTPS://A.Example:443/", "https://a.example"),
        ("http://a.example:80", "http://a.example"),
        ("http://[::1]:8090/x", "http://[::1]:8090"),
        ("https://a.example:8443/", "https://a.example:8443"),
        ("https://user@a.example/", None),
        ("https://a.example\\@b.example/", None),
        ("https://a.example /", None),
        ("https://a.exämple/", None),
        ("https://a.example:port/", None),
        ("https:///x", None),
        ("//a.example/", None),
        ("ftp://a.example/", None),
        ("javascript:alert(1)", None),
        ("", None),
    ],
)
def test_origins_as_browsers_write_them(url: str, origin: str | None) -> None:
    assert origin_of(url) == origin
