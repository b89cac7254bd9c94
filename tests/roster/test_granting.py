"""Rights given in the tool: how far they reach, who may give and end them, and what stays in the log."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.database import db, transaction
from sociallearn.errors import Refusal
from sociallearn.lti import invitations
from sociallearn.lti.models import Registration
from sociallearn.roster import granting
from sociallearn.roster.granting import Right
from sociallearn.roster.models import Grant, Person
from tests.conftest import HERE, MOODLE, Actor, Cast
from tests.lms import MEMBERSHIP

SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"


def somebody(session: Session, sub: str, issuer: str = HERE.issuer) -> Person:
    query = select(Person).join(Person.registration).where(Person.sub == sub, Registration.issuer == issuer)
    return session.scalars(query).one()


@pytest.fixture
def two_lmss(app: Flask, cast: Cast) -> None:
    """adam is administrator of one LMS by its word; mo comes from another LMS of the same organisation."""
    Actor(app, HERE, sub="adam", name="Adam Test", roles=[MEMBERSHIP + "Instructor", SYSTEM + "Administrator"])
    Actor(app, MOODLE, sub="mo", name="Mo Test")
    _ = cast.ben, cast.cleo, cast.zoe
    with app.app_context(), transaction() as session:
        organisation_id = somebody(session, "adam").organisation_id
        mo = somebody(session, "mo", MOODLE.issuer)
        mo.organisation_id = organisation_id  # as merging does
        session.get_one(Registration, mo.registration_id).organisation_id = organisation_id


def refused(status: int) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.status == status)


@pytest.mark.usefixtures("two_lmss")
def test_the_lms_s_own_word_reaches_that_lms_alone(session: Session) -> None:
    adam = somebody(session, "adam")
    found = granting.reach(session, adam)
    assert found.registration_ids == {adam.registration_id}
    assert not found.is_whole
    assert [row.id for row in granting.administered(session, adam)] == [adam.registration_id]
    assert granting.administered(session, somebody(session, "ben")) == []


@pytest.mark.usefixtures("two_lmss")
def test_what_is_given_stands_in_the_log_and_on_the_person(session: Session) -> None:
    adam, ben = somebody(session, "adam"), somebody(session, "ben")
    row = granting.grant(session, ben, Right.MANAGER, "Heads the academy", by=adam)
    assert (ben.is_manager, ben.is_administrator) == (True, False)
    assert (row.registration_id, row.granted_by_id, row.reason) == (ben.registration_id, adam.id, "Heads the academy")
    granting.end(session, row, by=adam)
    assert not ben.is_manager
    assert session.scalars(select(Grant)).one() is row
    assert row.ended_by_id == adam.id
    assert row.ended_at is not None
    with refused(409):
        granting.end(session, row, by=adam)


@pytest.mark.usefixtures("two_lmss")
def test_one_of_two_rights_ended_leaves_the_other(session: Session) -> None:
    ben = somebody(session, "ben")
    one = granting.grant(session, ben, Right.MANAGER, "One LMS", by=None)
    granting.grant(session, ben, Right.MANAGER, "All of them", by=None, is_whole=True)
    granting.end(session, one, by=None)
    assert ben.is_manager
    with refused(409):
        granting.grant(session, ben, Right.MANAGER, "Again", by=None, is_whole=True)


@pytest.mark.usefixtures("two_lmss")
def test_nobody_gives_more_than_they_have(session: Session) -> None:
    adam, ben = somebody(session, "adam"), somebody(session, "ben")
    with refused(403):
        granting.grant(session, ben, Right.MANAGER, "Everything", by=adam, is_whole=True)
    for stranger in (somebody(session, "mo", MOODLE.issuer), somebody(session, "zoe", "https://elsewhere.example")):
        with refused(404):
            granting.grant(session, stranger, Right.MANAGER, "Elsewhere", by=adam)
    for nobody in (ben, somebody(session, "tess")):
        with refused(404):
            granting.grant(session, ben, Right.ADMINISTRATOR, "Me", by=nobody)
    assert session.scalars(select(Grant)).all() == []


@pytest.mark.usefixtures("two_lmss")
def test_a_manager_gives_nothing(session: Session) -> None:
    ben, cleo = somebody(session, "ben"), somebody(session, "cleo")
    granting.grant(session, ben, Right.MANAGER, "Figures", by=None, is_whole=True)
    assert granting.administered(session, ben) == []
    with refused(404):
        granting.grant(session, cleo, Right.MANAGER, "A colleague", by=ben)


@pytest.mark.usefixtures("two_lmss")
def test_an_administrator_of_the_organisation_reaches_every_lms_of_it_and_no_other(session: Session) -> None:
    ben, mo = somebody(session, "ben"), somebody(session, "mo", MOODLE.issuer)
    granting.grant(session, ben, Right.ADMINISTRATOR, "Runs them all", by=None, is_whole=True)
    assert {row.id for row in granting.administered(session, ben)} == {ben.registration_id, mo.registration_id}
    granting.grant(session, mo, Right.ADMINISTRATOR, "Helps", by=ben, is_whole=True)
    assert granting.reach(session, mo).is_whole
    with refused(404):
        granting.grant(session, somebody(session, "zoe", "https://elsewhere.example"), Right.MANAGER, "x", by=ben)


@pytest.mark.usefixtures("two_lmss")
def test_a_right_that_reaches_further_is_not_theirs_to_end(session: Session) -> None:
    adam, ben, zoe = (somebody(session, *who) for who in (("adam",), ("ben",), ("zoe", "https://elsewhere.example")))
    wide = granting.grant(session, ben, Right.MANAGER, "All", by=None, is_whole=True)
    theirs = granting.grant(session, zoe, Right.MANAGER, "Theirs", by=None)
    with refused(403):
        granting.end(session, wide, by=adam)
    with refused(404):
        granting.end(session, theirs, by=adam)
    assert (wide.ended_at, theirs.ended_at) == (None, None)


@pytest.mark.usefixtures("two_lmss")
def test_somebody_is_always_left_but_the_operator_may(session: Session) -> None:
    ben, mo = somebody(session, "ben"), somebody(session, "mo", MOODLE.issuer)
    wide = granting.grant(session, ben, Right.ADMINISTRATOR, "Runs them all", by=None, is_whole=True)
    with refused(409):
        granting.end(session, wide, by=ben)
    assert ben.is_administrator
    at_moodle = granting.grant(session, mo, Right.ADMINISTRATOR, "Their own", by=ben)
    granting.end(session, at_moodle, by=ben)  # ben still reaches it
    granting.end(session, wide, by=None)
    assert not ben.is_administrator
    at_moodle = granting.grant(session, mo, Right.ADMINISTRATOR, "Their own", by=None)
    with refused(409):  # no other administrator there, and the LMS names none
        granting.end(session, at_moodle, by=mo)
    here = granting.grant(session, ben, Right.ADMINISTRATOR, "Helps", by=None)
    granting.end(session, here, by=ben)  # adam is one by the LMS's word


@pytest.mark.usefixtures("two_lmss")
def test_a_manager_s_right_may_be_the_last_one_to_end(session: Session) -> None:
    adam, ben = somebody(session, "adam"), somebody(session, "ben")
    granting.end(session, granting.grant(session, ben, Right.MANAGER, "For a while", by=adam), by=adam)
    assert not ben.is_manager


def test_a_learner_who_manages_reads_figures_and_goes_on_writing(app: Flask, cast: Cast) -> None:
    assert cast.ben.get("/insights").status_code == 403
    assert "/insights" not in cast.ben.get("/feed").text
    _give(app, "ben", Right.MANAGER)
    assert cast.ben.get("/insights").status_code == 200
    assert "/insights" in cast.ben.get("/feed").text
    assert cast.ben.post("/feed", body="I still take part").status_code == 303
    with app.app_context():
        me = cast.ben.member(db.session())
        assert me.is_graded
        assert not me.is_trainer
    for path in ("/moderation", "/grading", "/cohort", "/administration"):
        assert cast.ben.get(path).status_code in (403, 404)


def test_an_observer_who_manages_still_only_reads(app: Flask, cast: Cast) -> None:
    _ = cast.omar
    _give(app, "omar", Right.MANAGER)
    assert cast.omar.get("/insights").status_code == 200
    assert cast.omar.post("/feed", body="May I?").status_code == 403


def test_a_right_opens_no_cohort_one_is_not_in(app: Flask, cast: Cast) -> None:
    tara = cast.tara
    _give(app, "mona", Right.MANAGER, cast)
    assert cast.mona.get(f"/s/{tara.seat}/feed").status_code == 404
    assert cast.mona.get(f"/s/{tara.seat}/insights").status_code == 404


def test_the_next_launch_keeps_what_was_given(app: Flask, cast: Cast) -> None:
    _ = cast.ben
    _give(app, "ben", Right.MANAGER)
    Actor(app, HERE, sub="ben", name="Ben Test", roles=[MEMBERSHIP + "Learner"])
    assert cast.ben.get("/insights").status_code == 200


def _give(app: Flask, sub: str, right: Right, cast: Cast | None = None) -> None:
    if cast:
        _ = getattr(cast, sub)
    with app.test_request_context(), transaction() as session:
        granting.grant(session, somebody(session, sub), right, "For a test", by=None)


@pytest.mark.usefixtures("two_lmss")
def test_with_the_right_end_the_links_it_allowed(session: Session) -> None:
    adam, ben = somebody(session, "adam"), somebody(session, "ben")
    row = granting.grant(session, ben, Right.ADMINISTRATOR, "While adam is away", by=adam)
    invite, _link = invitations.make(session, "Another", ben.organisation_id, made_by_id=ben.id)
    granting.end(session, row, by=adam)
    session.refresh(invite)
    assert invite.withdrawn_at is not None
