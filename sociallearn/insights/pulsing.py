"""Make the figures of two short questions once the week in which they closed is over, and forget who answered.

Each average is one cell and is never told of a part of the people, so that within a round there is nothing to subtract.
Between two rounds there would be: if one person more answered and all others as before, both sums would give their
answer away. So people are counted in fives here too, by leaving out up to four answers by lot: nobody knows whose are
in it. Besides, rounds lie four weeks apart (``pulse.asking``).
"""

import secrets
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.insights import hiding
from sociallearn.insights.models import Cell
from sociallearn.pulse import sealing
from sociallearn.pulse.models import PulseReply, PulseRound
from sociallearn.questions.promising import monday
from sociallearn.roster.models import Cohort, Member

WEEK = timedelta(weeks=1)


def close(session: Session, cohort: Cohort, until: date) -> None:
    """Rounds that ended in a week before that Monday; one that was open when the cohort was archived ended then."""
    asked = session.scalar(select(func.count(Member.id)).where(Member.cohort_id == cohort.id, Member.is_graded)) or 0
    pending = select(PulseRound).where(PulseRound.cohort_id == cohort.id, PulseRound.told_at.is_(None))
    for round_ in session.scalars(pending.order_by(PulseRound.id).with_for_update(key_share=True)):
        ended_at = min(round_.closes_at, cohort.archived_at or round_.closes_at)
        week = monday(ended_at - timedelta(microseconds=1), cohort.time_zone)
        if week >= until:
            continue
        sealed = session.scalars(select(PulseReply.sealed).where(PulseReply.round_id == round_.id))
        answers = [sealing.unseal(one) for one in sealed]
        looked = [one.found for one in answers if one.found != sealing.NOT_LOOKED]
        _add(session, cohort, week, "liked", [one.liked for one in answers], asked)
        _add(session, cohort, week, "found", looked, asked)
        session.execute(delete(PulseReply).where(PulseReply.round_id == round_.id))
        round_.told_at = clock.now()


def _add(session: Session, cohort: Cohort, week: date, key: str, answers: Sequence[int], asked: int) -> None:
    given = [one for one in answers if one]
    # that nearly everybody answered would tell that somebody did
    drawn = secrets.SystemRandom().sample(given, hiding.in_fives(len(given), max(asked, len(given))))
    if not drawn:
        return
    cell = Cell(cohort_id=cohort.id, organisation_id=cohort.organisation_id, what="pulse", key=key)
    cell.since, cell.until, cell.people = week, week + WEEK - timedelta(days=1), len(drawn)
    cell.number = round(sum(drawn) / len(drawn), 1)
    session.add(cell)
