"""What trainers change in a grade, what learners ask about it, and what is foreseen.

Revision: 20261129_receipts
After: 20261129_authors
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_receipts"
down_revision = "20261129_authors"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("standing", schema=None) as batch_op:
        batch_op.add_column(sa.Column("foreseen", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))

    op.create_table(
        "grade_adjustment",
        sa.Column("id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("points", sa.Float(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by_id", ID, nullable=True),
        *_in_cohort("grade_adjustment"),
        *_to_members("grade_adjustment", "member_id", "by_id", "withdrawn_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade_adjustment")),
    )
    with op.batch_alter_table("grade_adjustment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grade_adjustment_member_id"), ["member_id"], unique=False)

    op.create_table(
        "grade_review",
        sa.Column("id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("post_id", ID, nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by_id", ID, nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        *_in_cohort("grade_review"),
        *_to_members("grade_review", "member_id", "answered_by_id"),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_grade_review_post_id_post")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade_review")),
    )
    with op.batch_alter_table("grade_review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grade_review_member_id"), ["member_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_grade_review_post_id"), ["post_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_grade_review_cohort_id_answered_at"), ["cohort_id", "answered_at"], unique=False
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


def _to_members(table: str, *columns: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.ForeignKeyConstraint([column], ["member.id"], name=op.f(f"fk_{table}_{column}_member")) for column in columns
    ]


def downgrade() -> None:
    """And back: what trainers changed is no longer in the sums."""
    op.execute("DELETE FROM ledger_entry WHERE kind IN ('override', 'excuse', 'bonus')")
    op.drop_table("grade_review")
    op.drop_table("grade_adjustment")
    with op.batch_alter_table("standing", schema=None) as batch_op:
        batch_op.drop_column("told_at")
        batch_op.drop_column("foreseen")
