"""Idea rounds. Every cohort has one open from its first day."""

from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_or_get
from sociallearn.ideas.models import IdeaRound
from sociallearn.roster.models import Member


def open_round(session: Session, member: Member) -> IdeaRound:
    """The round an idea goes into, made when the first one comes."""
    values = {"organisation_id": member.organisation_id, "opened_at": clock.now()}
    return insert_or_get(session, IdeaRound, {"cohort_id": member.cohort_id, "is_default": True}, values)
