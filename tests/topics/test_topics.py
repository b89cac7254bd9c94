"""The cohort's topics, the texts of one, following it, and names for who writes."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from sociallearn.database import db, unit_of_work
from sociallearn.posts.models import Post
from sociallearn.roster.models import Cohort, Member
from tests import make
from tests.conftest import Cast


def statements(app: Flask, look: Callable[[], Any]) -> int:
    seen: list[str] = []

    def hear(*args: Any) -> None:
        seen.append(args[2])

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        look()
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    return len(seen)


def test_a_cohort_without_topics_is_told_how_to_begin(cast: Cast) -> None:
    assert "No topics yet." in cast.ben.get("/topics").text
    assert "/topics" in cast.ben.get("/feed").text


def test_topics_are_listed_by_use_and_followed_ones_first(cast: Cast) -> None:
    for body in ("#mail #time", "#mail", "#Één-plan"):
        cast.ben.post("/feed", body=body)
    listed = re.compile(r"<bdi>#([^<]+)</bdi>")
    assert listed.findall(cast.cleo.get("/topics").text) == ["mail", "Één-plan", "time"]
    followed = cast.cleo.post("/topics/time/following")
    assert followed.status_code == 303
    assert "No longer follow" in cast.cleo.get("/topics/time").text
    assert listed.findall(cast.cleo.get("/topics").text) == ["time", "mail", "Één-plan"]
    assert listed.findall(cast.ben.get("/topics").text) == ["mail", "Één-plan", "time"]
    cast.cleo.post("/topics/time/following")
    cast.cleo.post("/topics/time/following/withdrawal")
    cast.cleo.post("/topics/time/following/withdrawal")
    assert listed.findall(cast.cleo.get("/topics").text) == ["mail", "Één-plan", "time"]


def test_a_link_in_a_text_leads_to_the_texts_that_name_it(cast: Cast) -> None:
    cast.ben.post("/feed", body="First of #Één-plan")
    feed = cast.cleo.get("/feed").text
    link = re.search(r'href="(/s/[^"]+/topics/[^"]+)"', feed)
    assert link
    cast.ben.post("/feed", body="Nothing")
    post_id = re.search(r'id="post-(\d+)"', feed)
    assert post_id
    cast.cleo.post(f"/posts/{post_id[1]}/replies", body="And #één-PLAN again")
    page = cast.cleo.get(link[1]).text
    assert page.index("again") < page.index("First of")
    assert "Nothing" not in page
    assert cast.cleo.get("/topics/%C3%89%C3%A9n-plan").status_code == 200  # however it is spelt


@pytest.mark.parametrize(
    "path", ["/topics/mail", "/topics/%00", "/topics/..", "/topics/" + "a" * 3000, "/topics/%F0%9F"]
)
def test_what_nobody_named_is_not_there(cast: Cast, path: str) -> None:
    assert cast.ben.get(f"/topics/{path}").status_code == 404


def test_another_cohorts_topic_is_not_there(cast: Cast) -> None:
    cast.ben.post("/feed", body="#mail")
    for stranger in (cast.otto, cast.zoe):
        assert stranger.get("/topics/mail").status_code == 404
        assert stranger.post("/topics/mail/following").status_code == 404
        assert stranger.post("/topics/mail/following/withdrawal").status_code == 404
        assert "#mail" not in stranger.get("/topics").text
        assert stranger.get("/names?kind=%23&q=m").get_json() == []


def test_what_was_removed_is_gone_from_the_page_and_the_number(app: Flask, cast: Cast) -> None:
    location = cast.ben.post("/feed", body="Secret #mail").location
    cast.ben.post(f"/posts/{location.rpartition('-')[2]}/deletion")
    page = cast.ben.get("/topics/mail")
    assert page.status_code == 404
    assert "Nobody has named this topic yet." in page.text
    assert "Secret" not in page.text
    assert "<bdi>#mail" not in cast.cleo.get("/topics").text


def test_a_closed_room_is_left_out(app: Flask, cast: Cast) -> None:
    asked = cast.ben.post("/questions", title="Who?", body="A question of #mail and #once")
    number = asked.location.rpartition("/")[2]
    cast.cleo.post(f"/questions/{number}/answers", body="An answer about #mail")
    cast.ben.post("/feed", body="A post about #mail")
    assert "3 texts" in cast.cleo.get("/topics").text
    with app.app_context(), unit_of_work() as session:
        cohort = session.get_one(Cohort, session.get_one(Member, cast.ben.member_id).cohort_id)
        cohort.rooms_off = ["questions"]
    page = cast.cleo.get("/topics/mail").text
    assert "A post about" in page
    assert "A question of" not in page
    assert "An answer about" not in page
    listed = cast.cleo.get("/topics").text
    assert "1 text<" in listed
    assert "#once" not in listed


def test_twenty_a_page_and_always_as_many_statements(app: Flask, cast: Cast) -> None:
    cast.ben.post("/feed", body="#mail 0")
    writers = (cast.ben.member_id, cast.dora.member_id)
    cast.cleo.get("/topics/mail")
    few = statements(app, lambda: cast.cleo.get("/topics/mail"))
    few_listed = statements(app, lambda: cast.cleo.get("/topics"))
    with app.test_request_context("/", method="POST"), unit_of_work() as session:
        for number in range(1, 45):
            who = session.get_one(Member, writers[number % 2])
            make.post(session, who, f"#mail and #t{number} in text {number}.")
    assert statements(app, lambda: cast.cleo.get("/topics/mail")) == few
    assert statements(app, lambda: cast.cleo.get("/topics")) == few_listed
    seen: list[str] = []
    path: str | None = "/topics/mail"
    while path:
        page = cast.cleo.get(path).text
        seen += re.findall(r'<article class="post[^"]*" id="post-(\d+)"', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following[1] if following else None
    assert len(seen) == len(set(seen)) == 45
    assert seen == sorted(seen, key=int, reverse=True)
    with app.app_context():
        assert db.session.query(Post).count() == 45


def test_names_for_who_writes(app: Flask, cast: Cast) -> None:
    for actor in (cast.cleo, cast.dora, cast.tess):
        assert actor.member_id
    names = cast.ben.get("/names?kind=@&q=").get_json()
    assert names == ["Cleo Test", "Dora Test", "Tess Test"]  # not oneself
    assert cast.ben.get("/names?kind=@&q=CLÉ").get_json() == ["Cleo Test"]
    assert cast.ben.get("/names?kind=@&q=test").get_json() == names
    assert cast.ben.get("/names?kind=@&q=x.org").get_json() == []  # no address is ever searched or shown
    cast.ben.post("/feed", body="#mail #Mailing #one_two")
    cast.ben.post("/feed", body="#mailing")
    assert cast.ben.get("/names?kind=%23&q=Mai").get_json() == ["Mailing", "mail"]
    assert cast.ben.get("/names?kind=%23&q=%25").get_json() == []
    assert cast.ben.get("/names?kind=%23&q=o%25").get_json() == []
    assert cast.omar.get("/names?kind=@&q=c").status_code == 403
