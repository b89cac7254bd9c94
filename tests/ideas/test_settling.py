"""What becomes of an idea, and who hears of it."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.errors import Refusal
from sociallearn.ideas import moving, rating, settling
from sociallearn.ideas.settling import Plan
from tests import make
from tests.conftest import Cast


def test_taken_on_and_there(session: Session, cast: Cast) -> None:
    tess, ben, cleo = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo"))
    idea = make.idea(session, ben)
    settling.settle(session, idea, Plan(owner_id=cleo.id, due_on=settling.today(tess)), by=tess, seen=0)
    with pytest.raises(Refusal) as refusal:
        settling.settle(session, idea, Plan(is_there=True), by=cleo, seen=1)
    assert refusal.value.status == 422
    done = Plan(owner_id=cleo.id, evidence="See https://example.org/map", is_there=True)
    outcome = settling.settle(session, idea, done, by=cleo, seen=1)  # whoever took it on says when it is there
    assert outcome.implemented_at is not None
    assert '<a href="https://example.org/map"' in outcome.html


def test_who_may_not_and_who_was_late(session: Session, cast: Cast) -> None:
    tess, ben, dora = (getattr(cast, name).member(session) for name in ("tess", "ben", "dora"))
    idea = make.idea(session, ben)
    for by, plan, seen, status in (
        (dora, Plan(), 0, 403),
        (ben, Plan(), 0, 403),
        (tess, Plan(owner_id=99999), 0, 422),
        (tess, Plan(), 1, 409),
    ):
        with pytest.raises(Refusal) as refusal:
            settling.settle(session, idea, plan, by=by, seen=seen)
        assert refusal.value.status == status
    settling.settle(session, idea, Plan(benefit="Time"), by=tess, seen=0)
    with pytest.raises(Refusal) as refusal:
        settling.settle(session, idea, Plan(benefit="Money"), by=tess, seen=0)
    assert refusal.value.status == 409


def test_what_is_late_shows_to_its_owner_and_to_trainers(session: Session, cast: Cast) -> None:
    tess, ben, cleo, dora = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo", "dora"))
    idea = make.idea(session, ben)
    settling.settle(session, idea, Plan(owner_id=cleo.id, due_on=settling.today(tess)), by=tess, seen=0)
    assert settling.overdue(session, tess) == []
    with clock.at(clock.now() + timedelta(days=2)):
        assert [told.id for told in settling.overdue(session, cleo)] == [idea.post_id]
        assert settling.overdue(session, tess)[0].is_overdue
        assert settling.overdue(session, dora) == settling.overdue(session, ben) == []
        settling.settle(session, idea, Plan(cleo.id, settling.today(tess), "", "It hangs there", True), by=cleo, seen=1)
        assert settling.overdue(session, cleo) == settling.overdue(session, tess) == []


def test_everybody_who_rated_hears_what_became_of_it(session: Session, cast: Cast) -> None:
    tess, ben, cleo, dora = (getattr(cast, name).member(session) for name in ("tess", "ben", "cleo", "dora"))
    one, two, three = (make.idea(session, ben, title) for title in ("One", "Two", "Three"))
    for idea in (one, two, three):
        rating.rate(session, idea, 2, by=cleo)
    rating.rate(session, three, 2, by=dora)
    moving.move(session, two, "not_now", by=tess, reason="Too soon", seen="new")
    with clock.at(clock.now() + timedelta(hours=1)):
        settling.settle(session, one, Plan(owner_id=cleo.id), by=tess, seen=0)
    assert [(told.title, told.stage) for told in settling.of_rated(session, cleo)] == [
        ("One", "new"),
        ("Two", "not_now"),
    ]
    assert settling.of_rated(session, dora) == []


def test_through_the_pages(app: Flask, cast: Cast) -> None:
    path = "/ideas/" + cast.ben.post("/ideas", title="A map", body="Of us").location.rpartition("/")[2]
    cast.cleo.post(f"{path}/rating", value="4")
    assert cast.cleo.get(f"{path}/outcome").status_code == 403
    assert cast.tara.get(f"{path}/outcome").status_code == 404
    assert cast.tess.get(f"{path}/outcome").status_code == 200
    for wrong in ({"due": "soon"}, {"due": "0001-01-01"}, {"is_there": "1"}, {"benefit": "x" * 301}):
        page = cast.tess.post(f"{path}/outcome", **wrong)
        assert page.status_code == 422
        assert 'class="problem"' in page.text
    form = {"owner": str(cast.dora.member_id), "due": "2020-01-31", "benefit": "No more lost hours", "seen": "0"}
    assert cast.tess.post(f"{path}/outcome", **form).status_code == 303
    late = cast.tess.post(f"{path}/outcome", **{**form, "benefit": "Something else"})
    assert late.status_code == 409
    assert "No more lost hours" in cast.cleo.get(path).text
    assert "What became of ideas you rated" in cast.cleo.get("/ideas").text
    assert "Past their day" in cast.dora.get("/ideas").text
    assert "Past their day" in cast.tess.get("/ideas").text
    assert "Past their day" not in cast.cleo.get("/ideas").text
    there = {**form, "seen": "1", "evidence": "<script>x</script> [the map](https://example.org/map)", "is_there": "1"}
    assert cast.dora.post(f"{path}/outcome", **there).status_code == 303
    page = cast.cleo.get(path).text
    assert 'href="https://example.org/map"' in page
    assert "<script>x" not in page
    assert "it is there" in cast.cleo.get("/ideas").text
