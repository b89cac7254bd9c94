"""Praise: one to three people of the cohort who are here, never oneself; and it brings nobody points."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from sociallearn import clock
from sociallearn.activity.models import Activity
from sociallearn.database import db, transaction
from sociallearn.posts import praising
from sociallearn.posts.models import Extra, Post, Praise
from sociallearn.roster.models import Member, Person
from tests import make
from tests.conftest import HERE, Actor, Cast
from tests.posts.test_polling import ask, counted, refused, said

THANKS = "She showed me in five minutes what took me a week."


def praise(who: Actor, *people: Actor, **more: Any) -> Any:
    """Praise by the form of the feed."""
    return who.post("/feed", body=THANKS, part="praise", praised=["", *(str(one.member_id) for one in people)], **more)


def change(app: Flask, who: Actor, **values: Any) -> None:
    with app.app_context(), transaction() as session:
        for name, value in values.items():
            setattr(session.get_one(Member, who.member_id), name, value)


def rename(app: Flask, who: Actor, name: str) -> None:
    with app.app_context(), transaction() as session:
        session.get_one(Person, session.get_one(Member, who.member_id).person_id).name = name


def test_the_card_names_them_as_they_are_called_now(app: Flask, cast: Cast) -> None:
    assert praise(cast.ben, cast.cleo).status_code == 303
    assert "Praise for Cleo Test" in said(cast.dora.get("/feed").text)
    rename(app, cast.cleo, "Cleo <i>Tan</i>")
    assert "Praise for Cleo &lt;i&gt;Tan&lt;/i&gt;" in said(cast.dora.get("/feed").text)
    with app.app_context():
        assert db.session.scalars(select(Post.extras)).all() == [Extra.PRAISE]
        assert db.session.scalar(select(func.count()).select_from(Activity)) == 1, "nothing for the praised"


def test_up_to_three_in_the_readers_words(cast: Cast) -> None:
    praise(cast.ben, cast.dora, cast.tess, cast.cleo)
    assert "Praise for Cleo Test , Dora Test , and Tess Test" in said(cast.dora.get("/feed").text)


def test_the_list_holds_who_is_here_and_not_oneself(app: Flask, cast: Cast) -> None:
    late = Actor(app, HERE, sub="late", name="Late Comer")
    change(app, late, left_at=clock.now())
    change(app, cast.dora, joined_at=None)
    mailer = Actor(app, HERE, sub="mailer", name="mailer@x.org")
    assert cast.cleo.seat
    assert cast.tess.seat
    page = cast.ben.post("/feed", body="", more="praise")
    assert page.status_code == 200
    assert page.text.count(">Cleo Test</option>") == 3
    for name in ("Ben Test", "Dora Test", "Late Comer", "mailer@x.org"):
        assert f">{name}</option>" not in page.text
    for who in (late, cast.dora, mailer, cast.ben):
        assert "Choose somebody from the list." in praise(cast.ben, who).text
    change(app, cast.dora, joined_at=clock.now())


def test_nobody_of_elsewhere_nobody_at_all_and_not_the_whole_room(app: Flask, cast: Cast) -> None:
    for people in ((cast.otto,), (cast.zoe,), (cast.cleo, cast.zoe)):
        page = praise(cast.ben, *people)
        assert page.status_code == 422
        assert "Choose somebody from the list." in page.text
        assert "Otto" not in page.text
        assert "Zoe" not in page.text
    assert "Choose who deserves it." in praise(cast.ben).text
    assert "Three people at most" in praise(cast.ben, cast.cleo, cast.dora, cast.tess, cast.mona).text
    for odd in ("x", "-1", "9" * 25, "1 OR 1=1"):
        assert cast.ben.post("/feed", body=THANKS, part="praise", praised=odd).status_code == 422
    with app.app_context():
        assert db.session.scalars(select(Post)).all() == []


def test_twice_the_same_is_once(app: Flask, cast: Cast) -> None:
    assert praise(cast.ben, cast.cleo, cast.cleo).status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Praise.member_id)).all() == [cast.cleo.member_id]


def test_what_was_chosen_stands_there_again(cast: Cast) -> None:
    people = [str(cast.cleo.member_id), str(cast.dora.member_id)]
    page = cast.ben.post("/feed", body="", part=["praise", "poll"], praised=people, poll_option=["Tea", ""])
    assert page.status_code == 422
    for who in (cast.cleo, cast.dora):
        assert f'value="{who.member_id}" selected' in page.text
    assert 'value="Tea"' in page.text


def test_a_post_can_praise_and_ask(cast: Cast) -> None:
    form = {"part": ["praise", "poll"], "praised": str(cast.cleo.member_id), "poll_option": ["Cake", "Flowers"]}
    assert cast.ben.post("/feed", body="How do we thank her?", **form).status_code == 303
    page = said(cast.dora.get("/feed").text)
    assert "Praise for Cleo Test" in page
    assert "Flowers" in page


def test_praise_stays_when_they_leave_and_goes_with_the_text(app: Flask, cast: Cast) -> None:
    post_id = praise(cast.ben, cast.cleo).location.rpartition("-")[2]
    change(app, cast.cleo, left_at=clock.now())
    assert "Praise for Cleo Test" in said(cast.dora.get("/feed").text)
    cast.tess.post(f"/posts/{post_id}/hiding", reason="Not here.")
    for who in (cast.ben, cast.tess, cast.dora):
        assert "Praise for" not in who.get("/feed").text


def test_one_query_more_and_none_without(app: Flask, cast: Cast) -> None:
    cast.ben.post("/feed", body="Plain.")
    assert all(who.seat for who in (cast.cleo, cast.dora, cast.tess))
    with counted(app) as without:
        cast.dora.get("/feed")
    for who in (cast.cleo, cast.dora, cast.tess):
        praise(cast.ben, who)
    with counted(app) as with_praise:
        cast.dora.get("/feed")
    ask(cast.ben)
    with counted(app) as with_both:
        cast.dora.get("/feed")
    assert [len(seen) - len(without) for seen in (with_praise, with_both)] == [1, 2]


def test_the_act_refuses_by_itself(session: Any, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    refused(422, praising.praise, session, make.post(session, ben), [ben.id], by=ben)
    refused(422, praising.praise, session, make.post(session, ben), [], by=ben)
    refused(422, praising.praise, session, make.question(session, ben), [cleo.id], by=ben)


def test_not_by_those_who_only_read(cast: Cast) -> None:
    assert praise(cast.omar, cast.ben).status_code == 403


@pytest.mark.parametrize("language", ["nl"])
def test_in_dutch(cast: Cast, language: str) -> None:
    praise(cast.ben, cast.cleo, cast.tess)
    cast.dora.post("/language", language=language)
    assert "Cleo Test en Tess Test" in said(cast.dora.get("/feed").text)
