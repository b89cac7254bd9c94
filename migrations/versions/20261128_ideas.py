"""The idea board: rating a few ideas in a row, stages, and who looks after a round.

Revision: 20261128_ideas
After: 20261128_clock
"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_ideas"
down_revision = "20261128_clock"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("idea", schema=None) as batch_op:
        batch_op.add_column(sa.Column("served_count", ID, nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("stage", sa.Text(), nullable=False, server_default="new"))

    op.create_table(
        "sitting",
        sa.Column("id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("round_id", ID, nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        *_in_cohort("sitting"),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_sitting_member_id_member")),
        sa.ForeignKeyConstraint(["round_id"], ["idea_round.id"], name=op.f("fk_sitting_round_id_idea_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sitting")),
    )
    with op.batch_alter_table("sitting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sitting_member_id_id"), ["member_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sitting_round_id"), ["round_id"], unique=False)

    op.create_table(
        "serving",
        sa.Column("sitting_id", ID, nullable=False),
        sa.Column("place", ID, nullable=False),
        sa.Column("idea_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("is_skipped", sa.Boolean(), nullable=False),
        *_in_cohort("serving"),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.post_id"], name=op.f("fk_serving_idea_id_idea")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_serving_member_id_member")),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_serving_sitting_id_sitting")),
        sa.PrimaryKeyConstraint("sitting_id", "place", name=op.f("pk_serving")),
        sa.UniqueConstraint("member_id", "idea_id", name=op.f("uq_serving_member_id_idea_id")),
    )
    with op.batch_alter_table("serving", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_serving_idea_id"), ["idea_id"], unique=False)

    op.create_table(
        "stage",
        sa.Column("round_id", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("place", ID, nullable=False),
        *_in_cohort("stage"),
        sa.ForeignKeyConstraint(["round_id"], ["idea_round.id"], name=op.f("fk_stage_round_id_idea_round")),
        sa.PrimaryKeyConstraint("round_id", "key", name=op.f("pk_stage")),
    )
    op.create_table(
        "round_owner",
        sa.Column("round_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        *_in_cohort("round_owner"),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_round_owner_member_id_member")),
        sa.ForeignKeyConstraint(["round_id"], ["idea_round.id"], name=op.f("fk_round_owner_round_id_idea_round")),
        sa.PrimaryKeyConstraint("round_id", "member_id", name=op.f("pk_round_owner")),
    )
    with op.batch_alter_table("round_owner", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_round_owner_member_id"), ["member_id"], unique=False)

    op.create_table(
        "remark",
        sa.Column("post_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        *_in_cohort("remark"),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_remark_post_id_post")),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_remark")),
    )
    op.create_table(
        "builds_on",
        sa.Column("idea_id", ID, nullable=False),
        sa.Column("on_id", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_in_cohort("builds_on"),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.post_id"], name=op.f("fk_builds_on_idea_id_idea")),
        sa.ForeignKeyConstraint(["on_id"], ["idea.post_id"], name=op.f("fk_builds_on_on_id_idea")),
        sa.PrimaryKeyConstraint("idea_id", "on_id", name=op.f("pk_builds_on")),
    )
    with op.batch_alter_table("builds_on", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_builds_on_on_id"), ["on_id"], unique=False)

    op.create_table(
        "outcome",
        sa.Column("idea_id", ID, nullable=False),
        sa.Column("owner_id", ID, nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("benefit", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("implemented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", ID, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        *_in_cohort("outcome"),
        sa.ForeignKeyConstraint(["idea_id"], ["idea.post_id"], name=op.f("fk_outcome_idea_id_idea")),
        sa.ForeignKeyConstraint(["owner_id"], ["member.id"], name=op.f("fk_outcome_owner_id_member")),
        sa.PrimaryKeyConstraint("idea_id", name=op.f("pk_outcome")),
    )
    with op.batch_alter_table("outcome", schema=None) as batch_op:
        batch_op.create_index("ix_outcome_due", ["cohort_id", "due_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_outcome_owner_id"), ["owner_id"], unique=False)


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
    """And back."""
    op.execute("DELETE FROM decision WHERE after LIKE 'stage:%'")  # the older shape knows no stages
    op.drop_table("outcome")
    op.drop_table("builds_on")
    op.drop_table("remark")
    op.drop_table("round_owner")
    op.drop_table("stage")
    op.drop_table("serving")
    op.drop_table("sitting")
    with op.batch_alter_table("idea", schema=None) as batch_op:
        batch_op.drop_column("stage")
        batch_op.drop_column("served_count")
