"""Whose figures somebody sees: cohorts they train or manage, and those a right given here reaches."""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session

from sociallearn.errors import Refusal
from sociallearn.lti.models import Deployment
from sociallearn.roster import granting
from sociallearn.roster.granting import Right
from sociallearn.roster.models import Cohort, Member, Role


def cohorts(session: Session, member: Member) -> Sequence[Cohort]:
    """All of them, by title; never one of another organisation. Two queries."""
    person = member.person
    rights = [row for row in granting.open_grants(session, person) if row.role == Right.MANAGER]
    mine = select(Member.cohort_id).where(
        Member.person_id == person.id,
        Member.role.in_((Role.TRAINER, Role.MANAGER)),
        Member.joined_at.is_not(None),
        Member.left_at.is_(None),
    )
    given = [true() if row.registration_id is None else Deployment.registration_id == row.registration_id
             for row in rights if row.organisation_id == person.organisation_id]  # fmt: skip
    statement = (
        select(Cohort)
        .join(Deployment, Deployment.id == Cohort.deployment_id)
        .where(Cohort.organisation_id == person.organisation_id, or_(Cohort.id.in_(mine), *given))
    )
    return session.scalars(statement.order_by(Cohort.title, Cohort.id)).all()


def find(session: Session, member: Member, cohort_id: int) -> Cohort:
    """One of them. Raises Refusal 404 for any other."""
    for cohort in cohorts(session, member):
        if cohort.id == cohort_id:
            return cohort
    raise Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))


def is_trainer_of(session: Session, member: Member, cohort: Cohort) -> bool:
    """Whether they train it: then its rows are theirs too."""
    here = (Member.person_id == member.person_id, Member.cohort_id == cohort.id, Member.left_at.is_(None))
    return bool(session.scalar(select(Member.id).where(*here, Member.role == Role.TRAINER)))
