"""The feed through the browser's forms: posting, paging, news, drafts, and every text people can think of."""

import re

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from sociallearn.database import db, unit_of_work
from sociallearn.posts.models import Draft, Post
from tests import make
from tests.conftest import Cast


def _posts(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Post.body).order_by(Post.id)))


def test_a_post_appears_on_everybodys_feed(cast: Cast) -> None:
    response = cast.ben.post("/feed", body="Hello **all**")
    assert response.status_code == 303
    assert "<strong>all</strong>" in cast.cleo.get("/feed").text


@pytest.mark.parametrize("body", ["", "   \n\t  ", "\x00\x00"])
def test_nothing_is_not_a_post(app: Flask, cast: Cast, body: str) -> None:
    response = cast.ben.post("/feed", body=body)
    assert response.status_code == 422
    assert "Write something first." in response.text
    assert _posts(app) == []


def test_a_megabyte_comes_back_with_a_sentence(app: Flask, cast: Cast) -> None:
    text = "word " * 200_000
    response = cast.ben.post("/feed", body=text)
    assert response.status_code == 422
    assert "At most 20,000 characters" in response.text
    assert text.strip() in response.text
    assert _posts(app) == []


def test_more_than_a_request_may_hold_is_413(cast: Cast) -> None:
    assert cast.ben.post("/feed", body="x" * 9_000_000).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        "مرحبا بالجميع، كيف حالكم اليوم؟",
        "👩🏽‍🚀🇧🇪 naïve façade — ‮right to left override‬",
        "line one\r\nline two\rline three",
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "[x](javascript:alert(1)) <javascript:alert(1)> ![i](data:text/html,x)",
        "half a pair: \ud83d and done",
        "{{ 7*7 }} {% raw %} %(name)s %s",
        "a" * 19_999,
        ">" * 5_000 + "deep",
    ],
)
def test_any_text_is_stored_and_harmless(app: Flask, cast: Cast, body: str) -> None:
    sent = body.encode("utf-8", "surrogatepass")
    response = cast.ben.client.post(
        cast.ben.url("/feed"),
        data=b"csrf_token=" + cast.ben.token.encode() + b"&body=" + _quoted(sent),
        content_type="application/x-www-form-urlencoded",
        base_url="http://localhost:8000",
    )
    assert response.status_code == 303
    page = cast.cleo.get("/feed").text
    main = page[page.index("<main") :]
    assert not re.search(r"<script|<img|href=\"(javascript|data):", main)
    assert len(_posts(app)) == 1


def _quoted(data: bytes) -> bytes:
    return b"".join(b"%%%02X" % byte for byte in data)


def test_old_posts_are_one_link_away_and_none_is_lost(app: Flask, cast: Cast) -> None:
    ben = cast.ben
    with app.test_request_context("/", method="POST"), unit_of_work() as session:
        for number in range(45):
            make.post(session, ben.member(session), f"post number {number:03}")
    seen, path = [], "/feed"
    for _ in range(5):
        page = cast.cleo.get(path).text
        seen += re.findall(r"post number (\d+)", page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        if older is None:
            break
        path = older[1].replace("&amp;", "&")
    assert seen == [f"{number:03}" for number in reversed(range(45))]


def test_statements_do_not_grow_with_the_data(app: Flask, cast: Cast) -> None:
    with app.app_context():
        engine = db.engine

    def count() -> int:
        seen = []

        def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
            seen.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        for path in ("/feed", "/questions", "/ideas", "/participation"):
            assert cast.cleo.get(path).status_code == 200
        event.remove(engine, "before_cursor_execute", note)
        return len([s for s in seen if not s.startswith("BEGIN")])

    def fill(number: int) -> None:
        with app.test_request_context("/", method="POST"), unit_of_work() as session:
            for by in (cast.ben, cast.dora):
                member = by.member(session)
                for _ in range(number):
                    post = make.post(session, member, "short")
                    make.reply(session, post, member, "also short")
                    make.question(session, member, body="short")
                    make.idea(session, member, body="short")

    cast.cleo.get("/feed")
    fill(1)
    few = count()
    fill(15)
    assert count() == few


def test_news_is_counted_and_304_when_there_is_none(cast: Cast) -> None:
    first = cast.cleo.get("/news?room=feed&after=0")
    assert first.get_json() == {"count": 0, "reactions": {}, "notifications": 0}
    again = cast.cleo.get("/news?room=feed&after=0", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    cast.ben.post("/feed", body="news")
    fresh = cast.cleo.get("/news?room=feed&after=0", headers={"If-None-Match": first.headers["ETag"]})
    assert fresh.get_json()["count"] == 1
    assert cast.ben.get("/news?room=feed&after=0").get_json()["count"] == 0, "one's own post is no news"


def test_unread_follows_what_one_reads(app: Flask, cast: Cast) -> None:
    cast.cleo.get("/feed")
    cast.ben.post("/feed", body="first")
    with app.app_context():
        post_id = db.session.scalars(select(Post.id)).one()
    assert "conversation is new to you" in cast.cleo.get("/feed").text
    assert cast.cleo.post(f"/posts/{post_id}/read", last_id=post_id).status_code == 204
    assert "new to you" not in cast.cleo.get("/feed").text
    cast.ben.post(f"/posts/{post_id}/replies", body="and more")
    assert "1 new" in cast.cleo.get("/feed").text
    cast.cleo.post("/read-all", room="feed")
    assert "1 new" not in cast.cleo.get("/feed").text


def test_drafts_come_back_and_go_when_sent(app: Flask, cast: Cast) -> None:
    assert cast.ben.post("/drafts", place="feed", body="half a thought").status_code == 204
    assert "half a thought" in cast.ben.get("/feed").text
    assert "half a thought" not in cast.cleo.get("/feed").text
    cast.ben.post("/feed", body="a whole one")
    assert "half a thought" not in cast.ben.get("/feed").text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Draft)) == 0
    cast.ben.post("/drafts", place="feed", body="x")
    cast.ben.post("/drafts", place="feed", body="  ")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Draft)) == 0


def test_deleting_leaves_a_trace_for_those_who_answered(cast: Cast) -> None:
    place = cast.ben.post("/feed", body="regret").location
    post_id = place.rpartition("-")[2]
    cast.cleo.post(f"/posts/{post_id}/replies", body="an answer that stays")
    response = cast.ben.post(f"/posts/{post_id}/deletion")
    assert "Undo" in cast.ben.get(response.location).text
    thread = cast.cleo.get(f"/posts/{post_id}").text
    assert "deleted this text" in thread
    assert "an answer that stays" in thread
    assert "regret" not in thread
    assert cast.cleo.post(f"/posts/{post_id}/deletion/withdrawal").status_code == 403
    cast.ben.post(f"/posts/{post_id}/deletion/withdrawal")
    assert "regret" in cast.cleo.get(f"/posts/{post_id}").text


def test_an_edit_is_marked_and_its_history_is_open_to_the_cohort(cast: Cast) -> None:
    post_id = cast.ben.post("/feed", body="the first wording").location.rpartition("-")[2]
    cast.cleo.post(f"/posts/{post_id}/reactions", give="agree")
    assert cast.ben.post(f"/posts/{post_id}/edit", body="the second wording", version="1").status_code == 303
    late = cast.ben.post(f"/posts/{post_id}/edit", body="from an old tab", version="1")
    assert late.status_code == 409
    assert "from an old tab" in late.text
    history = cast.cleo.get(f"/posts/{post_id}/history").text
    assert "the first wording" in history
    assert "the second wording" in history


def test_a_reply_to_something_removed_keeps_its_text(cast: Cast) -> None:
    post_id = cast.ben.post("/feed", body="going").location.rpartition("-")[2]
    cast.ben.post(f"/posts/{post_id}/deletion")
    response = cast.cleo.post(f"/posts/{post_id}/replies", body="typed for ten minutes")
    assert response.status_code == 409
    assert "typed for ten minutes" in response.text


def test_a_permalink_of_a_reply_leads_to_its_place(cast: Cast) -> None:
    post_id = cast.ben.post("/feed", body="root").location.rpartition("-")[2]
    reply = cast.cleo.post(f"/posts/{post_id}/replies", body="here").location
    reply_id = reply.rpartition("-")[2]
    assert cast.ben.get(f"/posts/{reply_id}").location.endswith(f"/posts/{post_id}#post-{reply_id}")


def test_new_replies_are_counted_right(cast: Cast) -> None:
    post_id = cast.ben.post("/feed", body="root").location.rpartition("-")[2]
    for number in range(3):
        cast.cleo.post(f"/posts/{post_id}/replies", body=f"reply {number}")
    assert "3 new" in cast.ben.get("/feed").text, "also for the author, who never opened the thread"
    cast.ben.post("/read-all")
    reply = cast.cleo.post(f"/posts/{post_id}/replies", body="one more").location.rpartition("-")[2]
    assert "1 new" in cast.ben.get("/feed").text
    cast.cleo.post(f"/posts/{reply}/deletion")
    assert " new</a>" not in cast.ben.get("/feed").text


def test_a_reply_that_came_in_meanwhile_stays_new(cast: Cast) -> None:
    post_id = cast.ben.post("/feed", body="root").location.rpartition("-")[2]
    seen = cast.cleo.post(f"/posts/{post_id}/replies", body="seen").location.rpartition("-")[2]
    cast.dora.post(f"/posts/{post_id}/replies", body="not seen")
    cast.ben.post(f"/posts/{post_id}/read", last_id=seen)
    assert "1 new" in cast.ben.get("/feed").text


def test_news_is_only_asked_for_on_the_first_page(cast: Cast) -> None:
    assert "data-news-url" in cast.ben.get("/feed").text
    assert "data-news-url" not in cast.ben.get("/feed?before=5").text
    assert "data-news-url" not in cast.ben.get("/questions?show=mine").text
