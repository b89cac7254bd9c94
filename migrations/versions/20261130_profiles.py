"""What people say of themselves, what they like to be asked, and whose texts a text answers found quickly.

Revision: 20261130_profiles
After: 20261130_nudges
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_profiles"
down_revision = "20261130_nudges"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ANSWERS = sa.text("parent_id IS NOT NULL")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "profile",
        sa.Column("member_id", ID, nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cohort_id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_profile_cohort_id_cohort")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_profile_member_id_member")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_profile_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_profile")),
    )
    with op.batch_alter_table("helper_profile", schema=None) as batch_op:
        batch_op.add_column(sa.Column("line", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("helper_profile", schema=None) as batch_op:
        batch_op.alter_column("line", server_default=None)
    op.create_index(
        "ix_post_answering", "post", ["parent_id", "author_id"], sqlite_where=_ANSWERS, postgresql_where=_ANSWERS
    )


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_post_answering", table_name="post")
    with op.batch_alter_table("helper_profile", schema=None) as batch_op:
        batch_op.drop_column("line")
    op.drop_table("profile")
