"""What is said of questions and answers; a question's clock, who is asked to answer and who offers to; what questions
are about, and what later cohorts may read of them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from sociallearn import clock
from sociallearn.database import Model
from sociallearn.roster.models import InCohort


class Acceptance(InCohort, Model):
    """The one answer its asker, or a trainer, says has helped."""

    question_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    answer_id: Mapped[int] = mapped_column(ForeignKey("post.id"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)


class AnswerTally(InCohort, Model):
    """How many find an answer useful, and how many an answer or comment helped: kept in the act's own transaction."""

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    votes: Mapped[int] = mapped_column(default=0)
    helped: Mapped[int] = mapped_column(default=0)


class AnswerVote(InCohort, Model):
    """A member finds an answer useful."""

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)


class Help(InCohort, Model):
    """An answer or a comment helped a member."""

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)


class Endorsement(InCohort, Model):
    """A trainer recommends an answer."""

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)


class Status(StrEnum):
    """What was said of a question as a whole. A question of which nothing was said has no row."""

    SOLVED = "solved"  # otherwise than by one of its answers
    DUPLICATE = "duplicate"
    REOPENED = "reopened"


class QuestionState(InCohort, Model):
    """How a question stands, by whom and since when."""

    __table_args__ = (Index(None, "duplicate_of_id"),)

    question_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    status: Mapped[str]
    words: Mapped[str] = mapped_column(default="")  # why
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"))  # never itself a duplicate
    by_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)


class QuestionStem(InCohort, Model):
    """One word a visible question is about, as stem, to find what is like it. Written with the question's own text."""

    # whatever finding asks of a row stands in the index, so that the table itself is not read
    __table_args__ = (Index("ix_question_stem_found", "cohort_id", "stem", "post_id", "in_title", "author_id"),)

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    stem: Mapped[str] = mapped_column(primary_key=True)
    in_title: Mapped[bool]
    author_id: Mapped[int] = mapped_column(ForeignKey("member.id"))


class Settled(InCohort, Model):
    """A question nobody had to answer: whoever typed it found one like it that answered it already."""

    __table_args__ = (UniqueConstraint("member_id", "alike_id", "title"), Index(None, "cohort_id", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    alike_id: Mapped[int] = mapped_column(ForeignKey("post.id"), index=True)  # may stand in an earlier cohort
    title: Mapped[str]
    body: Mapped[str]  # for as long as it can be undone
    at: Mapped[datetime] = mapped_column(default=clock.now)


class Memory(InCohort, Model):
    """What a cohort's trainers decided about earlier and later cohorts of the organisation."""

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), primary_key=True)
    is_offered: Mapped[bool] = mapped_column(
        default=False
    )  # its questions, where their authors agree, to later cohorts
    is_read: Mapped[bool] = mapped_column(default=True)  # those of earlier cohorts are shown here
    by_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)


class TextConsent(InCohort, Model):
    """An author lets later cohorts read their questions and answers. No row: no."""

    __table_args__ = (Index(None, "cohort_id", "member_id"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    with_name: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime] = mapped_column(default=clock.now)


class QuestionClock(InCohort, Model):
    """When a question's twelve hours began and end. Kept as it was asked: neither another choice of the trainer nor a
    holiday added later changes what was promised."""

    __table_args__ = (Index(None, "cohort_id", "question_id"), Index(None, "cohort_id", "due_at"))

    question_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    # the cohort's work hours at that moment (timing.Hours); empty: plain hours
    work_hours: Mapped[dict[str, Any] | None]
    not_yet_at: Mapped[datetime | None]  # when the asker said that the answers have not helped yet


class Step(StrEnum):
    """The steps of the ladder, in order. Look-alikes, while a question is typed, need no row."""

    FOLLOWERS = "followers"  # of its topics, at once
    HELPERS = "helpers"  # up to three likely ones, after six hours
    TRAINER = "trainer"  # after ten


class StepState(StrEnum):
    """What became of a step."""

    WAITING = "waiting"
    DONE = "done"
    SKIPPED = "skipped"


class Why(StrEnum):
    """Why a step was skipped."""

    ANSWERED = "answered"
    ACCEPTED = "accepted"
    SOLVED = "solved"  # otherwise, or asked before
    REMOVED = "removed"
    LOCKED = "locked"
    STARTER = "starter"  # a starter question asks everybody already
    ARCHIVED = "archived"
    CLOSED = "closed"  # the room, or the LMS's connection
    NOBODY = "nobody"  # there was nobody to ask


class Escalation(InCohort, Model):
    """One step for one question: due at a moment, looked at in work hours, done or skipped once."""

    __table_args__ = (
        UniqueConstraint("question_id", "step"),
        Index("ix_escalation_next", "next_at", sqlite_where=text("state = 'waiting'"),
              postgresql_where=text("state = 'waiting'")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("post.id"))
    step: Mapped[str]
    due_at: Mapped[datetime]
    next_at: Mapped[datetime]  # due_at, or the first moment of work after it, or later after a failure
    state: Mapped[str] = mapped_column(default=StepState.WAITING)
    why: Mapped[str | None]  # Why, for a skipped one
    done_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)  # that failed


class NudgeState(StrEnum):
    """What became of asking somebody."""

    OPEN = "open"
    ANSWERED = "answered"  # by whoever was asked
    OVER = "over"  # somebody else answered, or there is nothing to answer any more
    DECLINED = "declined"  # "I'll pass"
    WITHDRAWN = "withdrawn"  # who was asked no longer wants to be


class Nudge(InCohort, Model):
    """Somebody is asked to look at a question. The product shows it; whatever brings it elsewhere (a notification, a
    mail) starts from these rows and from nothing else."""

    __table_args__ = (
        UniqueConstraint("escalation_id", "member_id"),
        Index(None, "question_id"),
        Index(None, "member_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    escalation_id: Mapped[int] = mapped_column(ForeignKey("escalation.id"))
    question_id: Mapped[int] = mapped_column(ForeignKey("post.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    step: Mapped[str]  # the escalation's
    state: Mapped[str] = mapped_column(default=NudgeState.OPEN)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]


class HelperProfile(InCohort, Model):
    """A member says "ask me about": topics, and words of their own. No row, no asking."""

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    words: Mapped[str]  # shown to nobody: they serve to choose whom to ask
    is_listed: Mapped[bool] = mapped_column(default=False)  # whether others may find them by these topics
    line: Mapped[str] = mapped_column(default="")  # what they like to be asked, for whoever finds them
    at: Mapped[datetime] = mapped_column(default=clock.now)


class HelperTopic(InCohort, Model):
    """One of the topics somebody can be asked about."""

    __table_args__ = (Index(None, "topic_id"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("helper_profile.member_id", ondelete="CASCADE"), primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), primary_key=True)
