"""People who like to be found by a topic; nobody does before they say so.

Revision: 20261129_finding
After: 20261129_receipts
"""

import sqlalchemy as sa
from alembic import op

revision = "20261129_finding"
down_revision = "20261129_receipts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("helper_profile", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_listed", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("helper_profile", schema=None) as batch_op:
        batch_op.alter_column("is_listed", server_default=None)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("helper_profile", schema=None) as batch_op:
        batch_op.drop_column("is_listed")
