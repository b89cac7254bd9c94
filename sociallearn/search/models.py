"""The index: a row for each text that can be read."""

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from sociallearn.database import Model
from sociallearn.roster.models import InCohort


class SearchText(InCohort, Model):
    """What a visible text can be found by.

    On PostgreSQL ``tokens`` is indexed where it stands; on SQLite it is what the virtual table ``search_index`` (FTS5,
    external content) is an index of, and ``engines`` brings that in step in the same transaction.
    """

    __table_args__ = (
        Index(None, "cohort_id", "post_id"),
        # not on SQLite, where it would be an index of whole texts: migrating leaves it out of comparisons there
        Index("ix_search_text_tokens", "tokens", postgresql_using="gin").ddl_if(dialect="postgresql"),
    )

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), primary_key=True)
    words: Mapped[str]  # folded, as they were written: what close spellings are looked for in
    tokens: Mapped[str] = mapped_column(Text().with_variant(TSVECTOR(), "postgresql"))  # made by ``tokens.of``
