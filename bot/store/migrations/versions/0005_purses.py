"""What forgotten people spent today, without their names; lines by key and id, so that sealing goes on."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "charge_purses",
        sa.Column("charge_id", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["charge_id"], ["charges.id"], name="fk_charge_purses_charge_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("charge_id", "owner", name="pk_charge_purses"),
    )
    op.create_table(
        "purse_keys",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sealed", sa.String(16), nullable=True),
        sa.PrimaryKeyConstraint("day", name="pk_purse_keys"),
    )
    op.drop_index("ix_messages_sealed", "messages")
    op.create_index("ix_messages_sealed_id", "messages", ["sealed", "id"])


def downgrade() -> None:
    op.drop_index("ix_messages_sealed_id", "messages")
    op.create_index("ix_messages_sealed", "messages", ["sealed"])
    op.drop_table("purse_keys")
    op.drop_table("charge_purses")
