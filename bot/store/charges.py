"""Charges: what requests cost, who caused them, and nameless hashes of those who were forgotten that day."""

import base64
import secrets
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StoreError
from bot.store.base import Repository, read_all, rows_changed
from bot.store.damage import is_damaged
from bot.store.seal import DAMAGED_KEY_NAME
from bot.store.tables import ChargePersonRow, ChargePurseRow, ChargeRow, PurseKeyRow
from bot.types import Charge, Usage, purse_owner

log = structlog.get_logger(__name__)

MICRO_DOLLARS_PER_DOLLAR = Decimal(1_000_000)
PURSE_KEY_BYTES = 32


class ChargeRepository(Repository):
    async def charge(self, charges: Sequence[Charge]) -> None:
        people = [{"charge_id": item.id, "user_id": user_id} for item in charges for user_id in set(item.user_ids)]
        async with self._transaction() as connection:
            await self._add(connection, ChargeRow, [_row(item) for item in charges])
            await self._add(connection, ChargePersonRow, people)
            for item in charges:
                for user_id in set(item.forgotten):
                    await self._add_nameless(connection, [(item.id, item.guild_id)], user_id, item.at)

    async def charges(self, guild_id: int, since: datetime) -> list[Charge]:
        booked = (ChargeRow.guild_id == guild_id) & (ChargeRow.at >= since)
        lines = select(*ChargeRow.__table__.columns).where(booked).order_by(ChargeRow.at)
        causes = select(ChargePersonRow.charge_id, ChargePersonRow.user_id).join(ChargeRow).where(booked)
        forgotten = select(ChargePurseRow.charge_id, ChargePurseRow.owner).join(ChargeRow).where(booked)
        people: dict[str, list[int]] = defaultdict(list)
        nameless: dict[str, list[str]] = defaultdict(list)
        async with self._transaction(reads=True) as connection:
            for cause in await read_all(connection, causes, dict):
                if not is_damaged(ChargePersonRow.__table__, cause):
                    people[cause["charge_id"]].append(cause["user_id"])
            for cause in await read_all(connection, forgotten, dict):
                if not is_damaged(ChargePurseRow.__table__, cause):
                    nameless[cause["charge_id"]].append(cause["owner"])
            return await read_all(connection, lines, lambda row: _charge(row, people[row["id"]], nameless[row["id"]]))

    async def purse_key(self, day: date) -> bytes | None:
        async with self._transaction(reads=True) as connection:
            return await self._purse_key(connection, day)

    async def _unname(self, connection: AsyncConnection, user_id: int, now: datetime) -> int:
        """Remove a person from every charge, and keep their hash in today's; return how many charges that was."""
        day = now.astimezone(UTC).date()
        theirs = select(ChargeRow.id, ChargeRow.guild_id).join(ChargePersonRow)
        today = ChargeRow.at >= datetime.combine(day, time(), UTC)
        spent = (await connection.execute(theirs.where(ChargePersonRow.user_id == user_id, today))).all()
        await self._add_nameless(connection, [(charge.id, charge.guild_id) for charge in spent], user_id, now)
        return await rows_changed(connection, delete(ChargePersonRow).where(ChargePersonRow.user_id == user_id))

    async def _add_nameless(
        self, connection: AsyncConnection, charges: Sequence[tuple[str, int]], user_id: int, at: datetime
    ) -> None:
        """Keep somebody's hash, under the key of a day, in charges of that day (their ids and servers)."""
        if not charges:
            return
        day = at.astimezone(UTC).date()
        key = await self._purse_key(connection, day) or await self._new_purse_key(connection, day)
        rows = [{"charge_id": id, "owner": purse_owner(key, guild_id, user_id)} for id, guild_id in charges]
        await self._add(connection, ChargePurseRow, rows)

    async def _forget_purses(self, connection: AsyncConnection, now: datetime) -> None:
        """Delete the hashes of days that are over, and their keys."""
        day = now.astimezone(UTC).date()
        over = select(ChargeRow.id).where(ChargeRow.at < datetime.combine(day, time(), UTC))
        await connection.execute(delete(ChargePurseRow).where(ChargePurseRow.charge_id.in_(over)))
        await connection.execute(delete(PurseKeyRow).where(PurseKeyRow.day < day))

    async def _reseal_purse_keys(self, give_up_damaged: bool) -> None:
        """Seal the keys of days with the first key of the store; one that does not open stays as it is."""
        async with self._transaction() as connection:
            other = PurseKeyRow.sealed.is_distinct_from(self._seal.key)
            for day in (await connection.scalars(select(PurseKeyRow.day).where(other))).all():
                if (key := await self._purse_key(connection, day)) is not None:
                    fresh = self._seal.seal(base64.b64encode(key).decode(), _key_place(day))
                    row = {"day": day, "key": fresh, "sealed": self._seal.key}
                    await self._put(connection, PurseKeyRow, row, ["day"])
                elif give_up_damaged:
                    damaged = update(PurseKeyRow).where(PurseKeyRow.day == day)
                    await connection.execute(damaged.values(sealed=DAMAGED_KEY_NAME))

    async def _purse_key(self, connection: AsyncConnection, day: date) -> bytes | None:
        row = (
            await connection.execute(select(PurseKeyRow.key, PurseKeyRow.sealed).where(PurseKeyRow.day == day))
        ).first()
        if row is None:
            return None
        try:
            return base64.b64decode(self._seal.open(row.key, row.sealed, _key_place(day)), validate=True) or None
        except (StoreError, ValueError):
            return None  # a day's key is no reason to keep anybody from being forgotten

    async def _new_purse_key(self, connection: AsyncConnection, day: date) -> bytes:
        fresh = base64.b64encode(secrets.token_bytes(PURSE_KEY_BYTES)).decode()
        row = {"day": day, "key": self._seal.seal(fresh, _key_place(day)), "sealed": self._seal.key}
        await self._add(connection, PurseKeyRow, [row])
        if (kept := await self._purse_key(connection, day)) is not None:
            return kept  # another process may have made one first
        await self._put(connection, PurseKeyRow, row, ["day"])
        return base64.b64decode(fresh)


def _key_place(day: date) -> str:
    return f"purse_keys.key {day}"


def _row(charge: Charge) -> dict[str, Any]:
    return {
        "id": charge.id,
        "at": charge.at,
        "guild_id": charge.guild_id,
        "channel_id": charge.channel_id,
        "kind": charge.kind,
        "model": charge.model,
        **{name: getattr(charge.usage, name) for name in Usage.__dataclass_fields__},
        "micro_dollars": None if charge.cost is None else round(charge.cost * MICRO_DOLLARS_PER_DOLLAR),
        "estimated": charge.estimated,
    }


def _charge(row: Any, people: list[int], nameless: list[str]) -> Charge | None:
    """Return a charge, None when it is damaged."""
    if is_damaged(ChargeRow.__table__, row):
        log.warning("charge_damaged", guild=row["guild_id"])
        return None
    return Charge(
        id=row["id"],
        at=row["at"],
        guild_id=row["guild_id"],
        channel_id=row["channel_id"],
        user_ids=tuple(sorted(people)),
        kind=row["kind"],
        model=row["model"],
        usage=Usage(**{name: row[name] for name in Usage.__dataclass_fields__}),
        cost=None if row["micro_dollars"] is None else row["micro_dollars"] / MICRO_DOLLARS_PER_DOLLAR,
        estimated=row["estimated"],
        nameless=tuple(sorted(nameless)),
    )
