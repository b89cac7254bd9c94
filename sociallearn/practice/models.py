"""What the practice LMS remembers."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, String
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from sociallearn import clock
from sociallearn.practice.people import Role


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept as UTC: SQLite itself knows no time zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        return value.replace(tzinfo=UTC) if value else None


class Base(DeclarativeBase):
    """The practice LMS's own tables; they never meet the tool's."""

    type_annotation_map = {datetime: UtcTime, dict[str, Any]: JSON, dict[str, str]: JSON}  # noqa: RUF012


class Course(Base):
    """A course (LTI: context)."""

    __tablename__ = "course"

    id: Mapped[str] = mapped_column(String, primary_key=True)
    position: Mapped[int]
    label: Mapped[str]
    title: Mapped[str]
    summary: Mapped[str]
    copied_from: Mapped[str | None]


class Person(Base):
    """Somebody with an account."""

    __tablename__ = "person"

    id: Mapped[str] = mapped_column(String, primary_key=True)
    position: Mapped[int]
    given_name: Mapped[str]
    family_name: Mapped[str]
    email: Mapped[str]
    locale: Mapped[str]
    unit: Mapped[str]

    @property
    def name(self) -> str:
        """The full name."""
        return f"{self.given_name} {self.family_name}"

    @property
    def initials(self) -> str:
        """Two letters for a round picture."""
        return self.given_name[0] + self.family_name.split()[-1][0].upper()

    @property
    def tint(self) -> int:
        """One of six colours, always the same for one person."""
        return self.position % 6


class Enrolment(Base):
    """Somebody's place in a course. Who was removed keeps the row, to be put back."""

    __tablename__ = "enrolment"

    course_id: Mapped[str] = mapped_column(ForeignKey("course.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    role: Mapped[str]
    removed_at: Mapped[datetime | None]

    course: Mapped[Course] = relationship()
    person: Mapped[Person] = relationship()

    @property
    def is_active(self) -> bool:
        """In the course today."""
        return self.removed_at is None

    @property
    def is_gradable(self) -> bool:
        """Has a row in the gradebook: learners who are in the course today."""
        return self.is_active and self.role == Role.LEARNER


class Client(Base):
    """The tool once more, as it registered itself by a link: another client id, and a deployment of its own."""

    __tablename__ = "client"

    client_id: Mapped[str] = mapped_column(String, primary_key=True)
    deployment_id: Mapped[str]
    name: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    activated_at: Mapped[datetime | None]
    jwks_uri: Mapped[str | None]  # where its keys are read; empty: where those of the first tool are


class RegistrationToken(Base):
    """What lets a tool register itself, once, for an hour; by its digest."""

    __tablename__ = "registration_token"

    digest: Mapped[str] = mapped_column(String, primary_key=True)
    names_deployment: Mapped[bool]  # Moodle says so at once, Canvas leaves it to the first launch
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Link(Base):
    """A link to the tool in a course (LTI: resource link)."""

    __tablename__ = "link"

    id: Mapped[str] = mapped_column(String, primary_key=True)
    course_id: Mapped[str] = mapped_column(ForeignKey("course.id"))
    position: Mapped[int]
    title: Mapped[str]
    description: Mapped[str]
    url: Mapped[str | None]  # empty: the tool's usual launch address
    custom: Mapped[dict[str, str]] = mapped_column(default=dict)
    copied_from: Mapped[str | None]
    client_id: Mapped[str | None] = mapped_column(ForeignKey("client.client_id"))  # empty: the tool as it always was

    course: Mapped[Course] = relationship()
    client: Mapped[Client | None] = relationship(lazy="joined")


class LineItem(Base):
    """A column of the gradebook. ``is_coupled`` came with its link and cannot be deleted by the tool."""

    __tablename__ = "line_item"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012  # an address is never given out twice

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[str] = mapped_column(ForeignKey("course.id"))
    link_id: Mapped[str | None] = mapped_column(ForeignKey("link.id"))
    is_coupled: Mapped[bool] = mapped_column(default=False)
    label: Mapped[str]
    maximum: Mapped[float]
    resource_id: Mapped[str] = mapped_column(default="")
    tag: Mapped[str] = mapped_column(default="")
    starts: Mapped[str | None]
    ends: Mapped[str | None]


class Score(Base):
    """What the tool last said about one learner in one column; ``value`` is out of the column's maximum."""

    __tablename__ = "score"

    line_item_id: Mapped[int] = mapped_column(ForeignKey("line_item.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    value: Mapped[float | None]
    comment: Mapped[str | None]
    activity_progress: Mapped[str]
    grading_progress: Mapped[str]
    timestamp: Mapped[datetime]  # as the tool sent it
    received_at: Mapped[datetime] = mapped_column(default=clock.now)


class Launch(Base):
    """A launch that was begun. Its id travels in ``lti_message_hint``, can't be guessed and works once.

    Without ``link_id`` it opens the tool to choose content; then the id also comes back as ``data``. With
    ``for_person_id`` it comes from the gradebook, to look at that person's work.
    """

    __tablename__ = "launch"

    id: Mapped[str] = mapped_column(String, primary_key=True)
    course_id: Mapped[str] = mapped_column(ForeignKey("course.id"))
    link_id: Mapped[str | None] = mapped_column(ForeignKey("link.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    for_person_id: Mapped[str | None]
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    used_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]  # content was chosen

    course: Mapped[Course] = relationship()
    link: Mapped[Link | None] = relationship()
    person: Mapped[Person] = relationship()


class Spent(Base):
    """A ``jti`` or ``nonce`` of the tool's that was used: the same one is refused until it has expired anyway."""

    __tablename__ = "spent"

    value: Mapped[str] = mapped_column(String, primary_key=True)
    expires_at: Mapped[datetime]


class AccessToken(Base):
    """A bearer token, by its digest."""

    __tablename__ = "access_token"

    digest: Mapped[str] = mapped_column(String, primary_key=True)
    scopes: Mapped[str]
    expires_at: Mapped[datetime]


class Entry(Base):
    """A line of the log."""

    __tablename__ = "entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    kind: Mapped[str]
    title: Mapped[str]
    status: Mapped[int | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Setting(Base):
    """A named value: the switches, and the secret that signs cookies."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(String, primary_key=True)
    value: Mapped[str]
