"""One row per act, and which texts repeat which."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from sociallearn.database import Model
from sociallearn.roster.models import InCohort


class Verb(StrEnum):
    """What somebody did."""

    POSTED = "posted"
    ASKED = "asked"
    PROPOSED = "proposed"
    REPLIED = "replied"
    ANSWERED = "answered"
    COMMENTED = "commented"
    EDITED = "edited"
    DELETED = "deleted"
    UNDELETED = "undeleted"
    HID = "hid"
    RESTORED = "restored"
    RATED = "rated"
    ACCEPTED = "accepted"
    UNACCEPTED = "unaccepted"
    ENDORSED = "endorsed"
    UNENDORSED = "unendorsed"
    HELPED = "helped"
    UNHELPED = "unhelped"
    BUILT_ON = "built_on"  # an idea goes on from another: that one is the root, and whose it is was reached
    UNBUILT = "unbuilt"
    CONVERTED = "converted"  # a post became a question, or back: takes back what was said of its answers


WRITING = frozenset({Verb.POSTED, Verb.ASKED, Verb.PROPOSED, Verb.REPLIED, Verb.ANSWERED, Verb.COMMENTED})
REMOVING = frozenset({Verb.DELETED, Verb.HID})
RETURNING = frozenset({Verb.UNDELETED, Verb.RESTORED})


class Activity(InCohort, Model):
    """``member`` did ``verb`` to ``post``, which ``author`` wrote; it answers something ``reached`` wrote."""

    __allow_unmapped__ = True
    __table_args__ = (
        Index(None, "cohort_id", "id"),
        Index(None, "author_id", "at"),
        Index(None, "member_id", "verb", "at"),
        Index(None, "post_id", "member_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))  # empty: an administrator, of no cohort
    verb: Mapped[str]
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"))
    root_id: Mapped[int] = mapped_column(ForeignKey("post.id"), index=True)  # the post that begins its thread
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    reached_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    words: Mapped[int | None]  # own words of the text as it stood after this act
    at: Mapped[datetime]

    parted: frozenset[int] = frozenset()  # not stored: texts it was compared with as a copy until this edit


class Shingle(Model):
    """One hashed run of five words in a post's current text (Broder 1997), to find texts that repeat each other."""

    __table_args__ = (Index(None, "post_id"),)

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), primary_key=True)
    hash: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)


class Overlap(Model):
    """``copy`` repeats most of the earlier ``original``. Affects points, never acceptance."""

    __table_args__ = (Index(None, "original_id"),)

    copy_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    original_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    share: Mapped[float]
