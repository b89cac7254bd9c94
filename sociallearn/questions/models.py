"""Which answer was accepted."""

from datetime import datetime

from sqlalchemy import ForeignKey
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
