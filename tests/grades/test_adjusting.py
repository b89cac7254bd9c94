"""What a trainer changes in a grade, what a learner asks about it, and what is foreseen: in the ledger, and told."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from sociallearn import clock
from sociallearn.database import transaction
from sociallearn.errors import Refusal
from sociallearn.grades import adjusting, foreseeing, receipts
from sociallearn.grades.foreseeing import Foreseen
from sociallearn.grades.models import Delivery, GradeAdjustment, GradeReview, Standing
from sociallearn.roster.models import Member
from tests.conftest import Cast
from tests.grades import cast as play
from tests.grades.cast import DAY, MONDAY, WEEK, School
from tests.make import WORDS

FIRST = "2026-03-02"  # key of the first week


def change(school: School, learner: int, kind: str, points: float | None = None, period: str = FIRST) -> int:
    with transaction() as session:
        made = adjusting.adjust(
            session,
            session.get_one(Member, learner),
            period,
            kind,
            by=session.get_one(Member, school.trainer()),
            reason="because",
            points=points,
        )
        return made.id


def take_back(school: School, adjustment_id: int) -> None:
    with transaction() as session:
        row = session.get_one(GradeAdjustment, adjustment_id)
        adjusting.withdraw(session, row, by=session.get_one(Member, school.trainer()))


def by_ledger(learner: int) -> float | None:
    with transaction() as session:
        return receipts.recompute_from_ledger(session, session.get_one(Member, learner)).value


def foreseen(learner: int) -> Foreseen | None:
    with transaction() as session:
        return foreseeing.read(session.get_one(Standing, learner))


@pytest.mark.parametrize(
    ("kind", "points", "grade"),
    [("bonus", 2.5, 0.65), ("override", 9, 0.9), ("override", 0, 0), ("excuse", None, None)],
)
def test_a_change_counts_at_once_stands_in_the_ledger_and_can_be_taken_back(
    school: School, kind: str, points: float | None, grade: float | None
) -> None:
    ben = school.learner("ben")
    with clock.at(MONDAY + DAY):
        play.write(ben)
    with clock.at(MONDAY + WEEK + DAY):
        play.recompute(ben)
        assert play.grade(ben) == 0.4
        changed = change(school, ben, kind, points)
        assert play.grade(ben) == by_ledger(ben) == (0.65 if kind == "bonus" else grade)
        assert kind in {entry.kind for entry in play.ledger(ben)}
        entries = len(play.ledger(ben))
        play.recompute(ben)
        assert len(play.ledger(ben)) == entries
        if kind == "excuse":
            assert play.delivery(ben).grade == 0.4  # nothing to say: the LMS keeps what it has
        take_back(school, changed)
        take_back(school, changed)
        assert play.grade(ben) == by_ledger(ben) == 0.4


def test_another_override_takes_the_place_of_the_first_and_bonuses_come_on_top_of_it(school: School) -> None:
    ben = school.learner("ben")
    with clock.at(MONDAY + DAY):
        play.write(ben)
        change(school, ben, "override", 3)
        change(school, ben, "override", 5)
        change(school, ben, "bonus", 2)
        change(school, ben, "bonus", 1)
        assert play.grade(ben) == by_ledger(ben) == 0.8
        change(school, ben, "bonus", 10)
        assert play.grade(ben) == 1  # never more than full marks


def test_an_excused_week_is_neither_asked_nor_counted_and_changes_nobody_else(school: School) -> None:
    ben, cleo = school.learner("ben"), school.learner("cleo")
    with clock.at(MONDAY + DAY):
        play.write(ben)
        text = play.write(cleo)
        change(school, ben, "excuse")
        assert play.grade(ben) is None
        assert foreseen(ben) is None
        with transaction() as session:
            hint = receipts.hint_for(session, session.get_one(Member, ben), "post")
            reply = receipts.hint_for(session, session.get_one(Member, ben), "reply", cleo)
        assert hint is not None
        assert reply is not None
        assert (hint.is_open, reply.is_open) == (False, False)
        play.reply(ben, text)
    with clock.at(MONDAY + WEEK + DAY):
        for one in (ben, cleo):
            play.write(one)
            play.recompute(one)
        assert play.standing(ben).comment == "Week 2 is open: 4 of 10 so far."
        assert play.grade(ben) == by_ledger(ben) == 0.4
        assert play.grade(cleo) == by_ledger(cleo) == 0.4


def test_the_hint_knows_of_a_bonus_and_comes_true(school: School) -> None:
    ben, cleo = school.learner("ben"), school.learner("cleo")
    with clock.at(MONDAY + DAY):
        text = play.write(cleo)
        play.write(ben)
        change(school, ben, "bonus", 5)
        with transaction() as session:
            hint = receipts.hint_for(session, session.get_one(Member, ben), "reply", cleo)
        assert hint is not None
        assert (hint.points, hint.earns) == (3, 1)
        play.reply(ben, text)
        assert play.grade(ben) == 1


def test_what_little_makes_the_week_full_does(school: School) -> None:
    ben, cleo, dora = (school.learner(name) for name in ("ben", "cleo", "dora"))
    with clock.at(MONDAY + DAY):
        play.write(ben)
        told = foreseen(ben)
        assert told is not None
        assert (told.kind, told.more, told.apart, told.falls) == ("reply", 2, False, False)
        play.reply(ben, play.write(cleo))
        told = foreseen(ben)
        assert told is not None
        assert told.more == 1
        play.reply(ben, play.write(dora))
        assert play.grade(ben) == 1
        full = foreseen(ben)
        assert full is not None
        assert full.more is None
    other = school.learner("emma")
    with clock.at(MONDAY + DAY):
        play.recompute(other)
        told = foreseen(other)
        assert told is not None
        assert (told.more, told.apart) == (4, True)  # with replies alone, to different people


def test_a_learner_is_warned_before_a_closing_week_lowers_the_grade(school: School) -> None:
    ben, cleo = school.learner("ben"), school.learner("cleo")
    for week in range(2):
        with clock.at(MONDAY + week * WEEK + DAY):
            play.write(ben)
            play.reply(ben, play.write(cleo))
            play.reply(ben, play.write(school.learner("dora")))
    with clock.at(MONDAY + 2 * WEEK + DAY):
        play.recompute(ben)
        told = foreseen(ben)
        assert told is not None
        assert (told.now, told.then, told.falls) == (100, 67, True)
        assert told.last_moment.astimezone().weekday() == 6
        with transaction() as session:
            assert receipts.line_for(session, session.get_one(Member, ben)) is None  # Tuesday is too early to say so
    with clock.at(MONDAY + 2 * WEEK + 4 * DAY), transaction() as session:
        line = receipts.line_for(session, session.get_one(Member, ben))
        assert line is not None
        assert line.foreseen == told
    with clock.at(told.ends + timedelta(seconds=1)):
        play.recompute(ben)
        assert round(100 * (play.grade(ben) or 0)) == told.then


def test_who_may_not_and_what_makes_no_sense(school: School, app: Flask) -> None:
    ben, tess = school.learner("ben"), school.trainer()
    with clock.at(MONDAY + DAY):
        play.write(ben)
        wrong: list[tuple[int, dict[str, Any], int]] = [
            (ben, {}, 403),
            (tess, {"period": "2030-01-01"}, 404),
            (tess, {"points": 11}, 400),
            (tess, {"points": 0.1}, 400),
            (tess, {"points": None}, 400),
            (tess, {"kind": "gift"}, 400),
            (tess, {"reason": " "}, 400),
        ]
        for who, said, status in wrong:
            given = {"period": FIRST, "kind": "bonus", "points": 1, "reason": "because"} | said
            period, kind = given.pop("period"), given.pop("kind")
            with app.test_request_context("/"), transaction() as session:
                learner, by = session.get_one(Member, ben), session.get_one(Member, who)
                with pytest.raises(Refusal) as refused:
                    adjusting.adjust(session, learner, period, kind, by=by, **given)
            assert refused.value.status == status, said


@pytest.fixture(autouse=True)
def _graders(request: pytest.FixtureRequest) -> None:
    """The trainer of the school grades."""
    if "school" in request.fixturenames:
        school: School = request.getfixturevalue("school")
        with transaction() as session:
            session.get_one(Member, school.trainer()).may_grade = True


def first_period(cast: Cast) -> str:
    found = re.search(r"/participation/review\?period=([\w-]+)", cast.ben.get("/participation").text)
    assert found
    return found[1]


def test_a_learner_asks_a_trainer_answers_and_gives_points(cast: Cast, app: Flask) -> None:
    cast.ben.post("/feed", body=WORDS)
    post = cast.ben.post("/feed", body="Too short to count.")
    number = post.location.rpartition("-")[2].partition("?")[0]
    page = cast.ben.get("/participation").text
    assert "The sum, step by step" in page
    assert "4 of 10 is 40%." in page
    assert f"/participation/review?post={number}" in page
    empty = cast.ben.post("/participation/review", post=number, words=" ")
    assert empty.status_code == 422
    assert "Say in a sentence what you think is not right." in empty.text
    assert cast.ben.post("/participation/review", post=number, words="It had a table.").status_code == 303
    assert cast.ben.post("/participation/review", post=number, words="It had a table.").status_code == 409
    assert cast.cleo.post("/participation/review", post=number, words="Hm.").status_code == 404
    assert cast.tess.post("/participation/review", period=first_period(cast), words="Hm.").status_code == 403

    queue = cast.tess.get("/grading/reviews").text
    assert "It had a table." in queue
    with app.app_context(), transaction() as session:
        asked = session.scalars(select(GradeReview.id)).one()
    path = f"/grading/reviews/{asked}"
    for actor, status in ((cast.ben, 403), (cast.mona, 403), (cast.tara, 404)):
        assert actor.get(path).status_code == actor.post(path, note="x").status_code == status
    assert "Too short to count." in cast.tess.get(path).text
    assert cast.tess.post(path, note="").status_code == 422
    assert cast.tess.post(path, note="You are right.").status_code == 303
    assert cast.tess.post(path, note="Or not?").status_code == 409
    change = f"/participation/{cast.ben.member_id}/change"
    assert "full marks: 10 points" in cast.tess.get(change).text
    given = {"period": first_period(cast), "kind": "bonus", "points": "2,5", "reason": "For the table."}
    again = cast.tess.post(change, **given | {"points": "11"})
    assert (again.status_code, "For the table." in again.text) == (422, True)
    for actor, status in ((cast.ben, 403), (cast.mona, 403), (cast.tara, 404)):
        assert actor.post(change, **given).status_code == status
    assert cast.tess.post(change, **given).status_code == 303

    page = cast.ben.get("/participation").text
    for said in ("You are right.", "2.5 points on top in “Week 1”", "For the table.", "6.5 of 10 is 65%."):
        assert said in page
    assert "Your trainer changed or answered something about your points." in cast.ben.get("/feed").text
    assert "Your trainer changed" not in cast.cleo.get("/feed").text
    with app.app_context(), transaction() as session:
        made = session.scalars(select(GradeAdjustment.id)).one()
    back = f"/grading/adjustments/{made}/withdrawal"
    for actor, status in ((cast.ben, 403), (cast.tara, 404), (cast.tess, 303)):
        assert actor.post(back).status_code == status
    assert "4 of 10 is 40%." in cast.ben.get("/participation").text


def test_the_trainer_finds_a_learner_sees_what_failed_and_takes_it_along(cast: Cast, app: Flask) -> None:
    cast.ben.post("/feed", body=WORDS)
    with app.app_context(), transaction() as session:
        row = session.scalars(select(Delivery)).one()
        row.state, row.problem = "refused", "gone"
        wanted = row.wanted
    assert "Ben Test" in cast.tess.get("/grading/learners?q=BEN").text
    assert "Ben Test" not in cast.tess.get("/grading/learners?q=nobody").text
    assert "In the LMS: 0 of 1 scores" in cast.tess.get("/grading").text
    table = cast.tess.get("/grading/deliveries.csv")
    assert table.mimetype == "text/csv"
    assert "Ben Test" in table.text
    assert "The column in the LMS is gone." in table.text
    for path in ("/grading/learners", "/grading/reviews", "/grading/deliveries.csv"):
        assert cast.cleo.get(path).status_code == cast.mona.get(path).status_code == 403
    assert cast.cleo.post("/grading/deliveries/resending").status_code == 403
    assert cast.tess.post("/grading/deliveries/resending").status_code == 303
    with app.app_context(), transaction() as session:
        row = session.scalars(select(Delivery)).one()
        assert (row.state, row.wanted) == ("waiting", wanted + 1)
