"""Idea rounds, ideas and their ratings."""

from datetime import date, datetime, timedelta

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sociallearn import clock
from sociallearn.database import Model
from sociallearn.posts import deciding
from sociallearn.posts.models import Post
from sociallearn.roster.models import InCohort

UNDOING = timedelta(hours=1)  # so long closing a round can be taken back, and so long its results wait


class IdeaRound(InCohort, Model):
    """A question the cohort looks for ideas on. Every cohort has an open one from its first day (no ``question``)."""

    __table_args__ = (Index(None, "cohort_id", "is_default", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    is_default: Mapped[bool | None]  # true for the first-day round, empty for any other: so one default a cohort
    question: Mapped[str | None]
    opened_at: Mapped[datetime] = mapped_column(default=clock.now)
    closed_at: Mapped[datetime | None]  # takes no ideas and no ratings from then on; perhaps a day to come

    @property
    def is_open(self) -> bool:
        """Takes new ideas and ratings."""
        return self.closed_at is None or self.closed_at > clock.now()

    @property
    def shows_results(self) -> bool:
        """What was rated is told to everybody: never before it is certain that nobody rates any more."""
        return self.closed_at is not None and self.closed_at + UNDOING <= clock.now()


class Idea(InCohort, Model):
    """What an idea has beyond its text. Who may know the tally, ``reading`` says."""

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("idea_round.id"), index=True)
    rating_count: Mapped[int] = mapped_column(default=0)
    rating_sum: Mapped[int] = mapped_column(default=0)
    stage: Mapped[str] = mapped_column(default="new")  # key of Stage; changed by ``moving.move`` only
    served_count: Mapped[int] = mapped_column(default=0)  # how often it was put before somebody to rate
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("idea.post_id"), index=True)  # by ``merging`` only

    post: Mapped[Post] = relationship(lazy="raise")


class Remark(InCohort, Model):
    """What a comment on an idea is: a question, something built on it, or a concern with a suggestion."""

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    kind: Mapped[str]  # of commenting.RemarkKind


class BuildsOn(InCohort, Model):
    """An idea goes on from an earlier one, as its author says."""

    idea_id: Mapped[int] = mapped_column(ForeignKey("idea.post_id"), primary_key=True)
    on_id: Mapped[int] = mapped_column(ForeignKey("idea.post_id"), primary_key=True, index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)


class Outcome(InCohort, Model):
    """What becomes of an idea: who takes it on, until when, what it is to bring, and how one sees that it is there."""

    __table_args__ = (Index("ix_outcome_due", "cohort_id", "due_on"),)

    idea_id: Mapped[int] = mapped_column(ForeignKey("idea.post_id"), primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    due_on: Mapped[date | None]  # a day in the cohort's zone
    benefit: Mapped[str] = mapped_column(default="")
    evidence: Mapped[str] = mapped_column(default="")  # Markdown: a link, or where the file stands
    html: Mapped[str] = mapped_column(default="")  # the evidence, sanitised
    implemented_at: Mapped[datetime | None]  # with evidence only
    version: Mapped[int] = mapped_column(default=1)  # two people change it: the second is told
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)  # what those who rated it hear of


class Stage(InCohort, Model):
    """How far an idea of this round can be, as its trainer named and ordered it. A round without any has the usual ones
    (``staging.USUAL``)."""

    round_id: Mapped[int] = mapped_column(ForeignKey("idea_round.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)  # a usual one's, or one made here; never given twice
    name: Mapped[str | None]  # empty: as the usual one is called in the reader's language
    place: Mapped[int]


class RoundOwner(InCohort, Model):
    """A member whom the trainer asked to look after a round: they move its ideas."""

    round_id: Mapped[int] = mapped_column(ForeignKey("idea_round.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True, index=True)


class Rating(InCohort, Model):
    """One person, one rating an idea, 1 to 5; a trainer's counts as one. The tally is the sum of these rows."""

    __table_args__ = (Index(None, "member_id"),)

    idea_id: Mapped[int] = mapped_column(ForeignKey("idea.post_id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    value: Mapped[int]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    from_id: Mapped[int | None] = mapped_column(ForeignKey("idea.post_id"), index=True)  # the merged idea it came with


class CoAuthor(InCohort, Model):
    """Somebody who is an author of an idea without having proposed it: ``from_id`` is the idea merged into this one of
    which they are an author, or this one itself where they took an invitation."""

    __table_args__ = (Index(None, "member_id"), Index(None, "from_id"))

    idea_id: Mapped[int] = mapped_column(ForeignKey("idea.post_id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("idea.post_id"), primary_key=True)


class AuthorInvitation(InCohort, Model):
    """Somebody is asked to stand with the authors of an idea; gone once they said yes or no."""

    __table_args__ = (Index(None, "member_id"),)

    idea_id: Mapped[int] = mapped_column(ForeignKey("idea.post_id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)


class IdeaImport(InCohort, Model):
    """A file of ideas was brought in: each one once a cohort."""

    __table_args__ = (UniqueConstraint("cohort_id", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str]  # SHA-256 of its bytes
    by_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)


class ImportedName(InCohort, Model):
    """Somebody a file names who is not here: ``place`` 0 wrote the text, -1 took the idea on, others are its further
    authors in order. Such a text belongs to the trainer who brought it in."""

    __table_args__ = (Index(None, "from_id"),)

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]  # empty: the file does not say
    from_id: Mapped[int | None] = mapped_column(ForeignKey("idea.post_id"))  # the merged idea they came with


class ImportedRating(InCohort, Model):
    """How often a file says an idea was given this value, nobody knows by whom. It stays with the idea it was given."""

    idea_id: Mapped[int] = mapped_column(ForeignKey("idea.post_id"), primary_key=True)
    value: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]


class SetAside(InCohort, Model):
    """A rating given to an idea itself that does not count while others are merged into it: the same person rated one
    of them later, or is its author."""

    __table_args__ = (Index(None, "member_id"),)

    idea_id: Mapped[int] = mapped_column(ForeignKey("idea.post_id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    value: Mapped[int]
    at: Mapped[datetime]


class Sitting(InCohort, Model):
    """One member rates a few ideas in a row, of one round or of all. It is never over: one can always come back."""

    __table_args__ = (Index(None, "member_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    round_id: Mapped[int | None] = mapped_column(ForeignKey("idea_round.id"), index=True)
    begun_at: Mapped[datetime] = mapped_column(default=clock.now)


class Serving(InCohort, Model):
    """An idea put before a member to rate: once in a lifetime. Whether they rated it, ``Rating`` knows."""

    __table_args__ = (UniqueConstraint("member_id", "idea_id"), Index(None, "idea_id"))

    sitting_id: Mapped[int] = mapped_column(ForeignKey("sitting.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)  # from 1
    idea_id: Mapped[int] = mapped_column(ForeignKey("idea.post_id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    is_skipped: Mapped[bool] = mapped_column(default=False)


deciding.guard(Idea, "stage", "merged_into", post="post_id")
