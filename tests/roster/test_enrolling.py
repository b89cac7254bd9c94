"""From a launch to a member."""

import pytest
from flask import Flask
from sqlalchemy import select

from sociallearn.database import db
from sociallearn.lti import roles
from sociallearn.roster.enrolling import clean_name
from sociallearn.roster.models import Cohort, Member, Organisation, Person, Unit
from tests.conftest import HERE, Actor, Cast
from tests.lms import MEMBERSHIP

INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
CASES = {
    "trainer": ["Instructor", MEMBERSHIP + "Instructor", MEMBERSHIP + "Administrator"],
    "learner": ["Learner", MEMBERSHIP + "Member", "urn:unknown"],
    "manager": [MEMBERSHIP + "Manager"],
    "observer": [MEMBERSHIP + "Mentor"],
}


@pytest.mark.parametrize(("role", "uri"), [(role, uri) for role, uris in CASES.items() for uri in uris])
def test_roles(role: str, uri: str) -> None:
    assert roles.standing([uri]).role == role


def test_an_institution_role_gives_no_course_rights() -> None:
    assert roles.standing([MEMBERSHIP + "Learner", INSTITUTION + "Instructor"]).role == "learner"
    assert roles.standing([MEMBERSHIP + "Learner", INSTITUTION + "Administrator"]).role == "learner"
    assert roles.standing([INSTITUTION + "Administrator"]).role == "manager"
    assert roles.standing(["http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"]).may_grade
    assert not roles.standing([MEMBERSHIP + "ContentDeveloper"]).may_grade
    assert roles.standing([MEMBERSHIP + "Learner", roles.TEST_USER]).is_test


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Ana\n\tMaria ", "Ana Maria"),
        ("Eve\u202egnp.exe", "Evegnp.exe"),
        ("x" * 500, "x" * 120),
        ("\x00\x07", ""),
        ("<b>Bold</b>", "<b>Bold</b>"),
        (None, ""),
    ],
)
def test_names_are_one_tidy_line(given: str | None, kept: str) -> None:
    assert clean_name(given) == kept


def test_names_are_escaped_and_addresses_never_shown(cast: Cast, app: Flask) -> None:
    eve = Actor(app, HERE, sub="eve", name="<img src=x onerror=alert(1)>", email="secret@example.org")
    eve.post("/feed", body="hello")
    for page in ("/feed", "/cohort"):
        text = cast.tess.get(page).text
        assert "<img" not in text
        assert "&lt;img" in text
        assert "secret@example.org" not in text


def test_relaunching_brings_people_up_to_date(app: Flask) -> None:
    Actor(app, HERE, sub="ann", name="Ann Old", custom={"unit": "Sales"})
    Actor(app, HERE, sub="ann", name="Ann New", roles=[MEMBERSHIP + "Instructor"], custom={"unit": "$Unit"})
    with app.app_context():
        person = db.session.scalars(select(Person)).one()
        member = db.session.scalars(select(Member)).one()
        assert (person.name, member.role, member.unit.name if member.unit else None) == ("Ann New", "trainer", "Sales")
        assert db.session.scalars(select(Unit.name)).all() == ["Sales"]


def test_the_same_course_id_elsewhere_is_another_cohort(app: Flask, cast: Cast) -> None:
    assert cast.ben.seat
    assert cast.zoe.seat
    with app.app_context():
        assert len(db.session.scalars(select(Cohort)).all()) == 2
        assert len(db.session.scalars(select(Organisation)).all()) == 2


def test_a_trainer_sets_the_time_zone(app: Flask, cast: Cast) -> None:
    assert cast.tess.post("/cohort", time_zone="Pacific/Auckland").status_code == 303
    assert cast.tess.post("/cohort", time_zone="Mars/Olympus").status_code == 422
    with app.app_context():
        assert db.session.scalars(select(Cohort.time_zone)).one() == "Pacific/Auckland"


def test_ones_own_language_goes_first(app: Flask) -> None:
    actor = Actor(app, HERE, sub="dutch", launch_presentation={"locale": "nl_BE"})
    assert '<html lang="nl">' in actor.get("/feed").text
    actor.post("/language", language="en")
    assert '<html lang="en">' in actor.get("/feed").text
    actor.post("/language", language="xx")
    assert '<html lang="en">' in actor.get("/feed").text
