"""Friendly nudges, and what trainers look for every morning.

Revision: 20261130_nudges
After: 20261130_incremental
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_nudges"
down_revision = "20261130_incremental"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLE = "friendly_nudge"


def upgrade() -> None:
    """Forward."""
    op.create_table(
        _TABLE,
        sa.Column("id", _ID, nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("by_id", _ID, nullable=False),
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cohort_id", _ID, nullable=False),
        sa.Column("organisation_id", _ID, nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{_TABLE}_{column}_{other}"))
            for column, other in (
                ("member_id", "member"),
                ("by_id", "member"),
                ("cohort_id", "cohort"),
                ("organisation_id", "organisation"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_TABLE}")),
    )
    with op.batch_alter_table(_TABLE, schema=None) as batch_op:
        for column in ("cohort_id", "member_id"):
            batch_op.create_index(batch_op.f(f"ix_{_TABLE}_{column}_sent_at"), [column, "sent_at"], unique=False)
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.add_column(sa.Column("nudge_id", _ID, nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_notification_nudge_id_friendly_nudge"), _TABLE, ["nudge_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_notification_nudge_id"), ["nudge_id"], unique=False)
    with op.batch_alter_table("question_clock", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_question_clock_cohort_id_due_at"), ["cohort_id", "due_at"], unique=False)
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_activity_reached_id"), ["reached_id"], unique=False)


def downgrade() -> None:
    """And back: what trainers wrote goes, and who was told of an answer about their score no longer is."""
    op.execute("DELETE FROM notification WHERE about = 'word'")
    op.execute("DELETE FROM quiet WHERE about = 'word'")
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_activity_reached_id"))
    with op.batch_alter_table("question_clock", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_question_clock_cohort_id_due_at"))
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notification_nudge_id"))
        batch_op.drop_constraint(batch_op.f("fk_notification_nudge_id_friendly_nudge"), type_="foreignkey")
        batch_op.drop_column("nudge_id")
    op.drop_table(_TABLE)
