"""AGS and NRPS, held against what a real Moodle answered."""

import json
import re
import threading
from collections import Counter
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, IncompleteRead
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select

from sociallearn import clock
from sociallearn.practice import serving, switches, troubles
from sociallearn.practice.models import Entry
from sociallearn.practice.troubles import Trouble
from tests.practice.conftest import LMS, ToyTool, as_person, capture

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
ITEMS = "/services/smld-2026/lineitems?type_id=1"
ITEM = "/services/smld-2026/lineitems/1/lineitem?type_id=1"
SCORES = "/services/smld-2026/lineitems/1/lineitem/scores?type_id=1"
RESULTS = "/services/smld-2026/lineitems/1/lineitem/results?type_id=1"
MEMBERS = "/services/smld-2026/memberships"
ONE = "application/vnd.ims.lis.v2.lineitem+json"
MANY = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
RESULT = "application/vnd.ims.lis.v2.resultcontainer+json"
MEMBER = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
PEOPLE = {"6": "noor", "3": "katrien"}  # Moodle's student1 and teacher1


def score(**changes: Any) -> dict[str, Any]:
    body = {
        "userId": "noor", "scoreGiven": 80, "scoreMaximum": 100, "activityProgress": "Completed",
        "gradingProgress": "FullyGraded", "timestamp": "2026-11-23T21:12:43.365Z", "comment": "10 posts",
        **changes,
    }  # fmt: skip
    return {name: value for name, value in body.items() if value is not None}


def send(tool: ToyTool, **changes: Any) -> int:
    return tool.call("POST", SCORES, media=SCORE, json=score(**changes)).status_code


def result(tool: ToyTool, person: str = "noor") -> dict[str, Any]:
    [found] = tool.call("GET", f"{RESULTS}&user_id={person}", media=RESULT).json or [{}]
    return found


def test_every_score_moodle_was_sent_gets_the_same_status(tool: ToyTool) -> None:
    standalone = tool.call("POST", ITEMS, media=ONE, json={"label": "Week 1", "scoreMaximum": 20}).json or {}
    assert "/lineitems/3/" in standalone["id"]  # Moodle's number by luck; its linked column 2 is our 1
    for name, exchange in capture("ags_scores").items():
        asked, answered = exchange["request"], exchange["response"]
        body = json.loads(asked["data"])
        body["userId"] = PEOPLE.get(body["userId"], body["userId"])
        path = asked["url"].partition("services.php/2")[2].replace("/lineitems/2/", "/lineitems/1/")
        got = tool.call("POST", f"{LMS}/services/smld-2026{path}", media=asked["content_type"], json=body)
        assert got.status_code == answered["status"], name
    # both end with the score of the moment furthest in the future
    [moodles] = capture("ags_results")["results: list"]["response"]["body"]
    ours = result(tool)
    assert {name: ours[name] for name in ("resultScore", "resultMaximum", "comment", "timestamp")} == {
        name: moodles[name] for name in ("resultScore", "resultMaximum", "comment", "timestamp")
    }


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"timestamp": "2026-11-23T21:12:43.999Z"}, 200),
        ({"userId": "katrien"}, 400),
        ({"userId": "bart"}, 400),
        ({"userId": "priya"}, 400),
        ({"userId": "nobody"}, 400),
        ({"userId": None}, 400),
        ({"userId": 5}, 400),
        ({"timestamp": None}, 400),
        ({"timestamp": "yesterday"}, 400),
        ({"timestamp": "2026-11-23"}, 400),
        ({"activityProgress": None}, 400),
        ({"activityProgress": "Busy"}, 400),
        ({"gradingProgress": None}, 400),
        ({"gradingProgress": ["FullyGraded"]}, 400),
        ({"scoreMaximum": None}, 400),
        ({"scoreMaximum": 0}, 400),
        ({"scoreGiven": -1}, 400),
        ({"scoreGiven": "80"}, 400),
        ({"scoreGiven": True}, 400),
        ({"comment": 7}, 400),
        ({"scoreGiven": None, "scoreMaximum": None}, 200),
        ({"scoreGiven": 150}, 200),
    ],
)
def test_what_a_score_must_be(tool: ToyTool, changes: dict[str, Any], status: int) -> None:
    assert send(tool, **changes) == status


def test_only_a_later_whole_second_replaces_a_score(tool: ToyTool) -> None:
    assert send(tool, timestamp="2026-11-23T21:12:43.100Z") == 200
    assert send(tool, timestamp="2026-11-23T21:12:43.900Z", scoreGiven=81) == 409
    assert send(tool, timestamp="2026-11-23T22:12:43+01:00", scoreGiven=82) == 409
    assert send(tool, timestamp="2026-11-23T21:12:42Z", scoreGiven=83) == 409
    assert result(tool)["resultScore"] == 80
    assert send(tool, timestamp="2026-11-23T21:12:44Z", scoreGiven=84) == 200
    assert result(tool)["resultScore"] == 84


def test_a_score_is_rescaled_and_not_rounded(tool: ToyTool) -> None:
    send(tool, scoreGiven=1, scoreMaximum=3)
    assert result(tool)["resultScore"] == pytest.approx(100 / 3, abs=1e-9)
    send(tool, scoreGiven=7.125, scoreMaximum=10, timestamp="2026-11-23T21:13:00Z")
    assert result(tool)["resultScore"] == 71.25


def test_more_than_the_maximum_is_kept(tool: ToyTool) -> None:
    send(tool, scoreGiven=150)
    assert result(tool)["resultScore"] == 150


@pytest.mark.parametrize(
    "changes",
    [{"scoreGiven": None, "scoreMaximum": None}, {"gradingProgress": "PendingManual"}, {"gradingProgress": "Failed"}],
)
def test_a_grade_is_cleared_by_no_score_or_by_any_other_progress(tool: ToyTool, changes: dict[str, Any]) -> None:
    send(tool)
    send(tool, **changes, timestamp="2026-11-23T21:12:50Z")
    assert set(result(tool)) == {"id", "userId"}  # as Moodle lists a cleared one


def test_two_scores_at_once_leave_one_winner(tool: ToyTool) -> None:
    tool.call("GET", ITEMS)  # the token is had before the race
    answers: list[int] = []
    toys = [ToyTool(tool.lms, tool.lms.test_client(), _tokens=tool._tokens) for _ in range(6)]
    threads = [threading.Thread(target=lambda toy=toy: answers.append(send(toy))) for toy in toys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] + [409] * 5


def test_a_removed_learner_cannot_be_graded_and_can_again_when_back(tool: ToyTool) -> None:
    trainer = as_person(tool.lms.test_client(), "katrien")
    assert send(tool) == 200
    trainer.post("/courses/smld-2026/participants/noor/removal")
    assert send(tool, timestamp="2026-11-23T21:13:00Z") == 400
    assert tool.lms.test_client().get("/launch/praat-mee?person=noor").status_code == 403
    trainer.post("/courses/smld-2026/participants/noor/return")
    assert result(tool)["resultScore"] == 80
    assert send(tool, timestamp="2026-11-23T21:13:00Z") == 200


def test_columns_are_made_filtered_replaced_and_deleted_as_at_moodle(tool: ToyTool) -> None:
    moodle = capture("ags_lineitems")
    made = tool.call("POST", ITEMS, media=ONE, json=json.loads(moodle["lineitems: create"]["request"]["data"]))
    assert made.status_code == 201
    assert made.json is not None
    assert set(made.json) == set(moodle["lineitems: create"]["response"]["body"])
    url = made.json["id"]
    linked = tool.call(
        "POST", ITEMS, media=ONE, json={"label": "Ideas", "scoreMaximum": 5, "resourceLinkId": "praat-mee"}
    )
    assert linked.status_code == 201
    assert linked.json is not None
    assert linked.json["resourceLinkId"] == "praat-mee"

    listed = tool.call("GET", ITEMS, media=MANY).json or []
    assert [item["label"] for item in listed] == ["Praat mee", "Participation week 1", "Ideas"]
    for query, labels in {
        "tag=week1": ["Participation week 1"],
        "resource_id=board-1-w1": ["Participation week 1"],
        "resource_link_id=praat-mee": ["Praat mee", "Ideas"],
        "tag=none": [],
    }.items():
        found = tool.call("GET", f"{ITEMS}&{query}", media=MANY).json or []
        assert [item["label"] for item in found] == labels, query

    put = tool.call("PUT", url, media=ONE, json={"id": url, "label": "Week 1 (final)", "scoreMaximum": 20})
    assert put.json == {"id": url, "label": "Week 1 (final)", "scoreMaximum": 20, "resourceId": "", "tag": ""}
    assert tool.call("GET", url, media=ONE).json == put.json
    assert tool.call("DELETE", url).status_code == 204
    assert tool.call("GET", url).status_code == 404


def test_a_new_maximum_keeps_everybodys_share(tool: ToyTool) -> None:
    send(tool, scoreGiven=80)
    tool.call("PUT", ITEM, media=ONE, json={"label": "Praat mee", "scoreMaximum": 20})
    assert result(tool)["resultScore"] == 16


def test_the_list_of_columns_is_paged(tool: ToyTool) -> None:
    for number in range(4):
        tool.call("POST", ITEMS, media=ONE, json={"label": f"Column {number}", "scoreMaximum": 1})
    url: str | None = f"{ITEMS}&limit=2"
    labels = []
    while url:
        page = tool.call("GET", url, media=MANY)
        labels += [item["label"] for item in page.json or []]
        url = next_of(page.headers.get("Link"))
    assert labels == ["Praat mee", "Column 0", "Column 1", "Column 2", "Column 3"]


def next_of(header: str | None) -> str | None:
    found = re.fullmatch(r'<([^>]+)>; rel="next"', header or "")
    return found[1] if found else None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"scoreMaximum": 10}, 400),
        ({"label": "x"}, 400),
        ({"label": "x", "scoreMaximum": 0}, 400),
        ({"label": "x", "scoreMaximum": "10"}, 400),
        ({"label": "x", "scoreMaximum": 10, "tag": 5}, 400),
        ({"label": "x", "scoreMaximum": 10, "resourceLinkId": "join-in"}, 404),
    ],
)
def test_what_a_column_must_be(tool: ToyTool, body: dict[str, Any], status: int) -> None:
    assert tool.call("POST", ITEMS, media=ONE, json=body).status_code == status


def test_a_column_that_came_with_its_link_stays(tool: ToyTool) -> None:
    assert tool.call("DELETE", ITEM).status_code == 403
    moved = {"label": "x", "scoreMaximum": 1, "resourceLinkId": "prikbord"}
    assert tool.call("PUT", ITEM, media=ONE, json=moved).status_code == 400


@pytest.mark.parametrize(
    ("method", "url", "enough"),
    [
        ("GET", ITEMS, [AGS + "lineitem", AGS + "lineitem.readonly"]),
        ("GET", ITEM, [AGS + "lineitem", AGS + "lineitem.readonly"]),
        ("POST", ITEMS, [AGS + "lineitem"]),
        ("PUT", ITEM, [AGS + "lineitem"]),
        ("DELETE", ITEM, [AGS + "lineitem"]),
        ("POST", SCORES, [AGS + "score"]),
        ("GET", RESULTS, [AGS + "result.readonly"]),
        ("GET", MEMBERS, ["https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"]),
    ],
)
def test_each_call_needs_its_scope(tool: ToyTool, method: str, url: str, enough: list[str]) -> None:
    from sociallearn.practice.claims import SCOPES

    assert tool.client.open(url, method=method).status_code == 401
    assert tool.client.open(url, method=method, headers={"Authorization": "Bearer x"}).status_code == 401
    for scope in SCOPES:
        status = tool.call(method, url, scope=scope).status_code
        assert (status != 403 or method == "DELETE") if scope in enough else status == 403, scope


def test_media_types_matter(tool: ToyTool) -> None:
    assert tool.call("POST", SCORES, media="application/json", json=score()).status_code == 400
    assert tool.call("POST", SCORES, media=SCORE + "; charset=utf-8", json=score()).status_code == 200
    assert tool.call("GET", ITEMS, media=ONE).status_code == 400
    assert tool.call("GET", ITEMS, media="*/*").status_code == 200
    assert tool.call("GET", ITEMS, media=MANY).content_type == MANY + "; charset=utf-8"
    assert tool.call("POST", SCORES, data="{", content_type=SCORE).status_code == 400
    assert tool.call("POST", SCORES, data="[]", content_type=SCORE).status_code == 400


def test_what_is_not_there_is_404(tool: ToyTool) -> None:
    for url in (ITEM.replace("smld-2026", "editors-2026"), ITEM.replace("/1/", "/99/"), "/services/x/lineitems"):
        assert tool.call("GET", url).status_code == 404, url
    assert tool.call("GET", "/services/x/memberships").status_code == 404


def test_the_roster_is_read_page_by_page(tool: ToyTool) -> None:
    url: str | None = f"{LMS}{MEMBERS}?limit=5"
    people: list[dict[str, Any]] = []
    sizes = []
    while url:
        page = tool.call("GET", url, media=MEMBER)
        assert page.status_code == 200
        assert page.json is not None
        assert page.json["context"]["id"] == "smld-2026"
        people += page.json["members"]
        sizes.append(len(page.json["members"]))
        url = next_of(page.headers.get("Link"))
        if url:
            assert tool.call("GET", url.lower()).status_code == 400  # the link counts as it is written
    assert sizes == [5, 5, 5, 1]
    assert len({one["user_id"] for one in people}) == 16
    moodles = capture("nrps_paged")["nrps: limit=10"]["response"]["body"]["members"][0]
    assert set(people[0]) == set(moodles)
    assert all(one["status"] == "Active" for one in people)


def test_the_roster_has_a_next_page_of_its_own_accord(tool: ToyTool) -> None:
    page = tool.call("GET", MEMBERS, media=MEMBER)
    assert len((page.json or {})["members"]) == 10
    assert next_of(page.headers["Link"])


@pytest.mark.parametrize(
    ("role", "number"),
    [
        ("Learner", 13),
        ("http://purl.imsglobal.org/vocab/lis/v2/membership#Learner", 13),
        ("Instructor", 2),
        ("http://purl.imsglobal.org/vocab/lis/v2/membership#Manager", 1),
        ("Mentor", 0),
    ],
)
def test_the_roster_can_be_asked_by_role_over_all_pages(tool: ToyTool, role: str, number: int) -> None:
    page = tool.call("GET", f"{MEMBERS}?{urlencode({'role': role, 'limit': '7'})}")
    found = list((page.json or {})["members"])
    while url := next_of(page.headers.get("Link")):
        page = tool.call("GET", url)
        found += (page.json or {})["members"]
    assert len(found) == number


def test_who_was_removed_is_not_in_the_roster(tool: ToyTool) -> None:
    as_person(tool.client, "katrien").post("/courses/smld-2026/participants/sam/removal")
    page = tool.call("GET", f"{MEMBERS}?role=Learner")
    more = tool.call("GET", next_of(page.headers["Link"]) or "")
    ids = {one["user_id"] for one in (page.json or {})["members"] + (more.json or {})["members"]}
    assert len(ids) == 12
    assert "sam" not in ids


def test_services_can_be_down(tool: ToyTool) -> None:
    assert send(tool) == 200
    tool.client.post("/practice/services", data={"mode": "down"})
    assert send(tool, timestamp="2026-11-23T21:13:00Z", scoreGiven=90) == 503
    assert tool.ask_token().status_code == 503
    assert tool.launch()["sub"] == "noor"  # launches go on
    tool.client.post("/practice/services", data={"mode": "ok"})
    assert result(tool)["resultScore"] == 80


def test_shaky_services_fail_the_same_requests_for_the_same_seed(tool: ToyTool) -> None:
    tool.call("GET", ITEMS)

    def run(seed: str) -> list[int]:
        tool.client.post("/practice/services", data={"mode": "half", "seed": seed})
        return [tool.call("GET", ITEMS).status_code for _ in range(40)]

    first = run("7")
    assert set(first) == {200, 503}
    assert 8 <= first.count(503) <= 32
    assert run("7") == first
    assert run("8") != first


def test_slow_services_take_fifteen_seconds_and_hold_up_nobody_else(
    tool: ToyTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        tool.client.post("/practice/services", data={"mode": "ok"})  # no transaction is open meanwhile

    monkeypatch.setattr(switches.time, "sleep", sleep)
    tool.call("GET", ITEMS)
    tool.client.post("/practice/services", data={"mode": "slow"})
    assert tool.call("GET", ITEMS).status_code == 200
    assert slept == [15.0]


def test_in_trouble_everything_happens_that_can(tool: ToyTool, lms: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switches, "SLOWNESS", 0.0)
    monkeypatch.setitem(troubles.HUNDREDTHS, Trouble.SLOW, 5.0)
    server = serving.listening(lms, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    happened: Counter[str] = Counter()
    try:
        tool.client.post("/practice/services", data={"mode": "troubled", "seed": 1})
        for number in range(1, 160):
            stamp = (clock.now() + timedelta(minutes=number)).isoformat()
            happened[_post_for_real(tool, server.port, score(timestamp=stamp, scoreGiven=number % 100))] += 1
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert happened.keys() == {"200", "500", "403", "409", "502", "429 after 1", "401", "dropped", "cut"}, happened
    assert happened["200"] > 80
    noted = {entry["trouble"] for entry in noted_calls(lms) if "trouble" in entry}
    assert noted == set(Trouble)
    lost = [entry for entry in noted_calls(lms) if entry.get("trouble") == Trouble.LOST]
    assert {entry["status"] for entry in lost} == {200}, "taken, and nobody was told"


def _post_for_real(tool: ToyTool, port: int, body: dict[str, Any]) -> str:
    """What a client sees."""
    while "access_token" not in (given := tool.ask_token().get_json(silent=True) or {}):
        pass  # troubles there too
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Authorization": "Bearer " + given["access_token"], "Content-Type": SCORE}
    try:
        connection.request("POST", SCORES, json.dumps(body), headers)
        answer = connection.getresponse()
        answer.read()
    except IncompleteRead:
        return "cut"
    except (HTTPException, ConnectionError):
        return "dropped"
    finally:
        connection.close()
    patience = answer.headers["Retry-After"]
    return f"{answer.status} after {patience}" if patience else str(answer.status)


def noted_calls(lms: Flask) -> list[dict[str, Any]]:
    with lms.extensions["practice"].store.reading() as session:
        entries = session.scalars(select(Entry).where(Entry.kind == "service"))
        return [{**entry.details, "status": entry.status} for entry in entries]


def test_a_clock_that_is_wrong_is_wrong_for_tokens_too(tool: ToyTool) -> None:
    for skew, status in ((-300, 401), (300, 401), (0, 200)):
        tool.client.post("/practice/services", data={"skew": skew})
        answer = tool.ask_token()
        assert answer.status_code == status
        said = parsedate_to_datetime(answer.headers["Date"]) - clock.now()
        assert said.total_seconds() == pytest.approx(skew, abs=20)


def test_a_switch_that_does_not_exist_is_said(tool: ToyTool) -> None:
    for form in ({"mode": "sometimes"}, {"skew": "x"}, {"skew": "999999"}):
        answer = tool.client.post("/practice/services", data=form)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text


def test_the_time_of_a_score_may_be_ahead(tool: ToyTool) -> None:
    ahead = (clock.now() + timedelta(hours=1)).isoformat()
    assert send(tool, timestamp=ahead) == 200
    assert send(tool, timestamp=clock.now().isoformat()) == 409
