"""Settings, news between processes, servers left; words sealed, consents by policy."""

import sqlalchemy as sa
from alembic import op

from bot.store.tables import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("sealed", sa.String(16), nullable=True))
    op.create_index("ix_messages_sealed", "messages", ["sealed"])
    op.add_column("consents", sa.Column("policy", sa.String(16), nullable=True))
    op.create_table(
        "settings",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "channel_id", "name", name="pk_settings"),
    )
    op.create_table(
        "news",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_news"),
        # A number is never given twice, whatever was deleted: readers ask for what came after the last they saw.
        sqlite_autoincrement=True,
    )
    op.create_index("ix_news_at", "news", ["at"])
    op.create_table(
        "departures",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name="pk_departures"),
    )


def downgrade() -> None:
    for table in ("departures", "news", "settings"):
        op.drop_table(table)
    op.drop_index("ix_messages_sealed", "messages")
    with op.batch_alter_table("messages") as messages:
        messages.drop_column("sealed")
    with op.batch_alter_table("consents") as consents:
        consents.drop_column("policy")
