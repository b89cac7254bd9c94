"""A column of our own making, where a link has none: on Canvas in the course's navigation, on Moodle without a grade.

A trainer asks; then it goes as with scores: claim with a lease, commit, call the LMS, record under the attempt's
number. There are never two:

    one row a cohort     however many people ask, and on however many links, one worker at a time acts on it
    look before making   always, and at first by resourceId: the answer to an earlier try may have been lost, and a
                         course copied in the LMS brings its column along
    patience             after a lost answer the LMS gets a minute to finish before we look again
    the LMS goes first   once it has a column for any link of the course, scores go there and ours is removed; it stays
                         only where somebody changed a score in it, or where the LMS will not let us
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from sociallearn import clock, jobs
from sociallearn.database import insert_or_get, locked, transaction
from sociallearn.grades import calendar, comparing, delivering, folding
from sociallearn.grades.models import ColumnState, Delivery, LineItem, OwnColumn
from sociallearn.lti import failures, services
from sociallearn.lti.failures import NotNow, Refused, ServiceError, Throttled
from sociallearn.lti.models import Deployment, Registration
from sociallearn.lti.services import Connector, LineItemData
from sociallearn.roster.models import Cohort, ContentItem, Member, Person, Placement

LEASE = timedelta(seconds=120)
BEGIN_WITHIN = 100.0  # seconds of the lease in which a call may begin
AFTER_LOST_ANSWER = timedelta(minutes=1)
TAG = "participation"
PREFIX = "sociallearn-"
CANVAS_TYPE = "https://canvas.instructure.com/lti/submission_type"

_ACTING = (ColumnState.WAITING, ColumnState.LEAVING)
_STANDING = (ColumnState.WAITING, ColumnState.MADE, ColumnState.REFUSED)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """What one attempt is to do, as it stood when it was claimed."""

    cohort_id: int
    number: int
    wanted: int
    is_leaving: bool
    label: str
    maximum: float
    url: str | None
    resource_id: str
    link_id: str
    line_items_url: str
    scopes: tuple[str, ...]
    registration: Registration
    dates: services.Dates = services.NO_DATES  # when its first period begins and its last one ends
    # sub → grades the LMS took from us, or may be taking at this moment; when leaving
    sent: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """The column as it stands now; nothing when it was removed. ``kept`` says why ours is still there."""

    column: LineItemData | None
    is_ours: bool = True
    kept: str | None = None


def candidate(session: Session, cohort_id: int, preferred_id: int | None) -> Placement | None:
    """The link through which a column could be made: ``preferred_id`` if the LMS lets us, else the newest."""
    found = session.scalars(
        select(Placement)
        .where(
            Placement.cohort_id == cohort_id,
            Placement.line_items_url.is_not(None),
            Placement.line_item_url.is_(None),
        )
        .order_by(Placement.id.desc())
    ).all()
    able = [one for one in found if services.may_make_columns(one.ags_scopes)]
    return next((one for one in able if one.id == preferred_id), able[0] if able else None)


def ask(session: Session, placement: Placement, label: str, maximum: float) -> OwnColumn:
    """Have a column of this name and this many points: made, or changed if we made one before."""
    now = clock.now()
    values = {
        "organisation_id": placement.organisation_id,
        "placement_id": placement.id,
        "label": label,
        "score_maximum": maximum,
        "state": ColumnState.WAITING,
        "next_at": now,
        "created_at": now,
    }
    key = {"cohort_id": placement.cohort_id}
    row = locked(session, OwnColumn, insert_or_get(session, OwnColumn, key, values).cohort_id)
    if row.state in (ColumnState.LEAVING, ColumnState.LEFT):
        row.line_item_url = None
    row.label, row.score_maximum = label, maximum
    if row.line_item_url is None:
        row.placement_id = placement.id
    row.state, row.next_at, row.failures = ColumnState.WAITING, now, 0
    row.failing_since = row.problem = None
    row.wanted += 1
    placement.wants_column = True
    session.flush()
    jobs.after_commit(session, make, row.cohort_id)
    return row


def _superseded() -> Any:
    """The LMS has a column for a link of this cohort that is not ours."""
    others = select(Placement.id).where(
        Placement.cohort_id == OwnColumn.cohort_id,
        Placement.line_item_url.is_not(None),
        Placement.line_item_url != func.coalesce(OwnColumn.line_item_url, ""),
    )
    return exists(others)


def _due(session: Session) -> Sequence[int]:
    now = clock.now()
    is_free = or_(OwnColumn.lease_until.is_(None), OwnColumn.lease_until < now)
    statement = (
        select(OwnColumn.cohort_id)
        .join(Cohort, Cohort.id == OwnColumn.cohort_id)
        .join(Deployment, Deployment.id == Cohort.deployment_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .where(
            is_free,
            Registration.is_active,
            or_(
                and_(OwnColumn.state.in_(_ACTING), OwnColumn.next_at <= now),
                and_(OwnColumn.state.in_(_STANDING), OwnColumn.is_ours, _superseded()),
            ),
        )
        .order_by(OwnColumn.next_at)
        .limit(jobs.MOST_A_SWEEP)
    )
    return session.scalars(statement).all()


@jobs.task(due=_due)
def make(cohort_id: int) -> None:
    """Find, make, change or remove the cohort's own column, if that is due and nobody else is at it."""
    with transaction() as session:
        job = _claim(session, cohort_id)
    if job is None:
        return
    try:
        outcome = _act(job)
    except ServiceError as error:
        log.info("column of cohort %s, attempt %s: %s", cohort_id, job.number, error)
        _record_failure(job, error)
    except Exception as error:  # an address nobody can parse, a broken key: wait like for any other trouble, and say so
        log.exception("column of cohort %s, attempt %s", cohort_id, job.number)
        _record_failure(job, failures.Unreachable("unreachable", type(error).__name__))
    else:
        _record(job, outcome)


def _claim(session: Session, cohort_id: int) -> Job | None:
    if session.get(OwnColumn, cohort_id) is None:
        return None
    row, now = locked(session, OwnColumn, cohort_id), clock.now()
    if row.lease_until is not None and row.lease_until >= now:
        return None
    if row.state in _STANDING and row.is_ours:
        is_superseded = session.scalar(select(_superseded()).where(OwnColumn.cohort_id == cohort_id))
        if is_superseded:
            _give_way(session, row, now)
    if row.state not in _ACTING or row.next_at > now:
        return None
    placement = session.get_one(Placement, row.placement_id)
    row.attempts += 1
    row.lease_until = now + LEASE
    return Job(
        cohort_id=cohort_id,
        number=row.attempts,
        wanted=row.wanted,
        is_leaving=row.state == ColumnState.LEAVING,
        label=row.label,
        maximum=row.score_maximum,
        url=row.line_item_url,
        resource_id=resource_id(session, placement),
        link_id=placement.resource_link_id,
        line_items_url=placement.line_items_url or "",
        scopes=tuple(placement.ags_scopes),
        registration=session.get_one(Deployment, placement.deployment_id).registration,
        dates=dates_of(session, cohort_id),
        sent=_sent(session, placement.id) if row.state == ColumnState.LEAVING else {},
    )


def resource_id(session: Session, placement: Placement) -> str:
    """Under which name we find our column again (AGS 2.0 3.2.2): the placed item's key, else the course's."""
    if placement.content_item_id is not None:
        return session.get_one(ContentItem, placement.content_item_id).link_key
    return PREFIX + session.get_one(Cohort, placement.cohort_id).context_id


def dates_of(session: Session, cohort_id: int) -> services.Dates:
    """From when to when points are collected, as far as the calendar says: its phases, else its last day."""
    cohort = session.get_one(Cohort, cohort_id)
    plan = folding.plan_of(session, cohort)
    starts = plan.phases[0].starts if plan.phases else None
    ends = max((phase.ends for phase in plan.phases), default=None)
    if plan.last_day is not None:
        midnight = calendar.end_of(plan.last_day, plan.zone)
        ends = min(ends, midnight) if ends is not None else midnight
    return services.Dates(starts, ends)


def on_calendar(cohort: Cohort, session: Session) -> None:
    """The course's days changed: the column of our own making gets its new dates."""
    row = session.get(OwnColumn, cohort.id)
    if row is None or not row.is_ours or row.state != ColumnState.MADE:
        return
    row = locked(session, OwnColumn, cohort.id)
    if row.state == ColumnState.MADE:
        row.state, row.next_at, row.failures = ColumnState.WAITING, clock.now(), 0
        row.wanted += 1
        session.flush()
        jobs.after_commit(session, make, row.cohort_id)


def _give_way(session: Session, row: OwnColumn, now: datetime) -> None:
    """The LMS has a column of its own now: nothing more goes to ours, and it is removed if it can be."""
    row.next_at, row.failures, row.failing_since, row.problem = now, 0, None, None
    if row.line_item_url is not None:
        row.state = ColumnState.LEAVING
    else:
        _leave(session, row, None)


def _sent(session: Session, placement_id: int) -> dict[str, tuple[float, ...]]:
    statement = (
        select(Person.sub, Delivery.sent_grade, Delivery.grade)
        .join(Member, Member.id == Delivery.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(Delivery.placement_id == placement_id, Delivery.attempts > 0)
    )
    return {sub: tuple({given for given in grades if given is not None}) for sub, *grades in session.execute(statement)}


def _act(job: Job) -> Outcome:
    connector = services.connect(job.registration, job.scopes, BEGIN_WITHIN)
    if job.is_leaving:
        return _remove(connector, job)
    if job.url is not None:
        try:
            return Outcome(services.change_line_item(connector, job.url, job.label, job.maximum, job.dates))
        except Refused as error:
            if error.status != 404:
                raise  # else somebody deleted it in the LMS, and a trainer asked for it after that
    found = find(services.list_line_items(connector, job.line_items_url), job.resource_id, job.link_id)
    if found is None:
        return Outcome(_create(connector, job))
    if found.resource_link_id == job.link_id:
        return Outcome(found, is_ours=False)  # its name and points are set where the link is
    return Outcome(services.change_line_item(connector, found.url, job.label, job.maximum, job.dates))


def find(columns: Sequence[LineItemData], resource_id: str, link_id: str) -> LineItemData | None:
    """Ours among the course's columns: by name, by link, or as it came along with a copied course."""
    exact = [one for one in columns if one.resource_id == resource_id]
    linked = [one for one in columns if one.resource_link_id == link_id]
    copied = [
        one
        for one in columns
        if resource_id.startswith(PREFIX) and one.resource_id.startswith(PREFIX) and one.tag == TAG
    ]
    return next(iter([*exact, *linked, *copied]), None)


def new_column(job: Job) -> dict[str, Any]:
    """What is posted to make it (AGS 2.0 3.2.5).

    Tied to no link: Canvas knows none for its navigation. There it becomes an assignment with nothing to hand in, so
    that nobody is ever "missing" something and no second way in appears.
    """
    body: dict[str, Any] = {
        "label": job.label,
        "scoreMaximum": services.plain(job.maximum),
        "resourceId": job.resource_id,
        "tag": TAG,
        **job.dates.as_body(),
    }
    if services.is_canvas(job.registration):
        body[CANVAS_TYPE] = {"type": "none"}
    return body


class _Lost(ServiceError):
    """It was asked for, and nobody knows whether it was made."""


def _create(connector: Connector, job: Job) -> LineItemData:
    try:
        return services.create_line_item(connector, job.line_items_url, new_column(job))
    except (Refused, Throttled):
        raise
    except ServiceError as error:
        raise _Lost(error.code, error.reason, error.status) from error


def _remove(connector: Connector, job: Job) -> Outcome:
    if job.url is None:
        return Outcome(None)
    if services.RESULT_SCOPE not in job.scopes:
        return Outcome(None, kept="kept")  # we cannot see whether somebody changed a score there
    try:
        results = services.read_results(connector, job.url)
    except Refused:
        return Outcome(None)  # it is gone already
    if any(_is_theirs(result, job) for result in results):
        return Outcome(None, kept="kept_changed")
    try:
        services.delete_line_item(connector, job.url)
    except ServiceError as error:
        if isinstance(error, Refused) or error.status in (401, 403, 405):
            return Outcome(None, kept="kept")
        raise
    return Outcome(None)


def _is_theirs(result: services.ResultData, job: Job) -> bool:
    ours = job.sent.get(result.user_id)
    if not ours:
        return result.score is not None
    return all(comparing.is_other(grade, result.score, result.maximum, job.maximum) for grade in ours)


def _record(job: Job, outcome: Outcome) -> None:
    with transaction() as session:
        row = locked(session, OwnColumn, job.cohort_id)
        if row.attempts != job.number:
            return  # whoever came after us looks before making, and so finds it
        row.lease_until = None
        row.failures, row.failing_since, row.problem = 0, None, None
        if job.is_leaving and row.state == ColumnState.LEAVING:
            _leave(session, row, outcome.kept)
        elif outcome.column is not None:
            _take(session, row, job, outcome.column, outcome.is_ours)
        if row.state == ColumnState.WAITING:  # something else is wanted since we began
            row.next_at = clock.now()
            jobs.after_commit(session, make, row.cohort_id)


def _take(session: Session, row: OwnColumn, job: Job, column: LineItemData, is_ours: bool) -> None:
    """Scores go there from now on, unless the LMS has a column of its own meanwhile."""
    row.line_item_url, row.is_ours = column.url, is_ours
    if row.wanted == job.wanted:
        row.state = ColumnState.MADE
    placement = session.get_one(Placement, row.placement_id)
    if placement.line_item_url not in (None, job.url, column.url):
        return  # the next sweep gives way to it
    placement.line_item_url, placement.wants_column = column.url, True
    session.flush()
    delivering.follow_now(session, placement)
    delivering.remember(session, placement.id, column.url, column)


def _leave(session: Session, row: OwnColumn, kept: str | None) -> None:
    """Ours is history. A link that had no other column has none now, and what was sent there is no longer shown."""
    row.state, row.problem = ColumnState.LEFT, kept
    links = select(Placement).where(Placement.cohort_id == row.cohort_id).order_by(Placement.id)
    for placement in session.scalars(links).all():
        placement.wants_column = False
        if row.line_item_url is not None and placement.line_item_url == row.line_item_url:
            placement.line_item_url = None
            session.execute(delete(Delivery).where(Delivery.placement_id == placement.id))
            session.execute(delete(LineItem).where(LineItem.placement_id == placement.id))
    session.flush()


def _record_failure(job: Job, error: ServiceError) -> None:
    with transaction() as session:
        row, now = locked(session, OwnColumn, job.cohort_id), clock.now()
        if row.attempts != job.number:
            return
        row.lease_until, row.problem = None, error.code
        if isinstance(error, Refused) and row.wanted == job.wanted:
            row.failures, row.failing_since = 0, None
            row.state = ColumnState.LEFT if job.is_leaving else ColumnState.REFUSED
            return
        if isinstance(error, NotNow):
            row.next_at = now + timedelta(seconds=error.retry_after or 1.0)
            return
        row.failures += 1
        row.failing_since = row.failing_since or now
        wait = timedelta(seconds=delivering.back_off(row.failures, now - row.failing_since))
        row.next_at = now + (max(wait, AFTER_LOST_ANSWER) if isinstance(error, _Lost) else wait)
