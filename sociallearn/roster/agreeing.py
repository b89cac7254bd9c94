"""Our agreements: how a cohort talks. Ready text for everybody, and up to three lines of the trainer, in versions."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import locked
from sociallearn.roster.models import Agreements, Cohort, Member
from sociallearn.roster.phases import check_trains

MOST_LINES = 3


@dataclass(frozen=True)
class Current:
    """What holds now. The ready text alone is number 1; each change of the lines counts one more."""

    number: int
    lines: list[str]

    def news_for(self, member: Member) -> str:
        """``first`` at the first visit, ``changed`` after a new version, nothing once it was read."""
        if member.agreements_read >= self.number:
            return ""
        return "changed" if member.agreements_read else "first"


def current(session: Session, cohort_id: int) -> Current:
    """The newest version, in one query."""
    newest = session.execute(
        select(Agreements.number, Agreements.lines)
        .where(Agreements.cohort_id == cohort_id)
        .order_by(Agreements.number.desc())
        .limit(1)
    ).first()
    return Current(newest.number + 1, list(newest.lines)) if newest else Current(1, [])


def write(session: Session, cohort: Cohort, lines: list[str], *, by: Member) -> Current:
    """The trainer's own lines; a new version if they changed. Raises Refusal 403 for who does not train."""
    check_trains(by)
    cohort = locked(session, Cohort, cohort.id)
    kept = [line for line in lines if line][:MOST_LINES]
    before = current(session, cohort.id)
    if kept != before.lines:
        row = Agreements(cohort_id=cohort.id, number=before.number, lines=kept, author_id=by.id, created_at=clock.now())
        session.add(row)
        session.flush()
    after = current(session, cohort.id)
    read(by, after.number)  # who wrote it knows it
    return after


def read(member: Member, number: int) -> None:
    """Somebody said "Read" to this version; never back to an older one."""
    member.agreements_read = max(member.agreements_read, number)
