"""From a proven launch to a member of a cohort. Two first launches at once make everything just once."""

from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import insert_or_get, locked
from sociallearn.lti import roles
from sociallearn.lti.claims import Launch
from sociallearn.lti.models import Deployment, Registration
from sociallearn.roster import grouping, linking, phases, syncing
from sociallearn.roster.models import Cohort, Member, Organisation, Person, Placement, Unit
from sociallearn.roster.naming import LONGEST_NAME as LONGEST_NAME
from sociallearn.roster.naming import clean_name as clean_name
from sociallearn.roster.signals import arrived as arrived
from sociallearn.roster.signals import calendar_changed as calendar_changed


def enrol(session: Session, launch: Launch) -> tuple[Member, Placement | None]:
    """The member and the placement this launch is about, made or brought up to date; no placement when choosing one."""
    registration = session.get_one(Registration, launch.registration_id)
    deployment_key = {"registration_id": registration.id, "deployment_id": launch.deployment_id}
    deployment = session.scalars(select(Deployment).filter_by(**deployment_key)).one()
    registration.product = registration.product or clean_name(launch.product).lower() or None
    organisation_id = _organisation(session, registration, launch)
    cohort = _cohort(session, deployment, organisation_id, launch)
    person = _person(session, registration, organisation_id, launch)
    member = _member(session, cohort, person, launch)
    placement = _placement(session, cohort, deployment, launch) if launch.resource_link_id else None
    session.flush()
    grouping.place(session, member, launch.groups)
    syncing.want(session, member, launch.memberships_url)
    arrived.send(member, session=session)
    return member, placement


def _organisation(session: Session, registration: Registration, launch: Launch) -> int:
    if registration.organisation_id is None:
        name = clean_name(launch.platform_name) or urlsplit(registration.issuer).hostname or registration.issuer
        key = {"founding_registration_id": registration.id}
        organisation = insert_or_get(session, Organisation, key, {"name": name})
        registration.organisation_id = organisation.id
        session.flush()
    return registration.organisation_id


def _cohort(session: Session, deployment: Deployment, organisation_id: int, launch: Launch) -> Cohort:
    title = clean_name(launch.context_title) or launch.context_id[:LONGEST_NAME]
    values = {
        "organisation_id": organisation_id,
        "title": title,
        "time_zone": current_app.config["TIME_ZONE"],
        "created_at": clock.now(),
    }
    key = {"deployment_id": deployment.id, "context_id": launch.context_id}
    values["copied_from_id"] = _original(session, deployment, launch)
    cohort = insert_or_get(session, Cohort, key, values)
    if cohort.title != title:
        cohort.title = title
    cohort.lms_starts_at = launch.course_starts_at or cohort.lms_starts_at
    cohort.lms_ends_at = launch.course_ends_at or cohort.lms_ends_at
    return cohort


def _original(session: Session, deployment: Deployment, launch: Launch) -> int | None:
    """The newest course this one was copied from that we know: of the same LMS, so never of another organisation."""
    if not launch.context_history:
        return None
    rows = session.execute(
        select(Cohort.context_id, Cohort.id)
        .join(Cohort.deployment)
        .where(Deployment.registration_id == deployment.registration_id, Cohort.context_id.in_(launch.context_history))
    )
    known = {context_id: id_ for context_id, id_ in rows}
    return next((known[id_] for id_ in launch.context_history if id_ in known), None)


def _person(session: Session, registration: Registration, organisation_id: int, launch: Launch) -> Person:
    name = clean_name(launch.name)
    values = {
        "organisation_id": organisation_id,
        "name": name or "",
        "email": launch.email,
        "locale": launch.locale,
        "created_at": clock.now(),
    }
    key = {"registration_id": registration.id, "sub": launch.sub}
    person = insert_or_get(session, Person, key, values)
    # an LMS that keeps names to itself still gives us somebody to talk to
    person.name = name or person.name or f"Participant {person.id}"
    person.email = launch.email or person.email
    person.locale = launch.locale or person.locale
    person.is_lms_administrator = roles.is_administrator(launch.roles)
    return person


def _member(session: Session, cohort: Cohort, person: Person, launch: Launch) -> Member:
    standing = roles.standing(launch.roles)
    now = clock.now()
    values = {"organisation_id": cohort.organisation_id, "role": standing.role, "joined_at": now, "seen_at": now}
    values |= {"may_grade": standing.may_grade, "is_test": standing.is_test}
    member = insert_or_get(session, Member, {"cohort_id": cohort.id, "person_id": person.id}, values)
    member.role, member.may_grade, member.is_test = standing.role, standing.may_grade, standing.is_test
    member.seen_at = now
    member.joined_at = member.joined_at or now
    member.left_at = None
    if not member.is_unit_ours and (unit := clean_name(launch.unit)):
        key = {"organisation_id": cohort.organisation_id, "name": unit}
        member.unit_id = insert_or_get(session, Unit, key).id
    return member


def _placement(session: Session, cohort: Cohort, deployment: Deployment, launch: Launch) -> Placement:
    title = clean_name(launch.resource_link_title) or "SocialLearn"
    values = {
        "cohort_id": cohort.id,
        "organisation_id": cohort.organisation_id,
        "title": title,
        "ags_scopes": launch.ags_scopes,
    }
    key = {"deployment_id": deployment.id, "resource_link_id": launch.resource_link_id}
    placement = insert_or_get(session, Placement, key, values)
    # the newest launch knows best where grades and members are to be had
    placement.title = title
    if launch.ags_scopes:  # without the claim nothing is said about grades, which is not the same as "no column"
        if launch.line_item_url or not placement.wants_column:  # else it may have a column of our own making
            placement.line_item_url = launch.line_item_url
        placement.line_items_url = launch.line_items_url
        placement.ags_scopes = launch.ags_scopes
    placement.memberships_url = launch.memberships_url
    placement.return_url = launch.return_url
    item = linking.find(session, cohort, launch)
    placement.content_item_id = item.id if item else None
    return placement


def set_time_zone(session: Session, cohort_id: int, name: str) -> None:
    """Weeks of this cohort begin on Monday 0:00 in this zone from now on; phases stay on the same days."""
    cohort = locked(session, Cohort, cohort_id)
    phases.move(session, cohort, name)
    cohort.time_zone = name
    calendar_changed.send(cohort, session=session)
