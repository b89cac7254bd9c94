"""Organisation, cohort, person, member, group, placement and seat."""

from datetime import date, datetime
from enum import StrEnum

from flask_babel import gettext as _
from flask_login import UserMixin
from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_, event
from sqlalchemy.ext.hybrid import hybrid_property
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


class Template(StrEnum):
    """How a cohort runs."""

    ONE_DAY = "one-day"  # before, the day, after
    WEEKLY = "weekly"
    OPEN = "open"  # a community without an end


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
    template: Mapped[str | None]  # Template; empty until a trainer chose one
    language: Mapped[str | None]  # what texts to the whole cohort are written in; empty: each reader's own
    work_days: Mapped[list[int]] = mapped_column(default=lambda: [0, 1, 2, 3, 4])  # Monday is 0
    work_starts: Mapped[int] = mapped_column(default=9 * 60)  # minutes after midnight, in the cohort's time zone
    work_ends: Mapped[int] = mapped_column(default=17 * 60)
    rooms_off: Mapped[list[str]] = mapped_column(default=list)  # of feed, questions, ideas
    goal_in_work_hours: Mapped[bool] = mapped_column(default=False)  # of questions asked from now on; else plain hours
    ends_on: Mapped[date | None]  # the last day that counts; afterwards no week is added
    archived_at: Mapped[datetime | None]  # since then everybody reads and nobody writes
    lms_starts_at: Mapped[datetime | None]  # the course's own dates, as the newest launch said them
    lms_ends_at: Mapped[datetime | None]
    copied_from_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"))  # the course this one is a copy of
    carried_over_at: Mapped[datetime | None]  # when a trainer decided what comes along from there: all that is kept

    deployment: Mapped[Deployment] = relationship(lazy="raise")

    @property
    def is_archived(self) -> bool:
        """Over: everybody reads and nobody writes."""
        return self.archived_at is not None


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
    is_lms_administrator: Mapped[bool] = mapped_column(default=False)  # said by the newest launch
    is_manager: Mapped[bool] = mapped_column(default=False)  # granted here; the rows of Grant say by whom and why
    is_administrator: Mapped[bool] = mapped_column(default=False)  # granted here
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
    joined_at: Mapped[datetime | None] = mapped_column(default=clock.now)  # first launch; empty: invited by the roster
    seen_at: Mapped[datetime | None] = mapped_column(default=clock.now)
    left_at: Mapped[datetime | None]  # no longer in the LMS's roster; a launch brings them back
    is_listed: Mapped[bool] = mapped_column(default=False)  # stood in the LMS's list of participants at least once
    is_unit_ours: Mapped[bool] = mapped_column(default=False)  # set in the tool: the LMS's word no longer counts
    agreements_read: Mapped[int] = mapped_column(default=0)  # number of the newest agreements they said "Read" to
    read_up_to: Mapped[int] = mapped_column(default=0)  # posts up to this id were marked as read all at once

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    unit: Mapped[Unit | None] = relationship(lazy="joined")
    cohort: Mapped[Cohort] = relationship(lazy="select")  # one for all members of a page, and access has it already

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
        """Sees figures about the cohort: by the LMS's role here, or granted for the whole LMS or organisation."""
        return self.role == Role.MANAGER or self.person.is_manager

    @property
    def is_administrator(self) -> bool:
        """Looks after registrations: of this LMS alone if the LMS says so, else as granted."""
        return self.person.is_administrator or self.person.is_lms_administrator

    @hybrid_property
    def is_graded(self) -> bool:
        """Collects points: a learner who came at least once, is still there, and is not the LMS's pretend student."""
        is_here = self.joined_at is not None and self.left_at is None
        return self.role == Role.LEARNER and is_here and not self.is_test

    @is_graded.inplace.expression
    @classmethod
    def _is_graded(cls) -> ColumnElement[bool]:
        is_here = (cls.joined_at.is_not(None), cls.left_at.is_(None))
        return and_(cls.role == Role.LEARNER, *is_here, cls.is_test.is_(False))

    @property
    def may_write(self) -> bool:
        """Takes part in the conversation; managers and observers only read, and everybody in an archived cohort."""
        return self.role in (Role.LEARNER, Role.TRAINER) and not self.cohort.is_archived


class Group(InCohort, Model):
    """A part of the cohort: the LMS's own group or section, or one made here."""

    __table_args__ = (UniqueConstraint("cohort_id", "lms_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lms_id: Mapped[str | None]  # empty: made here
    name: Mapped[str]  # empty: the LMS's, and nobody gave it one yet
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or _("Group %(id)s", id=self.lms_id or "")


class GroupMember(InCohort, Model):
    """Who is in which group."""

    group_id: Mapped[int] = mapped_column(ForeignKey("group.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True, index=True)


class Space(InCohort, Model):
    """A part of the conversation: a group's own, or one for everybody of another tone.

    *Formal* counts and is kept. *Informal* brings no points, stands in no report, and goes ``keep_days`` after a
    conversation's last text.
    """

    __table_args__ = (UniqueConstraint("cohort_id", "group_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id", ondelete="SET NULL"))
    is_for_all: Mapped[bool]  # else for the group alone; for nobody but trainers once that is gone
    name: Mapped[str]  # empty: the group's
    is_informal: Mapped[bool] = mapped_column(default=False)
    keep_days: Mapped[int] = mapped_column(default=30)  # counts for informal ones
    used_at: Mapped[datetime | None]  # when somebody first wrote in it: since then its label stays
    closed_at: Mapped[datetime | None]  # since then nothing new begins in it; what is there stays
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    group: Mapped[Group | None] = relationship(lazy="raise_on_sql")

    @property
    def title(self) -> str:
        """What people call it."""
        if self.group is not None:
            return self.group.title
        return self.name or _("A former group")


class RosterSync(InCohort, Model):
    """When a cohort's roster is read from the LMS, and how that went (NRPS 2.0)."""

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), primary_key=True)
    memberships_url: Mapped[str]
    next_at: Mapped[datetime] = mapped_column(index=True)
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)  # ever: a late worker finds another number here and keeps silent
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    done_at: Mapped[datetime | None]  # of the newest complete reading
    found: Mapped[int] = mapped_column(default=0)  # people in it
    problem: Mapped[str | None]  # a code; told in words on the page
    asked_at: Mapped[datetime | None]  # when somebody last pressed the button


class Phase(InCohort, Model):
    """A named part of the course with dates, such as before, the day itself, and after."""

    __table_args__ = (Index(None, "cohort_id", "starts_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class Holiday(InCohort, Model):
    """Days on which nobody is expected to work: the first and the last one, both included."""

    __table_args__ = (Index(None, "cohort_id", "first_day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    first_day: Mapped[date]
    last_day: Mapped[date]


class Agreements(InCohort, Model):
    """Our agreements: how this cohort talks. Ready text, and up to three lines of the trainer. Never changed: a new
    version is a new row."""

    __table_args__ = (UniqueConstraint("cohort_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    lines: Mapped[list[str]]
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Grant(Model):
    """Somebody was made L&D manager or administrator here, by whom and why; ended, never deleted: it is the log."""

    __table_args__ = (Index(None, "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registration.id"))  # empty: the whole organisation
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str]  # manager or administrator
    reason: Mapped[str]
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # empty: the operator, by command
    granted_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]


class ContentItem(InCohort, Model):
    """What a trainer placed in the course from the LMS's picker (LTI deep linking 2.0, 3.2); links name its ``key``.

    In a copy of the course the links still name the first course's key: there the item is made again, with that key
    as ``original_key``, and opens its room until a trainer brings question or round along.
    """

    __table_args__ = (UniqueConstraint("cohort_id", "original_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    original_key: Mapped[str | None]  # what links and columns of a copied course still say
    room: Mapped[str]  # feed, questions or ideas
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"))  # one starter question: its thread
    round_id: Mapped[int | None] = mapped_column(ForeignKey("idea_round.id"))  # one idea round
    title: Mapped[str]
    points: Mapped[float | None]  # empty: not graded
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))  # empty: came with a copied course
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    @property
    def link_key(self) -> str:
        """What the LMS's links (``custom.item``) and columns (``resourceId``) call it."""
        return self.original_key or self.key


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
    content_item_id: Mapped[int | None] = mapped_column(ForeignKey("content_item.id"))  # what it opens; empty: the feed
    wants_column: Mapped[bool] = mapped_column(default=False)  # a trainer asked for a column of our own making

    @property
    def is_graded(self) -> bool:
        """The LMS keeps a grade for this link."""
        return self.line_item_url is not None


class Seat(InCohort, Model):
    """One launch in one browser: the short id stands in the URL, and is worth nothing without its own cookie."""

    __table_args__ = (Index(None, "expires_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    placement_id: Mapped[int | None] = mapped_column(ForeignKey("placement.id"))  # empty when choosing content
    content_request_id: Mapped[int | None] = mapped_column(ForeignKey("content_request.id", ondelete="SET NULL"))
    cookie_hash: Mapped[str]
    is_in_address: Mapped[bool] = mapped_column(default=False)  # no cookie stays in this browser: the URL holds it all
    secret: Mapped[str]  # under which the CSRF token is made
    has_others: Mapped[bool] = mapped_column(default=False)  # the person was in further cohorts when it was taken
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    member: Mapped[Member] = relationship(lazy="raise")
    placement: Mapped[Placement | None] = relationship(lazy="raise")
    cohort: Mapped[Cohort] = relationship(lazy="raise")
