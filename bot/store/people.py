"""Export and deletion of everything stored about one person."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select, update

from bot.store.base import read_all, rows_changed
from bot.store.retention import RetentionRepository
from bot.store.tables import AnswerPersonRow, ChargePersonRow, ChargeRow, ConsentRow, MessageRow, SettingRow
from bot.types import Forgotten


class PersonRepository(RetentionRepository):
    async def export(self, user_id: int) -> dict[str, Any]:
        columns = MessageRow.__table__.columns
        said = select(*columns).where(MessageRow.speaker_id == user_id).order_by(MessageRow.at)
        answered = select(*columns).join(AnswerPersonRow).where(AnswerPersonRow.user_id == user_id)
        consents = select(ConsentRow.guild_id, ConsentRow.agreed, ConsentRow.at).where(ConsentRow.user_id == user_id)
        columns = (ChargeRow.at, ChargeRow.guild_id, ChargeRow.channel_id, ChargeRow.kind, ChargeRow.micro_dollars)
        charges = (
            select(*columns).join(ChargePersonRow).where(ChargePersonRow.user_id == user_id).order_by(ChargeRow.at)
        )
        names = (SettingRow.guild_id, SettingRow.channel_id, SettingRow.name, SettingRow.changed_at)
        changed = select(*names).where(SettingRow.changed_by == user_id)
        async with self._transaction(reads=True) as connection:
            return {
                "user_id": str(user_id),
                "messages": await read_all(connection, said, self._exported),
                "answers": await read_all(connection, answered.order_by(MessageRow.at), self._exported),
                "consents": await read_all(connection, consents, _plain),
                "charges": await read_all(connection, charges, _plain),
                "settings_changed": await read_all(connection, changed, _plain),
            }

    async def forget(self, user_id: int, *, again: bool = False) -> Forgotten:
        async with self._transaction() as connection:
            answers = select(AnswerPersonRow.message_id).where(AnswerPersonRow.user_id == user_id)
            theirs = (MessageRow.speaker_id == user_id) | MessageRow.id.in_(answers)
            words = await rows_changed(connection, delete(MessageRow).where(theirs))
            names = await self._unname(connection, user_id, datetime.now(UTC))
            consents = 0
            if not again:
                consents = await rows_changed(connection, delete(ConsentRow).where(ConsentRow.user_id == user_id))
                mine = update(SettingRow).where(SettingRow.changed_by == user_id)
                await connection.execute(mine.values(changed_by=None))
                await self._tell(connection, "forgotten", subject=user_id)
        await self._scrub(deep=words > 0)
        return Forgotten(words, consents, names)

    def _exported(self, row: Any) -> dict[str, Any]:
        return {
            "guild_id": str(row["guild_id"]),
            "channel_id": str(row["channel_id"]),
            "at": row["at"].isoformat(),
            "name": self._seal.open(row["speaker"], row["sealed"]),
            "text": self._seal.open(row["text"], row["sealed"]),
        }


def _plain(row: Any) -> dict[str, Any]:
    """Return a row for JSON; ids become text, because they are too long for its numbers."""
    return {
        name: str(value) if name.endswith("_id") else value.isoformat() if name in ("at", "changed_at") else value
        for name, value in row.items()
    }
