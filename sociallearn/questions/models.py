"""Which answer was accepted, what people say of answers, and how a question stands."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
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
