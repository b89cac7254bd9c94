"""Propose and rate: one person one rating, and a tally that waits until one has rated."""

import threading

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.ideas import rating
from sociallearn.ideas.models import Idea, IdeaRound, Rating
from tests import make
from tests.conftest import Cast


def test_one_person_one_rating_changeable(session: Session, cast: Cast) -> None:
    idea = make.idea(session, cast.ben.member(session))
    cleo, tess = cast.cleo.member(session), cast.tess.member(session)
    for value in (2, 5, 5):
        rating.rate(session, idea, value, by=cleo)
    rating.rate(session, idea, 3, by=tess)
    session.refresh(idea)
    assert (idea.rating_count, idea.rating_sum) == (2, 8)
    assert sorted(session.scalars(select(Rating.value))) == [3, 5]


@pytest.mark.parametrize("value", [0, 6, -1])
def test_the_scale_is_one_to_five(session: Session, cast: Cast, value: int) -> None:
    idea = make.idea(session, cast.ben.member(session))
    with pytest.raises(Refusal) as refusal:
        rating.rate(session, idea, value, by=cast.cleo.member(session))
    assert refusal.value.status == 422


def test_nobody_rates_the_own_idea(session: Session, cast: Cast) -> None:
    ben = cast.ben.member(session)
    with pytest.raises(Refusal) as refusal:
        rating.rate(session, make.idea(session, ben), 5, by=ben)
    assert refusal.value.status == 403


def test_the_tally_waits_until_one_has_rated(cast: Cast) -> None:
    idea_id = cast.ben.post("/ideas", title="A map", body="Of who knows what").location.rpartition("/")[2]
    cast.cleo.post(f"/ideas/{idea_id}/rating", value="4")
    for path in (f"/ideas/{idea_id}", "/ideas"):
        assert "4.0" in cast.cleo.get(path).text
        assert "4.0" not in cast.dora.get(path).text
    cast.dora.post(f"/ideas/{idea_id}/rating", value="5")
    assert "4.5" in cast.dora.get(f"/ideas/{idea_id}").text
    assert cast.dora.post(f"/ideas/{idea_id}/rating", value="9").status_code == 422
    assert cast.dora.post(f"/ideas/{idea_id}/rating", value="many").status_code == 422


def test_the_first_ideas_at_once_share_one_round(app: Flask, cast: Cast) -> None:
    actors = [cast.ben, cast.cleo, cast.dora, cast.tess]
    for actor in actors:
        assert actor.token
    threads = [threading.Thread(target=a.post, args=("/ideas",), kwargs={"title": "t", "body": "b"}) for a in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        assert len(db.session.scalars(select(IdeaRound)).all()) == 1
        assert len(db.session.scalars(select(Idea)).all()) == 4


def test_eight_raters_at_once_all_count(app: Flask, cast: Cast) -> None:
    idea_id = cast.ben.post("/ideas", title="A map", body="Of who knows what").location.rpartition("/")[2]
    actors = [cast.cleo, cast.dora, cast.tess]
    for actor in actors:
        assert actor.token
    jobs = [(actor, value) for actor in actors for value in (1, 2, 3, 4)]
    threads = [
        threading.Thread(target=a.post, args=(f"/ideas/{idea_id}/rating",), kwargs={"value": str(v)}) for a, v in jobs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        idea = db.session.scalars(select(Idea)).one()
        values = db.session.scalars(select(Rating.value)).all()
        assert (idea.rating_count, idea.rating_sum) == (3, sum(values))
