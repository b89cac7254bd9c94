"""Groups of the LMS and of our own, and units."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.database import db
from sociallearn.errors import Refusal
from sociallearn.lti.claims import CLAIM, parse
from sociallearn.roster import grouping, reading
from sociallearn.roster.models import Cohort, Group, GroupMember, Member, Unit
from tests.conftest import ELSEWHERE, HERE, OTHER_COURSE, Actor, Cast


def in_groups(app: Flask, actor: Actor) -> dict[str | None, str]:
    """The groups somebody is in: the LMS's id → what people call it."""
    with app.test_request_context():
        statement = select(Group).join(GroupMember, GroupMember.group_id == Group.id)
        found = db.session.scalars(statement.where(GroupMember.member_id == actor.member_id)).all()
        return {group.lms_id: group.title for group in found}


def launch(app: Flask, custom: dict[str, str], **claims: Any) -> Actor:
    return Actor(app, HERE, sub="ann", name="Ann", custom=custom, **claims)


@pytest.mark.parametrize(
    ("custom", "groups"),
    [
        ({"groups": "12,34"}, ["12", "34"]),
        ({"sections": "7"}, ["7"]),
        ({"groups": ""}, []),
        ({"groups": " 1 ,, 2 "}, ["1", "2"]),
        ({"groups": "$Moodle.Person.userGroupIds"}, None),
        ({"groups": "$Moodle.Person.userGroupIds", "sections": "7"}, ["7"]),
        ({"groups": 5}, None),
        ({}, None),
    ],
)
def test_what_a_launch_says_about_groups(custom: dict[str, Any], groups: list[str] | None) -> None:
    assert parse({**HERE.claims("n"), CLAIM + "custom": custom}, 1).groups == groups


def test_groups_of_the_lms_follow_each_launch(app: Flask) -> None:
    ann = launch(app, {"groups": "12,34"})
    assert in_groups(app, ann) == {"12": "Group 12", "34": "Group 34"}
    launch(app, {"groups": "34,56"})
    assert in_groups(app, ann) == {"34": "Group 34", "56": "Group 56"}
    launch(app, {})  # another link, without the parameter
    assert in_groups(app, ann) == {"34": "Group 34", "56": "Group 56"}
    launch(app, {"groups": ""})
    assert in_groups(app, ann) == {}
    with app.app_context():
        assert db.session.scalars(select(Group.lms_id).order_by(Group.lms_id)).all() == ["12", "34", "56"]


def test_what_a_trainer_named_and_made_stays(app: Flask, cast: Cast) -> None:
    ann = launch(app, {"groups": "12"})
    assert cast.tess.post("/cohort/groups/1", name="Early birds").status_code == 303
    assert cast.tess.post("/cohort/groups", name="Ours").status_code == 303
    assert cast.tess.post(f"/cohort/people/{ann.member_id}", unit="", group="2").status_code == 303
    assert in_groups(app, ann) == {"12": "Early birds", None: "Ours"}
    launch(app, {"groups": ""})
    assert in_groups(app, ann) == {None: "Ours"}


def test_the_same_id_elsewhere_is_another_group(app: Flask) -> None:
    launch(app, {"groups": "12"})
    there = launch(app, {"groups": "12"}, **OTHER_COURSE)
    zoe = Actor(app, ELSEWHERE, sub="zoe", custom={"groups": "12"})
    with app.app_context():
        groups = db.session.scalars(select(Group).order_by(Group.id)).all()
        assert [group.cohort_id for group in groups] == [1, 2, 3]
        assert len({group.organisation_id for group in groups}) == 2
    assert in_groups(app, there) == in_groups(app, zoe) == {"12": "Group 12"}


def test_silly_ids_do_no_harm(app: Flask) -> None:
    ann = launch(app, {"groups": ",".join(["x" * 300, *map(str, range(200))])})
    assert len(in_groups(app, ann)) == grouping.MOST_AT_ONCE


@pytest.fixture
def here(session: Session) -> Cohort:
    """The cohort of the cast."""
    return session.scalars(select(Cohort)).one()


def test_a_groups_life(session: Session, cast: Cast, here: Cohort) -> None:
    group = grouping.make(session, here, "Table one")
    ben, cleo = cast.ben.member(session), cast.cleo.member(session)
    grouping.add(session, group, [ben, cleo])
    grouping.add(session, group, [ben])
    assert [(row.title, row.count, row.is_ours) for row in reading.groups(session, here.id)] == [("Table one", 2, True)]
    grouping.take_out(session, group, [ben])
    assert reading.group_ids_of(session, ben) == set()
    grouping.rename(session, group, "Table 1")
    with pytest.raises(Refusal):
        grouping.make(session, here, "TABLE 1")
    grouping.rename(session, group, "table 1")  # its own name in other letters
    grouping.remove(session, group)
    assert reading.groups(session, here.id) == []
    assert session.get(Member, cleo.id) is not None


def test_groups_of_the_lms_are_its_own(session: Session, cast: Cast, here: Cohort) -> None:
    ben = cast.ben.member(session)
    grouping.place(session, ben, ["9"])
    group = session.scalars(select(Group)).one()
    for act in (
        lambda: grouping.remove(session, group),
        lambda: grouping.add(session, group, [ben]),
        lambda: grouping.take_out(session, group, [ben]),
        lambda: grouping.choose(session, ben, [group]),
    ):
        with pytest.raises(Refusal) as refusal:
            act()
        assert refusal.value.status == 409
    grouping.rename(session, group, "Nine")
    assert group.title == "Nine"


def test_not_any_number_of_groups(session: Session, here: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MOST_GROUPS", 2)
    grouping.make(session, here, "One")
    grouping.make(session, here, "Two")
    with pytest.raises(Refusal):
        grouping.make(session, here, "Three")


def test_a_unit_set_here_goes_before_the_lmss(app: Flask, cast: Cast) -> None:
    ann = launch(app, {"unit": "Sales"})

    def unit() -> tuple[str | None, bool]:
        with app.app_context():
            member = db.session.get_one(Member, ann.member_id)
            return member.unit.name if member.unit else None, member.is_unit_ours

    assert unit() == ("Sales", False)
    cast.tess.post(f"/cohort/people/{ann.member_id}", unit="Sales")  # saved without a change
    assert unit() == ("Sales", False)
    cast.tess.post(f"/cohort/people/{ann.member_id}", unit="  Ghent \n office ")
    assert unit() == ("Ghent office", True)
    launch(app, {"unit": "Marketing"})
    assert unit() == ("Ghent office", True)
    cast.tess.post(f"/cohort/people/{ann.member_id}", unit="")
    assert unit() == (None, True)
    cast.tess.post(f"/cohort/people/{ann.member_id}/unit/return")
    launch(app, {"unit": "Marketing"})
    assert unit() == ("Marketing", False)
    with app.app_context():
        assert set(db.session.scalars(select(Unit.name))) == {"Sales", "Ghent office", "Marketing"}
