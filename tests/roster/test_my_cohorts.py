"""One person in several cohorts: a list of one's own, and a seat in another one without going back to the LMS."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from sociallearn import clock
from sociallearn.database import db, transaction
from sociallearn.lti import managing
from sociallearn.lti.models import Registration
from sociallearn.roster.models import Cohort, Member, Seat
from tests.conftest import ELSEWHERE, HERE, OTHER_COURSE, Actor, Cast
from tests.lms import MEMBERSHIP, Lms

THIRD: dict[str, Any] = {"context": {"id": "course-3", "title": "Aardvarks"}, "resource_link": {"id": "link-3"}}


def ann(app: Flask, lms: Lms = HERE, role: str = "Learner", **claims: Any) -> Actor:
    return Actor(app, lms, sub="ann", name="Ann", roles=[MEMBERSHIP + role], **claims)


def number_of(app: Flask, title: str) -> int:
    with app.app_context():
        return db.session.scalars(select(Cohort.id).where(Cohort.title == title)).one()


def titles(page: str) -> list[str]:
    return re.findall(r'<strong dir="auto">([^<]+)</strong>', page)


def test_the_header_leads_there_only_for_people_in_several(app: Flask) -> None:
    first = ann(app)
    assert "My cohorts" not in first.get("/feed").text
    second = ann(app, **OTHER_COURSE)
    assert f'href="{second.url("/cohorts")}"' in second.get("/feed").text
    assert first.get("/cohorts").status_code == 200


def test_the_list_shows_ones_own_alone(app: Flask, cast: Cast) -> None:
    assert cast.otto.seat
    ann(app, **OTHER_COURSE, role="Instructor")
    ann(app, ELSEWHERE, **THIRD)  # the same sub in another LMS is somebody else
    here = ann(app)
    cast.otto.post("/feed", body="News for Ann.")
    page = here.get("/cohorts").text
    assert titles(page) == ["Course one", "Course two"]
    assert "trainer · 1 new text" in re.sub(r"\s+", " ", page)
    assert page.count(">You are here<") == 1
    assert titles(cast.otto.get("/cohorts").text) == ["Course two"]


def test_opening_another_is_a_seat_there(app: Flask, cast: Cast) -> None:
    ann(app, **OTHER_COURSE)
    here = ann(app)
    cast.otto.post("/feed", body="Said in course two.")
    answer = here.post(f"/cohorts/{number_of(app, 'Course two')}/open")
    assert answer.status_code == 303
    seat = re.findall(r"/s/([\w-]+)/feed", answer.location)[0]
    assert seat != here.seat
    there = here.client.get(f"/s/{seat}/feed", base_url="http://localhost:8000").text
    assert "Said in course two." in there
    assert "Said in course two." not in here.get("/feed").text
    with app.app_context():
        row = db.session.get_one(Seat, seat)
        assert (row.placement_id, row.has_others, row.is_in_address) == (None, True, False)
        people = [db.session.get_one(Member, id_).person_id for id_ in (row.member_id, here.member_id)]
        assert people[0] == people[1]


@pytest.mark.parametrize("why", ["never there", "another organisation", "left", "invited", "here already", "no such"])
def test_what_is_not_yours_is_not_there(app: Flask, cast: Cast, why: str) -> None:
    assert cast.otto.seat
    assert cast.zoe.seat
    here = ann(app)
    if why in ("left", "invited"):
        there = ann(app, **OTHER_COURSE)
        with app.app_context():
            member = db.session.get_one(Member, there.member_id)
            if why == "left":
                member.left_at = clock.now()
            else:
                member.joined_at = None
            db.session.commit()
    with app.app_context():
        theirs = db.session.get_one(
            Member, {"another organisation": cast.zoe, "here already": here}.get(why, cast.otto).member_id
        )
        number = 987654 if why == "no such" else theirs.cohort_id
        before = len(db.session.scalars(select(Seat.id)).all())
    assert here.post(f"/cohorts/{number}/open").status_code == 404
    assert titles(here.get("/cohorts").text) == ["Course one"]
    with app.app_context():
        assert len(db.session.scalars(select(Seat.id)).all()) == before


def test_an_archived_one_is_last_and_can_be_opened(app: Flask, cast: Cast) -> None:
    assert cast.tess.post("/cohort/set-up/archive").status_code == 303
    ann(app)
    ann(app, **THIRD)
    here = ann(app, **OTHER_COURSE)
    page = here.get("/cohorts").text
    assert titles(page) == ["Aardvarks", "Course two", "Course one"]
    assert page.count("Archived") == 1
    there = here.post(f"/cohorts/{number_of(app, 'Course one')}/open").location
    assert "This cohort is archived" in here.client.get(there, base_url="http://localhost:8000").text
    # and back again, from the archived one
    seat = there.split("/s/")[1].split("/")[0]
    form = here.client.get(f"/s/{seat}/cohorts", base_url="http://localhost:8000").text
    token = re.findall(r'name="csrf_token" value="([0-9a-f]+)"', form)[0]
    back = here.client.post(
        f"/s/{seat}/cohorts/{number_of(app, 'Aardvarks')}/open",
        data={"csrf_token": token},
        base_url="http://localhost:8000",
    )
    assert back.status_code == 303


def test_a_seat_taken_from_a_seat_ends_with_it(app: Flask) -> None:
    ann(app, **OTHER_COURSE)
    here = ann(app)
    number = number_of(app, "Course two")
    with clock.at(clock.now() + timedelta(hours=13)):
        assert here.post(f"/cohorts/{number}/open").status_code == 303
    with app.app_context():
        ends = set(db.session.scalars(select(Seat.expires_at).join(Cohort).where(Cohort.title == "Course two")))
        first = db.session.get_one(Seat, here.seat).expires_at
    assert max(ends) <= first + timedelta(minutes=1)


def test_nobody_goes_on_through_a_paused_lms(app: Flask) -> None:
    ann(app, **OTHER_COURSE)
    here = ann(app)
    _ = here.token
    with app.app_context(), transaction() as session:
        managing.pause(session, session.scalars(select(Registration).where(Registration.issuer == HERE.issuer)).one())
    assert here.post(f"/cohorts/{number_of(app, 'Course two')}/open").status_code == 403
