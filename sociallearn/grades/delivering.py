"""Bring scores to the LMS (AGS 2.0 3.4): claim, commit, send, record. Retried until the LMS has it or never will.

    claim    a lease of 30 s, a new attempt number and a time stamp at least a second after the last one, committed
    send     no transaction is open; nothing is sent so late that the lease could end before it is on its way
    record   only if no newer attempt was made meanwhile: a late worker keeps silent

So two attempts at one score can never carry the same stamp, and an LMS that compares stamps keeps the newer value. A
worker killed in between leaves a lease that ends: the next sweep sends again.

A score somebody changed in the LMS is theirs. We send again only when the learner's own grade moves, not for a new
comment or a new maximum; whose value then stands is the LMS's rule (Canvas is told to keep the person's, Moodle keeps
an overridden grade and lets the newer stamp win otherwise).
"""

import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from sociallearn import clock, jobs
from sociallearn.database import insert_or_get, locked, transaction
from sociallearn.grades import comparing
from sociallearn.grades.models import ColumnState, Delivery, DeliveryState, LineItem, OwnColumn, Standing
from sociallearn.lti import failures, services
from sociallearn.lti.failures import NotNow, Refused, ServiceError, Throttled
from sociallearn.lti.models import Deployment, Registration
from sociallearn.lti.services import Connector, LineItemData
from sociallearn.roster.models import Member, Placement

LEASE = timedelta(seconds=30)
BEGIN_WITHIN = 18.0  # seconds of the lease in which a call may begin; the rest is for it to be on its way
STEP = timedelta(seconds=1)  # Moodle compares stamps in whole seconds
KNOWN_FOR = timedelta(days=1)  # a line item's maximum can be changed in the LMS
DEFAULT_MAXIMUM = 100.0  # points, where the LMS does not say: it scales what we send to its own
FIRST_HOUR, LONGEST_AT_FIRST, LONGEST = timedelta(hours=1), 30.0, 900.0  # back-off in seconds
JITTER = 0.2  # so that a thousand scores do not come back in the same second
SETTLED = timedelta(minutes=1)  # after a score, until the column is looked at: the others of its class come too
LOOK_EVERY = timedelta(hours=1)  # at most, unless a trainer asks
CANVAS = "https://canvas.instructure.com/lti/submission"

_REFUSALS = {400: "not_gradable", 404: "gone"}
_ABOUT_PEOPLE = ("not_gradable", "left")  # why a score was refused that a new launch as a learner does away with
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
        has_moved = row.grade != (grade or 0.0)
        says_more = row.comment != comment and not _is_changed_in_lms(session, row)
        row.grade, row.comment = grade or 0.0, comment
        if has_moved or says_more or _may_come_back(row):
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


def failing() -> ColumnElement[bool]:
    """What did not arrive: refused, or tried in vain so far."""
    is_stuck = and_(Delivery.state == DeliveryState.WAITING, Delivery.failures > 0)
    return or_(Delivery.state == DeliveryState.REFUSED, is_stuck)


def resend_failed(session: Session, cohort_id: int) -> int:
    """Try everything again that did not arrive, in order of id; how many those are.

    Not for people who left: nobody takes a score for them.
    """
    statement = select(Delivery).where(Delivery.cohort_id == cohort_id, failing())
    statement = statement.where(func.coalesce(Delivery.problem, "") != "left")
    rows = session.scalars(statement.order_by(Delivery.id)).all()
    for row in rows:
        resend(session, row)
    return len(rows)


def on_arrival(member: Member, session: Session) -> None:
    """Somebody came in as a learner (again): what was refused because they had left, or taught, is sent after all."""
    if not member.is_graded:
        return
    refused = select(Delivery).where(Delivery.member_id == member.id, Delivery.state == DeliveryState.REFUSED)
    for row in session.scalars(refused.where(Delivery.problem.in_(_ABOUT_PEOPLE)).order_by(Delivery.id)).all():
        resend(session, row)


def resend_all(session: Session, placement_id: int, but: int | None = None) -> None:
    """Send everybody's score in this column again (``but`` one delivery), as its maximum is another one now.

    Not what the LMS refuses, nor what somebody changed there. The column's row must be locked.
    """
    theirs = select(Delivery.id).join(LineItem, LineItem.placement_id == Delivery.placement_id)
    session.execute(
        update(Delivery)
        .where(
            Delivery.placement_id == placement_id,
            Delivery.state.in_((DeliveryState.WAITING, DeliveryState.SENT)),
            Delivery.id != (but or 0),
            Delivery.id.not_in(theirs.where(Delivery.placement_id == placement_id, comparing.changed())),
        )
        .values(state=DeliveryState.WAITING, wanted=Delivery.wanted + 1, next_at=clock.now(), failures=0),
        execution_options={"synchronize_session": False},
    )


def _is_changed_in_lms(session: Session, row: Delivery) -> bool:
    if row.state != DeliveryState.SENT:
        return False
    column = session.get(LineItem, row.placement_id)
    return column is not None and comparing.is_changed(row, column)


def _may_come_back(row: Delivery) -> bool:
    """Only asked for somebody who is graded (now)."""
    return row.state == DeliveryState.REFUSED and row.problem in _ABOUT_PEOPLE


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


def _is_leaving() -> ColumnElement[bool]:
    """The placement's column is one of ours that is about to be removed: what goes in now would keep it there."""
    leaving = select(OwnColumn.cohort_id).where(
        OwnColumn.cohort_id == Placement.cohort_id,
        OwnColumn.state == ColumnState.LEAVING,
        OwnColumn.line_item_url == Placement.line_item_url,
    )
    return exists(leaving)


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
        .join(Deployment, Deployment.id == Placement.deployment_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .where(
            Delivery.state == DeliveryState.WAITING,
            Delivery.next_at <= now,
            or_(Delivery.lease_until.is_(None), Delivery.lease_until < now),
            Placement.line_item_url.is_not(None),
            Registration.is_active,  # nobody takes a score for an LMS that was removed
            ~_is_leaving(),
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
        _record(attempt, failures.Unreachable("unreachable", type(error).__name__))
    else:
        _record(attempt, None)


def _claim(session: Session, delivery_id: int) -> Attempt | None:
    delivery = session.get(Delivery, delivery_id)
    if delivery is None or not _is_due(delivery):
        return None
    placement = session.get_one(Placement, delivery.placement_id)
    follow_now(session, placement)
    row, now = locked(session, Delivery, delivery_id), clock.now()
    member = session.get_one(Member, row.member_id)
    if not _is_due(row):
        return None
    if not member.is_graded:
        # who left, or became a trainer: the LMS keeps no grade for them, and we send none
        row.state, row.lease_until = DeliveryState.REFUSED, None
        row.problem = "left" if member.left_at is not None else "not_gradable"
        return None
    if placement.line_item_url is None:
        row.problem = "no_column"
        return None
    if session.scalar(select(_is_leaving()).where(Placement.id == placement.id)):
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

    To Canvas alone: nothing is handed in (by default each score would use up an attempt), and a grade a person gave
    there stays.
    """
    said: dict[str, Any] = {
        "userId": attempt.user_id,
        "scoreGiven": attempt.grade * maximum,
        "scoreMaximum": maximum,
        "activityProgress": "InProgress",
        "gradingProgress": "FullyGraded",
        "timestamp": attempt.stamp.astimezone(UTC).isoformat(timespec="milliseconds"),
        "comment": attempt.comment,
    }
    if services.is_canvas(attempt.registration):
        said[CANVAS] = {"new_submission": False, "preserve_score": True, "prioritize_non_tool_grade": True}
    return said


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
        remember(session, attempt.placement_id, attempt.line_item_url, found, sending=attempt.delivery_id)
    return found.score_maximum if found is not None else attempt.maximum_before


def remember(
    session: Session, placement_id: int, url: str, found: LineItemData | None, sending: int | None = None
) -> None:
    """Keep what the LMS said about a column, or that it would not say. Another maximum than before: all are sent again.

    ``sending`` is a delivery that will go out with the new maximum anyway.
    """
    column = locked(session, LineItem, placement_id)
    if column.line_item_url != url:
        return
    if found is not None:
        if column.read_at != _NEVER and column.score_maximum != found.score_maximum:
            resend_all(session, placement_id, but=sending)
        column.label, column.score_maximum = found.label, found.score_maximum
    column.read_at = clock.now()


def _record(attempt: Attempt, error: ServiceError | None) -> None:
    with transaction() as session:
        if error is None:
            _look_soon(session, attempt)
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


def _look_soon(session: Session, attempt: Attempt) -> None:
    """The column changed: read in a while what stands in it now. The column's row goes before that of the score."""
    column = session.get(LineItem, attempt.placement_id)
    if column is None or services.RESULT_SCOPE not in attempt.scopes:
        return
    soon = clock.now() + SETTLED
    if column.looked_at is not None:
        soon = max(soon, column.looked_at + LOOK_EVERY)
    if column.look_at is None or column.look_at > soon:  # else nobody need wait for that row
        locked(session, LineItem, column.placement_id).look_at = soon


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
    if isinstance(error, NotNow):  # nothing was tried, so that nothing failed
        row.problem = error.code
        row.next_at = now + timedelta(seconds=(error.retry_after or 1.0) * random.uniform(1, 1 + JITTER))  # noqa: S311
        return
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
            follow_now(session, placement)


def follow_now(session: Session, placement: Placement) -> None:
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
        "look_at": clock.now() + LOOK_EVERY,
    }
    column = insert_or_get(session, LineItem, {"placement_id": placement.id}, values)
    column = locked(session, LineItem, column.placement_id)
    if column.line_item_url == url:
        return  # nothing was ever sent to another one
    column.line_item_url, column.read_at, column.score_maximum = url, _NEVER, DEFAULT_MAXIMUM
    column.results_at, column.problem, column.look_at = None, None, clock.now() + LOOK_EVERY
    deliveries = select(Delivery).where(Delivery.placement_id == placement.id).order_by(Delivery.id)
    for delivery in session.scalars(deliveries).all():
        delivery.result_score = delivery.result_maximum = None
        resend(session, delivery)
