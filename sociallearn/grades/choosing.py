"""Choose how much taking part counts. A new version, never a change of an old one."""

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.grades import calendar, folding
from sociallearn.grades.delivering import mark_due
from sociallearn.grades.models import LedgerEntry, SchemeVersion
from sociallearn.grades.schemes import CHOICES, LIGHT, Scheme, to_json
from sociallearn.roster.models import Cohort, Member


def choose(session: Session, cohort: Cohort, name: str, *, by: Member) -> SchemeVersion | None:
    """Let periods be judged by the ready-made scheme of this name; see ``begin``. Raises Refusal 400 for others."""
    require(by)
    if name not in CHOICES:
        raise Refusal(400, _("There are no such rules."), _("Go back and choose again."))
    return begin(session, cohort, CHOICES[name], by=by)


def begin(session: Session, cohort: Cohort, scheme: Scheme, *, by: Member) -> SchemeVersion | None:
    """Let periods be judged by this scheme; None where they are already.

    At once while nobody has collected a point, else from the next period on: what closed, and the open one, stay as
    they are. Raises Refusal 403 for who does not grade, 409 when no period follows.
    """
    require(by)
    cohort = locked(session, Cohort, cohort.id)
    rules = folding.rules_of(session, cohort, clock.now())
    if rules.versions[-1].scheme == scheme:
        return None
    if rules.version_id is None:
        _write(session, cohort, 1, LIGHT, at_once=True)  # the default, in force until now
    has_points = session.scalar(
        select(func.count()).where(LedgerEntry.cohort_id == cohort.id, LedgerEntry.change != 0).limit(1)
    )
    number = 1 + (session.scalar(select(func.max(SchemeVersion.number)).filter_by(cohort_id=cohort.id)) or 0)
    version = _write(session, cohort, number, scheme, at_once=not has_points)
    mark_due(session, cohort.id)
    return version


def require(by: Member) -> None:
    """Raises Refusal 403 for who does not grade."""
    if not (by.is_trainer and by.may_grade):
        raise Refusal(403, _("Only trainers who grade can do this."), _("Ask your trainer."))


def _write(session: Session, cohort: Cohort, number: int, scheme: Scheme, *, at_once: bool) -> SchemeVersion:
    rules = folding.rules_of(session, cohort, clock.now())
    starts_at = rules.since if at_once else calendar.next_change(rules.since, rules.plan, rules.now)
    if starts_at == calendar.NEVER:
        raise Refusal(
            409, _("No week or phase follows in which other rules could begin."), _("Change the last day first.")
        )
    version = SchemeVersion(
        cohort_id=cohort.id, number=number, scheme=to_json(scheme), starts_at=starts_at, created_at=clock.now()
    )
    session.add(version)
    session.flush()
    return version
