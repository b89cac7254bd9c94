"""Answer before you see the others: nothing of a reply reaches somebody who has not answered, on any page."""

import re
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.errors import Refusal
from sociallearn.posts import starters, writing
from sociallearn.posts.models import Kind, Post, Starter
from sociallearn.starters import opening
from tests.conftest import Actor, Cast
from tests.starters.cast import opened, reply, row
from tests.test_leaks import _methods, _path, _rules
from tests.topics.test_topics import statements

SECRET = "rhinoceros"
WHO = "Cleo Test"
SENTENCE = "Write your answer first; then you see those of the others."


class Held:
    """An open question that one answers first, with an answer of cleo's and one to it."""

    def __init__(self, app: Flask, cast: Cast, **more: str) -> None:
        self.app = app
        self.starter = opened(cast.tess, answer_first="1", **more)
        self.thread = row(app, self.starter).post_id or 0
        self.reply = reply(cast.cleo, self.thread, f"A {SECRET} in the room. #{SECRET}")
        self.deeper = reply(cast.tess, self.reply, f"Another {SECRET}.")
        cast.tess.post(f"/posts/{self.reply}/reactions", give="insight")


@pytest.fixture
def held(app: Flask, cast: Cast) -> Held:
    """ben has not answered; before, he kept and edited nothing."""
    assert cast.ben.seat
    return Held(app, cast)


def see(actor: Actor, path: str) -> str:
    """What a page shows, wherever it leads first."""
    return actor.get(path, follow_redirects=True).text


def test_the_others_come_with_ones_own_answer(cast: Cast, held: Held) -> None:
    page = see(cast.ben, f"/posts/{held.thread}")
    assert SENTENCE in page
    assert "2 replies" in page  # how many may be known
    assert SECRET not in page
    reply(cast.ben, held.thread, "Mine.")
    page = see(cast.ben, f"/posts/{held.thread}")
    assert SENTENCE not in page
    assert page.count(SECRET) >= 2


def test_deleting_ones_only_answer_closes_it_again(cast: Cast, held: Held) -> None:
    mine = reply(cast.ben, held.thread, "Mine.")
    cast.ben.post(f"/posts/{mine}/deletion")
    page = see(cast.ben, f"/posts/{held.thread}")
    assert SENTENCE in page
    assert SECRET not in page
    assert "Ben Test deleted this text." in page  # with the way back
    cast.ben.post(f"/posts/{mine}/deletion/withdrawal")
    assert SECRET in see(cast.ben, f"/posts/{held.thread}")


def test_trainers_and_who_only_reads_see_all(cast: Cast, held: Held) -> None:
    for actor in (cast.tess, cast.mona, cast.omar):
        page = see(actor, f"/posts/{held.thread}")
        assert SECRET in page
        assert SENTENCE not in page


def test_after_the_due_date_everybody_sees_all(app: Flask, cast: Cast, held: Held) -> None:
    with app.app_context(), transaction() as session:
        session.get_one(Starter, held.starter).due_at = clock.now() + timedelta(hours=1)
    assert SECRET not in see(cast.ben, f"/posts/{held.thread}")
    with clock.at(clock.now() + timedelta(hours=2)):
        assert SECRET in see(cast.ben, f"/posts/{held.thread}")
        assert SECRET in see(cast.ben, f"/topics/{SECRET}")


@pytest.mark.parametrize("ending", ["lock", "archive"])
def test_where_nobody_can_answer_nobody_has_to(cast: Cast, held: Held, ending: str) -> None:
    if ending == "lock":
        cast.tess.post(f"/posts/{held.thread}/lock", reason="It went in circles.")
    else:
        cast.tess.post("/cohort/set-up/archive")
    assert SECRET in see(cast.ben, f"/posts/{held.thread}")


def test_a_link_to_a_reply_leads_to_the_question(cast: Cast, held: Held) -> None:
    for path in ("", "/edit", "/history", "/reactions", "/unread"):
        answer = cast.ben.get(f"/posts/{held.reply}{path}")
        assert answer.status_code == 303
        assert answer.location.endswith(f"/posts/{held.thread}#write")
    page = see(cast.ben, f"/posts/{held.thread}?reply_to={held.reply}")
    assert SECRET not in page
    assert WHO not in page


def test_nobody_replies_to_what_they_cannot_see_and_nothing_typed_is_lost(cast: Cast, held: Held) -> None:
    answer = cast.ben.post(f"/posts/{held.reply}/replies", body="A shot in the dark.")
    assert answer.status_code == 409
    assert SENTENCE in answer.text
    assert "A shot in the dark." in answer.text
    assert SECRET not in answer.text


def test_the_act_itself_refuses(session: Session, cast: Cast) -> None:
    tess, ben, cleo = (actor.member(session) for actor in (cast.tess, cast.ben, cast.cleo))
    made = opening.start(session, opening.Wanted(discussion="And?", answer_first=True), by=tess)
    thread = session.get_one(Post, made.post_id)
    hers = writing.reply(session, thread, by=cleo, body="Mine.")
    with pytest.raises(Refusal) as refused:
        writing.reply(session, hers, by=ben, body="Blind.")
    assert refused.value.status == 409
    writing.reply(session, thread, by=ben, body="Mine too.")
    assert writing.reply(session, hers, by=ben, body="Now I see.").parent_id == hers.id


def test_counts_of_news_say_nothing(cast: Cast, held: Held) -> None:
    shown = f"{held.thread}-{held.reply}"
    news = cast.ben.get(f"/news?thread={held.thread}&after=0&shown={shown}").json
    told = {"notifications": 1}  # of the question itself
    assert news == {"count": 0, "reactions": {str(held.thread): [0, 0, 0, 0, 0, 2]}, **told}
    assert cast.cleo.get(f"/news?thread={held.thread}&after=0").json["count"] == 1  # type: ignore[index]
    cast.ben.post(f"/posts/{held.thread}/read", last_id=str(held.thread))
    reply(cast.dora, held.thread, "One more.")
    assert "1 new" not in cast.ben.get("/feed").text


def test_topics_only_they_name_do_not_exist_yet(cast: Cast, held: Held) -> None:
    assert SECRET not in cast.ben.get("/topics").text
    assert cast.ben.get(f"/topics/{SECRET}").status_code == 404
    assert cast.ben.get(f"/names?kind=%23&q={SECRET[:3]}").json == []
    assert cast.cleo.get(f"/names?kind=%23&q={SECRET[:3]}").json == [SECRET]
    reply(cast.ben, held.thread, "Mine.")
    assert SECRET in cast.ben.get("/topics").text
    assert SECRET in cast.ben.get(f"/topics/{SECRET}").text


def test_what_was_kept_and_decided_about_them_waits_too(cast: Cast, held: Held) -> None:
    mine = reply(cast.ben, held.thread, "Mine.")
    cast.ben.post(f"/posts/{held.reply}/bookmark")
    assert SECRET in cast.ben.get("/bookmarks").text
    astray = reply(cast.dora, held.thread, "Something else.")
    cast.tess.post(f"/posts/{astray}/hiding", reason="Off the subject, says the owl.")
    assert "says the owl" in cast.ben.get("/decisions").text
    cast.ben.post(f"/posts/{mine}/deletion")
    assert SECRET not in cast.ben.get("/bookmarks").text
    assert "says the owl" not in cast.ben.get("/decisions").text


def test_no_address_shows_anything_of_them(app: Flask, cast: Cast, held: Held) -> None:
    """Every address there is, with the ids of thread and replies, as somebody who has not answered."""
    mine = reply(cast.ben, held.thread, "Mine.")
    for post in (held.reply, held.deeper):
        cast.ben.post(f"/posts/{post}/bookmark")
    cast.ben.post(f"/posts/{mine}/deletion")
    reply(cast.dora, held.thread, f"One more {SECRET}.")
    tried = 0
    for rule in _rules(app):
        names = rule.arguments - {"seat"}
        if not names <= {"post_id", "topic_key", "starter_id", "member_id"} or rule.rule.startswith("/s/<seat>/admin"):
            continue
        for post_id in (held.thread, held.reply, held.deeper, mine):
            values: dict[str, object] = {"post_id": post_id, "topic_key": SECRET, "starter_id": held.starter}
            path = _path(rule, values | {"member_id": cast.cleo.member_id})  # type: ignore[arg-type]
            for method in _methods(rule):
                if method != "GET" and path.endswith(("/replies", "/answers", "/deletion/withdrawal")):
                    continue  # would be his answer
                if method == "GET":
                    query = f"?reply_to={held.reply}&thread={held.thread}&after=0&shown={held.reply}&q=r&kind=%23"
                    page = cast.ben.get(path + query, follow_redirects=True).text.replace(path, "")
                else:
                    page = cast.ben.post(path, body="x", title="y", give="insight", answer_id=str(held.reply)).text
                assert f"a {SECRET}" not in page.lower(), (method, path)
                assert f"#{SECRET}" not in page.lower(), (method, path)
                assert not re.search(rf'id="post-({held.reply}|{held.deeper})"', page), (method, path)
                if "/topics/" not in path:
                    assert SECRET not in page, (method, path)
                tried += 1
            if not names:
                break
    assert tried > 150


def test_the_helper_asks_nothing_about_an_ordinary_thread(session: Session, cast: Cast) -> None:
    ben = cast.ben.member(session)
    thread = writing.write(session, Kind.POST, by=ben, body="Hello.")
    assert not starters.hides_replies(session, thread, ben)


@pytest.mark.parametrize("who", ["ben", "tess"])
def test_statements_do_not_grow_with_starter_questions(app: Flask, cast: Cast, who: str) -> None:
    actor: Actor = getattr(cast, who)
    Held(app, cast, due="2099-01-01T12:00")

    def count() -> list[int]:
        return [statements(app, partial(actor.get, path)) for path in ("/feed", "/questions", "/topics")]

    few = count()
    for _ in range(3):
        Held(app, cast, due="2099-01-01T12:00")
    assert count() == few
