"""Whose words an answer answers, so that it can be forgotten with them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BATCH = 1000


def upgrade() -> None:
    op.create_table(
        "answer_people",
        sa.Column("message_id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_answer_people_message_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "user_id", name="pk_answer_people"),
    )
    op.create_index("ix_answer_people_user_id", "answer_people", ["user_id"])
    _guess()


def _guess() -> None:
    """Of answers that are there already: they answered whoever spoke since the answer before."""
    connection = op.get_bind()
    lines = sa.text("SELECT id, role, speaker_id FROM messages WHERE channel_id = :channel ORDER BY at, role DESC")
    link = sa.text("INSERT INTO answer_people (message_id, user_id) VALUES (:message_id, :user_id)")
    for channel in connection.execute(sa.text("SELECT DISTINCT channel_id FROM messages")).scalars().all():
        people, answered, links = set[int](), False, list[dict[str, object]]()
        for message_id, role, speaker_id in connection.execute(lines, {"channel": channel}).all():
            if answered and role == "user":
                people, answered = set(), False
            if role == "user":
                people.add(speaker_id)
            else:
                answered = True
                links += [{"message_id": message_id, "user_id": person} for person in people]
        for start in range(0, len(links), BATCH):
            connection.execute(link, links[start : start + BATCH])


def downgrade() -> None:
    op.drop_table("answer_people")
