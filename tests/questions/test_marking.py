"""What is said of answers: useful, helped me, recommended. Once a person, never of one's own, counted right."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.activity.models import Activity, Verb
from sociallearn.database import db, unit_of_work
from sociallearn.errors import Refusal
from sociallearn.posts import deciding
from sociallearn.posts.models import Post, Visibility
from sociallearn.questions import marking, reading
from sociallearn.questions.models import AnswerTally, AnswerVote
from tests import make
from tests.conftest import Actor, Cast


def at_once(*acts: Callable[[], Any]) -> list[int]:
    """Do these in the same instant; the status each was answered with."""
    barrier, statuses = Barrier(len(acts)), []

    def run(act: Callable[[], Any]) -> None:
        barrier.wait(10)
        statuses.append(act().status_code)

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(statuses) == len(acts)
    return sorted(statuses)


def asked(app: Flask, cast: Cast, answers: int = 1) -> list[int]:
    """A question of ben's and what cleo answered."""
    assert all(one.seat for one in (cast.ben, cast.cleo, cast.dora, cast.tess))  # come in before anything is written
    with app.test_request_context("/", method="POST"), unit_of_work() as session:
        question = make.question(session, cast.ben.member(session))
        cleo = cast.cleo.member(session)
        return [question.id, *(make.reply(session, question, cleo, f"Way {n}").id for n in range(answers))]


def test_a_vote_counts_once_and_is_taken_back_once(session: Session, cast: Cast) -> None:
    ben, cleo, dora = (getattr(cast, name).member(session) for name in ("ben", "cleo", "dora"))
    answer = make.reply(session, make.question(session, ben), cleo)
    assert reading.tally(session, answer) == (0, 0)
    for who in (ben, ben, dora):
        marking.vote(session, answer, by=who)
    assert reading.tally(session, answer) == (2, 0)
    for _ in range(2):
        marking.take_vote(session, answer, by=ben)
        marking.take_vote(session, answer, by=cleo)
    assert reading.tally(session, answer) == (1, 0)


def test_ones_own_and_what_is_no_answer_or_gone_are_refused(session: Session, cast: Cast) -> None:
    ben, cleo, tess = (getattr(cast, name).member(session) for name in ("ben", "cleo", "tess"))
    question = make.question(session, ben)
    answer = make.reply(session, question, cleo)
    comment = make.reply(session, answer, cleo)
    own = make.reply(session, question, tess)
    of_idea = make.reply(session, session.get_one(Post, make.idea(session, ben).post_id), cleo)
    hidden = make.reply(session, question, cleo)
    deciding.decide(session, hidden, Visibility.HIDDEN, by=tess, reason="Not here")
    for act, text, by, status in (
        (marking.vote, answer, cleo, 403),
        (marking.helped, answer, cleo, 403),
        (marking.endorse, own, tess, 403),
        (marking.endorse, answer, ben, 403),
        (marking.vote, comment, ben, 409),
        (marking.endorse, comment, tess, 409),
        (marking.vote, question, tess, 409),
        (marking.helped, of_idea, ben, 409),
        (marking.vote, hidden, ben, 409),
        (marking.helped, hidden, ben, 409),
        (marking.endorse, hidden, tess, 409),
    ):
        with pytest.raises(Refusal) as refusal:
            act(session, text, by=by)
        assert refusal.value.status == status
    marking.helped(session, comment, by=ben)
    assert reading.tally(session, comment) == (0, 1)


def test_recommending_and_helping_are_acts_and_a_vote_is_none(session: Session, cast: Cast) -> None:
    ben, cleo, tess = (getattr(cast, name).member(session) for name in ("ben", "cleo", "tess"))
    answer = make.reply(session, make.question(session, ben), cleo)
    before = session.scalar(select(Activity.id).order_by(Activity.id.desc()).limit(1))
    marking.vote(session, answer, by=ben)
    for act, by in (
        (marking.endorse, tess),
        (marking.endorse, tess),
        (marking.take_endorsement, tess),
        (marking.take_endorsement, tess),
        (marking.helped, ben),
        (marking.take_help, ben),
        (marking.take_help, ben),
    ):
        act(session, answer, by=by)
    verbs = session.scalars(select(Activity.verb).where(Activity.id > before).order_by(Activity.id)).all()
    assert verbs == [Verb.ENDORSED, Verb.UNENDORSED, Verb.HELPED, Verb.UNHELPED]


def test_four_at_once_are_all_counted_and_one_twice_is_one(app: Flask, cast: Cast) -> None:
    _question, answer = asked(app, cast)
    people: list[Actor] = [cast.ben, cast.dora, cast.tess, cast.ben]
    for who in people:
        assert who.token
    for what, expected in (("vote", 3), ("help", 3), ("vote/withdrawal", 0)):
        path = f"/questions/answers/{answer}/{what}"
        assert at_once(*(lambda who=who, path=path: who.post(path) for who in people)) == [303] * 4  # type: ignore[misc]
        with app.app_context():
            tally = db.session.get_one(AnswerTally, answer)
            assert (tally.helped if what == "help" else tally.votes) == expected
    with app.app_context():
        assert db.session.scalars(select(AnswerVote)).all() == []


def places(page: str, *ids: int) -> list[int]:
    """These texts in the order they stand on a page."""
    return sorted(ids, key=lambda one: page.index(f'id="post-{one}"'))


def test_the_page_shows_the_best_first_and_can_show_the_oldest(app: Flask, cast: Cast) -> None:
    question, first, second, third = asked(app, cast, 3)
    remark = int(cast.ben.post(f"/posts/{first}/replies", body="A remark").location.rpartition("-")[2])
    ids = (first, remark, second, third)
    cast.dora.post(f"/questions/answers/{second}/vote")
    page = cast.ben.get(f"/questions/{question}").text
    assert places(page, *ids) == [second, first, remark, third]
    cast.ben.post(f"/questions/{question}/acceptance", answer_id=str(third))
    assert places(cast.ben.get(f"/questions/{question}").text, *ids) == [third, second, first, remark]
    oldest = cast.ben.get(f"/questions/{question}?order=oldest").text
    assert places(oldest, *ids) == [first, remark, second, third]
    assert f'id="first-{third}"' in oldest  # and the accepted one above them


def test_a_long_thread_is_read_in_the_order_it_was_written(app: Flask, cast: Cast) -> None:
    question, *answers = asked(app, cast, 51)
    cast.dora.post(f"/questions/answers/{answers[30]}/vote")
    page = cast.ben.get(f"/questions/{question}").text
    assert places(page, answers[0], answers[30]) == [answers[0], answers[30]]
    assert "Best first" not in page


def test_marks_show_with_the_trainers_name_and_buttons_step_back(app: Flask, cast: Cast) -> None:
    question, answer = asked(app, cast)
    base = f"/questions/answers/{answer}"
    for what in ("vote", "help", "endorsement"):
        assert cast.tess.post(f"{base}/{what}").status_code == 303
    mine = cast.tess.get(f"/questions/{question}").text
    for what in ("vote", "help", "endorsement"):
        assert f"{base}/{what}/withdrawal" in mine
    author = cast.cleo.get(f"/questions/{question}").text
    assert "Recommended by your trainer" in author
    assert "Tess" in author
    assert f"{base}/vote" not in author
    assert "endorsement" not in cast.ben.get(f"/questions/{question}").text
    for what in ("vote", "help", "endorsement"):
        assert cast.tess.post(f"{base}/{what}/withdrawal").status_code == 303
    assert "Recommended by your trainer" not in cast.ben.get(f"/questions/{question}").text


def test_a_script_gets_the_numbers(app: Flask, cast: Cast) -> None:
    _question, answer = asked(app, cast)
    got = cast.ben.client.post(
        cast.ben.url(f"/questions/answers/{answer}/vote"),
        data={"csrf_token": cast.ben.token},
        headers={"Accept": "application/json"},
        base_url="http://localhost:8000",
    )
    assert got.json == {"vote": 1, "help": 0}


def test_readers_other_cohorts_and_other_organisations_cannot(app: Flask, cast: Cast) -> None:
    _question, answer = asked(app, cast)
    for what in ("vote", "help"):
        path = f"/questions/answers/{answer}/{what}"
        assert cast.omar.post(path).status_code == 403
        for stranger in (cast.otto, cast.tara, cast.zoe):
            assert stranger.post(path).status_code == 404
    assert cast.ben.post(f"/questions/answers/{answer}/endorsement").status_code == 403
    assert cast.tara.post(f"/questions/answers/{answer}/endorsement").status_code == 404
    with app.app_context():
        assert db.session.scalars(select(AnswerTally)).all() == []
