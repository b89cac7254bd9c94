"""The trainer chooses content in the tool."""

from typing import Any

import pytest

from sociallearn import clock
from tests.practice.conftest import KEYS, LMS, TOOL, ToyTool, as_person, capture, fields

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
BOARD = {
    "type": "ltiResourceLink",
    "title": "Discussion board 42",
    "url": f"{TOOL}/lti/launch",
    "custom": {"board": "42"},
    "lineItem": {"scoreMaximum": 20, "label": "Board participation", "resourceId": "board-42", "tag": "participation"},
}


def choosing(tool: ToyTool) -> dict[str, Any]:
    login = fields(tool.client.get("/courses/smld-2026/choosing?person=katrien"))
    return tool.verified(fields(tool.authorise(login))["id_token"])


def answer(tool: ToyTool, asked: dict[str, Any], items: list[Any], **changes: Any) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    return {
        "iss": "sociallearn-practice", "aud": [LMS], "iat": now, "exp": now + 600, "nonce": f"n-{id(items)}",
        CLAIM + "message_type": "LtiDeepLinkingResponse", CLAIM + "version": "1.3.0", CLAIM + "deployment_id": "1",
        DL + "content_items": items, DL + "data": asked[DL + "deep_linking_settings"]["data"], **changes,
    }  # fmt: skip


def test_the_request_has_moodles_claims(tool: ToyTool) -> None:
    ours, moodles = choosing(tool), capture("claims_deep_linking_request_teacher1")
    assert set(moodles) <= set(ours)
    settings = ours[DL + "deep_linking_settings"]
    assert settings["deep_link_return_url"] == f"{LMS}/deep-linking/return"
    assert settings["accept_types"] == ["ltiResourceLink"]
    assert CLAIM + "resource_link" not in ours


def test_what_was_chosen_becomes_a_link_with_its_column(tool: ToyTool) -> None:
    sent = tool.sign(answer(tool, choosing(tool), [BOARD, {"type": "html", "html": "<b>x</b>"}]))
    page = tool.client.post("/deep-linking/return", data={"JWT": sent}, headers={"Origin": TOOL})
    assert page.status_code == 200
    assert "Discussion board 42" in page.text
    assert "Left out" in page.text
    assert "Discussion board 42" in as_person(tool.client, "noor").get("/courses/smld-2026").text
    claims = tool.launch("chosen-8", "noor")
    assert claims[CLAIM + "resource_link"]["title"] == "Discussion board 42"
    assert claims[CLAIM + "custom"] == {"board": "42", "unit": "Redactie", "groups": "31"}
    endpoint = claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]
    item = tool.call("GET", endpoint["lineitem"]).json or {}
    assert (item["label"], item["scoreMaximum"], item["tag"]) == ("Board participation", 20, "participation")


def test_choosing_nothing_is_fine(tool: ToyTool) -> None:
    page = tool.client.post("/deep-linking/return", data={"JWT": tool.sign(answer(tool, choosing(tool), []))})
    assert page.status_code == 200
    assert "Nothing was added" in page.text


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"aud": "https://elsewhere.example"},
        {"exp": 1000},
        {"nonce": None},
        {CLAIM + "deployment_id": "2"},
        {CLAIM + "message_type": "LtiResourceLinkRequest"},
        {CLAIM + "version": "1.1"},
        {DL + "data": None},
        {DL + "data": "made up"},
        {DL + "content_items": "all"},
    ],
)
def test_a_faulty_answer_adds_nothing(tool: ToyTool, changes: dict[str, Any]) -> None:
    sent = tool.sign(answer(tool, choosing(tool), [BOARD], **changes))
    page = tool.client.post("/deep-linking/return", data={"JWT": sent})
    assert page.status_code == 400
    assert "Nothing was added" in page.text
    assert tool.client.get("/launch/chosen-8?person=noor").status_code == 404


def test_a_tampered_answer_adds_nothing(tool: ToyTool) -> None:
    claims = answer(tool, choosing(tool), [BOARD])
    head, _, tail = tool.sign({**claims, "exp": claims["exp"] + 1}).split(".")
    body = tool.sign(claims).split(".")[1]
    for sent in (f"{head}.{body}.{tail}", tool.sign(claims, key=KEYS[1]), "", "x.y.z"):
        assert tool.client.post("/deep-linking/return", data={"JWT": sent}).status_code == 400


def test_an_answer_works_once_even_with_a_new_nonce(tool: ToyTool) -> None:
    asked = choosing(tool)
    sent = tool.sign(answer(tool, asked, [BOARD]))
    assert tool.client.post("/deep-linking/return", data={"JWT": sent}).status_code == 200
    assert tool.client.post("/deep-linking/return", data={"JWT": sent}).status_code == 400
    again = tool.sign(answer(tool, asked, [BOARD], nonce="another"))
    assert tool.client.post("/deep-linking/return", data={"JWT": again}).status_code == 400


@pytest.mark.parametrize(
    "item",
    [
        {**BOARD, "url": "https://elsewhere.example/"},
        {**BOARD, "custom": {"board": 42}},
        {**BOARD, "lineItem": {"scoreMaximum": 0}},
        {**BOARD, "lineItem": 5},
        "a link",
    ],
)
def test_a_link_this_lms_cannot_take_is_left_out_and_said(tool: ToyTool, item: Any) -> None:
    page = tool.client.post("/deep-linking/return", data={"JWT": tool.sign(answer(tool, choosing(tool), [item]))})
    assert page.status_code == 200
    assert "Left out" in page.text


def test_only_the_trainer_adds(tool: ToyTool) -> None:
    assert tool.client.get("/courses/smld-2026/choosing?person=noor").status_code == 403
    assert as_person(tool.client, "noor").get("/courses/smld-2026/adding").status_code == 403
    assert "<iframe" in as_person(tool.client, "katrien").get("/courses/smld-2026/adding").text
