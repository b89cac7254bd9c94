"""Organisation, cohort, person, member, placement and seat."""

from datetime import datetime
from enum import StrEnum

from flask_login import UserMixin
from sqlalchemy import ForeignKey, Index, UniqueConstraint, event
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column, relationship

from sociallearn import clock
from sociallearn.database import Model
from sociallearn.lti.models import Deployment, Registration


class Role(StrEnum):
    """What a member is in one cohort."""

    LEARNER = "learner"
    TRAINER = "trainer"
    MANAGER = "manager"
    OBSERVER = "observer"


class Organisation(Model):
    """One customer; nothing ever crosses from one to another. Groups registrations."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    # whose first launch made it; no foreign key, as registrations refer to organisations already
    founding_registration_id: Mapped[int] = mapped_column(unique=True)


class Cohort(Model):
    """One course run in the LMS: the people who learn together."""

    __table_args__ = (UniqueConstraint("deployment_id", "context_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id"))
    context_id: Mapped[str]
    title: Mapped[str]
    time_zone: Mapped[str]
    created_at: Mapped[datetime]

    deployment: Mapped[Deployment] = relationship(lazy="raise")


class InCohort:
    """A table that grows with a cohort: every query on it starts from ``cohort_id``.

    ``organisation_id`` is filled in from the cohort below, the one place, so that tenants can be moved apart later.
    """

    @declared_attr
    def cohort_id(cls) -> Mapped[int]:  # noqa: N805 - SQLAlchemy calls it on the class
        """The cohort the row belongs to."""
        return mapped_column(ForeignKey("cohort.id"))

    @declared_attr
    def organisation_id(cls) -> Mapped[int]:  # noqa: N805
        """The cohort's organisation."""
        return mapped_column(ForeignKey("organisation.id"))


@event.listens_for(Session, "before_flush")
def _fill_organisation(session: Session, _context: object, _instances: object) -> None:
    for row in session.new:
        if isinstance(row, InCohort) and row.organisation_id is None:
            cohort = session.get(Cohort, row.cohort_id)
            if cohort is not None:
                row.organisation_id = cohort.organisation_id


class Unit(Model):
    """A part of the organisation people belong to (department, site): talk across units is what we hope for."""

    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str]


class Person(Model):
    """Somebody in an LMS: known by registration and ``sub`` and by nothing else."""

    __table_args__ = (UniqueConstraint("registration_id", "sub"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    sub: Mapped[str]
    name: Mapped[str]
    email: Mapped[str | None]  # for the digest only; never shown to peers
    locale: Mapped[str | None]  # as the LMS says it
    language: Mapped[str | None]  # as they chose it here; goes before the LMS's
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    registration: Mapped[Registration] = relationship(lazy="raise")


class Member(UserMixin, InCohort, Model):
    """A person in a cohort, with a role."""

    __table_args__ = (UniqueConstraint("cohort_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    role: Mapped[str]
    may_grade: Mapped[bool] = mapped_column(default=False)
    is_test: Mapped[bool] = mapped_column(default=False)  # the LMS's "student view": never in rosters or reports
    joined_at: Mapped[datetime] = mapped_column(default=clock.now)
    seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    read_up_to: Mapped[int] = mapped_column(default=0)  # posts up to this id were marked as read all at once

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    unit: Mapped[Unit | None] = relationship(lazy="joined")
    cohort: Mapped[Cohort] = relationship(lazy="raise")

    @property
    def name(self) -> str:
        """How others see this member."""
        return self.person.name

    @property
    def is_trainer(self) -> bool:
        """May moderate, and sees how the cohort is set up."""
        return self.role == Role.TRAINER

    @property
    def is_manager(self) -> bool:
        """Sees figures about the cohort."""
        return self.role == Role.MANAGER

    @property
    def is_graded(self) -> bool:
        """Collects points: a learner who is not the LMS's pretend student."""
        return self.role == Role.LEARNER and not self.is_test

    @property
    def may_write(self) -> bool:
        """Takes part in the conversation; managers and observers only read."""
        return self.role in (Role.LEARNER, Role.TRAINER)


class Placement(InCohort, Model):
    """One link in the LMS course (LTI core 3.2.3): opens a room and, if the LMS gave it a column, is graded."""

    __table_args__ = (UniqueConstraint("deployment_id", "resource_link_id"), Index(None, "cohort_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id"))
    resource_link_id: Mapped[str]
    title: Mapped[str]
    line_item_url: Mapped[str | None]
    line_items_url: Mapped[str | None]
    ags_scopes: Mapped[list[str]] = mapped_column(default=list)
    memberships_url: Mapped[str | None]
    return_url: Mapped[str | None]

    @property
    def is_graded(self) -> bool:
        """The LMS keeps a grade for this link."""
        return self.line_item_url is not None


class Seat(InCohort, Model):
    """One launch in one browser: the short id stands in the URL, and is worth nothing without its own cookie."""

    __table_args__ = (Index(None, "expires_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    placement_id: Mapped[int] = mapped_column(ForeignKey("placement.id"))
    cookie_hash: Mapped[str]
    secret: Mapped[str]  # under which the CSRF token is made
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    member: Mapped[Member] = relationship(lazy="raise")
    placement: Mapped[Placement] = relationship(lazy="raise")
    cohort: Mapped[Cohort] = relationship(lazy="raise")
