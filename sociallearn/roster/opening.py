"""Where a launch leads: the page its placement, its choosing, or its review is about."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.lti.claims import Launch
from sociallearn.roster.models import Member, Person, Placement

Goal = tuple[str, dict[str, Any]]  # endpoint and its values


def goal(session: Session, launch: Launch, member: Member, placement: Placement | None) -> Goal:
    """The endpoint to answer a launch with, 303."""
    if launch.for_user_id is not None:
        return _review(session, launch.for_user_id, member)
    return "feed.index", {}


def _review(session: Session, user_id: str, member: Member) -> Goal:
    """From the gradebook to that learner's receipt (LTI submission review 1.0); one's own for everybody who may not."""
    statement = select(Member.id).join(Member.person).where(Member.cohort_id == member.cohort_id, Person.sub == user_id)
    found = session.scalar(statement.where(Person.registration_id == member.person.registration_id))
    if found is None or found == member.id or not (member.is_trainer and member.may_grade):
        return "grades.mine", {}
    return "grades.learner", {"member_id": found}
