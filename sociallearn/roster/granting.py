"""Rights given in the tool: L&D manager and administrator, of one LMS or of the whole organisation, with a log.

A person is known per registration: whoever comes from two LMSs is two people here. So a right is given to the person
of one LMS, and "the whole organisation" says how far that right reaches, not who else has it. Somebody who needs it
from both LMSs is given it twice.

The rows of ``Grant`` are the truth and the log: ended, never deleted. ``Person.is_manager`` and
``Person.is_administrator`` repeat what the open ones say, so that a page need not ask.
"""

from dataclasses import dataclass
from enum import StrEnum

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from sociallearn import clock
from sociallearn.database import locked
from sociallearn.errors import Refusal
from sociallearn.lti import invitations
from sociallearn.lti.models import Invite, Registration
from sociallearn.roster.models import Grant, Organisation, Person


class Right(StrEnum):
    """What can be given."""

    MANAGER = "manager"  # sees figures
    ADMINISTRATOR = "administrator"  # looks after registrations and gives rights


@dataclass(frozen=True)
class Reach:
    """How far an administrator's rights go: these registrations, or the organisation with whatever joins it later."""

    organisation_id: int
    registration_ids: frozenset[int]
    is_whole: bool

    def covers(self, grant: Grant) -> bool:
        """Whether they may end this right."""
        if grant.organisation_id != self.organisation_id:
            return False
        return self.is_whole if grant.registration_id is None else grant.registration_id in self.registration_ids


def reach(session: Session, person: Person) -> Reach:
    """What this person looks after: nothing, unless the LMS calls them its administrator or somebody made them one."""
    rows = session.execute(
        select(Grant.registration_id).where(
            Grant.person_id == person.id,
            Grant.role == Right.ADMINISTRATOR,
            Grant.ended_at.is_(None),
            Grant.organisation_id == person.organisation_id,
        )
    )
    granted = {registration_id for (registration_id,) in rows}
    if person.is_lms_administrator:
        granted.add(person.registration_id)
    is_whole = None in granted
    own = select(Registration.id).where(Registration.organisation_id == person.organisation_id)
    if not is_whole:
        own = own.where(Registration.id.in_({id_ for id_ in granted if id_ is not None}))
    return Reach(person.organisation_id, frozenset(session.scalars(own)), is_whole)


def administered(session: Session, person: Person) -> list[Registration]:
    """The registrations this person looks after, in use first; never one of another organisation."""
    statement = select(Registration).where(Registration.id.in_(reach(session, person).registration_ids))
    return list(session.scalars(statement.order_by(Registration.is_active.desc(), Registration.id)))


def grant(
    session: Session, person: Person, right: Right, reason: str, by: Person | None, is_whole: bool = False
) -> Grant:
    """Give a right for the person's own LMS, or (``is_whole``) for their organisation. ``by`` nobody: the operator.

    Raises Refusal: 404 for a person out of the giver's reach, 403 for more than the giver has, 409 when they have it.
    """
    # whoever gives and ends rights in this organisation stands in line, so that each sees what the other did
    locked(session, Organisation, person.organisation_id)
    session.refresh(person)
    if by is not None:
        _check_reach(reach(session, by), person, is_whole)
    registration_id = None if is_whole else person.registration_id
    if any(row.role == right and row.registration_id == registration_id for row in open_grants(session, person)):
        raise Refusal(
            409, _("%(name)s already has this right.", name=person.name), _("Reload the page to see who has which.")
        )
    row = Grant(
        organisation_id=person.organisation_id,
        registration_id=registration_id,
        person_id=person.id,
        role=right,
        reason=reason,
        granted_by_id=by.id if by else None,
        granted_at=clock.now(),
    )
    session.add(row)
    session.flush()
    _repeat(session, person)
    return row


def end(session: Session, row: Grant, by: Person | None) -> None:
    """Take a right back. ``by`` nobody: the operator.

    Raises Refusal: 404 out of reach, 403 for a right that reaches further than their own, 409 when it has ended, or
    when nobody would be left to look after an LMS, or to give rights in the whole organisation; the operator may.
    """
    locked(session, Organisation, row.organisation_id)
    session.refresh(row)
    if by is not None:
        may = reach(session, by)
        if not may.covers(row):
            raise _beyond() if row.organisation_id == may.organisation_id else _nothing()
    if row.ended_at is not None:
        raise Refusal(409, _("This right has already ended."), _("Reload the page to see who has which."))
    if by is not None and row.role == Right.ADMINISTRATOR and not _is_looked_after_without(session, row):
        raise Refusal(
            409,
            _("Nobody would be left who may do this."),
            _("Make somebody else administrator first. Whoever runs the server can end it by command."),
        )
    row.ended_at, row.ended_by_id = clock.now(), by.id if by else None
    session.flush()
    person = session.get_one(Person, row.person_id)
    _repeat(session, person)
    if row.role == Right.ADMINISTRATOR:
        invitations.withdraw_of(session, [person.id])


def on_removed(session: Session, registration: Registration) -> None:
    """An LMS was removed: links its people made must not let anybody in any more."""
    theirs = select(Invite.made_by_id).join(Person, Person.id == Invite.made_by_id)
    found = session.scalars(theirs.where(Person.registration_id == registration.id).distinct()).all()
    invitations.withdraw_of(session, [person_id for person_id in found if person_id is not None])


def open_grants(session: Session, person: Person) -> list[Grant]:
    """The rights this person was given and still has."""
    return list(session.scalars(select(Grant).where(Grant.person_id == person.id, Grant.ended_at.is_(None))))


def _check_reach(may: Reach, person: Person, is_whole: bool) -> None:
    if person.organisation_id != may.organisation_id or person.registration_id not in may.registration_ids:
        raise _nothing()
    if is_whole and not may.is_whole:
        raise _beyond()


def _is_looked_after_without(session: Session, row: Grant) -> bool:
    """For the whole organisation, somebody else may still give rights in all of it; for one LMS, anybody at all."""
    others = select(Grant.id).where(
        Grant.id != row.id,
        Grant.organisation_id == row.organisation_id,
        Grant.role == Right.ADMINISTRATOR,
        Grant.ended_at.is_(None),
    )
    if row.registration_id is None:
        return session.scalar(others.where(Grant.registration_id.is_(None)).limit(1)) is not None
    here = or_(Grant.registration_id == row.registration_id, Grant.registration_id.is_(None))
    by_lms = select(Person.id).where(Person.registration_id == row.registration_id, Person.is_lms_administrator)
    return any(session.scalar(found.limit(1)) is not None for found in (others.where(here), by_lms))


def _repeat(session: Session, person: Person) -> None:
    rights = {row.role for row in open_grants(session, person)}
    person.is_manager, person.is_administrator = Right.MANAGER in rights, Right.ADMINISTRATOR in rights
    session.flush()


def _beyond() -> Refusal:
    return Refusal(
        403,
        _("Only administrators of the whole organisation can do this."),
        _("You can give and end rights for the LMS you look after."),
    )


def _nothing() -> Refusal:
    return Refusal(404, _("There is nothing here, or it is not yours to see."), _("Perhaps it was an old link."))
