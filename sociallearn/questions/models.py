"""Which answer was accepted, what questions are about, and what later cohorts may read of them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
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
