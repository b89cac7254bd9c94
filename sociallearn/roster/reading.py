"""Who is in a cohort."""

from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.roster.models import Member, Person


@dataclass(frozen=True)
class Row:
    """One member as the trainer's list shows them."""

    name: str
    role: str
    unit: str | None
    joined_at: datetime | None
    seen_at: datetime | None
    is_you: bool
    participation_url: str | None


def people(session: Session, cohort_id: int, you: int) -> list[Row]:
    """Everybody in the cohort by name, without the LMS's pretend students."""
    members = session.scalars(
        select(Member)
        .join(Member.person)
        .where(Member.cohort_id == cohort_id, Member.is_test.is_(False))
        .order_by(Person.name, Member.id)
    )
    return [
        Row(
            member.name,
            member.role,
            member.unit.name if member.unit else None,
            member.joined_at,
            member.seen_at,
            member.id == you,
            url_for("grades.learner", member_id=member.id) if member.is_graded else None,
        )
        for member in members
    ]
