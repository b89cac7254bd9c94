"""Search.

The index of texts there are already is made by ``db upgrade`` once this is done, or by ``search rebuild``.

Revision: 20261128_search
After: 20261127_starters
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261128_search"
down_revision = "20261127_starters"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "search_text",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql"), nullable=False),
        sa.Column("cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_search_text_cohort_id_cohort")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_search_text_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_search_text_post_id_post")),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_search_text")),
    )
    with op.batch_alter_table("search_text", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_search_text_cohort_id_post_id"), ["cohort_id", "post_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        # what is long stands apart, so that thousands of hits are few pages
        op.execute("ALTER TABLE search_text SET (toast_tuple_target = 128)")
        op.create_index("ix_search_text_tokens", "search_text", ["tokens"], postgresql_using="gin")
    else:
        op.execute(
            "CREATE VIRTUAL TABLE search_index USING fts5"
            "(tokens, content='search_text', content_rowid='post_id', tokenize='ascii')"
        )


def downgrade() -> None:
    """And back."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_search_text_tokens", table_name="search_text")
    else:
        op.execute("DROP TABLE search_index")
    with op.batch_alter_table("search_text", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_search_text_cohort_id_post_id"))
    op.drop_table("search_text")
