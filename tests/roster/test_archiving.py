"""An archived cohort is read and no more: one place refuses every act, and no grade moves."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, text

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.grades.keeping import catch_up
from sociallearn.grades.models import Standing
from sociallearn.roster.models import Cohort, Holiday, Seat
from tests.conftest import HERE, Actor, Cast
from tests.grades import cast as grading
from tests.grades.cast import MONDAY, WEEK, School
from tests.grades.conftest import lms as lms
from tests.grades.conftest import school as school

SENTENCE = "This cohort is archived: everything can be read, and nothing changes any more."
OPEN = {"/language", "/read-all", "/agreements/read", "/cohort/set-up/archive/withdrawal", "/me/withdrawal"}
OPEN |= {"/posts/<int:post_id>/read", "/cohorts/<int:cohort_id>/open", "/placing/cancellation"}
OPEN |= {f"/posts/<int:post_id>/{what}" for what in ("bookmark", "bookmark/withdrawal")}  # for oneself alone
OPEN |= {f"/posts/<int:post_id>/{what}" for what in ("following", "following/withdrawal", "muting")}
OPEN |= {"/notifications/read", "/notifications/settings"}
OPEN |= {"/memory/cohort", "/memory/texts"}  # whoever said yes may still say no
OPEN |= {"/questions/ask-me/withdrawal"}
OPEN |= {"/topics/<topic_key>/following", "/topics/<topic_key>/following/withdrawal"}


@pytest.fixture
def archived(cast: Cast) -> Cast:
    """A cohort in which something was said before it was archived."""
    cast.ben.post("/feed", body="Something to remember.")
    cast.ben.post("/questions", title="Who knows?", body="Somebody must.")
    assert cast.cleo.seat
    assert cast.tess.post("/cohort/set-up/archive").location.endswith("/cohort/set-up?toast=archived")
    return cast


def test_everything_can_be_read_and_a_banner_says_so(archived: Cast) -> None:
    for actor in (archived.ben, archived.tess):
        for page in ("/feed", "/questions", "/ideas", "/participation", "/agreements", "/decisions"):
            answer = actor.get(page)
            assert answer.status_code == 200, page
            assert SENTENCE in answer.text
    page = archived.ben.get("/feed").text
    assert "Something to remember." in page
    for what in ('<textarea id="body"', "Delete", ">Edit", "What would you like to share?"):
        assert what not in page
    assert "Open it again" in archived.tess.get("/cohort/set-up").text


def test_every_act_is_refused_for_everybody(app: Flask, archived: Cast) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ()) and "seat" in rule.arguments]
    tried = 0
    for rule in rules:
        path = rule.rule.removeprefix("/s/<seat>")
        if path.startswith("/administration"):
            continue
        for actor in (archived.ben, archived.tess):
            app.extensions["rate_limiter"].storage.reset()  # there are more forms than anybody sends in a minute
            address = "/".join("1" if part.startswith("<") else part for part in path.split("/"))
            answer = actor.post(address, body="Once more.", title="Title", value="3")
            if path in OPEN:
                assert answer.status_code == 422 or SENTENCE not in answer.text, path
                if path.endswith("withdrawal") and answer.status_code == 303:
                    archived.tess.post("/cohort/set-up/archive")
                continue
            assert answer.status_code == 403, path
            assert SENTENCE in answer.text, path
            tried += 1
    assert tried > 40


def test_what_was_typed_comes_back(archived: Cast) -> None:
    assert "Half an hour of work." in archived.ben.post("/feed", body="Half an hour of work.").text


def test_ones_own_language_and_read_marks_go_on(archived: Cast) -> None:
    assert archived.ben.post("/language", language="nl").status_code == 303
    assert '<html lang="nl">' in archived.ben.get("/feed").text
    assert archived.cleo.post("/read-all").status_code == 303
    assert archived.cleo.post("/posts/1/read").status_code == 204


def test_a_trainer_opens_it_again(app: Flask, archived: Cast) -> None:
    assert archived.ben.post("/cohort/set-up/archive/withdrawal").status_code == 403
    assert (
        archived.tara.post("/cohort/set-up/archive/withdrawal").status_code == 303
    )  # of her own cohort, which is open
    assert archived.ben.post("/feed", body="Too early.").status_code == 403
    assert archived.tess.post("/cohort/set-up/archive/withdrawal").status_code == 303
    assert archived.ben.post("/feed", body="In time.").status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Holiday)).all() == []  # it was closed for a moment only


def test_other_cohorts_go_on(archived: Cast) -> None:
    assert archived.otto.post("/feed", body="Elsewhere nothing ended.").status_code == 303


def test_newcomers_read_too(app: Flask, archived: Cast) -> None:
    late = Actor(app, HERE, sub="late")
    assert "Something to remember." in late.get("/feed").text
    assert late.get("/participation").status_code == 200


def archive(school: School, at: datetime | None) -> None:
    with transaction() as session:
        session.get_one(Cohort, school.cohort_id).archived_at = at


def test_no_grade_moves(school: School) -> None:
    ben = school.learner("ben")
    with clock.at(MONDAY + timedelta(days=1)):
        grading.write(ben)
        archive(school, clock.now())
    with clock.at(MONDAY + 9 * WEEK):
        catch_up(ben)
        assert grading.grade(ben) == 0.4
        assert grading.standing(ben).next_change_at.year == 9999
        archive(school, None)
        catch_up(ben)
        assert grading.grade(ben) == pytest.approx(0.4 / 8)


def test_the_days_it_was_archived_are_a_holiday(app: Flask, cast: Cast) -> None:
    assert cast.ben.seat
    cast.tess.post("/cohort/set-up/archive")
    with app.app_context():
        cohort = db.session.scalars(select(Cohort)).one()
        archived_at = clock.now() - timedelta(days=40)
        cohort.archived_at, zone = archived_at, ZoneInfo(cohort.time_zone)
        db.session.execute(text("UPDATE standing SET next_change_at = NULL"))
        db.session.commit()
    cast.tess.post("/cohort/set-up/archive/withdrawal")
    with app.app_context():
        [holiday] = db.session.scalars(select(Holiday)).all()
        days = [moment.astimezone(zone).date() for moment in (archived_at, clock.now())]
        assert [
            holiday.first_day,
            holiday.last_day,
        ] == days  # of the cohort: late in the evening it may be tomorrow there
        assert db.session.scalars(select(Standing.next_change_at)).one() is not None
        assert db.session.scalars(select(Seat)).first() is not None
