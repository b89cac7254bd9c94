"""The questions as one learner sees them."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from sociallearn.pulse import asking
from sociallearn.pulse.answering import is_asked
from sociallearn.pulse.models import PulseReply, PulseRound
from sociallearn.pulse.sealing import Answers, unseal
from sociallearn.roster.models import Member


@dataclass(frozen=True, slots=True)
class Shown:
    """What this member answered so far, and until when they can."""

    answers: Answers
    last_day: date

    @property
    def is_done(self) -> bool:
        """Both are answered."""
        return bool(self.answers.liked and self.answers.found)

    @property
    def waits(self) -> bool:
        """Neither answered nor put off."""
        return not (self.is_done or self.answers.is_put_off)


def shown(session: Session, member: Member) -> Shown | None:
    """The questions while they are open; nothing for whom they are not for. At most one query."""
    if not is_asked(member) or member.cohort.is_archived:
        return None
    mine = and_(PulseReply.round_id == PulseRound.id, PulseReply.member_id == member.id)
    row = session.execute(
        select(PulseRound, PulseReply.sealed)
        .outerjoin(PulseReply, mine)
        .where(PulseRound.cohort_id == member.cohort_id, PulseRound.is_open)
    ).first()
    if row is None:
        return None
    round_, sealed = row
    answers = unseal(sealed) if sealed is not None else Answers()
    return Shown(answers, asking.last_day(member.cohort, round_))
