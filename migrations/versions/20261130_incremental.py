"""A learner's points by period, kept so that one act judges one period; and indices to read one by.

Revision: 20261130_incremental
After: 20261129_importing
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130_incremental"
down_revision = "20261129_importing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward: whose points were not summed up yet is judged anew as a whole at the next act."""
    with op.batch_alter_table("standing") as batch_op:
        batch_op.add_column(sa.Column("collected", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("basis", sa.Text(), nullable=True))
    with op.batch_alter_table("standing") as batch_op:
        batch_op.alter_column("collected", server_default=None)
    op.create_index("ix_activity_author_id_at", "activity", ["author_id", "at"])
    op.create_index("ix_activity_member_id_verb_at", "activity", ["member_id", "verb", "at"])
    op.create_index("ix_activity_post_id_member_id", "activity", ["post_id", "member_id"])
    op.drop_index("ix_activity_author_id_post_id", "activity")
    op.drop_index("ix_activity_member_id_verb", "activity")
    op.drop_index("ix_activity_post_id", "activity")


def downgrade() -> None:
    """And back: without what the version before could not read. It judges everybody anew at their next act."""
    op.execute("UPDATE standing SET hints = '{}', foreseen = NULL")
    op.execute("DELETE FROM ledger_entry WHERE kind IN ('accepted', 'endorsed', 'helped', 'built_on')")
    versions = sa.table("scheme_version", sa.column("id", sa.Integer), sa.column("scheme", sa.JSON))
    connection = op.get_bind()
    for id_, scheme in connection.execute(sa.select(versions.c.id, versions.c.scheme)).all():
        known = {name: value for name, value in scheme.items() if name not in ("quality", "reserve", "room")}
        if known != scheme:
            connection.execute(versions.update().where(versions.c.id == id_).values(scheme=known))
    op.create_index("ix_activity_author_id_post_id", "activity", ["author_id", "post_id"])
    op.create_index("ix_activity_member_id_verb", "activity", ["member_id", "verb"])
    op.create_index("ix_activity_post_id", "activity", ["post_id"])
    op.drop_index("ix_activity_author_id_at", "activity")
    op.drop_index("ix_activity_member_id_verb_at", "activity")
    op.drop_index("ix_activity_post_id_member_id", "activity")
    with op.batch_alter_table("standing") as batch_op:
        batch_op.drop_column("basis")
        batch_op.drop_column("collected")
