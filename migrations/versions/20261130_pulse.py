"""Two short questions, open for a week, and what was answered, sealed.

Revision: 20261130_pulse
After: 20261130_profiles
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_pulse"
down_revision = "20261130_profiles"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "pulse_round",
        sa.Column("id", ID, nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        *_in_cohort("pulse_round"),
        sa.ForeignKeyConstraint(["by_id"], ["member.id"], name=op.f("fk_pulse_round_by_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pulse_round")),
    )
    with op.batch_alter_table("pulse_round", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_pulse_round_cohort_id_closes_at"), ["cohort_id", "closes_at"], unique=False
        )
    op.create_table(
        "pulse_reply",
        sa.Column("round_id", ID, autoincrement=False, nullable=False),
        sa.Column("member_id", ID, autoincrement=False, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        *_in_cohort("pulse_reply"),
        sa.ForeignKeyConstraint(
            ["round_id"], ["pulse_round.id"], name=op.f("fk_pulse_reply_round_id_pulse_round"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_pulse_reply_member_id_member")),
        sa.PrimaryKeyConstraint("round_id", "member_id", name=op.f("pk_pulse_reply")),
    )
    with op.batch_alter_table("pulse_reply", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pulse_reply_member_id"), ["member_id"], unique=False)


def _in_cohort(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("cohort_id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f(f"fk_{table}_cohort_id_cohort")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f(f"fk_{table}_organisation_id_organisation")
        ),
    )


def downgrade() -> None:
    """And back."""
    op.execute("DELETE FROM notification WHERE about = 'pulse'")
    op.execute("DELETE FROM quiet WHERE about = 'pulse'")
    op.drop_table("pulse_reply")
    op.drop_table("pulse_round")
