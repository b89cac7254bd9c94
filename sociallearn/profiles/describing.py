"""Say a line about oneself, and take it away."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_new
from sociallearn.profiles.models import Profile
from sociallearn.roster.models import Member


def describe(session: Session, about: str, *, by: Member) -> None:
    """Let the cohort read this line with one's name; it replaces the one before, and an empty one only takes that
    away."""
    # of two tabs at once, the second replaces what the first said
    session.execute(select(Member.id).where(Member.id == by.id).with_for_update(key_share=True))
    withdraw(session, by=by)
    if about:
        own = {"cohort_id": by.cohort_id, "organisation_id": by.organisation_id, "at": clock.now()}
        insert_new(session, Profile, {"member_id": by.id, "about": about, **own})


def withdraw(session: Session, *, by: Member) -> None:
    """Nothing is kept of it. A second time changes nothing."""
    session.execute(delete(Profile).where(Profile.member_id == by.id))
