"""Idea rounds: a question the cohort looks for ideas on. Every cohort has one open from its first day."""

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_or_get
from sociallearn.errors import Refusal
from sociallearn.ideas.models import IdeaRound, RoundOwner, Stage
from sociallearn.roster.models import Member


def default_round(session: Session, member: Member) -> IdeaRound:
    """The round of the first day, made when its first idea comes. It never closes."""
    values = {"organisation_id": member.organisation_id, "opened_at": clock.now()}
    return insert_or_get(session, IdeaRound, {"cohort_id": member.cohort_id, "is_default": True}, values)


def find_default(session: Session, member: Member) -> IdeaRound | None:
    """The round of the first day, once somebody proposed something in it."""
    mine = (IdeaRound.cohort_id == member.cohort_id, IdeaRound.is_default.is_(True))
    return session.scalar(select(IdeaRound).where(*mine))


def open_one(session: Session, *, by: Member, question: str, closes_at: datetime | None = None) -> IdeaRound:
    """A new round. With ``closes_at`` it takes no ideas and no ratings from then on.

    Raises Refusal 403 for who does not train.
    """
    check_trains(by)
    made = IdeaRound(cohort_id=by.cohort_id, question=question, opened_at=clock.now(), closed_at=closes_at)
    session.add(made)
    session.flush()
    return made


def close(session: Session, round_: IdeaRound, *, by: Member) -> None:
    """No new ideas and no ratings from now on.

    Raises Refusal 403 for who does not train, 409 for the round of the first day.
    """
    _check_changeable(round_, by)
    if round_.is_open:
        round_.closed_at = clock.now()
        session.flush()


def reopen(session: Session, round_: IdeaRound, *, by: Member) -> None:
    """New ideas and ratings are welcome again, without an end.

    Raises Refusal as ``close`` does, and 409 once its results are told: who read them would rate with them in mind.
    """
    _check_changeable(round_, by)
    if round_.shows_results:
        raise Refusal(
            409,
            _("Everybody can read the results of this round by now: it takes no more ratings."),
            _("Open a new round for what is still to come."),
        )
    round_.closed_at = None
    session.flush()


def remove_unused(session: Session, round_: IdeaRound) -> bool:
    """Remove a round nobody proposed anything in and nothing refers to; whether it was. The database decides: an idea
    may be on its way."""
    try:
        with session.begin_nested():
            for hanging in (Stage, RoundOwner):
                session.execute(delete(hanging).where(hanging.round_id == round_.id))
            session.execute(delete(IdeaRound).where(IdeaRound.id == round_.id))
    except IntegrityError:
        return False
    session.expunge(round_)
    return True


def _check_changeable(round_: IdeaRound, by: Member) -> None:
    check_trains(by)
    if round_.is_default:
        raise Refusal(409, _("This round stays open: there is always a place for an idea."), "")


def check_trains(by: Member) -> None:
    """Raises Refusal 403 for everybody who does not train this cohort."""
    if not by.is_trainer:
        raise Refusal(403, _("Only trainers of this cohort can do this."), _("Ask your trainer."))
