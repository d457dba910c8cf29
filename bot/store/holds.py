"""Money held back for requests in flight, so that processes on one database keep a cap together."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, delete, func, literal, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.base import rows_changed
from bot.store.charges import MICRO_DOLLARS_PER_DOLLAR, ChargeRepository
from bot.store.tables import ChargePersonRow, ChargePurseRow, ChargeRow, HoldRow
from bot.types import Hold, Usage, purse_owner

HOLD_LIFETIME = timedelta(minutes=15)
"""Longer than a request takes, with its retries, and jobs renew theirs; only a killed process leaves one until then."""
LAST_OF_DAY = timedelta(days=1, microseconds=-1)
"""A charge of a later day was booked while some clock was ahead; it counts on that day."""
SERVER_PURSE = ""
"""Owner of a server's purse."""

Price = Callable[[str, Usage], Decimal]
Held = tuple[Decimal, Decimal, ColumnElement[bool], tuple[str, ...]]
"""A purse's cap, the US dollars that are held of it, which charges are its own, and its names: yesterday's, too."""


class HoldRepository(ChargeRepository):
    async def hold(self, hold: Hold, price: Price) -> bool:
        async with self._transaction() as connection:
            if not self._sqlite:  # SQLite has one writer at a time anyway
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": hold.guild_id})
            # One far ahead is of a killed process whose clock was, and would be held for as long.
            over = or_(HoldRow.until <= hold.at, HoldRow.until > hold.at + 2 * HOLD_LIFETIME)
            over |= HoldRow.id == hold.id
            await connection.execute(delete(HoldRow).where(HoldRow.guild_id == hold.guild_id, over))
            purses = await self._purses(connection, hold)
            for cap, dollars, booked, owners in purses.values():
                if not cap:
                    continue
                spent = await self._spent(connection, hold.guild_id, owners, booked, price)
                if spent >= cap or (hold.whole and spent + dollars > cap):
                    return False
            await self._add(connection, HoldRow, _rows(hold, purses))
        return True

    async def renew(self, hold: Hold) -> None:
        async with self._transaction() as connection:
            if await rows_changed(connection, delete(HoldRow).where(HoldRow.id == hold.id)):
                await self._add(connection, HoldRow, _rows(hold, await self._purses(connection, hold)))

    async def release(self, hold_ids: Sequence[str]) -> None:
        async with self._transaction() as connection:
            await connection.execute(delete(HoldRow).where(HoldRow.id.in_(hold_ids)))

    async def _purses(self, connection: AsyncConnection, hold: Hold) -> Mapping[str, Held]:
        """Return whose purses a hold is taken from, by today's names."""
        day = hold.at.astimezone(UTC).date()
        since = datetime.combine(day, time(), UTC)
        charged = (ChargeRow.guild_id == hold.guild_id) & ChargeRow.at.between(since, since + LAST_OF_DAY)
        purses: dict[str, Held] = {SERVER_PURSE: (hold.server_cap, hold.dollars, charged, (SERVER_PURSE,))}
        if any(hold.person_caps):
            key = await self._purse_key(connection, day) or await self._new_purse_key(connection, day)
            before = await self._purse_key(connection, day - timedelta(days=1))  # what is under way over midnight
            for user_id, cap in zip(hold.user_ids, hold.person_caps, strict=True):
                owners = tuple(purse_owner(one, hold.guild_id, user_id) for one in (key, before) if one)
                part = hold.dollars / len(hold.user_ids)
                purses[owners[0]] = (cap, part, charged & _caused_by(user_id, owners[0]), owners)
        return purses

    async def _spent(
        self,
        connection: AsyncConnection,
        guild_id: int,
        owners: Sequence[str],
        booked: ColumnElement[bool],
        price: Price,
    ) -> Decimal:
        """Return the US dollars that a purse spent and holds."""
        held = select(func.sum(HoldRow.micro_dollars)).where(HoldRow.guild_id == guild_id, HoldRow.owner.in_(owners))
        total = Decimal(await connection.scalar(held) or 0)
        shared = SERVER_PURSE not in owners
        sharers = _count(ChargePersonRow) + _count(ChargePurseRow) if shared else literal(1)
        amount = func.sum(ChargeRow.micro_dollars * 1.0 / sharers)
        total += Decimal(str(await connection.scalar(select(amount).where(booked)) or 0))
        tokens = [getattr(ChargeRow, name) for name in Usage.__dataclass_fields__]
        unpriced = select(ChargeRow.model, sharers, *tokens).where(booked, ChargeRow.micro_dollars.is_(None))
        for model, among, *counts in await connection.execute(unpriced):
            total += price(model, Usage(*counts)) * MICRO_DOLLARS_PER_DOLLAR / among
        return total / MICRO_DOLLARS_PER_DOLLAR


def _rows(hold: Hold, purses: Mapping[str, Held]) -> list[dict[str, Any]]:
    return [
        {
            "id": hold.id,
            "owner": owner,
            "guild_id": hold.guild_id,
            "micro_dollars": round(dollars * MICRO_DOLLARS_PER_DOLLAR),
            "until": hold.at + HOLD_LIFETIME,
        }
        for owner, (_, dollars, _, _) in purses.items()
    ]


def _count(table: type[ChargePersonRow] | type[ChargePurseRow]) -> ColumnElement[int]:
    """Return how many rows of a table belong to a charge."""
    return select(func.count()).select_from(table).where(table.charge_id == ChargeRow.id).scalar_subquery()


def _caused_by(user_id: int, owner: str) -> ColumnElement[bool]:
    """Return whether somebody caused a charge, be it namelessly."""
    named = select(ChargePersonRow.charge_id).where(ChargePersonRow.user_id == user_id)
    nameless = select(ChargePurseRow.charge_id).where(ChargePurseRow.owner == owner)
    return or_(ChargeRow.id.in_(named), ChargeRow.id.in_(nameless))
