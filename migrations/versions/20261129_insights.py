"""What learners did a week, and the fixed cells figures are made of. Filled by the upgrade command itself.

Revision: 20261129_insights
After: 20261129_finding
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_insights"
down_revision = "20261129_finding"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward."""
    counts = ("texts", "replies", "ratings", *(f"day{number}" for number in range(7)))
    op.create_table(
        "member_week",
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("monday", sa.Date(), nullable=False),
        sa.Column("unit_id", _ID, nullable=True),
        *(sa.Column(name, _ID, nullable=False) for name in counts),
        *_own("member_week"),
        _refers("member_week", "member_id", "member"),
        _refers("member_week", "unit_id", "unit"),
        sa.PrimaryKeyConstraint("member_id", "monday", name=op.f("pk_member_week")),
    )
    with op.batch_alter_table("member_week", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_week_cohort_id_monday"), ["cohort_id", "monday"], unique=False)

    op.create_table(
        "cell",
        sa.Column("id", _ID, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("unit_id", _ID, nullable=True),
        sa.Column("other_id", _ID, nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("people", _ID, nullable=True),
        sa.Column("number", sa.Float(), nullable=False),
        *_own("cell"),
        _refers("cell", "unit_id", "unit"),
        _refers("cell", "other_id", "unit"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cell")),
    )
    with op.batch_alter_table("cell", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cell_cohort_id_what_until"), ["cohort_id", "what", "until"], unique=False)

    op.create_table(
        "closed",
        sa.Column("next_monday", sa.Date(), nullable=False),
        *_own("closed"),
        sa.PrimaryKeyConstraint("cohort_id", name=op.f("pk_closed")),
    )


def _own(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("cohort_id", _ID, nullable=False),
        sa.Column("organisation_id", _ID, nullable=False),
        _refers(table, "cohort_id", "cohort"),
        _refers(table, "organisation_id", "organisation"),
    )


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def downgrade() -> None:
    """And back."""
    for table in ("closed", "cell", "member_week"):
        op.drop_table(table)
