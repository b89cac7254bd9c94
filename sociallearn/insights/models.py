"""What people did, a row a week; the cells of weeks that are over; and how far each cohort is closed."""

from datetime import date

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from sociallearn.database import Model
from sociallearn.roster.models import InCohort


class MemberWeek(InCohort, Model):
    """What a learner did in a week (where the cohort is). Counted up by ``tallying`` in the act's own transaction; each
    has a row of their own, so that nobody waits for anybody."""

    __table_args__ = (Index(None, "cohort_id", "monday"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    monday: Mapped[date] = mapped_column(primary_key=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))  # theirs at the first act of that week
    texts: Mapped[int] = mapped_column(default=0)  # posts, questions, ideas
    replies: Mapped[int] = mapped_column(default=0)  # answers and comments too
    ratings: Mapped[int] = mapped_column(default=0)
    # the same acts by day, Monday first
    day0: Mapped[int] = mapped_column(default=0)
    day1: Mapped[int] = mapped_column(default=0)
    day2: Mapped[int] = mapped_column(default=0)
    day3: Mapped[int] = mapped_column(default=0)
    day4: Mapped[int] = mapped_column(default=0)
    day5: Mapped[int] = mapped_column(default=0)
    day6: Mapped[int] = mapped_column(default=0)

    @property
    def days(self) -> tuple[int, ...]:
        """Acts by day, Monday first."""
        return (self.day0, self.day1, self.day2, self.day3, self.day4, self.day5, self.day6)

    @property
    def acts(self) -> int:
        """All of them."""
        return self.texts + self.replies + self.ratings


class Cell(InCohort, Model):
    """One number about at least five people, written when its time was over and not changed since: all that figures for
    managers are made of (see ``closing``). What ``what`` and ``key`` can be, ``figuring`` says."""

    __table_args__ = (Index(None, "cohort_id", "what", "until"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str]
    since: Mapped[date]  # its first day
    until: Mapped[date]  # its last
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    other_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))  # between two units
    key: Mapped[str] = mapped_column(default="")
    people: Mapped[int | None]  # in fives, rounded down
    number: Mapped[float]


class Closed(InCohort, Model):
    """How far a cohort's weeks are closed."""

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), primary_key=True)
    next_monday: Mapped[date]  # of the first week that is not
