"""The author has a decision looked at again; what they say and the answer stand in the log."""

import re

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.errors import Refusal
from sociallearn.ideas import moving
from sociallearn.moderation import appealing
from sociallearn.moderation.models import Appeal
from sociallearn.posts.models import Decision
from tests import make
from tests.conftest import GRADED, HERE, Actor, Cast, person
from tests.lms import MEMBERSHIP


def another_trainer(app: Flask) -> Actor:
    """Somebody who trains beside tess."""
    return Actor(app, HERE, sub="theo", roles=[MEMBERSHIP + "Instructor"], **person("theo"), **GRADED)


def moved(cast: Cast) -> str:
    """An idea of ben's that tess moved; where ben asks for another look."""
    idea = "/ideas/" + cast.ben.post("/ideas", title="A bell", body="For good news.").location.rpartition("/")[2]
    answer = cast.tess.post(f"{idea}/stage", to="not_now", seen="new", reason="Too loud.")
    assert answer.status_code == 303
    found = re.search(r"/decisions/[0-9]+/appeal", cast.ben.get("/decisions").text)
    assert found
    return found[0]


def test_asked_and_answered_in_public(app: Flask, cast: Cast) -> None:
    path, theo = moved(cast), another_trainer(app)
    assert path not in cast.cleo.get("/decisions").text
    assert cast.cleo.post(path, words="I want it too.").status_code == 403
    assert cast.otto.get(path).status_code == 404
    assert cast.ben.post(path, words="").status_code == 422
    assert cast.ben.post(path, words="There is a quiet one.").status_code == 303
    assert cast.ben.post(path, words="And again.").status_code == 409
    page = cast.cleo.get("/decisions").text
    assert "There is a quiet one." in page
    assert "Not answered yet." in page
    assert "Another look is asked for" not in cast.tess.get("/moderation").text  # tess decided, and theo is there
    asked = re.search(r"/appeals/[0-9]+", theo.get("/moderation").text)
    assert asked
    assert cast.tess.get(asked[0]).status_code == 403
    assert cast.cleo.get(asked[0]).status_code == 403
    assert theo.post(asked[0], note="", verdict="right").status_code == 422
    assert theo.post(asked[0], note="A quiet one is fine.", verdict="right").status_code == 303
    assert theo.post(asked[0], note="Or not.", verdict="stays").status_code == 409
    assert "A quiet one is fine." in cast.cleo.get("/decisions").text
    assert "Another look is asked for" not in theo.get("/moderation").text


def test_where_nobody_else_trains_whoever_decided_answers(cast: Cast) -> None:
    path = moved(cast)
    assert cast.ben.post(path, words="There is a quiet one.").status_code == 303
    asked = re.search(r"/appeals/[0-9]+", cast.tess.get("/moderation").text)
    assert asked
    assert cast.tess.post(asked[0], note="It is for sale no more.", verdict="stays").status_code == 303
    assert "It stays as it is." in cast.ben.get("/decisions").text


def test_only_what_somebody_else_decided_and_nothing_that_is_hidden(session: Session, cast: Cast) -> None:
    tess, ben = cast.tess.member(session), cast.ben.member(session)
    idea, own = make.idea(session, ben, "A bell"), make.idea(session, tess, "My own")
    moving.move(session, own, "discussion", by=tess, reason="Ready.", seen="new")
    moving.move(session, idea, "discussion", by=tess, reason="Ready.", seen="new")
    of = {row.post_id: row for row in session.scalars(select(Decision))}
    with pytest.raises(Refusal, match="cannot be looked at"):
        appealing.appeal(session, of[own.post_id], by=tess, words="Hm.")
    appealing.appeal(session, of[idea.post_id], by=ben, words="Not yet.")
    asked = session.scalars(select(Appeal)).one()
    before = session.scalars(select(Decision)).all()
    appealing.answer(session, asked, by=tess, is_upheld=True, note="Right.")
    assert session.scalars(select(Decision)).all() == before  # what follows is a decision of its own
