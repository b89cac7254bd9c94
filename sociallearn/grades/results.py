"""Look at what the LMS has: name and maximum of a column (AGS 2.0 3.2), and what stands in it for everybody (3.3).

Read a minute after a score went there but once an hour at most, once a day otherwise, and whenever a trainer asks. What
differs from what we sent is shown and left alone.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from sociallearn import clock, jobs
from sociallearn.database import locked, transaction
from sociallearn.grades import delivering
from sociallearn.grades.models import Delivery, LineItem
from sociallearn.lti import failures, services
from sociallearn.lti.failures import NotNow, ServiceError
from sociallearn.lti.models import Deployment, Registration
from sociallearn.lti.services import LineItemData, ResultData
from sociallearn.roster.models import Member, Person, Placement

LEASE = timedelta(minutes=5)  # a course of thousands comes in many pages
BEGIN_WITHIN = 240.0  # seconds of the lease in which a call may begin
EVERY = timedelta(days=1)  # when nothing was sent
SHORTEST, LONGEST = 60.0, 3600.0  # seconds to wait after failures

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Look:
    """One attempt to read a column."""

    placement_id: int
    number: int
    line_item_url: str
    scopes: tuple[str, ...]
    registration: Registration
    began: datetime


def ask(session: Session, cohort_id: int) -> int:
    """Read the cohort's columns again now; how many those are."""
    statement = select(LineItem.placement_id).where(LineItem.cohort_id == cohort_id).order_by(LineItem.placement_id)
    found = session.scalars(statement).all()
    for placement_id in found:
        locked(session, LineItem, placement_id).look_at = clock.now()
        jobs.after_commit(session, look, placement_id)
    session.flush()
    return len(found)


def may_look(scopes: Sequence[str]) -> bool:
    """Whether the LMS lets us read anything about a column."""
    return services.RESULT_SCOPE in scopes or services.may_read_line_item(scopes)


def _due(session: Session) -> Sequence[int]:
    now = clock.now()
    statement = (
        select(LineItem.placement_id)
        .join(Placement, Placement.id == LineItem.placement_id)
        .join(Deployment, Deployment.id == Placement.deployment_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .where(
            Registration.is_active,
            LineItem.look_at <= now,
            or_(LineItem.lease_until.is_(None), LineItem.lease_until < now),
            Placement.line_item_url == LineItem.line_item_url,
        )
        .order_by(LineItem.look_at)
        .limit(jobs.MOST_A_SWEEP)
    )
    return session.scalars(statement).all()


@jobs.task(due=_due)
def look(placement_id: int) -> None:
    """Read one column and what stands in it, if that is due and nobody else is at it."""
    with transaction() as session:
        wanted = _claim(session, placement_id)
    if wanted is None:
        return
    try:
        column, results = _read(wanted)
    except ServiceError as error:
        log.info("column of placement %s, look %s: %s", placement_id, wanted.number, error)
        _record_failure(wanted, error)
    except Exception as error:  # an address nobody can parse, a broken key: wait like for any other trouble, and say so
        log.exception("column of placement %s, look %s", placement_id, wanted.number)
        _record_failure(wanted, failures.Unreachable("unreachable", type(error).__name__))
    else:
        _record(wanted, column, results)


def _claim(session: Session, placement_id: int) -> Look | None:
    if session.get(LineItem, placement_id) is None:
        return None
    row, now = locked(session, LineItem, placement_id), clock.now()
    placement = session.get_one(Placement, placement_id)
    is_leased = row.lease_until is not None and row.lease_until >= now
    if row.look_at is None or row.look_at > now or is_leased or placement.line_item_url != row.line_item_url:
        return None
    if not may_look(placement.ags_scopes):
        row.look_at = None
        return None
    row.attempts += 1
    row.lease_until, row.looked_at = now + LEASE, now
    return Look(
        placement_id=placement_id,
        number=row.attempts,
        line_item_url=row.line_item_url,
        scopes=tuple(placement.ags_scopes),
        registration=session.get_one(Deployment, placement.deployment_id).registration,
        began=now,
    )


def _read(wanted: Look) -> tuple[LineItemData | None, list[ResultData] | None]:
    connector = services.connect(wanted.registration, wanted.scopes, BEGIN_WITHIN)
    column = results = None
    if services.may_read_line_item(wanted.scopes):
        column = services.read_line_item(connector, wanted.line_item_url)
    if services.RESULT_SCOPE in wanted.scopes:
        results = services.read_results(connector, wanted.line_item_url)
    return column, results


def _record(wanted: Look, column: LineItemData | None, results: list[ResultData] | None) -> None:
    with transaction() as session:
        row = locked(session, LineItem, wanted.placement_id)
        if row.attempts != wanted.number or row.line_item_url != wanted.line_item_url:
            return
        if column is not None:
            delivering.remember(session, wanted.placement_id, wanted.line_item_url, column)
        if results is not None:
            _keep(session, wanted, results)
            row.results_at = wanted.began
        row.lease_until, row.failures, row.problem = None, 0, None
        row.look_at = clock.now() + EVERY


def _keep(session: Session, wanted: Look, results: list[ResultData]) -> None:
    """Write down whatever is another result than we knew, in order of id."""
    said = {result.user_id: result for result in results}
    statement = (
        select(Delivery.id, Person.sub, Delivery.result_score, Delivery.result_maximum)
        .join(Member, Member.id == Delivery.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(Delivery.placement_id == wanted.placement_id)
        .order_by(Delivery.id)
    )
    found = []
    for delivery_id, sub, score, maximum in session.execute(statement):
        result = said.get(sub)
        now = (result.score, result.maximum) if result is not None else (None, None)
        if now != (score, maximum):
            found.append({"id": delivery_id, "result_score": now[0], "result_maximum": now[1]})
    if found:
        session.execute(update(Delivery), found)


def _record_failure(wanted: Look, error: ServiceError) -> None:
    with transaction() as session:
        row = locked(session, LineItem, wanted.placement_id)
        if row.attempts != wanted.number:
            return
        was_gone = row.problem == "gone"
        row.lease_until, row.problem = None, "gone" if error.status == 404 else error.code
        if was_gone and error.status == 404:
            _forget_column(session, wanted)
        if isinstance(error, NotNow):
            seconds = max(1.0, error.retry_after or 0.0)
        else:
            row.failures += 1
            seconds = min(LONGEST, SHORTEST * 2.0 ** min(row.failures - 1, 10))
        row.look_at = clock.now() + timedelta(seconds=seconds)


def _forget_column(session: Session, wanted: Look) -> None:
    """The LMS's own column is gone: nothing must believe in it any more. The next launch says if it is back."""
    session.execute(
        update(Placement)
        .where(
            Placement.id == wanted.placement_id,
            Placement.line_item_url == wanted.line_item_url,
            Placement.wants_column.is_(False),
        )
        .values(line_item_url=None)
    )
