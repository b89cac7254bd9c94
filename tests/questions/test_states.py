"""How a question stands: solved otherwise, opened again, a duplicate; by whom, and what is refused."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.activity.models import Activity, Verb
from sociallearn.database import db, unit_of_work
from sociallearn.errors import Refusal
from sociallearn.posts import deciding
from sociallearn.posts.models import Post, Visibility
from sociallearn.questions import accepting, states
from sociallearn.questions.models import Acceptance, QuestionState, Status
from sociallearn.roster import grouping
from tests import make
from tests.conftest import Cast
from tests.questions.test_marking import at_once


def _ask(cast: Cast, title: str, who: str = "ben", **form: str) -> int:
    return int(getattr(cast, who).post("/questions", title=title, body="Tell me", **form).location.rpartition("/")[2])


def test_solved_otherwise_and_opened_again_with_words(app: Flask, cast: Cast) -> None:
    question = _ask(cast, "Where is the key?")
    assert cast.ben.post(f"/questions/{question}/solving", words="").status_code == 422
    assert cast.ben.post(f"/questions/{question}/solving", words="It was in my coat.").status_code == 303
    assert cast.ben.post(f"/questions/{question}/solving", words="Again").status_code == 409
    page = cast.cleo.get(f"/questions/{question}").text
    assert "It was in my coat." in page
    assert "/reopening" not in page
    for show in ("open", "unanswered"):
        assert "Where is the key?" not in cast.cleo.get(f"/questions?show={show}").text
    assert "Solved" in cast.cleo.get("/questions").text
    assert cast.tess.get(f"/questions/{question}/reopening").status_code == 200
    assert cast.tess.post(f"/questions/{question}/reopening", words="Another key now.").status_code == 303
    assert "Another key now." in cast.cleo.get(f"/questions/{question}").text
    assert "Where is the key?" in cast.cleo.get("/questions?show=open").text
    assert "Reopened" in cast.cleo.get("/questions").text


def test_opening_again_takes_the_acceptance_back_and_accepting_ends_it(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    question = make.question(session, ben)
    answer = make.reply(session, question, cleo)
    with pytest.raises(Refusal) as refusal:
        states.reopen(session, question, by=ben, words="Why not")
    assert refusal.value.status == 409
    accepting.accept(session, question, answer, by=ben)
    with pytest.raises(Refusal) as refusal:
        states.solve(session, question, by=ben, words="It is accepted already")
    assert refusal.value.status == 409
    states.reopen(session, question, by=ben, words="It did not work")
    assert session.scalars(select(Acceptance)).all() == []
    assert session.scalars(select(Activity.verb).order_by(Activity.id.desc()).limit(1)).all() == [Verb.UNACCEPTED]
    assert session.scalars(select(QuestionState.status)).all() == [Status.REOPENED]
    accepting.accept(session, question, answer, by=ben)
    assert session.scalars(select(QuestionState)).all() == []


@pytest.mark.parametrize("what", ["solving", "reopening", "duplicate"])
def test_nobody_else_says_how_a_question_stands(app: Flask, cast: Cast, what: str) -> None:
    question, other = _ask(cast, "Mine"), _ask(cast, "Other")
    for who, status in (("cleo", 403), ("omar", 403), ("otto", 404), ("tara", 404), ("zoe", 404)):
        actor = getattr(cast, who)
        assert actor.get(f"/questions/{question}/{what}").status_code == status
        assert actor.post(f"/questions/{question}/{what}", words="Words", target=str(other)).status_code == status
    with app.app_context():
        assert db.session.scalars(select(QuestionState)).all() == []


@pytest.mark.parametrize("how", ["locked", "hidden", "deleted"])
def test_nothing_is_said_of_what_is_locked_or_gone(session: Session, cast: Cast, how: str) -> None:
    ben, tess = cast.ben.member(session), cast.tess.member(session)
    question = make.question(session, ben)
    if how == "locked":
        deciding.lock(session, question, by=tess, reason="Enough")
    elif how == "hidden":
        deciding.decide(session, question, Visibility.HIDDEN, by=tess, reason="Not here")
    else:
        deciding.decide(session, question, Visibility.DELETED, by=ben, reason="")
    with pytest.raises(Refusal) as refusal:
        states.solve(session, question, by=ben, words="Done")
    assert refusal.value.status == 409


def test_a_duplicate_leads_on_takes_no_answers_and_can_be_undone(app: Flask, cast: Cast) -> None:
    first, second = _ask(cast, "Where are the photo rights?"), _ask(cast, "Who has photo rights?", "cleo")
    assert "Where are the photo rights?" in cast.cleo.get(f"/questions/{second}/duplicate").text
    link = f"http://localhost:8000/s/x/questions/{first}#post-{first}"
    assert cast.cleo.post(f"/questions/{second}/duplicate", target=link).status_code == 303
    page = cast.dora.get(f"/questions/{second}").text
    assert f"/questions/{first}" in page
    assert 'id="write"' not in page
    assert cast.dora.post(f"/questions/{second}/answers", body="Here is how").status_code == 409
    assert "Duplicate" in cast.dora.get("/questions").text
    # what it leads to is gone: it is a question of its own for as long
    cast.ben.post(f"/posts/{first}/deletion")
    assert "Duplicate" not in cast.dora.get("/questions").text
    assert 'id="write"' in cast.dora.get(f"/questions/{second}").text
    cast.ben.post(f"/posts/{first}/deletion/withdrawal")
    assert cast.cleo.post(f"/questions/{second}/duplicate/withdrawal").status_code == 303
    assert cast.dora.post(f"/questions/{second}/answers", body="Here is how").status_code == 303


def test_a_chain_ends_at_once_and_a_circle_is_refused(session: Session, cast: Cast) -> None:
    ben = cast.ben.member(session)
    first, second, third = (make.question(session, ben, title) for title in ("One", "Two", "Three"))
    states.mark_duplicate(session, second, first, by=ben)
    assert states.mark_duplicate(session, third, second, by=ben).duplicate_of_id == first.id
    for question, target in ((first, second), (first, first), (first, third)):
        with pytest.raises(Refusal) as refusal:
            states.mark_duplicate(session, question, target, by=ben)
        assert refusal.value.status == 409
    fourth = make.question(session, ben, "Four")
    with pytest.raises(Refusal) as refusal:
        states.mark_duplicate(session, first, fourth, by=ben)
    assert refusal.value.status == 409


def test_two_that_name_each_other_at_once_make_no_circle(app: Flask, cast: Cast) -> None:
    first, second = _ask(cast, "One"), _ask(cast, "Two")
    assert cast.tess.token
    assert at_once(
        lambda: cast.ben.post(f"/questions/{first}/duplicate", target=str(second)),
        lambda: cast.tess.post(f"/questions/{second}/duplicate", target=str(first)),
    ) == [303, 409]
    with app.app_context():
        assert len(db.session.scalars(select(QuestionState)).all()) == 1


def test_a_question_only_a_group_sees_is_no_target_for_others_and_is_never_shown(app: Flask, cast: Cast) -> None:
    everybodys = _ask(cast, "For everybody about tools")
    assert all(one.seat for one in (cast.tess, cast.ben, cast.dora))
    with app.test_request_context("/", method="POST"), unit_of_work() as session:
        group = grouping.make(session, cast.tess.member(session).cohort, "Blue")
        grouping.add(session, group, [cast.ben.member(session)])
        key = f"g{group.id}"
    secret, inner = _ask(cast, "Secret tools", space=key), _ask(cast, "Inner tools", space=key)
    with app.app_context():
        assert db.session.get_one(Post, secret).space_id is not None
    assert cast.ben.post(f"/questions/{everybodys}/duplicate", target=str(secret)).status_code == 422
    assert cast.ben.post(f"/questions/{inner}/duplicate", target=str(secret)).status_code == 303
    asked = _ask(cast, "About tools", "dora")
    page = cast.dora.get(f"/questions/{asked}/duplicate").text
    assert "For everybody about tools" in page
    assert "Secret" not in page
    refused = cast.dora.post(f"/questions/{asked}/duplicate", target=str(secret))
    unknown = cast.dora.post(f"/questions/{asked}/duplicate", target="99999")
    assert refused.status_code == unknown.status_code == 422
    assert cast.dora.get(f"/questions/{inner}").status_code == 404


def test_a_target_that_was_removed_is_not_shown(app: Flask, cast: Cast) -> None:
    first, second = _ask(cast, "Gone later"), _ask(cast, "Duplicate of it")
    cast.ben.post(f"/questions/{second}/duplicate", target=str(first))
    cast.ben.post(f"/posts/{first}/deletion")
    page = cast.cleo.get(f"/questions/{second}").text
    assert "Gone later" not in page
    assert 'id="write"' in page, "it takes answers again"


def test_an_archived_cohort_says_no_more(app: Flask, cast: Cast) -> None:
    question = _ask(cast, "Late")
    cast.tess.post("/cohort/set-up/archive")
    assert cast.ben.post(f"/questions/{question}/solving", words="Done").status_code == 403
    assert "/solving" not in cast.ben.get(f"/questions/{question}").text
