"""Deletes what is past its time: old lines, servers that the bot left, old keys, and the bytes of deleted rows."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.store.base import rows_changed
from bot.store.database import REWRITE_AT_START
from bot.store.deletion import DeletionRepository
from bot.store.erasures import SERVER_KIND
from bot.store.holds import HoldRepository
from bot.store.messages import BOUND_COLUMNS
from bot.store.seal import DAMAGED_KEY_NAME, Seal, is_key_name
from bot.store.settings import SettingsRepository
from bot.store.tables import (
    AnswerPersonRow,
    CallRow,
    ChargePersonRow,
    ChargeRow,
    ConsentRow,
    DepartureRow,
    ForgettingRow,
    HoldRow,
    MessageRow,
    NewsRow,
    PurseKeyRow,
    SettingRow,
)

NEWS_LIFETIME = timedelta(hours=1)


class RetentionRepository(DeletionRepository, HoldRepository, SettingsRepository):
    def __init__(self, engine: AsyncEngine, seal: Seal, policy: str) -> None:
        super().__init__(engine, seal, policy)
        self._resealed_to: dict[str | None, str] = {}
        "name of an older key -> the last line that was looked at: what is damaged must not stop the others"

    async def expire(self, guild_id: int, before: datetime, limit: int, *, idle_only: bool = False) -> int:
        old = (MessageRow.guild_id == guild_id) & (MessageRow.at < before)
        if idle_only:
            on = select(CallRow.channel_id).where(CallRow.guild_id == guild_id)
            old &= func.abs(MessageRow.channel_id).not_in(on)
        charges = select(ChargeRow.id).where(ChargeRow.guild_id == guild_id, ChargeRow.at < before)
        named = select(ChargePersonRow.charge_id).where(ChargePersonRow.charge_id.in_(charges)).limit(limit)
        gone = await self._delete_lines(old, limit)
        if not idle_only:
            async with self._transaction() as connection:
                gone += await rows_changed(
                    connection, delete(ChargePersonRow).where(ChargePersonRow.charge_id.in_(named))
                )
        return gone

    async def guilds(self) -> set[int]:
        tables = (MessageRow, ChargeRow, ConsentRow, SettingRow, CallRow, DepartureRow)
        found = union(*(select(table.guild_id) for table in tables))
        async with self._transaction(reads=True) as connection:
            return {guild_id for guild_id in (await connection.execute(found)).scalars() if guild_id and guild_id > 0}

    async def departed(self, guild_id: int, at: datetime) -> datetime:
        async with self._transaction() as connection:
            await self._add(connection, DepartureRow, [{"guild_id": guild_id, "at": at}])
            since = await connection.scalar(select(DepartureRow.at).where(DepartureRow.guild_id == guild_id))
        return since or at

    async def returned(self, guild_id: int) -> None:
        async with self._transaction() as connection:
            await connection.execute(delete(DepartureRow).where(DepartureRow.guild_id == guild_id))

    async def purge(self, guild_id: int) -> None:
        charges = select(ChargeRow.id).where(ChargeRow.guild_id == guild_id)
        await self._delete_lines(MessageRow.guild_id == guild_id)
        async with self._transaction() as connection:
            await self._erased(connection, SERVER_KIND, [guild_id])
            await connection.execute(delete(ChargePersonRow).where(ChargePersonRow.charge_id.in_(charges)))
            for table in (ChargeRow, HoldRow, ConsentRow, SettingRow, CallRow, DepartureRow):
                await connection.execute(delete(table).where(table.guild_id == guild_id))
            await self._tell(connection, "settings", guild_id)
        await self._scrub(deep=True)
        await self._keep_room()

    async def tidy(self, now: datetime, limit: int) -> int:
        async with self._transaction() as connection:
            await connection.execute(delete(NewsRow).where(NewsRow.at < now - NEWS_LIFETIME))
            await self._forget_purses(connection, now)
            await connection.execute(delete(HoldRow).where(HoldRow.until <= now))
            await self._drop_old_erasures(connection, now)
        for user_id in await self._being_forgotten():
            await self._forget_words(user_id)
        sealed = await self.reseal(limit)
        await self._reclaim()
        await self._scrub()
        return sealed

    async def _being_forgotten(self) -> list[int]:
        async with self._transaction(reads=True) as connection:
            return [user_id for user_id in await connection.scalars(select(ForgettingRow.user_id)) if user_id]

    async def _forget_words(self, user_id: int) -> int:
        """Delete a person's lines and the answers to them; return how many."""
        answers = select(AnswerPersonRow.message_id).where(AnswerPersonRow.user_id == user_id)
        await self._delete_lines(
            (MessageRow.channel_id < 0) & ((MessageRow.speaker_id == user_id) | MessageRow.id.in_(answers))
        )
        words = await self._delete_lines((MessageRow.speaker_id == user_id) | MessageRow.id.in_(answers))
        async with self._transaction() as connection:
            await connection.execute(delete(ForgettingRow).where(ForgettingRow.user_id == user_id))
        return words

    async def reseal(self, limit: int, *, give_up_damaged: bool = False) -> int:
        """Seal lines that are unsealed, under an older key or in an older format; return how many, 0 when all are.

        What is damaged stays as it is; `give_up_damaged` notes that it needs no key any more. Raises WrongKey.
        """
        while rows := await self._unsealed(limit):
            fresh = await asyncio.to_thread(
                lambda rows=rows: [new for row in rows if (new := self._resealed(row, give_up_damaged))]
            )
            if fresh:
                table = MessageRow.__table__
                async with self._transaction() as connection:
                    await connection.execute(update(table).where(table.c.id == bindparam("line")), fresh)  # pyright: ignore[reportArgumentType]
                    if self._sqlite:
                        await connection.exec_driver_sql(REWRITE_AT_START)
                return len(fresh)
        await self._reseal_purse_keys(give_up_damaged)
        await self._reseal_settings(give_up_damaged)
        return 0

    async def older_keys(self) -> tuple[str, ...]:
        """Return the names of the keys, other than the first one, that something is still sealed with."""
        async with self._transaction(reads=True) as connection:
            names = {name or "no key" for name in await self._older_keys(connection)}
            purses = await connection.scalars(select(PurseKeyRow.sealed).where(PurseKeyRow.sealed != self._seal.key))
            if self._seal.key is not None:
                names |= {name or "no key" for name in await self._setting_keys(connection) - {self._seal.key}}
            return tuple(sorted((names | {str(name) for name in purses}) - {DAMAGED_KEY_NAME}))

    async def damaged_lines(self) -> int:
        """Return how many lines no key opens, as far as `reseal` gave them up."""
        lines = select(func.count()).select_from(MessageRow).where(MessageRow.sealed == DAMAGED_KEY_NAME)
        async with self._transaction(reads=True) as connection:
            return await connection.scalar(lines.where(MessageRow.guild_id > 0)) or 0

    async def _unsealed(self, limit: int) -> list[Any]:
        """Return the next lines that another key sealed, or none; the key after the last one begins from the start."""
        columns = (MessageRow.id, MessageRow.speaker, MessageRow.text, MessageRow.sealed)
        columns += tuple(getattr(MessageRow, name) for name in BOUND_COLUMNS)
        async with self._transaction(reads=True) as connection:
            for key in await self._older_keys(connection):
                sealed_so = MessageRow.sealed.is_(None) if key is None else MessageRow.sealed == key
                after = self._resealed_to.get(key, "")
                left = select(*columns).where(sealed_so, MessageRow.id > after, MessageRow.guild_id > 0)
                left = left.order_by(MessageRow.id).limit(limit)
                if rows := list((await connection.execute(left)).mappings().all()):
                    self._resealed_to[key] = rows[-1]["id"]
                    return rows
        self._resealed_to.clear()
        return []

    async def _older_keys(self, connection: AsyncConnection) -> list[str | None]:
        """Return the names of keys, None for no key, that seal some lines and are not the first one."""
        if self._seal.key is None:
            return []
        names = [name for name in await self._key_names(connection) if name != self._seal.key]
        unsealed = await connection.scalar(
            select(MessageRow.id).where(MessageRow.sealed.is_(None), MessageRow.guild_id > 0).limit(1)
        )
        return [*names, *([None] if unsealed else [])]

    async def _key_names(self, connection: AsyncConnection) -> list[str]:
        """Return the names of the keys that seal lines: along the index, without reading every line."""
        names: list[str] = []
        while found := await connection.scalar(
            select(func.min(MessageRow.sealed)).where(MessageRow.sealed > (names[-1] if names else ""))
        ):
            names.append(found)
        return [name for name in names if is_key_name(name) and await self._seals_lines(connection, name)]

    async def _seals_lines(self, connection: AsyncConnection, key: str) -> bool:
        lines = select(MessageRow.id).where(MessageRow.sealed == key, MessageRow.guild_id > 0)
        return await connection.scalar(lines.limit(1)) is not None

    def _resealed(self, row: Any, give_up_damaged: bool) -> dict[str, Any] | None:
        words = self._words(row)
        if words is not None:
            return {"line": row["id"], **self._sealed(row, words["speaker"], words["text"])}
        kept = {name: row[name] for name in ("speaker", "text")}
        return {"line": row["id"], **kept, "sealed": DAMAGED_KEY_NAME} if give_up_damaged else None
