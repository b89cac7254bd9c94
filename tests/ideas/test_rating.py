"""Propose and rate: one person one rating, and a tally that waits until one has rated."""

import re
import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.ideas import proposing, rating, rounds
from sociallearn.ideas.models import Idea, IdeaRound, Rating
from tests import make
from tests.conftest import Cast
from tests.ideas.cast import people


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


def test_the_tally_waits_until_one_has_rated_and_five_did(app: Flask, cast: Cast) -> None:
    idea_id = cast.ben.post("/ideas", title="A map", body="Of who knows what").location.rpartition("/")[2]
    page = f"/ideas/{idea_id}"
    crowd = people(app, 5)
    for actor in crowd[:4]:
        actor.post(f"{page}/rating", value="4")
    for actor in (cast.ben, crowd[0]):  # also not its author
        for path in (page, "/ideas"):
            assert "Fewer than five ratings" in actor.get(path).text
            assert "4.0" not in actor.get(path).text
    crowd[4].post(f"{page}/rating", value="4")
    for path in (page, "/ideas"):
        for actor in (cast.ben, *crowd):
            assert "4.0" in actor.get(path).text
        assert "4.0" not in cast.dora.get(path).text
        assert "Fewer than five" not in cast.dora.get(path).text
    assert "between 2.3 and 4.8" in cast.ben.get(page).text
    cast.dora.post(f"{page}/rating", value="1")
    assert "3.5" in cast.dora.get(page).text
    assert cast.dora.post(f"{page}/rating", value="9").status_code == 422
    assert cast.dora.post(f"{page}/rating", value="many").status_code == 422


def test_a_rating_can_be_changed_until_the_round_closes(session: Session, cast: Cast) -> None:
    tess, cleo, dora = (getattr(cast, name).member(session) for name in ("tess", "cleo", "dora"))
    round_ = rounds.open_one(session, by=tess, question="What could we stop?")
    idea = proposing.propose(session, by=cast.ben.member(session), title="Mail", body="On Tuesdays", to=round_)
    for value in (2, 4):
        rating.rate(session, idea, value, by=cleo)
    rounds.close(session, round_, by=tess)
    for who in (cleo, dora):
        with pytest.raises(Refusal) as refusal:
            rating.rate(session, idea, 5, by=who)
        assert (refusal.value.status, "closed" in refusal.value.sentence) == (409, True)
    session.refresh(idea)
    assert (idea.rating_count, idea.rating_sum) == (1, 4)


def test_once_a_round_is_closed_for_good_everybody_may_know(app: Flask, cast: Cast) -> None:
    one = re.search(r"round=(\d+)", cast.tess.post("/ideas/rounds", question="What could we stop?").location)
    assert one
    idea_id = cast.ben.post("/ideas", title="Mail", body="On Tuesdays", round=one[1]).location.rpartition("/")[2]
    for actor in people(app, 5):
        actor.post(f"/ideas/{idea_id}/rating", value="5")
    assert "5.0" not in cast.cleo.get(f"/ideas/{idea_id}").text
    cast.tess.post(f"/ideas/rounds/{one[1]}/closing")
    page = cast.cleo.get(f"/ideas/{idea_id}").text
    assert "5.0" not in page  # it could still be opened again
    assert 'name="value"' not in page
    cast.tess.post(f"/ideas/rounds/{one[1]}/closing/withdrawal")
    assert 'name="value"' in cast.cleo.get(f"/ideas/{idea_id}").text
    cast.tess.post(f"/ideas/rounds/{one[1]}/closing")
    with clock.at(clock.now() + timedelta(hours=1)):
        page = cast.cleo.get(f"/ideas/{idea_id}").text
        assert "5.0" in page
        assert 'name="value"' not in page
        assert cast.tess.post(f"/ideas/rounds/{one[1]}/closing/withdrawal").status_code == 409


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
