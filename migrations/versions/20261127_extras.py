"""What comes with a text.

Revision: 20261127_extras
After: 20261126_topics
"""

import sqlalchemy as sa
from alembic import op

revision = "20261127_extras"
down_revision = "20261126_topics"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "extras", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, server_default="0"
            )
        )


def downgrade() -> None:
    """And back."""
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.drop_column("extras")
