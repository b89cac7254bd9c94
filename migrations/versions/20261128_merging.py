"""Ideas merged into others, with several authors.

Revision: 20261128_merging
After: 20261128_ideas
"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_merging"
down_revision = "20261128_qa"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward."""
    for table, column in (("idea", "merged_into"), ("rating", "from_id")):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column(column, ID, nullable=True))
            batch_op.create_foreign_key(batch_op.f(f"fk_{table}_{column}_idea"), "idea", [column], ["post_id"])
            batch_op.create_index(batch_op.f(f"ix_{table}_{column}"), [column], unique=False)

    op.create_table(
        "co_author",
        sa.Column("idea_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("from_id", ID, nullable=False),
        *_in_cohort("co_author"),
        sa.ForeignKeyConstraint(["from_id"], ["idea.post_id"], name=op.f("fk_co_author_from_id_idea")),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.post_id"], name=op.f("fk_co_author_idea_id_idea")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_co_author_member_id_member")),
        sa.PrimaryKeyConstraint("idea_id", "member_id", "from_id", name=op.f("pk_co_author")),
    )
    with op.batch_alter_table("co_author", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_co_author_from_id"), ["from_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_co_author_member_id"), ["member_id"], unique=False)

    op.create_table(
        "set_aside",
        sa.Column("idea_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("value", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_in_cohort("set_aside"),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.post_id"], name=op.f("fk_set_aside_idea_id_idea")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_set_aside_member_id_member")),
        sa.PrimaryKeyConstraint("idea_id", "member_id", name=op.f("pk_set_aside")),
    )
    with op.batch_alter_table("set_aside", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_set_aside_member_id"), ["member_id"], unique=False)


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
    """And back: each idea stands for itself again, with the ratings it was given itself."""
    op.execute("DELETE FROM decision WHERE after LIKE 'merged:%' OR before LIKE 'merged:%'")
    op.execute("DELETE FROM rating WHERE from_id IS NOT NULL")
    op.execute(
        "INSERT INTO rating (idea_id, member_id, value, at, cohort_id, organisation_id)"
        " SELECT idea_id, member_id, value, at, cohort_id, organisation_id FROM set_aside"
    )
    op.execute(
        "UPDATE idea SET rating_count = (SELECT count(*) FROM rating WHERE idea_id = post_id),"
        " rating_sum = (SELECT coalesce(sum(value), 0) FROM rating WHERE idea_id = post_id)"
    )
    op.drop_table("set_aside")
    op.drop_table("co_author")
    for table, column in (("rating", "from_id"), ("idea", "merged_into")):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(batch_op.f(f"fk_{table}_{column}_idea"), type_="foreignkey")
            batch_op.drop_index(batch_op.f(f"ix_{table}_{column}"))
            batch_op.drop_column(column)
