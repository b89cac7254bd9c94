"""The 12-hour goal on its pages: the countdown, who is asked, the figures and the rows behind them."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.posts.models import Extra, Post, Visibility
from sociallearn.questions.models import NudgeState
from sociallearn.roster import grouping, spaces
from sociallearn.roster.models import Cohort
from tests import make
from tests.conftest import Cast
from tests.questions import town
from tests.questions.town import local
from tests.topics.test_topics import statements

MONDAY = local("2027-03-08T10:00")
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def in_the_app(app: Flask, cast: Cast) -> None:
    """Everybody comes in on Monday morning; a seat lasts their working day."""
    for name in ("tess", "ben", "cleo", "dora", "mona", "omar", "otto"):
        getattr(cast, name)
    with app.app_context():
        town.stay()


def within(app: Flask, act: Callable[..., int], *args: object, at: object = MONDAY) -> int:
    with app.app_context(), clock.at(at):  # type: ignore[arg-type]
        return act(*args)


def page(cast: Cast, who: str, path: str, after: timedelta = timedelta(0)) -> str:
    with clock.at(MONDAY + after):
        answer = getattr(cast, who).get(path)
        assert answer.status_code == 200, answer.text
        return str(answer.text)


def sweep(app: Flask, after: timedelta) -> None:
    with app.app_context():
        town.sweep(MONDAY + after)


def work_hours(app: Flask, cast: Cast) -> None:
    with app.app_context(), transaction() as session:
        session.get_one(Cohort, cast.ben.member(session).cohort_id).goal_in_work_hours = True


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (timedelta(seconds=5), "12 hours left"),
        (3 * HOUR, "9 hours left"),
        (timedelta(hours=11), "1 hour left"),
        (timedelta(hours=11, minutes=20), "40 minutes left"),
        (12 * HOUR, "12-hour goal missed, still welcome"),
    ],
)
def test_the_clock_counts_down_on_the_page_and_in_the_list(app: Flask, cast: Cast, after: timedelta, said: str) -> None:
    question = within(app, town.ask, cast.ben.member_id)
    for path in (f"/questions/{question}", "/questions", "/questions?show=unanswered"):
        assert said in page(cast, "cleo", path, after)


@pytest.mark.parametrize(("minutes", "said"), [(25, "answered after 25 min"), (185, "answered after 3 h")])
def test_it_says_how_soon_an_answer_came(app: Flask, cast: Cast, minutes: int, said: str) -> None:
    question = within(app, town.ask, cast.ben.member_id)
    within(app, town.answer, question, cast.cleo.member_id, at=MONDAY + timedelta(minutes=minutes))
    for path in (f"/questions/{question}", "/questions"):
        assert said in page(cast, "dora", path, 9 * HOUR)


def test_work_hours_rest_until_the_next_day(app: Flask, cast: Cast) -> None:
    work_hours(app, cast)
    question = within(app, town.ask, cast.ben.member_id)
    assert "9 work hours left" in page(cast, "cleo", f"/questions/{question}", 3 * HOUR)
    text = page(cast, "cleo", f"/questions/{question}", 8 * HOUR)
    assert "continues" in text
    assert "Tuesday 09:00" in text
    assert "data-ticks" not in text


def test_starter_questions_have_no_clock(app: Flask, cast: Cast) -> None:
    question = within(app, town.ask, cast.tess.member_id)
    with app.app_context(), transaction() as session:
        session.get_one(Post, question).extras |= Extra.STARTER
    assert "hours left" not in page(cast, "ben", "/questions", HOUR)
    assert "Nobody asked anything yet." in page(cast, "ben", "/questions/promise", HOUR)


def test_who_is_asked_sees_it_and_may_pass(app: Flask, cast: Cast) -> None:
    with clock.at(MONDAY):
        assert cast.cleo.post("/questions/ask-me", words="budgets").status_code == 303
        assert "You can be asked now." in cast.cleo.get("/questions/ask-me").text
    question = within(app, town.ask, cast.ben.member_id, "A budget")
    assert "You are asked" not in page(cast, "cleo", "/questions")
    sweep(app, 6 * HOUR)
    home = page(cast, "cleo", "/feed", 6 * HOUR)
    assert "question waits for you" in home
    assert "You are asked" in page(cast, "cleo", "/questions", 6 * HOUR)
    assert "A budget" in page(cast, "cleo", "/questions?show=asked", 6 * HOUR)
    assert "A budget" not in page(cast, "dora", "/questions?show=asked", 6 * HOUR)
    assert "You are asked" in page(cast, "cleo", f"/questions/{question}", 6 * HOUR)
    asker, trainer = (page(cast, who, f"/questions/{question}", 6 * HOUR) for who in ("ben", "tess"))
    assert "1 person was asked" in asker
    assert "Cleo" not in asker
    assert "Cleo" in trainer
    with clock.at(MONDAY + 6 * HOUR):
        assert cast.dora.post(f"/questions/{question}/passing").status_code == 404
        assert cast.cleo.post(f"/questions/{question}/passing").status_code == 303
    assert "question waits for you" not in page(cast, "cleo", "/feed", 6 * HOUR)
    with app.app_context():
        assert town.nudges(question) == [("helpers", cast.cleo.member_id, NudgeState.DECLINED)]


def test_trainers_see_what_needs_an_answer(app: Flask, cast: Cast) -> None:
    question = within(app, town.ask, cast.ben.member_id, "A budget")
    sweep(app, 23 * HOUR)
    assert "A budget" in page(cast, "tess", "/questions?show=needed", 23 * HOUR)
    assert "Needs an answer" in page(cast, "tess", "/questions", 23 * HOUR)
    with clock.at(MONDAY + 23 * HOUR):
        cast.tess.post(f"/posts/{question}/lock", reason="For now.")
        assert "question waits for you" not in cast.tess.get("/questions").text
        cast.tess.post(f"/posts/{question}/lock/withdrawal")
        assert "question waits for you" in cast.tess.get("/questions").text
    within(app, town.answer, question, cast.dora.member_id, at=MONDAY + 23 * HOUR)
    assert "Needs an answer" not in page(cast, "tess", "/questions", 23 * HOUR)


def test_offering_is_taken_back_at_once_and_says_what_is_wrong(app: Flask, cast: Cast) -> None:
    with clock.at(MONDAY):
        assert cast.cleo.post("/questions/ask-me", words="").status_code == 422
        assert cast.cleo.post("/questions/ask-me", words="x" * 301).status_code == 422
        assert cast.omar.post("/questions/ask-me", words="budgets").status_code == 403
        theirs = cast.otto.post("/feed", body="About #elsewhere.")
        assert theirs.status_code == 303
        with app.app_context(), transaction() as session:
            foreign = town.topic(session, cast.otto.member(session).cohort_id, "elsewhere")
        assert cast.cleo.post("/questions/ask-me", words="", topic=str(foreign)).status_code == 422
        cast.cleo.post("/questions/ask-me", words="budgets")
        assert cast.cleo.post("/questions/ask-me/withdrawal").status_code == 303
        assert "You can be asked now." not in cast.cleo.get("/questions/ask-me").text


def test_the_asker_is_asked_once_whether_it_helped(app: Flask, cast: Cast) -> None:
    question = within(app, town.ask, cast.ben.member_id)
    answer = within(app, town.answer, question, cast.cleo.member_id, at=MONDAY + HOUR)
    assert "Did this help?" in page(cast, "ben", f"/questions/{question}", 2 * HOUR)
    assert "Did this help?" not in page(cast, "cleo", f"/questions/{question}", 2 * HOUR)
    with clock.at(MONDAY + 2 * HOUR):
        assert cast.cleo.post(f"/questions/{question}/not-yet").status_code == 403
        assert cast.ben.post(f"/questions/{question}/not-yet").status_code == 303
    assert "Did this help?" not in page(cast, "ben", f"/questions/{question}", 2 * HOUR)
    other = within(app, town.ask, cast.ben.member_id)
    answer = within(app, town.answer, other, cast.cleo.member_id, at=MONDAY + HOUR)
    with clock.at(MONDAY + 2 * HOUR):
        cast.ben.post(f"/questions/{other}/acceptance", answer_id=str(answer))
    assert "Did this help?" not in page(cast, "ben", f"/questions/{other}", 2 * HOUR)
    late = within(app, town.ask, cast.ben.member_id)
    within(app, town.answer, late, cast.cleo.member_id, at=MONDAY + 13 * HOUR)
    assert "Did this help?" not in page(cast, "ben", f"/questions/{late}", 14 * HOUR)


def test_the_page_counts_and_links_to_its_rows(app: Flask, cast: Cast) -> None:
    quick, slow, open_ = (within(app, town.ask, cast.ben.member_id, f"Question {number}") for number in range(3))
    for by in (cast.cleo, cast.dora):
        within(app, town.answer, quick, by.member_id, at=MONDAY + HOUR)
    within(app, town.answer, slow, cast.cleo.member_id, at=MONDAY + 20 * HOUR)
    text = page(cast, "dora", "/questions/promise", 23 * HOUR)
    assert text.count("1 of 3") == 3  # in time, with two answers, and in the table of weeks
    assert "33%" in text
    assert "20 h" in text  # the median
    assert "not reached" in text  # nine in ten
    assert "<svg" in text
    missed = page(cast, "dora", "/questions/promise/questions?of=missed&clock=plain", 23 * HOUR)
    assert "Question 1" in missed
    assert "Question 2" in missed
    assert "Question 0" not in missed
    week = page(cast, "dora", "/questions/promise/questions?of=all&week=2027-03-08", 23 * HOUR)
    assert "3 questions" in week
    assert "0 questions" in page(cast, "dora", "/questions/promise/questions?week=2027-03-01", 23 * HOUR)
    assert str(open_) in missed


def test_everybody_reads_the_same_and_groups_keep_theirs(app: Flask, cast: Cast) -> None:
    within(app, town.ask, cast.ben.member_id, "For everybody")
    with app.app_context(), transaction() as session, clock.at(MONDAY):
        ben = cast.ben.member(session)
        group = grouping.make(session, session.get_one(Cohort, ben.cohort_id), "Table one")
        grouping.add(session, group, [ben])
        space = spaces.of_group(session, group)
        session.flush()
        make.question(session, ben, "Among us").space_id = space.id
    texts = {
        who: page(cast, who, "/questions/promise.csv", 13 * HOUR) for who in ("tess", "ben", "cleo", "mona", "omar")
    }
    assert len(set(texts.values())) == 1
    assert "For everybody" in texts["ben"]
    assert "Among us" not in texts["ben"]
    assert "@" not in texts["tess"]
    elsewhere = page(cast, "otto", "/questions/promise.csv", 13 * HOUR)
    assert elsewhere.count("\n") == 1


def test_removed_questions_leave_the_figures(app: Flask, cast: Cast) -> None:
    question = within(app, town.ask, cast.ben.member_id)
    with app.app_context(), clock.at(MONDAY):
        town.decide(question, Visibility.HIDDEN, cast.tess.member_id)
    assert "Nobody asked anything yet." in page(cast, "cleo", "/questions/promise", 13 * HOUR)


def test_a_title_is_no_formula(app: Flask, cast: Cast) -> None:
    within(app, town.ask, cast.ben.member_id, "=1+1, who knows?")
    text = page(cast, "cleo", "/questions/promise.csv").lstrip("\ufeff")
    assert next(csv.DictReader(io.StringIO(text)))["title"] == "'=1+1, who knows?"


def test_nonsense_in_an_address_is_no_mistake_of_ours(cast: Cast) -> None:
    for query in ("of=bad", "clock=sun", "week=tomorrow", "before=x", "before=-1"):
        page(cast, "cleo", f"/questions/promise/questions?{query}")
    page(cast, "cleo", "/questions?show=bad")


def test_always_as_many_statements(app: Flask, cast: Cast) -> None:
    paths = ("/questions/promise", "/questions", "/questions/promise.csv", "/questions/promise/questions")

    def counted() -> list[int]:
        with clock.at(MONDAY + 13 * HOUR):
            return [statements(app, lambda path=path: cast.cleo.get(path)) for path in paths]  # type: ignore[misc]

    within(app, town.answer, within(app, town.ask, cast.ben.member_id), cast.dora.member_id)
    few = counted()
    for _number in range(12):
        within(app, town.answer, within(app, town.ask, cast.ben.member_id), cast.dora.member_id)
    assert counted() == few


def test_the_trainer_chooses_the_clock(app: Flask, cast: Cast) -> None:
    form = {
        "language": "",
        "time_zone": "Europe/Brussels",
        "work_days": ["0", "1"],
        "work_starts": "09:00",
        "work_ends": "17:00",
    }
    with clock.at(MONDAY):
        for ticked, said in (({"goal_in_work_hours": "1"}, "work hours left"), ({}, "hours left")):
            assert cast.tess.post("/cohort/set-up", rooms=["questions", "ideas"], **form, **ticked).status_code == 303
            shown = cast.tess.get("/cohort/set-up").text
            assert ('name="goal_in_work_hours" value="1" aria-describedby="goal-help" checked' in shown) == bool(ticked)
            question = cast.ben.post("/questions", title="Who?", body="Me?").location.rpartition("/")[2]
            assert said in cast.cleo.get(f"/questions/{question}").text
