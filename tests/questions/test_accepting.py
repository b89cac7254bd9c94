"""Ask, answer, accept."""

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn.activity.models import Activity, Verb
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.posts import deciding
from sociallearn.posts.models import Visibility
from sociallearn.questions import accepting
from sociallearn.questions.models import Acceptance
from tests import make
from tests.conftest import Cast


@pytest.mark.parametrize("who", ["ben", "tess"])
def test_asker_and_trainer_accept(session: Session, cast: Cast, who: str) -> None:
    question = make.question(session, cast.ben.member(session))
    first = make.reply(session, question, cast.cleo.member(session), "one way")
    second = make.reply(session, question, cast.dora.member(session), "another way")
    by = getattr(cast, who).member(session)
    accepting.accept(session, question, first, by=by)
    accepting.accept(session, question, second, by=by)
    assert session.scalars(select(Acceptance.answer_id)).all() == [second.id]
    accepting.withdraw(session, question, by=by)
    accepting.withdraw(session, question, by=by)
    assert session.scalar(select(func.count()).select_from(Acceptance)) == 0
    verbs = session.scalars(select(Activity.verb).where(Activity.verb.in_([Verb.ACCEPTED, Verb.UNACCEPTED]))).all()
    assert verbs == [Verb.ACCEPTED, Verb.ACCEPTED, Verb.UNACCEPTED]


def test_nobody_else_accepts(session: Session, cast: Cast) -> None:
    question = make.question(session, cast.ben.member(session))
    answer = make.reply(session, question, cast.cleo.member(session))
    with pytest.raises(Refusal) as refusal:
        accepting.accept(session, question, answer, by=cast.cleo.member(session))
    assert refusal.value.status == 403


def test_only_a_visible_answer_of_this_question_is_accepted(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    question, other = make.question(session, ben), make.question(session, ben, "Another")
    elsewhere = make.reply(session, other, cleo)
    comment = make.reply(session, make.reply(session, question, cleo), cleo)
    gone = make.reply(session, question, cleo)
    deciding.decide(session, gone, Visibility.DELETED, by=cleo, reason="")
    for wrong in (elsewhere, comment, gone):
        with pytest.raises(Refusal) as refusal:
            accepting.accept(session, question, wrong, by=ben)
        assert refusal.value.status == 409


def test_the_whole_path_through_the_forms(app: Flask, cast: Cast) -> None:
    asked = cast.ben.post("/questions", title="Who knows?", body="Tell me")
    question_id = asked.location.rpartition("/")[2]
    assert "Who knows?" in cast.cleo.get("/questions?show=unanswered").text
    answered = cast.cleo.post(f"/questions/{question_id}/answers", body="I do")
    answer_id = answered.location.rpartition("-")[2]
    assert "Who knows?" not in cast.cleo.get("/questions?show=unanswered").text
    assert "Who knows?" in cast.ben.get("/questions?show=mine").text
    assert cast.ben.post(f"/questions/{question_id}/acceptance", answer_id=answer_id).status_code == 303
    page = cast.dora.get(f"/questions/{question_id}").text
    assert "Accepted answer" in page
    assert cast.ben.post(f"/questions/{question_id}/acceptance", answer_id="99999").status_code == 404
    assert cast.ben.get(f"/posts/{question_id}").location.endswith(f"/questions/{question_id}")
    assert cast.ben.get("/ideas/" + question_id).status_code == 404


@pytest.mark.parametrize(
    "form", [{"title": "", "body": "x"}, {"title": "t", "body": ""}, {"title": "t" * 151, "body": "b"}]
)
def test_half_a_question_comes_back(app: Flask, cast: Cast, form: dict[str, str]) -> None:
    response = cast.ben.post("/questions", **form)
    assert response.status_code == 422
    for value in form.values():
        assert value in response.text
    with app.app_context():
        assert db.session.scalar(select(func.count(Activity.id))) == 0
