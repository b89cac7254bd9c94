"""Figures for managers: right, and silent about fewer than five people."""

from datetime import timedelta

from flask import Flask

from sociallearn import clock
from sociallearn.database import db
from sociallearn.insights import reading
from tests.conftest import HERE, Actor, Cast


def test_fewer_than_five_people_are_not_shown(app: Flask, cast: Cast) -> None:
    for actor in (cast.ben, cast.cleo, cast.dora):
        actor.post("/feed", body="hello")
    page = cast.mona.get("/insights")
    assert page.status_code == 200
    with app.test_request_context("/"):
        cohort_id = cast.mona.member(db.session()).cohort_id
        assert {figure.value for figure in reading.figures(db.session(), cohort_id)} == {None}
        assert all(week.count in (None, 0) for week in reading.weeks(db.session(), cohort_id))


def test_answered_within_twelve_hours_is_counted_from_the_question(app: Flask, cast: Cast) -> None:
    people = [Actor(app, HERE, sub=f"p{n}", name=f"P {n}") for n in range(6)]
    start = clock.now() - timedelta(days=3)
    for number, asker in enumerate(people):
        with clock.at(start):
            question = asker.post("/questions", title=f"Q{number}", body="?").location.rpartition("/")[2]
        delay = timedelta(hours=5 if number < 5 else 20)
        with clock.at(start + delay):
            people[number - 1].post(f"/questions/{question}/answers", body="!")
    with app.test_request_context("/"):
        cohort_id = people[0].member(db.session()).cohort_id
        assert reading._answered(db.session(), cohort_id)[1] == 5
        figures = {figure.label: figure for figure in reading.figures(db.session(), cohort_id)}
        assert figures["Took part"].value == "100%"
        assert figures["Answered within 12 hours"].n == 6
        assert figures["Answered within 12 hours"].value is None, "one of six would be known"
