"""People asked to stand with the authors of an idea, and decisions looked at again.

Revision: 20261129_authors
After: 20261128_merging
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_authors"
down_revision = "20261128_merging"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "author_invitation",
        sa.Column("idea_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_in_cohort("author_invitation"),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.post_id"], name=op.f("fk_author_invitation_idea_id_idea")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_author_invitation_member_id_member")),
        sa.ForeignKeyConstraint(["by_id"], ["member.id"], name=op.f("fk_author_invitation_by_id_member")),
        sa.PrimaryKeyConstraint("idea_id", "member_id", name=op.f("pk_author_invitation")),
    )
    op.create_index(op.f("ix_author_invitation_member_id"), "author_invitation", ["member_id"])
    op.create_table(
        "appeal",
        sa.Column("id", ID, nullable=False),
        sa.Column("decision_id", ID, nullable=False),
        sa.Column("author_id", ID, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by_id", ID, nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_upheld", sa.Boolean(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        *_in_cohort("appeal"),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_appeal_decision_id_decision")),
        sa.ForeignKeyConstraint(["author_id"], ["member.id"], name=op.f("fk_appeal_author_id_member")),
        sa.ForeignKeyConstraint(["answered_by_id"], ["member.id"], name=op.f("fk_appeal_answered_by_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_appeal_decision_id")),
    )
    waiting = sa.text("answered_at IS NULL")
    op.create_index("ix_appeal_waiting", "appeal", ["cohort_id"], sqlite_where=waiting, postgresql_where=waiting)


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
    """And back: who took an invitation is no author any more, and what they rated before counts again."""
    op.execute("DELETE FROM co_author WHERE from_id = idea_id")
    op.execute(
        "INSERT INTO rating (idea_id, member_id, value, at, cohort_id, organisation_id)"
        " SELECT idea_id, member_id, value, at, cohort_id, organisation_id FROM set_aside"
        " WHERE NOT EXISTS (SELECT 1 FROM co_author c"
        " WHERE c.idea_id = set_aside.idea_id AND c.member_id = set_aside.member_id)"
        " AND NOT EXISTS (SELECT 1 FROM rating r"
        " WHERE r.idea_id = set_aside.idea_id AND r.member_id = set_aside.member_id)"
    )
    op.execute(
        "DELETE FROM set_aside WHERE EXISTS (SELECT 1 FROM rating r WHERE r.idea_id = set_aside.idea_id"
        " AND r.member_id = set_aside.member_id AND r.at = set_aside.at)"
    )
    op.execute(
        "UPDATE idea SET rating_count = (SELECT count(*) FROM rating WHERE idea_id = post_id),"
        " rating_sum = (SELECT coalesce(sum(value), 0) FROM rating WHERE idea_id = post_id)"
    )
    op.drop_table("appeal")
    op.drop_table("author_invitation")
