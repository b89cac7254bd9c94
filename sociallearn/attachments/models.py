"""Files that hang on a text or wait to, and how much room each cohort's take."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from sociallearn import clock
from sociallearn.database import Model
from sociallearn.roster.models import InCohort


class Attachment(InCohort, Model):
    """A file. Without a post it is loose: just uploaded for a text that is still being written (``place`` says where,
    as for drafts), or taken away. What stays loose for a day is swept, and its bytes after it."""

    __table_args__ = (
        Index(None, "post_id"),
        Index("ix_attachment_loose", "member_id", "place", sqlite_where=text("post_id IS NULL"),
              postgresql_where=text("post_id IS NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    place: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)  # where its bytes are kept; says nothing of what they are
    name: Mapped[str]
    media_type: Mapped[str]  # what its content says, never what a browser said
    size: Mapped[int]  # bytes it takes here, an image's small one included
    width: Mapped[int | None]  # pixels, for images
    height: Mapped[int | None]
    alt: Mapped[str] = mapped_column(default="")  # what an image shows, in words
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    removed_at: Mapped[datetime | None]

    @property
    def is_image(self) -> bool:
        """Shown as a picture."""
        return self.width is not None


class FileSpace(InCohort, Model):
    """How many bytes a cohort's files take: counted in the transaction of each file."""

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), primary_key=True)
    used: Mapped[int] = mapped_column(default=0)
