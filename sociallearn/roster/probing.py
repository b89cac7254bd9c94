"""What to try a connection with: the newest launches say where an LMS keeps members and columns."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn.lti.examining import Subject
from sociallearn.lti.models import Deployment, Registration
from sociallearn.roster.models import Placement


def subject(session: Session, registration: Registration) -> Subject:
    """The registration, taken out of the session (it is used while no transaction is open), and what to try."""
    pending = session.scalar(
        select(func.count())
        .select_from(Deployment)
        .where(Deployment.registration_id == registration.id, Deployment.confirmed_at.is_(None))
    )
    placements = (
        select(Placement)
        .join(Deployment, Deployment.id == Placement.deployment_id)
        .where(Deployment.registration_id == registration.id)
        .order_by(Placement.id.desc())
        .limit(1)
    )
    members = session.scalar(placements.where(Placement.memberships_url.is_not(None)))
    graded = session.scalar(placements.where(Placement.line_item_url.is_not(None)))
    column = graded or session.scalar(placements)
    session.expunge(registration)
    return Subject(
        registration=registration,
        pending=pending or 0,
        memberships_url=members.memberships_url if members else None,
        line_item_url=graded.line_item_url if graded else None,
        ags_scopes=list(column.ags_scopes) if column else [],
    )
