"""Ideas brought in from a file: which files, the names of those who are not here, and ratings by nobody known.

Revision: 20261129_importing
After: 20261129_notifications
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_importing"
down_revision = "20261129_notifications"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "idea_import",
        sa.Column("id", ID, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_in_cohort("idea_import"),
        sa.ForeignKeyConstraint(["by_id"], ["member.id"], name=op.f("fk_idea_import_by_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idea_import")),
        sa.UniqueConstraint("cohort_id", "digest", name=op.f("uq_idea_import_cohort_id_digest")),
    )
    op.create_table(
        "imported_name",
        sa.Column("post_id", ID, nullable=False),
        sa.Column("place", ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("from_id", ID, nullable=True),
        *_in_cohort("imported_name"),
        sa.ForeignKeyConstraint(["from_id"], ["idea.post_id"], name=op.f("fk_imported_name_from_id_idea")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_imported_name_post_id_post")),
        sa.PrimaryKeyConstraint("post_id", "place", name=op.f("pk_imported_name")),
    )
    with op.batch_alter_table("imported_name", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_imported_name_from_id"), ["from_id"], unique=False)
    op.create_table(
        "imported_rating",
        sa.Column("idea_id", ID, nullable=False),
        sa.Column("value", ID, autoincrement=False, nullable=False),
        sa.Column("number", ID, nullable=False),
        *_in_cohort("imported_rating"),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.post_id"], name=op.f("fk_imported_rating_idea_id_idea")),
        sa.PrimaryKeyConstraint("idea_id", "value", name=op.f("pk_imported_rating")),
    )


def _in_cohort(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("cohort_id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f(f"fk_{table}_cohort_id_cohort")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f(f"fk_{table}_organisation_id_organisation")
        ),
    ]


def downgrade() -> None:
    """And back: what was brought in stays, as the texts of who brought it, and rated by those who are here."""
    op.execute(
        "UPDATE idea SET rating_count = (SELECT count(*) FROM rating WHERE idea_id = post_id),"
        " rating_sum = (SELECT coalesce(sum(value), 0) FROM rating WHERE idea_id = post_id)"
        " WHERE post_id IN (SELECT idea_id FROM imported_rating)"
    )
    op.execute("UPDATE post SET extras = extras - 32 WHERE id IN (SELECT post_id FROM imported_name)")
    op.drop_table("imported_rating")
    op.drop_table("imported_name")
    op.drop_table("idea_import")
