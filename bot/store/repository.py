"""The store on SQLAlchemy: implements ports.Store for SQLite and PostgreSQL alike."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import delete, select

from bot.errors import WrongKey
from bot.store.backup import BackupRepository
from bot.store.base import read_all
from bot.store.change_feed import ChangeFeed
from bot.store.damage import is_damaged
from bot.store.database import migrate, open_engine
from bot.store.erasures import CHANNEL_KIND, EDIT_KIND, LINE_KIND
from bot.store.identifies import IdentifyRepository
from bot.store.inspection import sqlite_file
from bot.store.private_files import protect_database
from bot.store.seal import Seal, is_key_name
from bot.store.search import SearchRepository, fold
from bot.store.tables import AnswerPersonRow, CallRow, ConsentRow, MessageRow
from bot.types import AWAY_SETTING, Message, Setting


class SqlStore(BackupRepository, ChangeFeed, IdentifyRepository, SearchRepository):
    """The store. Make it with `open`; every method raises StoreUnavailable when the database cannot serve."""

    @classmethod
    async def open(cls, url: str, key: str | None = None, policy: str = "") -> Self:
        """Open the database at a SQLAlchemy URL and bring its schema up to date.

        `key` is STORE_KEY; `policy` is the version of the privacy text: people who agreed to another version are asked
        again. Raises ConfigError (the URL or the form of the key), StoreUnavailable (the database) and WrongKey.
        """
        seal = Seal.of(key)
        if (file := sqlite_file(url)) is not None:
            await asyncio.to_thread(protect_database, file)
        engine = open_engine(url)
        store = cls(engine, seal, policy)
        try:
            await store._despite_full_disk(lambda: migrate(engine))  # SQLite makes files even to read
            await store._check_keys()
            await store.catch_up()
            if (room := store._spare_room) is not None:
                await asyncio.to_thread(room.keep)
        except BaseException:
            await engine.dispose()
            raise
        return store

    async def aclose(self) -> None:
        await self._engine.dispose()

    async def _check_keys(self) -> None:
        """Raise WrongKey if some words cannot be decrypted, before anything new is written."""
        async with self._transaction(reads=True) as connection:
            settings = {key for key in await self._setting_keys(connection) if key is not None and is_key_name(key)}
            for found in {*await self._key_names(connection), *settings}:
                if not self._seal.knows(found):
                    raise WrongKey(f"transcripts are encrypted with a key that is not in STORE_KEY ({found})")

    async def history(self, channel_id: int, limit: int) -> list[Message]:
        newest = (
            select(*MessageRow.__table__.columns)
            .where(MessageRow.channel_id == channel_id)
            .order_by(MessageRow.at.desc(), MessageRow.id.desc())
            .limit(limit)
        )
        ids = newest.with_only_columns(MessageRow.id)
        links = select(AnswerPersonRow.message_id, AnswerPersonRow.user_id).where(AnswerPersonRow.message_id.in_(ids))
        asked_by: dict[str, list[int]] = defaultdict(list)
        async with self._transaction(reads=True) as connection:
            for link in await read_all(connection, links, dict):
                if not is_damaged(AnswerPersonRow.__table__, link):
                    asked_by[link["message_id"]].append(link["user_id"])
            lines = await read_all(connection, newest, lambda row: self._message(row, asked_by[row["id"]]))
        return lines[::-1]

    async def remember(self, guild_id: int, channel_id: int, messages: Sequence[Message]) -> None:
        rows = [self._message_row(guild_id, channel_id, item) for item in messages]
        people = [{"message_id": item.id, "user_id": user_id} for item in messages for user_id in set(item.asked_by)]
        async with self._transaction() as connection:
            await self._add(connection, MessageRow, rows)
            await self._add(connection, AnswerPersonRow, people)

    async def clear(self, channel_id: int) -> int:
        await self._despite_full_disk(lambda: self._note_cleared(channel_id))
        await self._delete_lines(MessageRow.channel_id == -channel_id)
        gone = await self._delete_lines(MessageRow.channel_id == channel_id)
        await self._scrub(deep=gone > 0)
        await self._keep_room()
        return gone

    async def drop(self, channel_id: int, message_ids: AbstractSet[str]) -> int:
        meant = (MessageRow.channel_id == channel_id) & MessageRow.id.in_(list(message_ids))
        await self._despite_full_disk(lambda: self._note_lines(LINE_KIND, message_ids))
        await self._drop_gleanings(channel_id, message_ids)
        gone = await self._delete_lines(meant)
        await self._scrub(deep=gone > 0)
        await self._keep_room()
        return gone

    async def correct(self, guild_id: int, channel_id: int, message: Message) -> bool:
        await self._despite_full_disk(lambda: self._note_lines(EDIT_KIND, {message.id}))
        await self._drop_gleanings(channel_id, {message.id})
        changed = await self._rewrite_line(self._message_row(guild_id, channel_id, message))
        await self._scrub()
        await self._keep_room()
        return changed

    async def gleanings(self, channel_id: int, limit: int, words: Sequence[str] = ()) -> list[Message]:
        wanted = [fold(word) for word in words]
        gleaned = await self.history(-channel_id, limit)
        return [one for one in gleaned if all(word in fold(one.text) for word in wanted)]

    async def glean(self, guild_id: int, channel_id: int, gleaning: Message, instead_of: str = "") -> None:
        await self.remember(guild_id, -channel_id, [gleaning])
        if instead_of:
            await self._delete_lines((MessageRow.channel_id == -channel_id) & (MessageRow.id == instead_of))

    async def _drop_gleanings(self, channel_id: int, line_ids: AbstractSet[str]) -> None:
        """Delete what rests on one of these lines, which are still there; a summary rests on all lines of its time."""
        times = select(MessageRow.at).where(MessageRow.channel_id == channel_id, MessageRow.id.in_(list(line_ids)))
        columns = (MessageRow.id, MessageRow.at, MessageRow.expires_at, MessageRow.audio_id)
        async with self._transaction(reads=True) as connection:
            said = [at.timestamp() for at in await connection.scalars(times)]
            gleaned = list(await connection.execute(select(*columns).where(MessageRow.channel_id == -channel_id)))
        gone = [
            row.id
            for row in gleaned
            if row.audio_id in line_ids or any(row.at.timestamp() <= at <= (row.expires_at or 0.0) for at in said)
        ]
        if gone:
            await self._delete_lines((MessageRow.channel_id == -channel_id) & MessageRow.id.in_(gone))

    async def _note_cleared(self, channel_id: int) -> None:
        async with self._transaction() as connection:
            await self._tell(connection, "cleared", subject=channel_id)
            await self._erased(connection, CHANNEL_KIND, [channel_id])

    async def _note_lines(self, kind: str, message_ids: AbstractSet[str]) -> None:
        async with self._transaction() as connection:
            await self._erased(connection, kind, message_ids)

    async def consents(self, guild_id: int) -> dict[int, bool]:
        valid = ~ConsentRow.agreed | (ConsentRow.policy == self._policy)
        said = select(ConsentRow.user_id, ConsentRow.agreed).where(ConsentRow.guild_id == guild_id, valid)
        async with self._transaction(reads=True) as connection:
            return {user_id: bool(agreed) for user_id, agreed in await connection.execute(said)}

    async def consent(self, guild_id: int, user_id: int, agreed: bool) -> None:
        row = {
            "guild_id": guild_id,
            "user_id": user_id,
            "agreed": agreed,
            "at": datetime.now(UTC),
            "policy": self._policy,
        }
        if agreed:
            await self._put_consent(row)
        else:
            await self._taken_back(lambda: self._put_consent(row))

    async def _put_consent(self, row: dict[str, Any]) -> None:
        async with self._transaction() as connection:
            await self._put(connection, ConsentRow, row, ["guild_id", "user_id"])

    async def set(self, setting: Setting) -> None:
        parent = super()
        if setting.name == AWAY_SETTING:
            await self._taken_back(lambda: parent.set(setting))
        else:
            await parent.set(setting)

    async def unset(self, guild_id: int, channel_id: int | None, *names: str) -> int:
        parent = super()
        return await self._taken_back(lambda: parent.unset(guild_id, channel_id, *names))

    async def call_started(self, guild_id: int, channel_id: int) -> None:
        row = {"guild_id": guild_id, "channel_id": channel_id, "started_at": datetime.now(UTC)}
        async with self._transaction() as connection:
            await self._put(connection, CallRow, row, ["guild_id"])

    async def call_ended(self, guild_id: int) -> None:
        async with self._transaction() as connection:
            await connection.execute(delete(CallRow).where(CallRow.guild_id == guild_id))

    async def calls(self) -> dict[int, int]:
        async with self._transaction(reads=True) as connection:
            on = await connection.execute(select(CallRow.guild_id, CallRow.channel_id))
            return {guild_id: channel_id for guild_id, channel_id in on if guild_id and channel_id}
