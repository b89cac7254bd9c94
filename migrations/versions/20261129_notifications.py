"""What people are told, what they want to be told, and the mails that tell them.

Nobody is told of what happened before; mails begin with the next time somebody comes in.

Revision: 20261129_notifications
After: 20261129_insights
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_notifications"
down_revision = "20261129_insights"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "digest",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", ID, nullable=False),
        sa.Column("failures", ID, nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_digest_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_digest_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest")),
        sa.UniqueConstraint("person_id", "day", name=op.f("uq_digest_person_id_day")),
    )
    with op.batch_alter_table("digest", schema=None) as batch_op:
        batch_op.create_index(
            "ix_digest_next",
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.create_index(
            batch_op.f("ix_digest_organisation_id_created_at"), ["organisation_id", "created_at"], unique=False
        )

    op.create_table(
        "mail_plan",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("rhythm", sa.Text(), nullable=False),
        sa.Column("hour", ID, nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("early_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_mail_plan_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mail_plan_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_mail_plan")),
    )
    with op.batch_alter_table("mail_plan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mail_plan_next_at"), ["next_at"], unique=False)

    op.create_table(
        "quiet",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("by_mail", sa.Boolean(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_quiet_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_quiet_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", "about", "by_mail", name=op.f("pk_quiet")),
    )
    with op.batch_alter_table("quiet", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quiet_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "landing",
        sa.Column("member_id", ID, nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cohort_id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_landing_cohort_id_cohort")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_landing_member_id_member")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_landing_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_landing")),
    )
    op.create_table(
        "notification",
        sa.Column("id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("bundle", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("post_id", ID, nullable=True),
        sa.Column("root_id", ID, nullable=True),
        sa.Column("round_id", ID, nullable=True),
        sa.Column("by_id", ID, nullable=True),
        sa.Column("decision_id", ID, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digest_id", ID, nullable=True),
        sa.Column("cohort_id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["member.id"], name=op.f("fk_notification_by_id_member")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_notification_cohort_id_cohort")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_notification_decision_id_decision")),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name=op.f("fk_notification_digest_id_digest")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_notification_member_id_member")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_notification_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_notification_post_id_post")),
        sa.ForeignKeyConstraint(["root_id"], ["post.id"], name=op.f("fk_notification_root_id_post")),
        sa.ForeignKeyConstraint(["round_id"], ["idea_round.id"], name=op.f("fk_notification_round_id_idea_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint("member_id", "event", name=op.f("uq_notification_member_id_event")),
    )
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notification_digest_id"), ["digest_id"], unique=False)
        batch_op.create_index("ix_notification_newest", ["member_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notification_post_id"), ["post_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notification_root_id"), ["root_id"], unique=False)
        batch_op.create_index(
            "ix_notification_unread",
            ["member_id"],
            unique=False,
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )


def downgrade() -> None:
    """And back."""
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_notification_unread",
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_notification_root_id"))
        batch_op.drop_index(batch_op.f("ix_notification_post_id"))
        batch_op.drop_index("ix_notification_newest")
        batch_op.drop_index(batch_op.f("ix_notification_digest_id"))

    op.drop_table("notification")
    op.drop_table("landing")
    with op.batch_alter_table("quiet", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quiet_organisation_id"))

    op.drop_table("quiet")
    with op.batch_alter_table("mail_plan", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mail_plan_next_at"))

    op.drop_table("mail_plan")
    with op.batch_alter_table("digest", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_digest_organisation_id_created_at"))
        batch_op.drop_index(
            "ix_digest_next", sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'")
        )

    op.drop_table("digest")
