"""Rules and their versions, the ledger of points, where each learner stands, and scores on their way to the LMS."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sociallearn import clock
from sociallearn.database import Model
from sociallearn.grades.schemes import Kind
from sociallearn.posts.models import Post
from sociallearn.roster.models import InCohort, Member, Placement


class SchemeVersion(InCohort, Model):
    """The cohort's rules from ``starts_at`` on. Never changed: new rules are a new version."""

    __table_args__ = (UniqueConstraint("cohort_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    scheme: Mapped[dict[str, Any]]  # schemes.to_json
    starts_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class LedgerEntry(InCohort, Model):
    """Append-only. The newest entry of an event says what it counts for; ``change`` summed over a period is its points.

    ``event_id`` is the post written, or the idea rated (``kind`` tells which).
    """

    __table_args__ = (Index(None, "member_id", "period", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    scheme_version_id: Mapped[int] = mapped_column(ForeignKey("scheme_version.id"))
    period: Mapped[str]  # calendar.Period.key; empty when outside every period
    kind: Mapped[str]  # scoring.Event.kind
    event_id: Mapped[int]  # of an adjustment: its own id
    points: Mapped[float]  # what the event counts for from now on
    change: Mapped[float]  # against the entry before
    why: Mapped[str]  # scoring.Why
    short_by: Mapped[int | None]  # words missing
    at: Mapped[datetime] = mapped_column(default=clock.now)


HINTED: tuple[Kind, ...] = ("post", "idea")  # kinds whose hint stands ready; a reply's depends on whom it reaches


class Standing(InCohort, Model):
    """Where a learner stands. Also the row one locks before recomputing, so that two acts at once both count."""

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    grade: Mapped[float | None]  # 0..1; empty until there is something to say
    comment: Mapped[str] = mapped_column(default="")
    next_change_at: Mapped[datetime | None] = mapped_column(index=True)  # when a period closes and the grade may move
    hints: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what one more post or idea counts until then
    foreseen: Mapped[dict[str, Any] | None]  # foreseeing.foresee: what closes then, and what is missing
    collected: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the ledger's sums by period key, unless nil
    basis: Mapped[str | None]  # folding.basis they were worked out on; by any other, everything is judged anew
    told_at: Mapped[datetime | None]  # when a trainer last changed or answered something, for the learner to see
    computed_at: Mapped[datetime | None]


class GradeAdjustment(InCohort, Model):
    """A trainer's own word on one period of one learner, with its reason. Taken back, the row stays."""

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    period: Mapped[str]  # calendar.Period.key
    kind: Mapped[str]  # of scoring.Adjustment: override, excuse, bonus
    points: Mapped[float | None]  # nothing for an excuse
    reason: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))

    by: Mapped[Member] = relationship(lazy="raise", foreign_keys=[by_id])


class GradeReview(InCohort, Model):
    """A learner asks the trainer to look again at a period, or at one text; and what the trainer said."""

    __table_args__ = (Index(None, "cohort_id", "answered_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    period: Mapped[str]  # calendar.Period.key; empty: of a text outside every period
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"), index=True)  # nothing: the whole period
    words: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    answer: Mapped[str] = mapped_column(default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    answered_at: Mapped[datetime | None]

    member: Mapped[Member] = relationship(lazy="raise", foreign_keys=[member_id])
    post: Mapped[Post | None] = relationship(lazy="raise")
    answered_by: Mapped[Member | None] = relationship(lazy="raise", foreign_keys=[answered_by_id])


class DeliveryState(StrEnum):
    """Where a score is."""

    WAITING = "waiting"  # to be sent, or sent again
    SENT = "sent"  # the LMS has it
    REFUSED = "refused"  # the LMS says it never will: not gradable, left, column gone


class Delivery(InCohort, Model):
    """One learner's score in one column of the LMS: what it should be, and what the LMS has."""

    __table_args__ = (UniqueConstraint("placement_id", "member_id"), Index(None, "state", "next_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    placement_id: Mapped[int] = mapped_column(ForeignKey("placement.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    state: Mapped[str]
    grade: Mapped[float]  # wanted, 0..1
    comment: Mapped[str]  # wanted, in words
    wanted: Mapped[int] = mapped_column(default=1)  # counts what we wanted to say; sent when it was said last
    sent: Mapped[int] = mapped_column(default=0)
    sent_grade: Mapped[float | None]
    sent_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)  # ever: a late worker finds another number here and keeps silent
    failures: Mapped[int] = mapped_column(default=0)  # in a row: how long to wait
    failing_since: Mapped[datetime | None]
    next_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    stamp: Mapped[datetime | None]  # of the newest attempt; each attempt's is at least a second later
    problem: Mapped[str | None]  # a code; told in words on the page
    result_score: Mapped[float | None]  # what stood in the LMS at LineItem.results_at, out of ...
    result_maximum: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    member: Mapped[Member] = relationship(lazy="raise")
    placement: Mapped[Placement] = relationship(lazy="raise")


class LineItem(InCohort, Model):
    """What the LMS said about the column of a graded placement, and when we look again (AGS 2.0, line item, result)."""

    placement_id: Mapped[int] = mapped_column(ForeignKey("placement.id"), primary_key=True)
    line_item_url: Mapped[str]
    label: Mapped[str]
    score_maximum: Mapped[float]
    read_at: Mapped[datetime]
    results_at: Mapped[datetime | None]  # what stands in the column was read: as it was at that moment
    look_at: Mapped[datetime | None] = mapped_column(index=True)  # when name, maximum and results are read next
    looked_at: Mapped[datetime | None]  # when that was begun last
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)  # ever: a late worker finds another number here and keeps silent
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    problem: Mapped[str | None]  # a code; told in words on the page


class ColumnState(StrEnum):
    """Where a column of our own making is."""

    WAITING = "waiting"  # to be found or made, or to be given another name or maximum
    MADE = "made"  # it stands in the gradebook as wanted
    REFUSED = "refused"  # the LMS will not have it
    LEAVING = "leaving"  # the LMS has a column for a link of its own accord: ours is to go
    LEFT = "left"  # we no longer send anything there; ``problem`` says if it still stands in the gradebook


class OwnColumn(InCohort, Model):
    """A column we made because a trainer asked: one a cohort at most, so that two can never be made at once."""

    __table_args__ = (Index(None, "state", "next_at"),)

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), primary_key=True)
    placement_id: Mapped[int] = mapped_column(ForeignKey("placement.id"))  # the link through which scores go there
    label: Mapped[str]  # wanted
    score_maximum: Mapped[float]  # wanted
    state: Mapped[str]
    line_item_url: Mapped[str | None]  # empty until it was found or made
    is_ours: Mapped[bool] = mapped_column(default=True)  # false: the LMS's own, found for this link; its name stays
    wanted: Mapped[int] = mapped_column(default=1)  # counts what was asked; a newer wish makes another round
    attempts: Mapped[int] = mapped_column(default=0)  # ever: a late worker finds another number here and keeps silent
    failures: Mapped[int] = mapped_column(default=0)  # in a row: how long to wait
    failing_since: Mapped[datetime | None]
    next_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    problem: Mapped[str | None]  # a code; told in words on the page
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
