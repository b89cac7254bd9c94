"""Where a launch leads: the page its placement, its choosing, or its review is about."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.lti.claims import Launch
from sociallearn.roster.models import Cohort, ContentItem, Member, Person, Placement

Goal = tuple[str, dict[str, Any]]  # endpoint and its values

ROOMS = {"feed": "feed.index", "questions": "questions.index", "ideas": "ideas.index"}

# What an item within a room opens is known to the rooms above this one; nothing: the room itself.
within_rooms: list[Callable[[Session, ContentItem], Goal | None]] = []

# What this member wanted to see when they had to come in first; nothing: what the launch itself is about.
remembered: list[Callable[[Session, Member], Goal | None]] = []


def goal(session: Session, launch: Launch, member: Member, placement: Placement | None) -> Goal:
    """The endpoint to answer a launch with, 303."""
    if launch.choosing is not None:
        return "placing.index", {}
    if launch.for_user_id is not None:
        return _review(session, launch.for_user_id, member)
    for recall in remembered:
        wanted = recall(session, member)
        if wanted is not None:
            return wanted
    cohort = session.get_one(Cohort, member.cohort_id)
    if placement is not None and placement.content_item_id is not None:
        return _item(session, cohort, session.get_one(ContentItem, placement.content_item_id))
    endpoint, values = _room(cohort, launch.custom.get("room", ""))
    if "item" in launch.custom:
        values["toast"] = "link-unknown"
    return endpoint, values


def _item(session: Session, cohort: Cohort, item: ContentItem) -> Goal:
    if item.room not in cohort.rooms_off:
        for look in within_rooms:
            found = look(session, item)
            if found is not None:
                return found
    return _room(cohort, item.room)


def _room(cohort: Cohort, name: str) -> Goal:
    """A room that is off leads to the first one that is not; so does a name that is none."""
    wanted = [name, *ROOMS]
    return ROOMS[next((one for one in wanted if one in ROOMS and one not in cohort.rooms_off), "feed")], {}


def _review(session: Session, user_id: str, member: Member) -> Goal:
    """From the gradebook to that learner's receipt (LTI submission review 1.0); one's own for everybody who may not."""
    statement = select(Member.id).join(Member.person).where(Member.cohort_id == member.cohort_id, Person.sub == user_id)
    found = session.scalar(statement.where(Person.registration_id == member.person.registration_id))
    if found is None or found == member.id or not (member.is_trainer and member.may_grade):
        return "grades.mine", {}
    return "grades.learner", {"member_id": found}
