"""The 12-hour clock of questions, the steps of their ladder, who is asked, and who offers to be.

Questions asked before keep plain hours, so that the 12-hour goal counts them; they get no steps, or everybody would be
asked at once about what is long over.

Revision: 20261128_clock
After: 20261128_alike
"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "20261128_clock"
down_revision = "20261128_alike"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_GOAL = timedelta(hours=12)
_BATCH = 5000


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "question_clock",
        sa.Column("question_id", _ID, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("work_hours", sa.JSON(), nullable=True),
        sa.Column("not_yet_at", sa.DateTime(timezone=True), nullable=True),
        *_own("question_clock"),
        _refers("question_clock", "question_id", "post"),
        sa.PrimaryKeyConstraint("question_id", name=op.f("pk_question_clock")),
    )
    with op.batch_alter_table("question_clock", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_question_clock_cohort_id_question_id"), ["cohort_id", "question_id"], unique=False
        )

    op.create_table(
        "escalation",
        sa.Column("id", _ID, nullable=False),
        sa.Column("question_id", _ID, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", _ID, nullable=False),
        *_own("escalation"),
        _refers("escalation", "question_id", "post"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation")),
        sa.UniqueConstraint("question_id", "step", name=op.f("uq_escalation_question_id_step")),
    )
    waits = sa.text("state = 'waiting'")
    with op.batch_alter_table("escalation", schema=None) as batch_op:
        batch_op.create_index(
            "ix_escalation_next", ["next_at"], unique=False, sqlite_where=waits, postgresql_where=waits
        )

    op.create_table(
        "nudge",
        sa.Column("id", _ID, nullable=False),
        sa.Column("escalation_id", _ID, nullable=False),
        sa.Column("question_id", _ID, nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *_own("nudge"),
        _refers("nudge", "escalation_id", "escalation"),
        _refers("nudge", "question_id", "post"),
        _refers("nudge", "member_id", "member"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nudge")),
        sa.UniqueConstraint("escalation_id", "member_id", name=op.f("uq_nudge_escalation_id_member_id")),
    )
    with op.batch_alter_table("nudge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_nudge_question_id"), ["question_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_nudge_member_id_state"), ["member_id", "state"], unique=False)

    op.create_table(
        "helper_profile",
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_own("helper_profile"),
        _refers("helper_profile", "member_id", "member"),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_helper_profile")),
    )
    op.create_table(
        "helper_topic",
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("topic_id", _ID, nullable=False),
        *_own("helper_topic"),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["helper_profile.member_id"],
            name=op.f("fk_helper_topic_member_id_helper_profile"),
            ondelete="CASCADE",
        ),
        _refers("helper_topic", "topic_id", "topic"),
        sa.PrimaryKeyConstraint("member_id", "topic_id", name=op.f("pk_helper_topic")),
    )
    with op.batch_alter_table("helper_topic", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_helper_topic_topic_id"), ["topic_id"], unique=False)

    with op.batch_alter_table("cohort", schema=None) as batch_op:
        batch_op.add_column(sa.Column("goal_in_work_hours", sa.Boolean(), nullable=False, server_default=sa.false()))
    _start_clocks()


def _own(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("cohort_id", _ID, nullable=False),
        sa.Column("organisation_id", _ID, nullable=False),
        _refers(table, "cohort_id", "cohort"),
        _refers(table, "organisation_id", "organisation"),
    )


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def _start_clocks() -> None:
    """A clock of plain hours for each question there is."""
    moment = sa.DateTime(timezone=True)
    post = sa.table(
        "post",
        *map(sa.column, ("id", "kind", "root_id", "author_id", "space_id", "cohort_id", "organisation_id")),
        sa.column("created_at", moment),
    )
    member = sa.table("member", sa.column("id"), sa.column("is_test", sa.Boolean()))
    space = sa.table("space", sa.column("id"), sa.column("is_informal", sa.Boolean()))
    clocks = sa.table(
        "question_clock",
        *(sa.column(name) for name in ("question_id", "cohort_id", "organisation_id")),
        sa.column("started_at", moment),
        sa.column("due_at", moment),
    )
    informal = sa.select(space.c.id).where(space.c.is_informal)
    asked = (
        sa.select(post.c.id, post.c.cohort_id, post.c.organisation_id, post.c.created_at)
        .join(member, member.c.id == post.c.author_id)
        .where(post.c.kind == "question", post.c.root_id.is_(None), sa.not_(member.c.is_test))
        .where(sa.or_(post.c.space_id.is_(None), post.c.space_id.not_in(informal)))
        .order_by(post.c.id)
        .limit(_BATCH)
    )
    last = 0
    while rows := op.get_bind().execute(asked.where(post.c.id > last)).all():
        values = [
            {
                "question_id": row.id,
                "cohort_id": row.cohort_id,
                "organisation_id": row.organisation_id,
                "started_at": row.created_at,
                "due_at": row.created_at + _GOAL,
            }
            for row in rows
        ]
        op.bulk_insert(clocks, values)
        last = rows[-1].id


def downgrade() -> None:
    """And back."""
    with op.batch_alter_table("cohort", schema=None) as batch_op:
        batch_op.drop_column("goal_in_work_hours")

    for table in ("helper_topic", "helper_profile", "nudge", "escalation", "question_clock"):
        op.drop_table(table)
