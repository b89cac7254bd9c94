"""What the pages about grades show, read from the cohort on."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.grades import folding
from sociallearn.grades.folding import Rules
from sociallearn.grades.models import Delivery, DeliveryState
from sociallearn.grades.wording import percent
from sociallearn.roster.models import Cohort, Member, Placement

_ORDER = [DeliveryState.REFUSED, DeliveryState.WAITING, DeliveryState.SENT]  # what needs looking at comes first


@dataclass(frozen=True)
class Row:
    """One learner's score in one column of the LMS."""

    id: int
    name: str
    grade_percent: int
    state: str
    sent_at: datetime | None
    problem: str | None
    failures: int
    next_at: datetime
    placement_title: str
    member_url: str


def rules(session: Session, cohort: Cohort) -> Rules:
    """What counts in the cohort now."""
    return folding.rules_of(session, cohort, clock.now())


def deliveries(session: Session, cohort: Cohort) -> list[Row]:
    """Every score of the cohort, what needs looking at first, then by name."""
    found = session.execute(
        select(Delivery, Member, Placement.title)
        .join(Member, Member.id == Delivery.member_id)
        .join(Placement, Placement.id == Delivery.placement_id)
        .where(Delivery.cohort_id == cohort.id)
    ).all()
    rows = [_row(delivery, member, title) for delivery, member, title in found]
    return sorted(rows, key=lambda row: (_ORDER.index(DeliveryState(row.state)), row.name.casefold(), row.id))


def _row(delivery: Delivery, member: Member, placement_title: str) -> Row:
    return Row(
        id=delivery.id,
        name=member.name,
        grade_percent=percent(delivery.grade),
        state=delivery.state,
        sent_at=delivery.sent_at,
        problem=delivery.problem,
        failures=delivery.failures,
        next_at=delivery.next_at,
        placement_title=placement_title,
        member_url=url_for("grades.learner", member_id=member.id),
    )


def totals(rows: list[Row]) -> dict[str, int]:
    """How many scores are waiting, sent and refused."""
    counts = Counter(row.state for row in rows)
    return {str(state): counts[state] for state in DeliveryState}


def has_column(session: Session, cohort: Cohort) -> bool:
    """Whether the LMS keeps a grade for any of the cohort's links."""
    statement = select(func.count(Placement.id)).where(
        Placement.cohort_id == cohort.id, Placement.line_item_url.is_not(None)
    )
    return bool(session.scalar(statement))


def newest_delivery(session: Session, member: Member) -> Delivery | None:
    """The member's own score on its way: in the column that came last."""
    statement = select(Delivery).where(Delivery.member_id == member.id).order_by(Delivery.id.desc()).limit(1)
    return session.scalar(statement)
