"""What administrators see. Every query starts from how far the reader's rights reach."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from sociallearn import clock
from sociallearn.lti.models import Deployment, Invite, Registration, SigningKey, Source
from sociallearn.roster import granting
from sociallearn.roster.granting import Reach
from sociallearn.roster.models import Cohort, Grant, Member, Person

PRODUCTS = {
    "moodle": "Moodle",
    "canvas": "Canvas",
    "blackboardlearn": "Blackboard",
    "desire2learn": "Brightspace",
    "sakai": "Sakai",
    "sociallearn-practice": "Practice LMS",
}
MOST_PEOPLE = 20  # found by name; whoever sees more types more letters
MOST_ROWS = 200  # of the log, and of courses


class State(StrEnum):
    """How a connection stands."""

    ACTIVE = "active"
    WAITING = "waiting"  # no deployment is confirmed yet
    PAUSED = "paused"
    REMOVED = "removed"
    MISSING = "missing"  # no longer in lti_config.json


@dataclass(frozen=True)
class Place:
    """One deployment: where in the LMS the tool was installed, and courses seen from there."""

    id: int
    deployment_id: str
    is_pending: bool
    created_at: datetime
    courses: list[str]
    course_count: int


@dataclass(frozen=True)
class Key:
    """One of our signing keys for an LMS."""

    kid: str
    signs_from: datetime
    is_next: bool  # published, and signs later
    is_current: bool


@dataclass(frozen=True)
class Lms:
    """A registration as the list shows it."""

    id: int
    title: str
    name: str
    host: str
    issuer: str
    client_id: str
    product: str
    is_from_file: bool
    state: State
    is_own: bool  # the reader comes in through it
    people: int
    seen_at: datetime | None
    places: list[Place] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)

    @property
    def pending(self) -> int:
        """Deployments that wait for a word."""
        return sum(place.is_pending for place in self.places)


@dataclass(frozen=True)
class Right:
    """One row of the log of rights."""

    id: int
    name: str
    lms: str
    role: str
    is_whole: bool
    reason: str
    by: str | None  # empty: the operator
    at: datetime
    ended_by: str | None
    ended_at: datetime | None
    may_end: bool


@dataclass(frozen=True)
class Found:
    """Somebody found by name."""

    id: int
    name: str
    lms: str
    courses: list[str]
    is_manager: bool
    is_administrator: bool


def lmss(session: Session, person: Person) -> list[Lms]:
    """Every registration this person looks after: in use first, then paused, then gone."""
    rows = granting.administered(session, person)
    places = _places(session, [row.id for row in rows])
    people = _people(session, [row.id for row in rows])
    own_id = person.registration_id
    found = [_lms(row, places.get(row.id, []), people.get(row.id, (0, None)), own_id) for row in rows]
    return sorted(found, key=lambda lms: (list(State).index(lms.state), lms.title.casefold()))


def lms(session: Session, registration: Registration, own_id: int) -> Lms:
    """One registration with its courses and keys. It must be within reach already."""
    places = _places(session, [registration.id], with_courses=True).get(registration.id, [])
    people = _people(session, [registration.id]).get(registration.id, (0, None))
    return _lms(registration, places, people, own_id, _keys(session, registration.id))


def title(registration: Registration) -> str:
    """What to call an LMS."""
    return registration.name or host(registration)


def host(registration: Registration) -> str:
    """Where it lives."""
    return urlsplit(registration.issuer).netloc or registration.issuer


def _lms(
    row: Registration,
    places: list[Place],
    people: tuple[int, datetime | None],
    own_id: int,
    keys: list[Key] | None = None,
) -> Lms:
    product = row.product or ""
    return Lms(
        id=row.id,
        title=title(row),
        name=row.name,
        host=host(row),
        issuer=row.issuer,
        client_id=row.client_id,
        product=PRODUCTS.get(product.lower(), product[:60]),
        is_from_file=row.source == Source.FILE,
        state=_state(row, places),
        is_own=row.id == own_id,
        people=people[0],
        seen_at=people[1],
        places=places,
        keys=keys or [],
    )


def _state(row: Registration, places: list[Place]) -> State:
    if not row.is_active:
        return State.MISSING if row.source == Source.FILE else State.REMOVED
    if row.paused_at is not None:
        return State.PAUSED
    return State.ACTIVE if any(not place.is_pending for place in places) else State.WAITING


def _places(session: Session, ids: list[int], with_courses: bool = False) -> dict[int, list[Place]]:
    counts = select(Cohort.deployment_id, func.count().label("count")).group_by(Cohort.deployment_id).subquery()
    rows = session.execute(
        select(Deployment, func.coalesce(counts.c.count, 0))
        .outerjoin(counts, counts.c.deployment_id == Deployment.id)
        .where(Deployment.registration_id.in_(ids))
        .order_by(Deployment.confirmed_at.is_not(None), Deployment.id)
    ).all()
    titles = _titles(session, [row.id for row, _count in rows]) if with_courses else {}
    found: dict[int, list[Place]] = {}
    for row, count in rows:
        place = Place(
            row.id, row.deployment_id, row.confirmed_at is None, row.created_at, titles.get(row.id, []), count
        )
        found.setdefault(row.registration_id, []).append(place)
    return found


def _titles(session: Session, deployment_ids: list[int]) -> dict[int, list[str]]:
    statement = (
        select(Cohort.deployment_id, Cohort.title)
        .where(Cohort.deployment_id.in_(deployment_ids))
        .order_by(Cohort.id.desc())
        .limit(MOST_ROWS)
    )
    found: dict[int, list[str]] = {}
    for deployment_id, name in session.execute(statement):
        found.setdefault(deployment_id, []).append(name)
    return {deployment_id: names[:3] for deployment_id, names in found.items()}


def _people(session: Session, ids: list[int]) -> dict[int, tuple[int, datetime | None]]:
    statement = (
        select(Person.registration_id, func.count(Person.id.distinct()), func.max(Member.seen_at))
        .outerjoin(Member, and_(Member.person_id == Person.id, Member.is_test.is_(False)))
        .where(Person.registration_id.in_(ids))
        .group_by(Person.registration_id)
    )
    return {registration_id: (count, seen_at) for registration_id, count, seen_at in session.execute(statement)}


def _keys(session: Session, registration_id: int) -> list[Key]:
    now = clock.now()
    rows = session.scalars(
        select(SigningKey)
        .where(
            SigningKey.registration_id == registration_id,
            or_(SigningKey.withdrawn_at.is_(None), SigningKey.withdrawn_at > now),
        )
        .order_by(SigningKey.signs_from.desc(), SigningKey.id.desc())
    ).all()
    current = next((row.id for row in rows if row.signs_from <= now), None)
    return [Key(row.kid, row.signs_from, row.signs_from > now, row.id == current) for row in rows]


def open_invites(session: Session, reach: Reach, person_id: int) -> list[Invite]:
    """Links nothing came of yet: one's own, and for administrators of the whole organisation everybody's in it."""
    is_open = Invite.registration_id.is_(None) & Invite.withdrawn_at.is_(None) & (Invite.expires_at > clock.now())
    statement = select(Invite).where(is_open, _visible(reach, person_id)).order_by(Invite.id.desc())
    return list(session.scalars(statement))


def _visible(reach: Reach, person_id: int) -> ColumnElement[bool]:
    own: ColumnElement[bool] = Invite.made_by_id == person_id
    return or_(own, Invite.organisation_id == reach.organisation_id) if reach.is_whole else own


def rights(session: Session, reach: Reach) -> list[Right]:
    """The log of rights within reach, open ones first, then the newest."""
    giver, ender = aliased(Person), aliased(Person)
    # what reaches the whole organisation is seen by whoever looks after the LMS of the person who has it
    within = or_(Grant.registration_id.in_(reach.registration_ids), Person.registration_id.in_(reach.registration_ids))
    statement = (
        select(Grant, Person.name, Registration, giver.name, ender.name)
        .join(Person, Person.id == Grant.person_id)
        .join(Registration, Registration.id == Person.registration_id)
        .outerjoin(giver, giver.id == Grant.granted_by_id)
        .outerjoin(ender, ender.id == Grant.ended_by_id)
        .where(Grant.organisation_id == reach.organisation_id, within)
        .order_by(Grant.ended_at.is_not(None), Grant.id.desc())
        .limit(MOST_ROWS)
    )
    return [
        Right(
            id=row.id,
            name=name,
            lms=title(registration),
            role=row.role,
            is_whole=row.registration_id is None,
            reason=row.reason,
            by=by,
            at=row.granted_at,
            ended_by=ended_by,
            ended_at=row.ended_at,
            may_end=row.ended_at is None and reach.covers(row),
        )
        for row, name, registration, by, ended_by in session.execute(statement)
    ]


def lms_administrators(session: Session, reach: Reach) -> list[tuple[str, str]]:
    """(name, LMS) of those whom an LMS itself calls its administrator: nobody gave it to them here."""
    statement = (
        select(Person.name, Registration)
        .join(Person.registration)
        .where(Person.registration_id.in_(reach.registration_ids), Person.is_lms_administrator)
        .order_by(Person.name, Person.id)
        .limit(MOST_ROWS)
    )
    return [(name, title(registration)) for name, registration in session.execute(statement)]


def find_people(session: Session, reach: Reach, name: str) -> list[Found]:
    """People within reach whose name contains this, at most twenty, with a few of their courses to tell them apart."""
    rows = session.execute(
        select(Person, Registration)
        .join(Person.registration)
        .where(Person.registration_id.in_(reach.registration_ids), Person.organisation_id == reach.organisation_id)
        .where(Person.name.icontains(name, autoescape=True))
        .order_by(Person.name, Person.id)
        .limit(MOST_PEOPLE)
    ).all()
    courses = _courses(session, [person.id for person, _registration in rows])
    return [_found(person, registration, courses.get(person.id, [])) for person, registration in rows]


def find_person(session: Session, reach: Reach, person_id: int) -> Found | None:
    """Somebody within reach."""
    row = session.execute(
        select(Person, Registration)
        .join(Person.registration)
        .where(Person.id == person_id, Person.registration_id.in_(reach.registration_ids))
        .where(Person.organisation_id == reach.organisation_id)
    ).first()
    return _found(row[0], row[1], _courses(session, [person_id]).get(person_id, [])) if row else None


def _found(person: Person, registration: Registration, courses: list[str]) -> Found:
    is_administrator = person.is_administrator or person.is_lms_administrator
    return Found(person.id, person.name, title(registration), courses, person.is_manager, is_administrator)


def _courses(session: Session, person_ids: list[int]) -> dict[int, list[str]]:
    statement = (
        select(Member.person_id, Cohort.title)
        .join(Member.cohort)
        .where(Member.person_id.in_(person_ids))
        .order_by(Member.id.desc())
        .limit(MOST_ROWS)
    )
    found: dict[int, list[str]] = {}
    for person_id, name in session.execute(statement):
        found.setdefault(person_id, []).append(name)
    return {person_id: names[:3] for person_id, names in found.items()}
