"""What members say of themselves."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from sociallearn import clock
from sociallearn.database import Model
from sociallearn.roster.models import InCohort


class Profile(InCohort, Model):
    """A line a member wrote for the cohort to read. No row, nothing said; what they can be asked is a
    ``HelperProfile``."""

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    about: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)
