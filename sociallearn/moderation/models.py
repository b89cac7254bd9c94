"""Reports: somebody asks that a text be looked at, for the cohort or as its author."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sociallearn import clock
from sociallearn.database import Model
from sociallearn.posts.models import Decision, Post
from sociallearn.roster.models import InCohort, Member


class Reason(StrEnum):
    """Why somebody asks. The last one is the author's own, about a text that is hidden."""

    UNKIND = "unkind"
    PERSONAL = "personal"
    SPAM = "spam"
    OTHER = "other"
    ANOTHER_LOOK = "another-look"


class State(StrEnum):
    """What became of it. One that is taken back leaves nothing."""

    OPEN = "open"
    HANDLED = "handled"  # what was asked was done: the text is hidden, or can be read again
    DISMISSED = "dismissed"  # somebody looked and left everything as it is, with a note
    GONE = "gone"  # its author deleted the text; undone, it is open again


_OPEN = text("state = 'open'")


class Report(InCohort, Model):
    """Who reported is known to nobody who reads it: neither trainers nor administrators are shown ``reporter_id``."""

    __table_args__ = (
        Index("uq_report_open", "post_id", "reporter_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_report_open", "cohort_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_report_waiting", "organisation_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(None, "reporter_id", "post_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id"))  # who wrote the text, and never handles this
    reporter_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    reason: Mapped[str]
    words: Mapped[str]
    to_administrators: Mapped[bool]  # there was no other trainer when it was made
    state: Mapped[str] = mapped_column(default=State.OPEN)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    handled_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    handled_by_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # an administrator
    handled_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")  # to whoever asked, when it was dismissed

    post: Mapped[Post] = relationship(lazy="raise")
    author: Mapped[Member] = relationship(lazy="raise", foreign_keys=[author_id])


class Appeal(InCohort, Model):
    """The author of a text asks that a decision about it be looked at again, in public; once a decision."""

    __table_args__ = (
        Index("ix_appeal_waiting", "cohort_id", sqlite_where=text("answered_at IS NULL"),
              postgresql_where=text("answered_at IS NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"), unique=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    words: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    answered_at: Mapped[datetime | None]
    is_upheld: Mapped[bool | None]  # the author is right
    note: Mapped[str] = mapped_column(default="")  # why

    decision: Mapped[Decision] = relationship(lazy="raise")
    author: Mapped[Member] = relationship(lazy="raise", foreign_keys=[author_id])
    answered_by: Mapped[Member | None] = relationship(lazy="raise", foreign_keys=[answered_by_id])
