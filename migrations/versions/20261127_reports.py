"""Reports of texts, decisions by administrators, and earlier versions that went with what was hidden.

Revision: 20261127_reports
After: 20261127_polls
"""

import sqlalchemy as sa
from alembic import op

revision = "20261127_reports"
down_revision = "20261127_polls"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "report",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reporter_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("to_administrators", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("handled_by_person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["member.id"], name=op.f("fk_report_author_id_member")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_report_cohort_id_cohort")),
        sa.ForeignKeyConstraint(["handled_by_id"], ["member.id"], name=op.f("fk_report_handled_by_id_member")),
        sa.ForeignKeyConstraint(
            ["handled_by_person_id"], ["person.id"], name=op.f("fk_report_handled_by_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_report_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_report_post_id_post")),
        sa.ForeignKeyConstraint(["reporter_id"], ["member.id"], name=op.f("fk_report_reporter_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
    )
    is_open = sa.text("state = 'open'")
    where = {"sqlite_where": is_open, "postgresql_where": is_open}
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index("uq_report_open", ["post_id", "reporter_id"], unique=True, **where)
        batch_op.create_index("ix_report_open", ["cohort_id"], unique=False, **where)
        batch_op.create_index("ix_report_waiting", ["organisation_id"], unique=False, **where)
        batch_op.create_index(batch_op.f("ix_report_reporter_id_post_id"), ["reporter_id", "post_id"], unique=False)

    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.alter_column(
            "by_id", existing_type=sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        )
        batch_op.add_column(
            sa.Column("by_person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_foreign_key(batch_op.f("fk_decision_by_person_id_person"), "person", ["by_person_id"], ["id"])

    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.alter_column(
            "member_id", existing_type=sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        )

    with op.batch_alter_table("post_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_withdrawn", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """And back. What administrators decided has no place in the older shape: the texts' authors stand in for them."""
    with op.batch_alter_table("post_version", schema=None) as batch_op:
        batch_op.drop_column("is_withdrawn")

    op.execute("UPDATE activity SET member_id = author_id WHERE member_id IS NULL")
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.alter_column(
            "member_id", existing_type=sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        )

    op.execute("UPDATE decision SET by_id = (SELECT author_id FROM post WHERE post.id = post_id) WHERE by_id IS NULL")
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_decision_by_person_id_person"), type_="foreignkey")
        batch_op.drop_column("by_person_id")
        batch_op.alter_column(
            "by_id", existing_type=sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        )

    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_reporter_id_post_id"))
        batch_op.drop_index("ix_report_waiting")
        batch_op.drop_index("ix_report_open")
        batch_op.drop_index("uq_report_open")

    op.drop_table("report")
