"""Bring scores to the LMS (AGS 2.0 3.4): claim, commit, send, record. Retried until the LMS has it or never will.

    claim    a lease of 30 s, a new attempt number and a time stamp at least a second after the last one, committed
    send     no transaction is open; nothing is sent so late that the lease could end before it is on its way
    record   only if no newer attempt was made meanwhile: a late worker keeps silent

So two attempts at one score can never carry the same stamp, and an LMS that compares stamps keeps the newer value. A
worker killed in between leaves a lease that ends: the next sweep sends again.
"""

import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from sociallearn import clock, jobs
from sociallearn.database import insert_or_get, locked, transaction
from sociallearn.grades.models import Delivery, DeliveryState, LineItem, Standing
from sociallearn.lti import services
from sociallearn.lti.models import Deployment, Registration
from sociallearn.lti.services import Connector, Refused, ServiceError, Throttled
from sociallearn.roster.models import Member, Placement

LEASE = timedelta(seconds=30)
BEGIN_WITHIN = 18.0  # seconds of the lease in which a call may begin; the rest is for it to be on its way
STEP = timedelta(seconds=1)  # Moodle compares stamps in whole seconds
KNOWN_FOR = timedelta(days=1)  # a line item's maximum can be changed in the LMS
DEFAULT_MAXIMUM = 100.0  # points, where the LMS does not say: it scales what we send to its own
FIRST_HOUR, LONGEST_AT_FIRST, LONGEST = timedelta(hours=1), 30.0, 900.0  # back-off in seconds
JITTER = 0.2  # so that a thousand scores do not come back in the same second

_REFUSALS = {400: "not_gradable", 404: "gone", 412: "refused", 422: "refused"}
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Attempt:
    """What one attempt sends, as it stood when it was claimed."""

    delivery_id: int
    number: int
    wanted: int
    grade: float  # 0..1
    comment: str
    stamp: datetime
    user_id: str  # the person's sub
    placement_id: int
    line_item_url: str
    scopes: tuple[str, ...]
    maximum: float | None  # points of the column; None: ask the LMS first
    maximum_before: float  # in case it does not answer that
    registration: Registration


def want(session: Session, member: Member, grade: float | None, comment: str) -> None:
    """Let every column of the member's cohort get this grade (0..1), if it is not what it has or is to get.

    None: nothing is sent to anybody who has no score yet; who has one (the text it was for is gone) gets 0. The
    member's standing must be locked.
    """
    now = clock.now()
    known = {row.placement_id: row.id for row in session.scalars(select(Delivery).filter_by(member_id=member.id))}
    for placement_id in _columns(session, member.cohort_id):
        if grade is None and placement_id not in known:
            continue
        values = {
            "cohort_id": member.cohort_id,
            "organisation_id": member.organisation_id,
            "grade": grade,
            "comment": comment,
            "state": DeliveryState.WAITING,
            "next_at": now,
            "created_at": now,
        }
        key = {"placement_id": placement_id, "member_id": member.id}
        row = locked(session, Delivery, insert_or_get(session, Delivery, key, values).id)
        if (row.grade, row.comment) != (grade or 0.0, comment):
            row.grade, row.comment = grade or 0.0, comment
            _again(row, now)
        if row.state == DeliveryState.WAITING and row.next_at <= now:
            jobs.after_commit(session, deliver, row.id)
    session.flush()


def resend(session: Session, delivery: Delivery) -> Delivery:
    """Send once more, also what the LMS refused: the trainer has seen to it."""
    row = locked(session, Delivery, delivery.id)
    _again(row, clock.now())
    row.failing_since = row.problem = None
    session.flush()
    jobs.after_commit(session, deliver, row.id)
    return row


def _again(row: Delivery, now: datetime) -> None:
    row.state, row.next_at, row.failures = DeliveryState.WAITING, now, 0
    row.wanted += 1


def _columns(session: Session, cohort_id: int) -> list[int]:
    """Graded placements, one for each line item: two links may share a column."""
    rows = session.execute(
        select(Placement.line_item_url, Placement.id)
        .where(Placement.cohort_id == cohort_id, Placement.line_item_url.is_not(None))
        .order_by(Placement.id.desc())
    )
    return sorted({url: placement_id for url, placement_id in rows}.values())


def mark_due(session: Session, cohort_id: int) -> None:
    """Have everybody in the cohort recomputed by the next sweep. Locks in order of id, as recomputing does."""
    statement = select(Standing).where(Standing.cohort_id == cohort_id).order_by(Standing.member_id)
    statement = statement.with_for_update(key_share=True)
    for standing in session.scalars(statement).all():
        standing.next_change_at = clock.now()
    session.flush()


def _due(session: Session) -> Sequence[int]:
    now = clock.now()
    statement = (
        select(Delivery.id)
        .join(Placement, Placement.id == Delivery.placement_id)
        .where(
            Delivery.state == DeliveryState.WAITING,
            Delivery.next_at <= now,
            or_(Delivery.lease_until.is_(None), Delivery.lease_until < now),
            Placement.line_item_url.is_not(None),
        )
        .order_by(Delivery.next_at)
        .limit(jobs.MOST_A_SWEEP)
    )
    return session.scalars(statement).all()


@jobs.task(due=_due)
def deliver(delivery_id: int) -> None:
    """Send one score, if it is due and nobody else is sending it. Any number of workers may try at once."""
    with transaction() as session:
        attempt = _claim(session, delivery_id)
    if attempt is None:
        return
    try:
        _send(attempt)
    except ServiceError as error:
        log.info("delivery %s, attempt %s: %s", delivery_id, attempt.number, error)
        _record(attempt, error)
    except Exception as error:  # an address nobody can parse, a broken key: wait like for any other trouble, and say so
        log.exception("delivery %s, attempt %s", delivery_id, attempt.number)
        _record(attempt, services.Unreachable("unreachable", type(error).__name__))
    else:
        _record(attempt, None)


def _claim(session: Session, delivery_id: int) -> Attempt | None:
    delivery = session.get(Delivery, delivery_id)
    if delivery is None or not _is_due(delivery):
        return None
    placement = session.get_one(Placement, delivery.placement_id)
    _follow(session, placement)
    row, now = locked(session, Delivery, delivery_id), clock.now()
    member = session.get_one(Member, row.member_id)
    if not _is_due(row):
        return None
    if not member.is_graded:
        # a learner who became a trainer: the LMS keeps no grade for them, and we send none
        row.state, row.problem, row.lease_until = DeliveryState.REFUSED, "not_gradable", None
        return None
    if placement.line_item_url is None:
        row.problem = "no_column"
        return None
    row.attempts += 1
    row.lease_until = now + LEASE
    row.stamp = max(now, row.stamp + STEP) if row.stamp else now
    column = session.get_one(LineItem, placement.id)
    return Attempt(
        delivery_id=row.id,
        number=row.attempts,
        wanted=row.wanted,
        grade=row.grade,
        comment=row.comment,
        stamp=row.stamp,
        user_id=member.person.sub,
        placement_id=placement.id,
        line_item_url=placement.line_item_url,
        scopes=tuple(placement.ags_scopes),
        maximum=None if now - column.read_at > KNOWN_FOR else column.score_maximum,
        maximum_before=column.score_maximum,
        registration=session.get_one(Deployment, placement.deployment_id).registration,
    )


def _is_due(row: Delivery) -> bool:
    now = clock.now()
    is_free = row.lease_until is None or row.lease_until < now
    return row.state == DeliveryState.WAITING and row.next_at <= now and is_free


def _send(attempt: Attempt) -> None:
    connector = services.connect(attempt.registration, attempt.scopes, BEGIN_WITHIN)
    maximum = attempt.maximum if attempt.maximum is not None else _read_maximum(connector, attempt)
    services.post_score(connector, attempt.line_item_url, score(attempt, maximum))


def score(attempt: Attempt, maximum: float) -> Mapping[str, Any]:
    """The score as the LMS reads it (AGS 2.0 3.4.2): unrounded, over the column's own maximum.

    Only FullyGraded: Moodle and Canvas clear the grade for anything else. The activity goes on for as long as the
    cohort does, so it is in progress also for somebody with full marks.
    """
    return {
        "userId": attempt.user_id,
        "scoreGiven": attempt.grade * maximum,
        "scoreMaximum": maximum,
        "activityProgress": "InProgress",
        "gradingProgress": "FullyGraded",
        "timestamp": attempt.stamp.astimezone(UTC).isoformat(timespec="milliseconds"),
        "comment": attempt.comment,
    }


def _read_maximum(connector: Connector, attempt: Attempt) -> float:
    """The column's maximum as the LMS has it now, remembered; as we knew it where it will not say.

    That must not hold up a score: the LMS scales whatever we send. No answer at all does, as sending would fail too.
    """
    found = None
    if services.may_read_line_item(attempt.scopes):
        try:
            found = services.read_line_item(connector, attempt.line_item_url)
        except Throttled:
            raise
        except ServiceError as error:
            if error.status is None:
                raise
            log.info("line item of placement %s: %s", attempt.placement_id, error)
    with transaction() as session:
        column = locked(session, LineItem, attempt.placement_id)
        if column.line_item_url == attempt.line_item_url:
            column.read_at = clock.now()
            if found is not None:
                column.label, column.score_maximum = found.label, found.score_maximum
    return found.score_maximum if found is not None else attempt.maximum_before


def _record(attempt: Attempt, error: ServiceError | None) -> None:
    with transaction() as session:
        row = locked(session, Delivery, attempt.delivery_id)
        if row.attempts != attempt.number:
            return  # our lease ended and somebody else has sent, or is sending, something newer
        row.lease_until = None
        now = clock.now()
        if error is None:
            _sent(row, attempt, now)
        elif isinstance(error, Refused):
            _refused(row, attempt, error, now)
        else:
            _failed(row, error, now)
        if row.state == DeliveryState.WAITING:
            jobs.after_commit(session, deliver, row.id, (row.next_at - now).total_seconds())


def _sent(row: Delivery, attempt: Attempt, now: datetime) -> None:
    row.sent, row.sent_grade, row.sent_at = attempt.wanted, attempt.grade, now
    row.failures, row.failing_since, row.problem = 0, None, None
    if row.wanted == attempt.wanted:
        row.state = DeliveryState.SENT
    else:
        row.next_at = now  # something else is wanted since we began


def _refused(row: Delivery, attempt: Attempt, error: Refused, now: datetime) -> None:
    row.failures, row.failing_since = 0, None
    row.problem = _REFUSALS.get(error.status or 0, error.code)
    if row.wanted == attempt.wanted:
        row.state = DeliveryState.REFUSED
    else:
        row.next_at = now


def _failed(row: Delivery, error: ServiceError, now: datetime) -> None:
    row.failures += 1
    row.failing_since = row.failing_since or now
    row.problem = error.code
    seconds = back_off(row.failures, now - row.failing_since)
    if isinstance(error, Throttled) and error.retry_after is not None:
        seconds = max(seconds, min(error.retry_after, LONGEST_AT_FIRST))
    row.next_at = now + timedelta(seconds=seconds)


def back_off(failures: int, failing_for: timedelta) -> float:
    """Seconds to wait after so many failures in a row: 1, 2, 4, 8, 16, 30; after an hour of them up to 15 minutes."""
    longest = LONGEST_AT_FIRST
    if failing_for >= FIRST_HOUR:
        longest = min(LONGEST, max(LONGEST_AT_FIRST, failing_for.total_seconds() / 10))
    doubled = 2.0 ** min(failures - 1, 20)
    return min(longest, doubled * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311 - no secret


def _moved(session: Session) -> Sequence[int]:
    """Placements whose column is new to us, or another one than it was."""
    statement = (
        select(Placement.id)
        .outerjoin(LineItem, LineItem.placement_id == Placement.id)
        .where(
            Placement.line_item_url.is_not(None),
            or_(LineItem.placement_id.is_(None), LineItem.line_item_url != Placement.line_item_url),
        )
        .order_by(Placement.id)
        .limit(jobs.MOST_A_SWEEP)
    )
    return session.scalars(statement).all()


@jobs.task(due=_moved)
def follow(placement_id: int) -> None:
    """A link was given a column, or another one than before: everybody's score must get there."""
    with transaction() as session:
        placement = session.get(Placement, placement_id)
        if placement is not None:
            _follow(session, placement)


def _follow(session: Session, placement: Placement) -> None:
    """Remember which column a link has now; if it has a new one, nothing that was sent is in it."""
    url = placement.line_item_url
    known = session.get(LineItem, placement.id)
    if url is None or (known is not None and known.line_item_url == url):
        return
    mark_due(session, placement.cohort_id)
    values = {
        "cohort_id": placement.cohort_id,
        "organisation_id": placement.organisation_id,
        "line_item_url": url,
        "label": placement.title,
        "score_maximum": DEFAULT_MAXIMUM,
        "read_at": _NEVER,
    }
    column = insert_or_get(session, LineItem, {"placement_id": placement.id}, values)
    column = locked(session, LineItem, column.placement_id)
    if column.line_item_url == url:
        return  # nothing was ever sent to another one
    column.line_item_url, column.read_at, column.score_maximum = url, _NEVER, DEFAULT_MAXIMUM
    deliveries = select(Delivery).where(Delivery.placement_id == placement.id).order_by(Delivery.id)
    for delivery in session.scalars(deliveries).all():
        resend(session, delivery)
