"""Every form there is, sent empty, far too long, and with what no browser would send: always an answer in words."""

import re

import pytest
from flask import Flask

from tests.conftest import Cast
from tests.test_leaks import _methods, _rules

FIELDS = """
title body words reason name stage place note suggestion benefit evidence remark details idea question closes due owner
topic q target choice to into seen value option give take answer_id alike_id poll_option part parts more space kind
typed_title typed_body line1 keep_days tone reply_to people version last_id room file alt since until sort show before
rhythm hour time_zone here mail up_to bundle
"""
WORDY = ("title", "body", "words", "reason", "name", "note", "suggestion", "benefit", "evidence", "typed_title", "q")
NAMED = {"post_id", "round_id", "topic_key", "member_id"}


def _number(location: str) -> int:
    return int(re.findall(r"\d+", location)[-1])


@pytest.mark.alike
@pytest.mark.parametrize(
    "text", ["", "x" * 1_000_000, "9" * 30, "\u202e\U0001f600"], ids=["empty", "1 MB", "digits", "odd"]
)
@pytest.mark.parametrize("name", ["ben", "tess"])
def test_no_form_breaks(app: Flask, cast: Cast, name: str, text: str) -> None:
    cast.ben.post("/feed", body="Something about #plan")
    question = _number(cast.ben.post("/questions", title="Who knows?", body="About #plan").location)
    answer = _number(cast.cleo.post(f"/questions/{question}/answers", body="I do.").location)
    ideas = [_number(who.post("/ideas", title="A map", body="Of it all.").location) for who in (cast.ben, cast.cleo)]
    actor, tried = getattr(cast, name), 0
    for rule in _rules(app):
        if not rule.rule.startswith("/s/<seat>") or rule.arguments - {"seat"} - NAMED or "archive" in rule.rule:
            continue
        for post_id in (question, answer, *ideas) if "post_id" in rule.arguments else (0,):
            path = rule.rule.removeprefix("/s/<seat>").replace("<int:post_id>", str(post_id))
            path = path.replace("<int:round_id>", "1").replace("<topic_key>", "plan")
            path = path.replace("<int:member_id>", str(cast.cleo.member_id))
            for method in _methods(rule):
                app.extensions["rate_limiter"].storage.reset()
                if method == "GET":
                    page = actor.get(path + "?" + "&".join(f"{field}={text[:300]}" for field in FIELDS.split()))
                else:
                    names = WORDY if len(text) > 1000 else FIELDS.split()
                    page = actor.post(path, **dict.fromkeys(names, text))
                assert page.status_code < 500, (method, path)
                tried += 1
    assert tried > 150
