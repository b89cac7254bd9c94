"""A trainer's own word on one period of one learner: its worth, an excuse, points on top. With a reason, and back.

The grade is recomputed from it at once, so that it stands in the ledger like everything else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from sociallearn import clock
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.grades import folding, keeping
from sociallearn.grades.calendar import Period
from sociallearn.grades.models import GradeAdjustment, Standing
from sociallearn.roster.models import Cohort, Member

KINDS = ("bonus", "override", "excuse")
MOST_IN_FORCE = 50  # for one learner


@dataclass(frozen=True)
class Choice:
    """A period a trainer can change."""

    period: Period
    number: int  # counted from 1
    target: float


def choices(session: Session, learner: Member) -> list[Choice]:
    """The learner's periods that began, newest first."""
    cohort = session.get_one(Cohort, learner.cohort_id)
    rules = folding.rules_of(session, cohort, folding.moment(cohort))
    periods = folding.periods_of(learner.joined_at or rules.now, rules)
    found = [Choice(one, number, rules.scheme_of(one).target) for number, one in enumerate(periods, start=1)]
    return [one for one in reversed(found) if one.period.starts <= rules.now]


def adjust(
    session: Session, learner: Member, period: str, kind: str, *, by: Member, reason: str, points: float | None = None
) -> GradeAdjustment:
    """Change what a period counts for; another override or excuse of the same period takes the place of the first.

    Raises Refusal 403 for who does not grade, or for one's own grade; 404 for an unknown period; 400 for points that
    make no sense; 409 for somebody who collects no points, an archived cohort, or too many changes.
    """
    _require(session, learner, by)
    chosen = next((one for one in choices(session, learner) if one.period.key == period), None)
    if chosen is None:
        raise Refusal(404, _("There is no such week or phase."), _("Go back and choose again."))
    if kind not in KINDS or not reason.strip():
        raise Refusal(400, _("Say what to change, and why."), _("Go back and choose again."))
    if kind == "excuse":
        points = None
    elif points is None or points % 0.25 or not (0 if kind == "override" else 0.25) <= points <= chosen.target:
        raise Refusal(400, _("Points are whole quarters, at most full marks."), _("Go back and change them."))
    standing = locked(session, Standing, learner.id)
    for before in _in_force(session, learner):
        if kind != "bonus" and (before.kind, before.period) == (kind, period):
            _end(before, by)
    if len(_in_force(session, learner)) >= MOST_IN_FORCE:
        raise Refusal(409, _("That is very many changes."), _("Take some back first."))
    made = GradeAdjustment(
        cohort_id=learner.cohort_id,
        organisation_id=learner.organisation_id,
        member_id=learner.id,
        period=period,
        kind=kind,
        points=points,
        reason=reason.strip(),
        by_id=by.id,
        created_at=clock.now(),
    )
    session.add(made)
    standing.told_at = clock.now()
    session.flush()
    keeping.recompute(session, learner)
    return made


def withdraw(session: Session, adjustment: GradeAdjustment, *, by: Member) -> None:
    """Take it back; done twice, nothing happens. Raises Refusal 403 and 409 as ``adjust`` does."""
    learner = session.get_one(Member, adjustment.member_id)
    _require(session, learner, by)
    standing = locked(session, Standing, learner.id)
    row = locked(session, GradeAdjustment, adjustment.id)
    if row.withdrawn_at is not None:
        return
    _end(row, by)
    standing.told_at = clock.now()
    session.flush()
    keeping.recompute(session, learner)


def listed(session: Session, learner: Member) -> Sequence[GradeAdjustment]:
    """What was changed for a learner, newest first; also what was taken back."""
    statement = select(GradeAdjustment).where(GradeAdjustment.member_id == learner.id)
    return session.scalars(
        statement.options(joinedload(GradeAdjustment.by)).order_by(GradeAdjustment.id.desc()).limit(100)
    ).all()


def _require(session: Session, learner: Member, by: Member) -> None:
    if not (by.is_trainer and by.may_grade) or by.id == learner.id:
        raise Refusal(403, _("Only trainers who grade can do this."), _("Ask your trainer."))
    if not learner.is_graded:
        raise Refusal(409, _("%(name)s collects no points here.", name=learner.name))
    if session.get_one(Cohort, learner.cohort_id).archived_at is not None:
        raise Refusal(409, _("This cohort is archived: everything can be read, and nothing changes any more."))
    if session.scalar(select(func.count()).where(Standing.member_id == learner.id)) == 0:
        raise Refusal(409, _("%(name)s collects no points here.", name=learner.name))


def _in_force(session: Session, learner: Member) -> Sequence[GradeAdjustment]:
    statement = select(GradeAdjustment).where(
        GradeAdjustment.member_id == learner.id, GradeAdjustment.withdrawn_at.is_(None)
    )
    return session.scalars(statement.order_by(GradeAdjustment.id)).all()


def _end(row: GradeAdjustment, by: Member) -> None:
    row.withdrawn_at, row.withdrawn_by_id = clock.now(), by.id
