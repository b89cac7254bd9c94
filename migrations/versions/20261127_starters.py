"""Starter questions: what one of them opened, until when, and whether one answers first.

Revision: 20261127_starters
After: 20261127_files
"""

import sqlalchemy as sa
from alembic import op

revision = "20261127_starters"
down_revision = "20261127_files"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "starter",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("question_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("round_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_first", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["member.id"], name=op.f("fk_starter_by_id_member")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_starter_cohort_id_cohort")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_starter_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_starter_post_id_post")),
        sa.ForeignKeyConstraint(["question_id"], ["post.id"], name=op.f("fk_starter_question_id_post")),
        sa.ForeignKeyConstraint(["round_id"], ["idea_round.id"], name=op.f("fk_starter_round_id_idea_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_starter")),
        sa.UniqueConstraint("post_id", name=op.f("uq_starter_post_id")),
        sa.UniqueConstraint("question_id", name=op.f("uq_starter_question_id")),
        sa.UniqueConstraint("round_id", name=op.f("uq_starter_round_id")),
    )
    with op.batch_alter_table("starter", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_starter_cohort_id_due_at"), ["cohort_id", "due_at"], unique=False)


def downgrade() -> None:
    """And back."""
    with op.batch_alter_table("starter", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_starter_cohort_id_due_at"))

    op.drop_table("starter")
