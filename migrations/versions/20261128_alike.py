"""What questions are about, those answered by others like them, and what later cohorts may read.

Revision: 20261128_alike
After: 20261128_search
"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_alike"
down_revision = "20261128_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "memory",
        sa.Column("cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_offered", sa.Boolean(), nullable=False),
        sa.Column("is_read", sa.Boolean(), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["member.id"], name=op.f("fk_memory_by_id_member")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_memory_cohort_id_cohort")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_memory_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("cohort_id", name=op.f("pk_memory")),
    )
    op.create_table(
        "text_consent",
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("with_name", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_text_consent_cohort_id_cohort")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_text_consent_member_id_member")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_text_consent_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_text_consent")),
    )
    with op.batch_alter_table("text_consent", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_text_consent_cohort_id_member_id"), ["cohort_id", "member_id"], unique=False
        )

    op.create_table(
        "question_stem",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stem", sa.Text(), nullable=False),
        sa.Column("in_title", sa.Boolean(), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["member.id"], name=op.f("fk_question_stem_author_id_member")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_question_stem_cohort_id_cohort")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_question_stem_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_question_stem_post_id_post")),
        sa.PrimaryKeyConstraint("post_id", "stem", name=op.f("pk_question_stem")),
    )
    with op.batch_alter_table("question_stem", schema=None) as batch_op:
        batch_op.create_index(
            "ix_question_stem_found", ["cohort_id", "stem", "post_id", "in_title", "author_id"], unique=False
        )

    op.create_table(
        "settled",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("alike_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["alike_id"], ["post.id"], name=op.f("fk_settled_alike_id_post")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_settled_cohort_id_cohort")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_settled_member_id_member")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_settled_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settled")),
        sa.UniqueConstraint("member_id", "alike_id", "title", name=op.f("uq_settled_member_id_alike_id_title")),
    )
    with op.batch_alter_table("settled", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_settled_alike_id"), ["alike_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_settled_cohort_id_at"), ["cohort_id", "at"], unique=False)


def downgrade() -> None:
    """And back."""
    with op.batch_alter_table("settled", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_settled_cohort_id_at"))
        batch_op.drop_index(batch_op.f("ix_settled_alike_id"))

    op.drop_table("settled")
    with op.batch_alter_table("question_stem", schema=None) as batch_op:
        batch_op.drop_index("ix_question_stem_found")

    op.drop_table("question_stem")
    with op.batch_alter_table("text_consent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_text_consent_cohort_id_member_id"))

    op.drop_table("text_consent")
    op.drop_table("memory")
