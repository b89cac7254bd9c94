"""How a text will look before it is posted."""

import re

from flask import Flask
from sqlalchemy import func, select

from sociallearn.database import db
from sociallearn.posts.models import Draft, Post
from tests.conftest import Cast

HOSTILE = """<script>alert(1)</script> <img src=x onerror=alert(1)>
[click](javascript:alert(1)) [two](data:text/html,x) ![p](https://x.example/p.png"onerror=alert(1))
<a href="/-/feed" onclick="alert(1)">three</a>
"""


def test_it_looks_as_the_post_will(app: Flask, cast: Cast) -> None:
    assert cast.cleo.seat
    text = "Some **bold** words for @Cleo Test about #mail.\n\n> quoted\n\n- one\n- two"
    response = cast.ben.post("/preview", body=text)
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert "<html" not in response.text
    shown = re.search(r'<div class="text" dir="auto">(.*)</div>', response.text, re.DOTALL)
    assert shown
    assert 'class="mention"' in shown[1] or "@Cleo Test</" in shown[1]
    assert f"/s/{cast.ben.seat}/topics/mail" in shown[1]
    cast.ben.post("/feed", body=text)
    assert shown[1] in cast.ben.get("/feed").text


def test_nothing_is_kept(app: Flask, cast: Cast) -> None:
    cast.ben.post("/preview", body="Only looking.")
    with app.app_context():
        assert [db.session.scalar(select(func.count()).select_from(table)) for table in (Post, Draft)] == [0, 0]


def test_links_to_our_pages_lead_through_ones_own_seat(app: Flask, cast: Cast) -> None:
    response = cast.ben.post("/preview", body=f"[here](http://localhost:8000/s/{cast.cleo.seat}/feed)")
    assert f'href="/s/{cast.ben.seat}/feed"' in response.text
    assert cast.cleo.seat not in response.text


def test_hostile_markdown_does_nothing(app: Flask, cast: Cast) -> None:
    response = cast.ben.post("/preview", body=HOSTILE)
    assert response.status_code == 200
    assert re.findall(r"<(?!/?(?:div|p|a|br)\b)", response.text) == []
    assert all(address.startswith("https://x.example/") for address in re.findall(r'<a href="([^"]*)', response.text))
    assert re.findall(r"<[^>]*\son\w+=", response.text) == []
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]


def test_what_cannot_be_posted_is_said_in_the_same_words(app: Flask, cast: Cast) -> None:
    response = cast.ben.post("/preview", body="x" * 20_001)
    assert response.status_code == 422
    assert "At most 20,000 characters." in response.text
    assert "xxx" not in response.text
    response = cast.ben.post("/preview", body=" \n ")
    assert (response.status_code, "Write something first." in response.text) == (422, True)
    assert cast.ben.post("/preview", body="x" * 20_000).status_code == 200


def test_a_form_of_another_page_is_refused(app: Flask, cast: Cast) -> None:
    for token in ("", "0" * 64, cast.cleo.token):
        assert cast.ben.post("/preview", body="Some text", csrf_token=token).status_code == 403


def test_only_in_ones_own_seat_and_only_who_writes(app: Flask, cast: Cast) -> None:
    theirs = f"/s/{cast.cleo.seat}/preview"
    assert cast.ben.post(theirs, body="Some text", csrf_token=cast.cleo.token).status_code == 404
    stranger = app.test_client().post(theirs, data={"body": "Some text"}, base_url="http://localhost:8000")
    assert stranger.status_code == 401
    assert cast.mona.post("/preview", body="Some text").status_code == 403
    assert cast.ben.get("/preview").status_code == 405
