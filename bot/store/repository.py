"""The store on SQLAlchemy: implements ports.Store for SQLite and PostgreSQL alike."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Self, cast

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.errors import StoreUnavailable
from bot.store.database import migrate, open_engine
from bot.store.tables import Base, CallRow, ChargePersonRow, ChargeRow, ConsentRow, MessageRow
from bot.types import Charge, Message, Usage

MICRO = Decimal(1_000_000)


class SqlStore:
    """What is remembered. `open` it; every method raises StoreUnavailable when the database cannot serve."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @classmethod
    async def open(cls, url: str) -> Self:
        """Open the database at a SQLAlchemy URL and bring its schema up to date.

        Raises ConfigError (the URL) and StoreUnavailable (the database).
        """
        engine = open_engine(url)
        try:
            await migrate(engine)
        except BaseException:
            await engine.dispose()
            raise
        return cls(engine)

    async def aclose(self) -> None:
        await self._engine.dispose()

    async def history(self, channel_id: int, limit: int) -> list[Message]:
        newest = (
            select(*MessageRow.__table__.columns)
            .where(MessageRow.channel_id == channel_id)
            .order_by(MessageRow.at.desc(), MessageRow.id.desc())
            .limit(limit)
        )
        async with self._transaction() as connection:
            rows = (await connection.execute(newest)).mappings().all()
        return [_message(row) for row in reversed(rows)]

    async def remember(self, guild_id: int, channel_id: int, messages: Sequence[Message]) -> None:
        async with self._transaction() as connection:
            await self._add(connection, MessageRow, [_message_row(guild_id, channel_id, item) for item in messages])

    async def clear(self, channel_id: int) -> int:
        async with self._transaction() as connection:
            gone = await connection.execute(delete(MessageRow).where(MessageRow.channel_id == channel_id))
        return cast("CursorResult[Any]", gone).rowcount

    async def charge(self, charges: Sequence[Charge]) -> None:
        people = [{"charge_id": item.id, "user_id": user_id} for item in charges for user_id in set(item.user_ids)]
        async with self._transaction() as connection:
            await self._add(connection, ChargeRow, [_charge_row(item) for item in charges])
            await self._add(connection, ChargePersonRow, people)

    async def charges(self, guild_id: int, since: datetime) -> list[Charge]:
        booked = (ChargeRow.guild_id == guild_id) & (ChargeRow.at >= since)
        lines = select(*ChargeRow.__table__.columns).where(booked).order_by(ChargeRow.at)
        causes = select(ChargePersonRow.charge_id, ChargePersonRow.user_id).join(ChargeRow).where(booked)
        people: dict[str, list[int]] = defaultdict(list)
        async with self._transaction() as connection:
            rows = (await connection.execute(lines)).mappings().all()
            for charge_id, user_id in await connection.execute(causes):
                people[charge_id].append(user_id)
        return [_charge(row, people[row["id"]]) for row in rows]

    async def consents(self, guild_id: int) -> dict[int, bool]:
        said = select(ConsentRow.user_id, ConsentRow.agreed).where(ConsentRow.guild_id == guild_id)
        async with self._transaction() as connection:
            return {user_id: agreed for user_id, agreed in await connection.execute(said)}  # noqa: C416 (rows are not pairs to a type checker)

    async def consent(self, guild_id: int, user_id: int, agreed: bool) -> None:
        row = {"guild_id": guild_id, "user_id": user_id, "agreed": agreed, "at": datetime.now(UTC)}
        async with self._transaction() as connection:
            await self._put(connection, ConsentRow, row, ["guild_id", "user_id"])

    async def call_started(self, guild_id: int, channel_id: int) -> None:
        row = {"guild_id": guild_id, "channel_id": channel_id, "started_at": datetime.now(UTC)}
        async with self._transaction() as connection:
            await self._put(connection, CallRow, row, ["guild_id"])

    async def call_ended(self, guild_id: int) -> None:
        async with self._transaction() as connection:
            await connection.execute(delete(CallRow).where(CallRow.guild_id == guild_id))

    async def calls(self) -> dict[int, int]:
        async with self._transaction() as connection:
            on = await connection.execute(select(CallRow.guild_id, CallRow.channel_id))
            return {guild_id: channel_id for guild_id, channel_id in on}  # noqa: C416 (as above)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            # The driver's own words only: SQLAlchemy's would show the statement with its values.
            cause = getattr(error, "orig", None) or error
            raise StoreUnavailable(f"{type(cause).__name__}") from error

    def _insert(self, table: type[Base]) -> Any:
        # Both dialects offer ON CONFLICT, each by a class of its own.
        return (sqlite if self._engine.dialect.name == "sqlite" else postgresql).insert(table)

    async def _add(self, connection: AsyncConnection, table: type[Base], rows: list[dict[str, Any]]) -> None:
        """Insert rows; those already there stay as they are, so a retried write changes nothing."""
        if rows:
            await connection.execute(self._insert(table).on_conflict_do_nothing(), rows)

    async def _put(self, connection: AsyncConnection, table: type[Base], row: dict[str, Any], key: list[str]) -> None:
        """Insert a row, or replace the one with this key."""
        insert = self._insert(table).values(row)
        news = {name: insert.excluded[name] for name in row if name not in key}
        await connection.execute(insert.on_conflict_do_update(index_elements=key, set_=news))


def _message_row(guild_id: int, channel_id: int, message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "guild_id": guild_id,
        "channel_id": channel_id,
        "at": message.at,
        "role": message.role,
        "speaker_id": message.speaker_id,
        "speaker": message.speaker,
        "text": message.text,
        "audio_id": message.audio_id,
        "expires_at": message.expires_at,
        "interrupted": message.interrupted,
    }


def _message(row: Any) -> Message:
    return Message(**{name: row[name] for name in Message.__dataclass_fields__})


def _charge_row(charge: Charge) -> dict[str, Any]:
    return {
        "id": charge.id,
        "at": charge.at,
        "guild_id": charge.guild_id,
        "channel_id": charge.channel_id,
        "kind": charge.kind,
        "model": charge.model,
        **{name: getattr(charge.usage, name) for name in Usage.__dataclass_fields__},
        "micro_dollars": None if charge.cost is None else round(charge.cost * MICRO),
        "estimated": charge.estimated,
    }


def _charge(row: Any, people: list[int]) -> Charge:
    return Charge(
        id=row["id"],
        at=row["at"],
        guild_id=row["guild_id"],
        channel_id=row["channel_id"],
        user_ids=tuple(sorted(people)),
        kind=row["kind"],
        model=row["model"],
        usage=Usage(**{name: row[name] for name in Usage.__dataclass_fields__}),
        cost=None if row["micro_dollars"] is None else row["micro_dollars"] / MICRO,
        estimated=row["estimated"],
    )
