"""Spaces: a group's own part of the conversation, and informal ones.

Revision: 20261127_spaces
After: 20261127_extras
"""

import sqlalchemy as sa
from alembic import op

revision = "20261127_spaces"
down_revision = "20261127_extras"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "space",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("is_for_all", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_informal", sa.Boolean(), nullable=False),
        sa.Column("keep_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_space_cohort_id_cohort")),
        sa.ForeignKeyConstraint(["group_id"], ["group.id"], name=op.f("fk_space_group_id_group"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_space_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_space")),
        sa.UniqueConstraint("cohort_id", "group_id", name=op.f("uq_space_cohort_id_group_id")),
    )
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.add_column(sa.Column("space_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.create_index(
            "ix_post_in_space",
            ["space_id", "active_id"],
            unique=False,
            sqlite_where=sa.text("space_id IS NOT NULL"),
            postgresql_where=sa.text("space_id IS NOT NULL"),
        )
        batch_op.create_foreign_key(batch_op.f("fk_post_space_id_space"), "space", ["space_id"], ["id"])


def downgrade() -> None:
    """And back. What stands in a space is hidden, not to be read by people it was not meant for."""
    op.execute("UPDATE post SET visibility = 'hidden' WHERE space_id IS NOT NULL AND visibility = 'visible'")
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_post_space_id_space"), type_="foreignkey")
        batch_op.drop_index(
            "ix_post_in_space",
            sqlite_where=sa.text("space_id IS NOT NULL"),
            postgresql_where=sa.text("space_id IS NOT NULL"),
        )
        batch_op.drop_column("space_id")

    op.drop_table("space")
