"""Reactions: each kind once a person, counted with the text, never by its author."""

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn.activity.models import Activity
from sociallearn.database import db, unit_of_work
from sociallearn.errors import Refusal
from sociallearn.posts import deciding, reacting
from sociallearn.posts.models import Post, Reaction, ReactionKind, Visibility
from tests import make
from tests.conftest import Cast


def _post(app: Flask, cast: Cast) -> int:
    with app.test_request_context("/", method="POST"), unit_of_work() as session:
        return make.post(session, cast.ben.member(session)).id


def _counts(session: Session, post_id: int) -> tuple[int, ...]:
    row = session.execute(
        select(Post.thanks, Post.agree, Post.insight, Post.curious, Post.cheer).where(Post.id == post_id)
    ).one()
    return tuple(row)


def test_giving_twice_counts_once_and_taking_back_twice_too(session: Session, cast: Cast) -> None:
    ben, cleo, dora = (getattr(cast, name).member(session) for name in ("ben", "cleo", "dora"))
    post = make.post(session, ben)
    for who in (cleo, cleo, dora):
        reacting.react(session, post, ReactionKind.THANKS, by=who)
    reacting.react(session, post, ReactionKind.INSIGHT, by=cleo)
    assert _counts(session, post.id) == (2, 0, 1, 0, 0)
    assert {kind: len(who) for kind, who in reacting.names(session, post).items()} == {"thanks": 2, "insight": 1}
    for _ in range(2):
        reacting.withdraw(session, post, ReactionKind.THANKS, by=cleo)
    assert _counts(session, post.id) == (1, 0, 1, 0, 0)


def test_not_to_oneself_and_not_to_what_is_gone(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    post = make.post(session, ben)
    with pytest.raises(Refusal) as refusal:
        reacting.react(session, post, ReactionKind.CHEER, by=ben)
    assert refusal.value.status == 403
    deciding.decide(session, post, Visibility.DELETED, by=ben, reason="")
    with pytest.raises(Refusal) as refusal:
        reacting.react(session, post, ReactionKind.CHEER, by=cleo)
    assert refusal.value.status == 409


def test_a_reaction_shows_and_is_no_act_that_counts(app: Flask, cast: Cast) -> None:
    post_id = _post(app, cast)
    with app.app_context():
        acts = db.session.scalar(select(func.count()).select_from(Activity))
    assert cast.cleo.post(f"/posts/{post_id}/reactions", give="agree").status_code == 303
    assert 'aria-label="I agree, 1"' in cast.cleo.get("/feed").text
    assert 'aria-pressed="true"' in cast.cleo.get(f"/posts/{post_id}").text
    assert 'aria-pressed="true"' not in cast.dora.get(f"/posts/{post_id}").text
    assert "Cleo Test" in cast.ben.get(f"/posts/{post_id}/reactions").text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Activity)) == acts


def test_by_script_it_answers_with_the_numbers(app: Flask, cast: Cast) -> None:
    post_id = _post(app, cast)
    answer = cast.cleo.client.post(
        cast.cleo.url(f"/posts/{post_id}/reactions"),
        data={"csrf_token": cast.cleo.token, "give": "curious"},
        headers={"Accept": "application/json"},
        base_url="http://localhost:8000",
    )
    assert answer.get_json() == [0, 0, 0, 1, 0, 0]
    news = cast.dora.get(f"/news?room=feed&after=0&shown={post_id}-999-x").get_json()
    assert news["reactions"] == {str(post_id): [0, 0, 0, 1, 0, 0]}


@pytest.mark.alike
@pytest.mark.parametrize("form", [{}, {"give": ""}, {"give": "hate"}, {"take": "thanks; DROP TABLE post"}])
def test_there_are_no_others(app: Flask, cast: Cast, form: dict[str, str]) -> None:
    assert cast.cleo.post(f"/posts/{_post(app, cast)}/reactions", **form).status_code == 400


def test_not_by_those_who_only_read_nor_from_elsewhere(app: Flask, cast: Cast) -> None:
    post_id = _post(app, cast)
    assert cast.omar.post(f"/posts/{post_id}/reactions", give="agree").status_code == 403
    for stranger in (cast.otto, cast.zoe):
        assert stranger.post(f"/posts/{post_id}/reactions", give="agree").status_code == 404
        assert stranger.get(f"/posts/{post_id}/reactions").status_code == 404
        assert stranger.get(f"/news?after=0&shown={post_id}").get_json()["reactions"] == {}
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Reaction)) == 0
