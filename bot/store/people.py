"""Export and deletion of everything stored about one person."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import FromClause, delete, select, update

from bot.store.base import read_all, rows_changed
from bot.store.damage import is_damaged
from bot.store.retention import RetentionRepository
from bot.store.settings import SEALED_SETTING_PREFIX
from bot.store.tables import (
    AnswerPersonRow,
    ChargePersonRow,
    ChargeRow,
    ConsentRow,
    ForgettingRow,
    MessageRow,
    SettingRow,
)
from bot.types import OWN_VOICE_PREFIX, Forgotten, voice_owner


class PersonRepository(RetentionRepository):
    async def export(self, user_id: int) -> dict[str, Any]:
        columns = MessageRow.__table__.columns
        said = select(*columns).where(MessageRow.speaker_id == user_id).order_by(MessageRow.at)
        answered = select(*columns).join(AnswerPersonRow).where(AnswerPersonRow.user_id == user_id)
        answered = answered.order_by(MessageRow.at)
        lines, gleaned = MessageRow.channel_id > 0, MessageRow.channel_id < 0
        consents = select(ConsentRow.guild_id, ConsentRow.agreed, ConsentRow.at).where(ConsentRow.user_id == user_id)
        columns = (ChargeRow.at, ChargeRow.guild_id, ChargeRow.channel_id, ChargeRow.kind, ChargeRow.micro_dollars)
        charges = (
            select(*columns).join(ChargePersonRow).where(ChargePersonRow.user_id == user_id).order_by(ChargeRow.at)
        )
        names = (SettingRow.guild_id, SettingRow.channel_id, SettingRow.name, SettingRow.value, SettingRow.changed_at)
        changed = select(*names).where(SettingRow.changed_by == user_id)
        damaged: list[str] = []

        def line(row: Any) -> dict[str, Any] | None:
            made = self._exported(row)
            if made is None:
                damaged.append(row["id"])
            return made

        def plain(table: FromClause, row: Any, make: Callable[[Any], dict[str, Any]]) -> dict[str, Any] | None:
            if is_damaged(table, row):
                damaged.append("")
                return None
            return make(row)

        async with self._transaction(reads=True) as connection:
            kept = {
                "user_id": str(user_id),
                "messages": await read_all(connection, said.where(lines), line),
                "answers": await read_all(connection, answered.where(lines), line),
                "summaries": await read_all(connection, answered.where(gleaned), line),
                "names_put_right": await read_all(connection, said.where(gleaned), line),
                "consents": await read_all(connection, consents, lambda row: plain(ConsentRow.__table__, row, _plain)),
                "charges": await read_all(connection, charges, lambda row: plain(ChargeRow.__table__, row, _plain)),
                "settings_changed": await read_all(
                    connection, changed, lambda row: plain(SettingRow.__table__, row, _setting)
                ),
            }
        return kept | ({"damaged_lines": len(damaged)} if damaged else {})

    async def forget(self, user_id: int, *, again: bool = False) -> Forgotten:
        names, consents = await self._despite_full_disk(lambda: self._forget_facts(user_id, again))
        words = await self._forget_words(user_id)
        await self._scrub(deep=words > 0)
        await self._keep_room()
        return Forgotten(words, consents, names)

    async def _forget_facts(self, user_id: int, again: bool) -> tuple[int, int]:
        """Delete all but the words, and note that they are to go; return how many bills and consents."""
        consents = 0
        async with self._transaction() as connection:
            await self._add(connection, ForgettingRow, [{"user_id": user_id}])
            await self._person_erased(connection, user_id)
            names = await self._unname(connection, user_id, datetime.now(UTC))
            if not again:
                consents = await rows_changed(connection, delete(ConsentRow).where(ConsentRow.user_id == user_id))
                voices = delete(SettingRow).where(SettingRow.name == f"{OWN_VOICE_PREFIX}{user_id}")
                await connection.execute(voices)
                mine = update(SettingRow).where(SettingRow.changed_by == user_id)
                await connection.execute(mine.values(changed_by=None))
                await self._tell(connection, "forgotten", subject=user_id)
        return names, consents

    def _exported(self, row: Any) -> dict[str, Any] | None:
        if (words := self._words(row)) is None:
            return None
        return {
            "guild_id": str(row["guild_id"]),
            "channel_id": str(abs(row["channel_id"])),
            "at": row["at"].isoformat(),
            "name": words["speaker"],
            "text": words["text"],
        }


def _setting(row: Any) -> dict[str, Any]:
    """Return a setting without its value, which is the server's, unless it is a person's own voice."""
    setting = {**row, "name": row["name"].removeprefix(SEALED_SETTING_PREFIX)}
    if voice_owner(setting["name"]) is not None:
        setting["name"] = OWN_VOICE_PREFIX.rstrip(":")
    else:
        del setting["value"]
    return _plain(setting)


def _plain(row: Any) -> dict[str, Any]:
    """Return a row for JSON; ids become text, because they are too long for its numbers."""
    return {
        name: str(value) if name.endswith("_id") else value.isoformat() if name in ("at", "changed_at") else value
        for name, value in row.items()
    }
