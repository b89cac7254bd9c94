"""Answer the two questions, change it, or put it off."""

from dataclasses import replace

from blinker import Signal
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn.database import insert_or_get
from sociallearn.errors import Refusal
from sociallearn.pulse.models import PulseReply, PulseRound
from sociallearn.pulse.sealing import NOT_LOOKED, Answers, seal, unseal
from sociallearn.roster.models import Member, Role

SCALE = range(1, 6)

responded = Signal()  # responded.send(round_, member=member, session=session): answered, or put off


def is_asked(member: Member) -> bool:
    """Learners are, but for the LMS's pretend student."""
    return member.role == Role.LEARNER and not member.is_test


def answer(session: Session, *, by: Member, liked: int | None = None, found: int | None = None) -> None:
    """One answer, or both; the other one stays.

    Raises Refusal 400 for what is no answer, 403 for who is not asked, 409 once the week is over.
    """
    if (liked is None and found is None) or liked not in (None, *SCALE) or found not in (None, *SCALE, NOT_LOOKED):
        raise Refusal(400, _("SocialLearn could not understand this request."))
    reply = _reply(session, by)
    before = unseal(reply.sealed)
    reply.sealed = seal(Answers(liked or before.liked, found or before.found))
    session.flush()


def put_off(session: Session, *, by: Member) -> None:
    """Not now: the card stays away. What was answered already counts.

    Raises Refusal 403 for who is not asked, 409 once the week is over.
    """
    reply = _reply(session, by)
    reply.sealed = seal(replace(unseal(reply.sealed), is_put_off=True))
    session.flush()


def _reply(session: Session, by: Member) -> PulseReply:
    """The member's own row, made if need be. The round is held, so that no answer comes after its figures."""
    if not is_asked(by):
        raise Refusal(403, _("These two questions are for learners."), "")
    theirs = select(PulseRound).where(PulseRound.cohort_id == by.cohort_id, PulseRound.is_open)
    round_ = session.scalar(theirs.with_for_update(key_share=True))
    if round_ is None:
        raise Refusal(409, _("These two questions are closed."), _("Thank you for wanting to answer them."))
    own = {"cohort_id": by.cohort_id, "organisation_id": by.organisation_id, "sealed": seal(Answers())}
    reply = insert_or_get(session, PulseReply, {"round_id": round_.id, "member_id": by.id}, own)
    responded.send(round_, member=by, session=session)
    return reply
