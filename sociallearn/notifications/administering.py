"""How mails fare, for administrators: within the LMSs they look after, and never an address."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import locked
from sociallearn.notifications import delivering
from sociallearn.notifications.models import Digest, DigestState, MailPlan, Rhythm
from sociallearn.roster import granting
from sociallearn.roster.models import Person

WITHIN = timedelta(days=7)
MOST = 100


@dataclass(frozen=True)
class Trouble:
    """Somebody whose mails do not arrive."""

    person_id: int
    name: str
    since: datetime
    problem: str | None


@dataclass(frozen=True)
class Overview:
    """A week of mails."""

    counts: dict[str, int]  # by state
    rhythms: dict[str, int]
    paused: list[Trouble]
    failing: list[Trouble]  # waiting, and tried in vain


def overview(session: Session, by: Person) -> Overview:
    """What an administrator sees: four queries."""
    reach = _within(session, by)
    recent = Digest.created_at > clock.now() - WITHIN
    of_person = select(Digest).join(Person, Person.id == Digest.person_id).where(reach, recent)
    states = session.execute(of_person.with_only_columns(Digest.state, func.count()).group_by(Digest.state))
    plans = select(MailPlan).join(Person, Person.id == MailPlan.person_id).where(reach)
    rhythms = session.execute(plans.with_only_columns(MailPlan.rhythm, func.count()).group_by(MailPlan.rhythm))
    paused = plans.where(MailPlan.paused_at.is_not(None), MailPlan.rhythm != Rhythm.OFF).order_by(
        MailPlan.paused_at.desc()
    )
    failing = of_person.where(Digest.state == DigestState.WAITING, Digest.failures > 0).order_by(Digest.id)
    columns = (Person.id, Person.name)
    return Overview(
        counts={state: number for state, number in states},
        rhythms={rhythm: number for rhythm, number in rhythms},
        paused=_troubles(session, paused.with_only_columns(*columns, MailPlan.paused_at, MailPlan.problem)),
        failing=_troubles(session, failing.with_only_columns(*columns, Digest.created_at, Digest.problem)),
    )


def _troubles(session: Session, statement: object) -> list[Trouble]:
    return [Trouble(*row) for row in session.execute(statement.limit(MOST))]  # type: ignore[attr-defined]


def _within(session: Session, by: Person) -> ColumnElement[bool]:
    return Person.registration_id.in_(granting.reach(session, by).registration_ids)


def resume(session: Session, person_id: int, *, by: Person) -> bool:
    """Try somebody's address again; whether there is such a person within reach."""
    found = session.scalar(
        select(MailPlan.person_id)
        .join(Person, Person.id == MailPlan.person_id)
        .where(MailPlan.person_id == person_id, _within(session, by))
    )
    if found is None:
        return False
    delivering.resume(session, locked(session, MailPlan, found))
    return True
