"""Lists of questions: which stand in each, and how many."""

import pytest
from flask import g
from sqlalchemy.orm import Session

from sociallearn.posts import deciding, keeping, reading
from sociallearn.posts.models import Kind, Visibility
from sociallearn.questions import accepting
from sociallearn.questions import reading as questions
from tests import make
from tests.conftest import Cast


def _listed(session: Session, cast: Cast, show: str) -> list[int]:
    g.seat_path = "/s/x"
    page = reading.page(session, Kind.QUESTION, cast.ben.member(session), None, questions.LISTS[show], show=show)
    return [item.id for item in page.items]


def test_a_question_is_open_until_an_answer_is_accepted(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    solved, answered, silent = (make.question(session, ben, title) for title in ("Solved", "Answered", "Silent"))
    accepting.accept(session, solved, make.reply(session, solved, cleo), by=ben)
    make.reply(session, answered, cleo)
    assert _listed(session, cast, "open") == [silent.id, answered.id]
    assert questions.counts(session, ben)["open"] == 2
    accepting.withdraw(session, solved, by=ben)
    assert _listed(session, cast, "open") == [silent.id, answered.id, solved.id]


@pytest.mark.parametrize("gone", [Visibility.DELETED, Visibility.HIDDEN])
def test_a_question_whose_accepted_answer_is_gone_is_open_again(session: Session, cast: Cast, gone: Visibility) -> None:
    ben, cleo, tess = cast.ben.member(session), cast.cleo.member(session), cast.tess.member(session)
    question = make.question(session, ben)
    answer = make.reply(session, question, cleo)
    accepting.accept(session, question, answer, by=ben)
    assert _listed(session, cast, "open") == []
    deciding.decide(session, answer, gone, by=cleo if gone == Visibility.DELETED else tess, reason="Off topic")
    assert _listed(session, cast, "open") == [question.id]
    assert questions.counts(session, ben)["open"] == 1


def test_followed_questions_are_ones_own_choice_and_muted_ones_are_not_among_them(session: Session, cast: Cast) -> None:
    ben, cleo, dora = cast.ben.member(session), cast.cleo.member(session), cast.dora.member(session)
    followed, muted, passed = (make.question(session, cleo, title) for title in ("Followed", "Muted", "Passed"))
    keeping.follow(session, followed.id, by=ben)
    keeping.mute(session, muted.id, by=ben)
    keeping.follow(session, passed.id, by=dora)
    assert _listed(session, cast, "followed") == [followed.id]
    assert questions.counts(session, ben)["followed"] == 1
    keeping.unfollow(session, followed.id, by=ben)
    assert _listed(session, cast, "followed") == []
    assert questions.counts(session, ben)["followed"] == 0


def test_every_count_is_the_length_of_its_list(session: Session, cast: Cast) -> None:
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    mine, other = make.question(session, ben, "Mine"), make.question(session, cleo, "Other")
    accepting.accept(session, mine, make.reply(session, mine, cleo), by=ben)
    keeping.follow(session, other.id, by=ben)
    counts = questions.counts(session, ben)
    assert counts == {show: len(_listed(session, cast, show)) for show in questions.LISTS}


def test_the_pages_of_the_lists(cast: Cast) -> None:
    asked = cast.ben.post("/questions", title="Who knows?", body="Tell me")
    question_id = asked.location.rpartition("/")[2]
    assert "Who knows?" in cast.cleo.get("/questions?show=open").text
    assert "You follow no questions." in cast.cleo.get("/questions?show=followed").text
    cast.cleo.post(f"/posts/{question_id}/following")
    assert "Who knows?" in cast.cleo.get("/questions?show=followed").text
    cast.cleo.post(f"/questions/{question_id}/answers", body="I do")
    assert "Who knows?" in cast.cleo.get("/questions?show=open").text


def test_questions_about_one_topic_with_the_counts_of_each_list(cast: Cast) -> None:
    cast.ben.post("/questions", title="About mail", body="Who reads #mail?")
    cast.ben.post("/questions", title="About time", body="Who has #time?")
    page = cast.cleo.get("/questions?topic=mail").text
    assert "About mail" in page
    assert "About time" not in page
    assert "#time (1)" in page
    assert 'All <span class="count">1</span>' in page
    assert "topic=mail" in page
    assert "About time" in cast.cleo.get("/questions?topic=nothing").text
    assert "#mail" not in cast.otto.get("/questions").text
