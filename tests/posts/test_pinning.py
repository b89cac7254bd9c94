"""Pinned threads and announcements: by trainers, at most three, above the others and only once on the page."""

from threading import Barrier, Thread

from flask import Flask
from sqlalchemy import func, select

from sociallearn.database import db
from sociallearn.posts.models import Post
from tests.conftest import Actor, Cast


def _write(who: Actor, body: str, **more: str) -> str:
    return who.post("/feed", body=body, **more).location.rpartition("-")[2]


def _pinned(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).where(Post.pinned_at.is_not(None))) or 0


def test_pinned_stands_first_and_once(cast: Cast) -> None:
    old = _write(cast.ben, "the old one, worth seeing")
    _write(cast.ben, "a newer one")
    assert cast.tess.post(f"/posts/{old}/pin").status_code == 303
    page = cast.cleo.get("/feed").text
    assert page.index("the old one, worth seeing") < page.index("a newer one")
    assert page.count("the old one, worth seeing") == 1
    cast.tess.post(f"/posts/{old}/pin/withdrawal")
    page = cast.cleo.get("/feed").text
    assert page.index("a newer one") < page.index("the old one, worth seeing")


def test_learners_neither_pin_nor_announce(app: Flask, cast: Cast) -> None:
    post_id = _write(cast.ben, "me first")
    assert cast.ben.post(f"/posts/{post_id}/pin").status_code == 403
    refused = cast.ben.post("/feed", body="hear, hear", announcement="1")
    assert refused.status_code == 403
    assert "hear, hear" in refused.text, "nothing typed is lost"
    assert 'name="announcement"' not in cast.ben.get("/feed").text
    assert _pinned(app) == 0


def test_an_announcement_is_marked_and_pinned(app: Flask, cast: Cast) -> None:
    assert 'name="announcement"' in cast.tess.get("/feed").text
    _write(cast.tess, "Room 3 instead of room 2.", announcement="1")
    assert "Announcement" in cast.cleo.get("/feed").text
    assert _pinned(app) == 1


def test_three_and_no_more_also_at_once(app: Flask, cast: Cast) -> None:
    ids = [_write(cast.ben, f"thought {number}") for number in range(6)]
    _ = cast.tess.token
    barrier, answers = Barrier(6), []

    def pin(post_id: str) -> None:
        client = app.test_client()
        for name, cookie in ((c.key, c.value) for c in cast.tess.client._cookies.values()):
            client.set_cookie(name, cookie, domain="localhost")
        barrier.wait()
        data = {"csrf_token": cast.tess.token}
        answer = client.post(cast.tess.url(f"/posts/{post_id}/pin"), data=data, base_url="http://localhost:8000")
        answers.append(answer.status_code)

    threads = [Thread(target=pin, args=(one,)) for one in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 303, 303, 409, 409, 409]
    assert _pinned(app) == 3
