"""A post becomes a question and back: kinds and counters follow, points stay as they were, old links lead on."""

import re

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.activity.models import Activity, Verb
from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.grades.models import LedgerEntry, Standing
from sociallearn.posts import deciding
from sociallearn.posts.models import Post, Visibility
from sociallearn.questions import accepting, converting, marking, states
from sociallearn.questions.models import (
    Acceptance,
    AnswerTally,
    AnswerVote,
    Endorsement,
    Help,
    QuestionClock,
    QuestionState,
    QuestionStem,
)
from sociallearn.search.models import SearchText
from tests import make
from tests.conftest import Cast
from tests.questions.test_marking import at_once


def _kinds(session: Session, root: Post) -> list[str]:
    return list(session.scalars(select(Post.kind).where(Post.root_id == root.id).order_by(Post.id)))


def _found_as(session: Session) -> set[str]:
    return {
        kind for tokens in session.scalars(select(SearchText.tokens)) for kind in re.findall(r"kind([a-z]+)", tokens)
    }


def _points(session: Session) -> list[tuple[object, ...]]:
    graded = session.execute(select(Standing.member_id, Standing.grade).order_by(Standing.member_id))
    entries = session.execute(select(LedgerEntry.id, LedgerEntry.points).order_by(LedgerEntry.id))
    return [tuple(row) for row in [*graded, *entries]]


def test_there_and_back_with_everything_beneath_and_no_grade_moves(session: Session, cast: Cast) -> None:
    ben, cleo, tess = (getattr(cast, name).member(session) for name in ("ben", "cleo", "tess"))
    post = make.post(session, ben)
    reply = make.reply(session, post, cleo, make.WORDS + " and more")
    make.reply(session, reply, ben)
    gone = make.reply(session, post, cleo, "Gone")
    deciding.decide(session, gone, Visibility.DELETED, by=cleo, reason="")
    before = _points(session)
    assert before
    converting.to_question(session, post, by=ben, title="Who plans?")
    assert (post.kind, post.title, post.answer_count, post.reply_count) == ("question", "Who plans?", 1, 2)
    assert _kinds(session, post) == ["answer", "comment", "answer"]
    assert session.get_one(QuestionClock, post.id)
    assert session.scalar(select(QuestionStem.post_id).limit(1)) == post.id
    assert _found_as(session) == {"question", "answer", "comment"}
    accepting.accept(session, post, reply, by=ben)
    marking.vote(session, reply, by=tess)
    marking.endorse(session, reply, by=tess)
    marking.helped(session, reply, by=ben)
    states.reopen(session, post, by=ben, words="No")
    converting.to_post(session, post, by=tess)
    assert (post.kind, post.title, post.answer_count, post.reply_count) == ("post", None, 0, 2)
    assert post.body.startswith("Who plans?\n\n")
    assert "Who plans?" in post.html
    assert set(_kinds(session, post)) == {"reply"}
    assert session.get_one(QuestionClock, post.id), "twice round must not set the clock back"
    assert _found_as(session) == {"post", "reply"}
    said = (Acceptance, AnswerTally, AnswerVote, Endorsement, Help, QuestionState)
    for table in (*said, QuestionStem):
        assert session.scalars(select(table)).all() == []
    assert _points(session) == before
    verbs = session.scalars(select(Activity.verb).where(Activity.verb == Verb.CONVERTED)).all()
    assert len(verbs) == 2


def test_by_author_and_trainer_alone(app: Flask, cast: Cast) -> None:
    post = int(cast.ben.post("/feed", body="Who knows?").location.rpartition("-")[2])
    for who, status in (("cleo", 403), ("omar", 403), ("otto", 404), ("zoe", 404)):
        assert getattr(cast, who).post(f"/questions/{post}/conversion", title="A title").status_code == status
    assert cast.ben.post(f"/questions/{post}/conversion", title="").status_code == 422
    assert cast.ben.post(f"/questions/{post}/conversion", title="Who knows it?").status_code == 303
    assert cast.cleo.get(f"/posts/{post}").location.endswith(f"/questions/{post}")
    assert "Who knows it?" in cast.cleo.get("/questions").text
    answer = cast.cleo.post(f"/posts/{post}/replies", body="From an old page").location
    assert f"/questions/{post}#" in answer
    assert "cannot be undone" in cast.tess.get(f"/questions/{post}/conversion").text
    assert cast.tess.post(f"/questions/{post}/conversion", to="post").status_code == 303
    assert cast.cleo.get(f"/questions/{post}").location.endswith(f"/posts/{post}")
    late = cast.cleo.post(f"/questions/{post}/answers", body="From another old page").location
    assert f"/posts/{post}#" in late


def test_two_at_once_convert_once(app: Flask, cast: Cast) -> None:
    post = int(cast.ben.post("/feed", body="Who knows?").location.rpartition("-")[2])
    assert cast.tess.token
    path = f"/questions/{post}/conversion"
    assert at_once(lambda: cast.ben.post(path, title="One"), lambda: cast.tess.post(path, title="Two")) == [303, 409]
    with app.app_context():
        assert db.session.get_one(Post, post).kind == "question"


def test_what_is_bound_stays_what_it_is(session: Session, cast: Cast) -> None:
    ben, tess = cast.ben.member(session), cast.tess.member(session)
    shut = make.post(session, ben)
    deciding.lock(session, shut, by=tess, reason="Enough")
    target, other = make.question(session, ben), make.question(session, ben, "Other")
    states.mark_duplicate(session, other, target, by=ben)
    hidden = make.post(session, ben)
    deciding.decide(session, hidden, Visibility.HIDDEN, by=tess, reason="Not here")
    for post in (shut, hidden):
        with pytest.raises(Refusal) as refusal:
            converting.to_question(session, post, by=ben, title="A title")
        assert refusal.value.status == 409
    with pytest.raises(Refusal) as refusal:
        converting.to_post(session, target, by=ben)
    assert refusal.value.status == 409


def test_polls_and_informal_talk_stay_what_they_are(app: Flask, cast: Cast) -> None:
    asking = {"part": "poll", "poll_option": ["One", "Two"]}
    poll = int(cast.ben.post("/feed", body="When?", **asking).location.rpartition("-")[2])
    assert cast.ben.post(f"/questions/{poll}/conversion", title="When?").status_code == 409
    assert "stays what it is" in cast.ben.get(f"/questions/{poll}/conversion").text
    assert f"/questions/{poll}/conversion" not in cast.ben.get("/feed").text
