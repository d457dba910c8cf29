"""When the bot logged in, so that all processes together keep to what Discord allows."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identifies",
        sa.Column("shard_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("shard_id", "at", name="pk_identifies"),
    )


def downgrade() -> None:
    op.drop_table("identifies")
