"""What somebody was writing is never lost: on another device, after an ended session, beside what stood there."""

import html
import re
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.posts.models import Post
from sociallearn.roster.models import Seat
from tests.conftest import HERE, MEMBERSHIP, Actor, Cast, person


def again(app: Flask, name: str) -> Actor:
    """The same person, launching once more in another browser."""
    return Actor(app, HERE, sub=name, roles=[MEMBERSHIP + "Learner"], **person(name))


def body(page: str) -> str:
    """What stands in the form."""
    found = re.search(r'<textarea id="body".*?>\n(.*?)</textarea>', page, re.DOTALL)
    assert found
    return html.unescape(found[1])


def test_a_draft_is_there_on_another_device(app: Flask, cast: Cast) -> None:
    cast.ben.post("/drafts", place="feed", body="begun at work")
    assert body(again(app, "ben").get("/feed").text) == "begun at work"
    assert body(cast.cleo.get("/feed").text) == ""


def test_the_form_says_when_its_draft_was_kept(app: Flask, cast: Cast) -> None:
    assert 'data-draft-at=""' in cast.ben.get("/feed").text
    moment = clock.now() - timedelta(hours=1)
    with clock.at(moment):
        answer = cast.ben.post("/drafts", place="feed", body="an hour ago")
    assert answer.headers["Draft-At"] == str(clock.milliseconds(moment))
    page = cast.ben.get("/feed").text
    assert f'data-draft-at="{clock.milliseconds(moment)}"' in page
    now = re.search(r'data-now="(\d+)"', page)
    assert now
    assert abs(int(now[1]) - clock.milliseconds()) < 60_000


def test_a_form_sent_after_the_session_ended_leaves_the_draft(app: Flask, cast: Cast) -> None:
    token = cast.ben.token
    cast.ben.post("/drafts", place="feed", body="What I spent an hour on")
    with app.app_context(), transaction() as session:
        seat = session.get_one(Seat, cast.ben.seat)
        seat.expires_at = seat.expires_at.replace(year=2001)
    response = cast.ben.post("/feed", body="What I spent an hour on, and more", csrf_token=token)
    assert response.status_code == 401
    assert "What I spent an hour on, and more" in response.text
    assert 'data-refused="401"' in response.text  # drafts.js then keeps what was sent for the next launch
    assert body(again(app, "ben").get("/feed").text) == "What I spent an hour on"


def test_refused_forms_leave_the_draft(app: Flask, cast: Cast) -> None:
    cast.ben.post("/drafts", place="feed", body="Half a thought")
    assert cast.ben.post("/feed", body="x" * 20_001).status_code == 422
    assert cast.ben.post("/feed", body="Half a thought", csrf_token="stale").status_code == 403
    assert body(cast.ben.get("/feed").text) == "Half a thought"


def test_what_the_draft_replaced_is_in_the_page(app: Flask, cast: Cast) -> None:
    cast.ben.post("/questions", title="How it was", body="As it read")
    with app.app_context():
        post_id = db.session.scalars(select(Post.id)).one()
    cast.ben.post("/drafts", place=f"edit-{post_id}", title="How it will be", body="As it will read")
    page = cast.ben.get(f"/posts/{post_id}/edit").text
    assert body(page) == "As it will read"
    assert re.search(r'data-original="body">\nAs it read</textarea>', page)
    assert re.search(r'data-original="title">\nHow it was</textarea>', page)
