"""Bring a cohort's people in step with the LMS's list of participants: claim, commit, read, apply.

    claim    a lease of two minutes and a new attempt number, committed
    read     all pages, no transaction open; the lease is made longer while pages come
    apply    in one transaction, and only if no newer attempt was made meanwhile

So a list that breaks off on page 63 changes nobody, and a worker killed anywhere leaves a lease that ends.

Whoever is in the list and never came is invited. Whoever no longer is has left: their seat opens nothing, their texts
stay. A list says less than a launch, so it never changes the role of somebody who came (Moodle lists teaching
assistants as learners), and staff it never had in it (Moodle's managers and administrators) are not taken for gone.
"""

import logging
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Row, Text, and_, cast, literal, or_, select, update
from sqlalchemy.orm import Session

from sociallearn import clock, jobs
from sociallearn.database import insert_or_get, locked, transaction
from sociallearn.errors import Refusal
from sociallearn.lti import memberships, roles
from sociallearn.lti.failures import ServiceError, Throttled, Unreachable
from sociallearn.lti.memberships import Listed
from sociallearn.lti.models import Deployment, Registration
from sociallearn.roster.bulk import chunks, insert_missing, upsert
from sociallearn.roster.models import Cohort, Member, Person, Placement, Role, RosterSync
from sociallearn.roster.naming import clean_name
from sociallearn.roster.signals import left, returned

EVERY = timedelta(hours=6)
ASLEEP_AFTER = timedelta(days=30)  # without a launch by anybody a cohort is no longer read
ASLEEP = timedelta(days=3650)
LEASE = timedelta(minutes=2)
RENEW_AFTER = timedelta(seconds=30)
LONGEST_READING = 900.0  # seconds, all pages together
BUTTON = timedelta(minutes=1)
FIRST_WAIT = 60.0  # seconds after a first failure, doubled with each further one up to EVERY
JITTER = 0.1  # so that a thousand cohorts do not come back in the same minute

NOBODY, NO_TRAINER = "nobody", "no_trainer"  # what is odd about a complete list

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """One attempt, as it stood when it was claimed."""

    cohort_id: int
    number: int
    began_at: datetime
    memberships_url: str
    registration: Registration


def want(session: Session, member: Member, memberships_url: str | None) -> None:
    """At every launch: a trainer's first one has the list read; anybody's keeps a cohort being read every six hours."""
    if memberships_url is None:
        return
    now = clock.now()
    row = session.get(RosterSync, member.cohort_id)
    if row is None:
        if member.is_trainer:
            _begin(session, member.cohort_id, member.organisation_id, memberships_url)
        return
    if row.memberships_url == memberships_url and row.next_at <= now + 2 * EVERY:
        return
    row = locked(session, RosterSync, member.cohort_id)
    if row.next_at > now + 2 * EVERY or (row.problem and row.memberships_url != memberships_url):
        row.next_at = now
        jobs.after_commit(session, read_roster, row.cohort_id)
    row.memberships_url = memberships_url


def ask(session: Session, cohort: Cohort) -> None:
    """Have the list read now. Raises Refusal 409 when the LMS has none for us, 429 within a minute of the last time."""
    row = session.get(RosterSync, cohort.id)
    if row is None:
        newest = select(Placement.memberships_url).where(Placement.cohort_id == cohort.id)
        url = session.scalar(
            newest.where(Placement.memberships_url.is_not(None)).order_by(Placement.id.desc()).limit(1)
        )
        if url is None:
            raise Refusal(
                409,
                _("Your LMS does not offer a list of participants here."),
                _("Whoever looks after it can switch on “Names and roles” for SocialLearn."),
            )
        row = _begin(session, cohort.id, cohort.organisation_id, url)
    row = locked(session, RosterSync, cohort.id)
    now = clock.now()
    if row.asked_at is not None and now - row.asked_at < BUTTON:
        raise Refusal(429, _("Somebody asked for the list less than a minute ago."), _("Wait a minute and try again."))
    row.asked_at = row.next_at = now
    jobs.after_commit(session, read_roster, cohort.id)


def _begin(session: Session, cohort_id: int, organisation_id: int, memberships_url: str) -> RosterSync:
    values = {"organisation_id": organisation_id, "memberships_url": memberships_url, "next_at": clock.now()}
    values |= {"attempts": 0, "failures": 0, "found": 0}
    row = insert_or_get(session, RosterSync, {"cohort_id": cohort_id}, values)
    jobs.after_commit(session, read_roster, cohort_id)
    return row


def _due(session: Session) -> Sequence[int]:
    now = clock.now()
    statement = (
        select(RosterSync.cohort_id)
        .join(Cohort, Cohort.id == RosterSync.cohort_id)
        .join(Deployment, Deployment.id == Cohort.deployment_id)
        .join(Registration, Registration.id == Deployment.registration_id)
        .where(RosterSync.next_at <= now, or_(RosterSync.lease_until.is_(None), RosterSync.lease_until < now))
        .where(Cohort.archived_at.is_(None), Registration.is_active, Registration.paused_at.is_(None))
        .order_by(RosterSync.next_at)
        .limit(jobs.MOST_A_SWEEP)
    )
    return session.scalars(statement).all()


@jobs.task(due=_due)
def read_roster(cohort_id: int) -> None:
    """Read one cohort's list and apply it, if it is due and nobody else is at it."""
    with transaction() as session:
        reading = _claim(session, cohort_id)
    if reading is None:
        return
    try:
        people = _read(reading)
        if people is not None:
            _apply(reading, people)
    except ServiceError as error:
        log.info("roster of cohort %s, attempt %s: %s", cohort_id, reading.number, error)
        _failed(reading, error)
    except Exception as error:  # something of ours: wait like for any other trouble, and say so
        log.exception("roster of cohort %s, attempt %s", cohort_id, reading.number)
        _failed(reading, Unreachable("broken", type(error).__name__))


def _claim(session: Session, cohort_id: int) -> Reading | None:
    if session.get(RosterSync, cohort_id) is None:
        return None
    row, now = locked(session, RosterSync, cohort_id), clock.now()
    cohort = session.get_one(Cohort, cohort_id)
    registration = session.get_one(Deployment, cohort.deployment_id).registration
    is_free = row.lease_until is None or row.lease_until < now
    is_open = registration.is_active and registration.paused_at is None and cohort.archived_at is None
    if row.next_at > now or not is_free or not is_open:
        return None
    awake = select(Member.id).where(Member.cohort_id == cohort_id, Member.seen_at > now - ASLEEP_AFTER)
    if session.scalar(awake.limit(1)) is None:
        row.next_at = now + ASLEEP  # the next launch wakes it
        return None
    row.attempts += 1
    row.lease_until = now + LEASE
    return Reading(cohort_id, row.attempts, now, row.memberships_url, registration)


def _read(reading: Reading) -> dict[str, Listed] | None:
    """Everybody by user id, read to the end; None when a newer attempt has taken over. Raises ServiceError."""
    connector = memberships.connect(reading.registration, LONGEST_READING)
    people: dict[str, Listed] = {}
    renewed_at = clock.now()
    for page in memberships.read(connector, reading.memberships_url):
        for one in page:
            known = people.get(one.user_id)
            people[one.user_id] = one if known is None else _joined(known, one)
        if clock.now() - renewed_at > RENEW_AFTER:
            renewed_at = clock.now()
            if not _renew(reading):
                return None
    return people


def _joined(one: Listed, other: Listed) -> Listed:
    """Somebody enrolled twice is what both say together, and in the course while one of them is active."""
    if one.is_active != other.is_active:
        return one if one.is_active else other
    return replace(one, roles=one.roles + other.roles, name=one.name or other.name, email=one.email or other.email)


def _renew(reading: Reading) -> bool:
    with transaction() as session:
        row = locked(session, RosterSync, reading.cohort_id)
        if row.attempts == reading.number:
            row.lease_until = clock.now() + LEASE
        return row.attempts == reading.number


def _failed(reading: Reading, error: ServiceError) -> None:
    with transaction() as session:
        row = locked(session, RosterSync, reading.cohort_id)
        if row.attempts != reading.number:
            return
        row.lease_until = None
        row.failures += 1
        # an LMS whose service is switched off refuses the token already (Moodle: 400 invalid_scope)
        is_forbidden = error.code == "token" and "scope" in error.reason
        row.problem = "unauthorised" if is_forbidden else error.code
        seconds = back_off(row.failures)
        if isinstance(error, Throttled) and error.retry_after is not None:
            seconds = max(seconds, min(error.retry_after, EVERY.total_seconds()))
        row.next_at = clock.now() + timedelta(seconds=seconds)


def back_off(failures: int) -> float:
    """Seconds to wait after so many failures in a row: 1, 2, 4 minutes and so on, up to six hours."""
    return _jittered(min(EVERY.total_seconds(), FIRST_WAIT * 2.0 ** min(failures - 1, 20)))


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret


def _apply(reading: Reading, people: dict[str, Listed]) -> None:
    with transaction() as session:
        row = locked(session, RosterSync, reading.cohort_id)
        if row.attempts != reading.number:
            return  # our lease ended and somebody else has read, or is reading, something newer
        now = clock.now()
        cohort = session.get_one(Cohort, reading.cohort_id)
        row.problem = _reconcile(session, cohort, reading, people, now)
        row.found = sum(1 for one in people.values() if one.is_active and roles.TEST_USER not in one.roles)
        row.done_at, row.failures, row.lease_until = now, 0, None
        row.next_at = now + timedelta(seconds=_jittered(EVERY.total_seconds()))


def _reconcile(
    session: Session, cohort: Cohort, reading: Reading, people: dict[str, Listed], now: datetime
) -> str | None:
    """Bring members in step with a complete list; what is odd about it, if anything."""
    listed = {user_id: one for user_id, one in people.items() if one.is_active}
    if not listed:
        return NOBODY
    ids = _bring_persons(session, cohort, reading.registration, listed, now)
    by_person = {ids[user_id]: one for user_id, one in listed.items()}
    members = _members(session, cohort.id)
    _invite(session, cohort, {p: one for p, one in by_person.items() if p not in members})
    here = [(member, by_person[person_id]) for person_id, member in members.items() if person_id in by_person]
    _update(session, cohort, here)
    # somebody who launched a moment ago is in the course, whatever an older page said
    gone = [member for person_id, member in members.items() if person_id not in by_person and member.left_at is None]
    if not _has_a_trainer(members, by_person):
        return NO_TRAINER
    said_gone = _person_ids(session, reading.registration.id, [u for u, one in people.items() if not one.is_active])
    _let_go(session, cohort, [m.id for m in gone if m.person_id in said_gone or _is_known(m)], reading.began_at, now)
    return None


def _is_known(member: Row[Any]) -> bool:
    """Whether not standing in the list says anything about this person."""
    return member.joined_at is None or member.is_listed or (member.role == Role.LEARNER and not member.is_test)


def _has_a_trainer(members: dict[int, Row[Any]], by_person: dict[int, Listed]) -> bool:
    """A list without any trainer who is here is the list of something else, or was cut off: nobody leaves by it."""
    trainers = {
        person_id
        for person_id, member in members.items()
        if member.role == Role.TRAINER and member.joined_at is not None and member.left_at is None
    }
    return not trainers or not trainers.isdisjoint(by_person)


def _person_ids(session: Session, registration_id: int, user_ids: Iterable[str]) -> set[int]:
    found: set[int] = set()
    for part in chunks(user_ids):
        statement = select(Person.id).where(Person.registration_id == registration_id, Person.sub.in_(part))
        found.update(session.scalars(statement))
    return found


def _bring_persons(
    session: Session, cohort: Cohort, registration: Registration, listed: dict[str, Listed], now: datetime
) -> dict[str, int]:
    """User id → person, made or brought up to date. What the LMS keeps to itself stays as it was."""
    known: dict[str, Row[Any]] = {}
    columns = (Person.id, Person.sub, Person.name, Person.email)
    for part in chunks(listed):
        statement = select(*columns).where(Person.registration_id == registration.id, Person.sub.in_(part))
        known.update({row.sub: row for row in session.execute(statement)})
    common = {"registration_id": registration.id, "organisation_id": cohort.organisation_id, "created_at": now}
    rows = []
    for user_id in sorted(listed):  # in one order, so that two cohorts' lists never wait for each other in a ring
        before, one = known.get(user_id), listed[user_id]
        name = clean_name(one.name) or (before.name if before else "")
        email = one.email or (before.email if before else None)
        if before is None or (before.name, before.email) != (name, email):
            rows.append({**common, "sub": user_id, "name": name, "email": email})
    made = upsert(
        session,
        Person,
        rows,
        key=("registration_id", "sub"),
        changing=("name", "email"),
        returning=("sub", "id"),
    )
    if any(not row["name"] for row in rows):
        session.execute(
            update(Person)
            .where(Person.registration_id == registration.id, Person.name == "")
            .values(name=literal("Participant ") + cast(Person.id, Text)),
            execution_options={"synchronize_session": False},
        )
    return {sub: row.id for sub, row in known.items()} | {row.sub: row.id for row in made}


def _members(session: Session, cohort_id: int) -> dict[int, Row[Any]]:
    columns = (
        Member.id,
        Member.person_id,
        Member.role,
        Member.may_grade,
        Member.is_test,
        Member.is_listed,
        Member.joined_at,
        Member.left_at,
    )
    rows = session.execute(select(*columns).where(Member.cohort_id == cohort_id).order_by(Member.id))
    return {row.person_id: row for row in rows}


def _invite(session: Session, cohort: Cohort, people: dict[int, Listed]) -> None:
    common: dict[str, Any] = {"cohort_id": cohort.id, "organisation_id": cohort.organisation_id, "is_listed": True}
    common |= {"joined_at": None, "seen_at": None}
    insert_missing(session, Member, [{**common, "person_id": p, **_standing(one)} for p, one in sorted(people.items())])


def _standing(one: Listed) -> dict[str, Any]:
    found = roles.standing(list(one.roles))
    return {"role": found.role, "may_grade": found.may_grade, "is_test": found.is_test}


def _update(session: Session, cohort: Cohort, here: Sequence[tuple[Row[Any], Listed]]) -> None:
    back = [member.id for member, _one in here if member.left_at is not None]
    _set(session, back, {"left_at": None})
    _set(session, [member.id for member, _one in here if not member.is_listed], {"is_listed": True})
    tests = [m.id for m, one in here if m.joined_at is not None and not m.is_test and _standing(one)["is_test"]]
    _set(session, tests, {"is_test": True})
    other: dict[tuple[tuple[str, Any], ...], list[int]] = {}
    for member, one in here:
        wanted = _standing(one)
        if member.joined_at is None and any(getattr(member, name) != value for name, value in wanted.items()):
            other.setdefault(tuple(wanted.items()), []).append(member.id)
    for values, ids in other.items():
        # once more asked whether they never came: they may have, this minute
        _set(session, ids, dict(values), Member.joined_at.is_(None))
    if back:
        returned.send(cohort, member_ids=back, session=session)


def _let_go(session: Session, cohort: Cohort, ids: Sequence[int], began_at: datetime, now: datetime) -> None:
    not_since = or_(Member.seen_at.is_(None), Member.seen_at < began_at)
    gone = _set(session, ids, {"left_at": now}, and_(not_since, Member.left_at.is_(None)))
    if gone:
        left.send(cohort, member_ids=gone, session=session)


def _set(session: Session, ids: Sequence[int], values: dict[str, Any], *conditions: Any) -> list[int]:
    """Change these members where the conditions hold; the ids of those that were."""
    changed: list[int] = []
    for part in chunks(sorted(ids)):
        statement = update(Member).where(Member.id.in_(part), *conditions).values(values).returning(Member.id)
        changed.extend(session.scalars(statement, execution_options={"synchronize_session": False}))
    return sorted(changed)
