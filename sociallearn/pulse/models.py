"""A week in which two questions can be answered, and what each learner answered: for that week, and under a key."""

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, and_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from sociallearn import clock
from sociallearn.database import Model
from sociallearn.roster.models import InCohort


class PulseRound(InCohort, Model):
    """The two questions, open for a week. One at a time in a cohort."""

    __table_args__ = (Index(None, "cohort_id", "closes_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("member.id"))  # the trainer
    opened_at: Mapped[datetime] = mapped_column(default=clock.now)
    closes_at: Mapped[datetime]  # the midnight after its last day
    told_at: Mapped[datetime | None]  # when its figures were made: since then it has no replies

    @hybrid_property
    def is_open(self) -> bool:
        """Takes answers. Figures are made earlier than it closes where the cohort was archived meanwhile."""
        return self.closes_at > clock.now() and self.told_at is None

    @is_open.inplace.expression
    @classmethod
    def _is_open(cls) -> ColumnElement[bool]:
        return and_(cls.closes_at > clock.now(), cls.told_at.is_(None))


class PulseReply(InCohort, Model):
    """What one learner answered, or that they put it off: nobody can tell which without the server's own key.

    It is kept only as long as it can be changed. No time and no number stand here: the order of rows says nothing.
    """

    round_id: Mapped[int] = mapped_column(ForeignKey("pulse_round.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True, index=True)
    sealed: Mapped[str]
