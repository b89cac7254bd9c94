"""Idea rounds: a question, ideas in answer to it, and an end."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.ideas import proposing, rounds
from sociallearn.ideas.models import Idea, IdeaRound
from tests import make
from tests.conftest import Actor, Cast

QUESTION = "What could we stop doing?"


def opened(cast: Cast, question: str = QUESTION, **more: str) -> str:
    """The id of a new round."""
    answer = cast.tess.post("/ideas/rounds", question=question, **more)
    assert answer.status_code == 303, answer.text
    found = re.search(r"round=(\d+)", answer.location)
    assert found
    return found[1]


def titles(actor: Actor, path: str) -> list[str]:
    """The ideas listed."""
    return re.findall(r'<h2 dir="auto"><a href="[^"]+">([^<]+)</a>', actor.get(path).text)


def test_the_first_day_has_a_round_and_no_tabs(cast: Cast) -> None:
    page = cast.ben.get("/ideas").text
    assert "Which idea would make work better here?" in page
    assert re.search(r"<a [^>]*>.*Propose an idea</a>", page)
    assert 'aria-label="Idea rounds"' not in page
    assert "Open an idea round" not in page
    assert "Open an idea round" in cast.tess.get("/ideas").text


def test_ideas_stand_in_the_round_they_answer(app: Flask, cast: Cast) -> None:
    one, other = opened(cast), opened(cast, "Whom should we ask more often?")
    cast.ben.post("/ideas", title="Fewer mails", body="Really", round=one)
    cast.cleo.post("/ideas", title="The front desk", body="They know", round=other)
    cast.dora.post("/ideas", title="A plant", body="A green one")
    assert titles(cast.ben, "/ideas") == ["A plant", "The front desk", "Fewer mails"]
    assert titles(cast.ben, f"/ideas?round={one}") == ["Fewer mails"]
    assert titles(cast.ben, f"/ideas?round={other}") == ["The front desk"]
    form = cast.ben.get(f"/ideas/new?round={one}").text
    assert f'<input type="hidden" name="round" value="{one}">' in form
    assert QUESTION in form
    assert f"/ideas/new?round={other}" in form
    with app.app_context():
        default = db.session.scalars(select(IdeaRound).where(IdeaRound.is_default)).one()
        assert db.session.scalar(select(func.count(Idea.post_id)).where(Idea.round_id == default.id)) == 1
        idea_id = db.session.scalars(select(Idea.post_id).where(Idea.round_id == int(one))).one()
    assert QUESTION in cast.cleo.get(f"/ideas/{idea_id}").text


def test_older_ideas_of_a_round_stay_in_it(app: Flask, cast: Cast) -> None:
    one = opened(cast)
    for number in range(22):
        cast.ben.post("/ideas", title=f"Idea {number}", body="x", round=one)
        cast.ben.post("/ideas", title=f"Other {number}", body="x") if number % 8 == 0 else None
    page = cast.ben.get(f"/ideas?round={one}").text
    found = re.search(r'rel="next" href="([^"]+)"', page)
    assert found
    assert titles(cast.ben, found[1].replace("&amp;", "&")) == ["Idea 1", "Idea 0"]


def test_a_closed_round_is_read_and_takes_no_ideas_and_no_ratings(cast: Cast) -> None:
    one = opened(cast)
    idea_id = cast.ben.post("/ideas", title="Fewer mails", body="Really", round=one).location.rpartition("/")[2]
    assert "toast=round-closed" in cast.tess.post(f"/ideas/rounds/{one}/closing").location
    page = cast.cleo.get(f"/ideas?round={one}").text
    assert "closed" in page
    assert "Propose an idea" not in page
    refused = cast.cleo.post("/ideas", title="Too late", body="My long thoughts", round=one)
    assert refused.status_code == 409
    assert "Too late" in refused.text
    assert "My long thoughts" in refused.text
    assert "is closed" in cast.cleo.get(f"/ideas/new?round={one}").text
    assert cast.cleo.post(f"/ideas/{idea_id}/rating", value="4").status_code == 409
    assert "Propose an idea" in cast.cleo.get("/ideas").text
    cast.tess.post(f"/ideas/rounds/{one}/closing/withdrawal")
    assert cast.cleo.post("/ideas", title="In time", body="After all", round=one).status_code == 303


def test_a_round_with_an_end_closes_by_itself(app: Flask, cast: Cast) -> None:
    one = opened(cast, closes=(clock.now() + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M"))  # Brussels is ahead of UTC
    assert cast.ben.post("/ideas", title="In time", body="x", round=one).status_code == 303
    assert "Idea round, closes" in cast.ben.get(f"/ideas?round={one}").text
    with clock.at(clock.now() + timedelta(hours=9)):
        assert cast.ben.post("/ideas", title="Too late", body="x", round=one).status_code == 409
        assert "Idea round, closed" in cast.ben.get(f"/ideas?round={one}").text


def test_the_end_is_kept_to_the_second(session: Session, cast: Cast) -> None:
    tess, ben = cast.tess.member(session), cast.ben.member(session)
    end = clock.now() + timedelta(days=2)
    round_ = rounds.open_one(session, by=tess, question=QUESTION, closes_at=end)
    with clock.at(end - timedelta(seconds=1)):
        assert proposing.propose(session, by=ben, title="In time", body=make.WORDS, to=round_).round_id == round_.id
    with clock.at(end), pytest.raises(Refusal) as refusal:
        proposing.propose(session, by=ben, title="Too late", body=make.WORDS, to=round_)
    assert refusal.value.status == 409


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"question": "  "},
        {"question": "x" * 151},
        {"question": QUESTION, "closes": "soon"},
        {"question": QUESTION, "closes": "2020-01-01T09:00"},
        {"question": QUESTION, "closes": "0001-01-01T00:00"},
        {"question": QUESTION, "closes": "9999-12-31T23:59"},
    ],
)
def test_a_round_nobody_could_answer_is_not_opened(app: Flask, cast: Cast, form: dict[str, str]) -> None:
    page = cast.tess.post("/ideas/rounds", **form)
    assert page.status_code == 422
    assert 'class="problem"' in page.text
    assert form.get("question", "").strip() in page.text
    with app.app_context():
        assert db.session.scalar(select(func.count(IdeaRound.id))) == 0


def test_only_trainers_open_and_close_rounds(cast: Cast) -> None:
    one = opened(cast)
    assert cast.ben.get("/ideas/rounds/new").status_code == 403
    for path in ("/ideas/rounds", f"/ideas/rounds/{one}/closing", f"/ideas/rounds/{one}/closing/withdrawal"):
        assert cast.ben.post(path, question="Mine?").status_code == 403
        assert cast.omar.post(path, question="Mine?").status_code == 403
    assert cast.tess.get("/ideas/rounds/new").status_code == 200


def test_the_round_of_the_first_day_never_closes(app: Flask, cast: Cast) -> None:
    cast.ben.post("/ideas", title="A plant", body="A green one")
    with app.app_context():
        default = db.session.scalars(select(IdeaRound.id)).one()
    assert cast.tess.post(f"/ideas/rounds/{default}/closing").status_code == 409
    assert cast.ben.post("/ideas", title="A second plant", body="x").status_code == 303


def test_rounds_of_other_cohorts_are_not_there(cast: Cast) -> None:
    one = opened(cast)
    assert QUESTION not in cast.otto.get("/ideas").text
    for path in (
        f"/ideas?round={one}",
        f"/ideas/new?round={one}",
        "/ideas?round=999",
        "/ideas?round=x",
        "/ideas?round=",
    ):
        assert cast.otto.get(path).status_code == 404
    assert cast.otto.post("/ideas", title="t", body="b", round=one).status_code == 404
    assert cast.tara.post(f"/ideas/rounds/{one}/closing").status_code == 404
    assert cast.tara.post(f"/ideas/rounds/{one}/closing/withdrawal").status_code == 404
    assert cast.ben.post("/ideas", title="t", body="b", round="").status_code == 404
