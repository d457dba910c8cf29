"""Backups: every table as lines of JSON in one gzip file, for either database; sealed words stay sealed.

What was deleted after a backup does not come back with it, as far as the database still knows (erasures.py), and what
was put right stays right. Whoever withdrew since stays unheard, and the bot stays away from where it was sent away.
"""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Select, Table, delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import WrongKey
from bot.store.backup_file import BACKUP_FORMAT, SAVED_TABLES, BackupSurvey, Row, batches, surveyed, whole_file
from bot.store.base import READ_BATCH_ROWS
from bot.store.damage import is_damaged
from bot.store.database import newest_revision
from bot.store.erasures import HASHED_KINDS, Erasures
from bot.store.people import PersonRepository
from bot.store.seal import is_key_name
from bot.store.tables import (
    AnswerPersonRow,
    ChargePersonRow,
    ChargePurseRow,
    ChargeRow,
    ConsentRow,
    ErasureRow,
    MessageRow,
    SettingRow,
)
from bot.types import AWAY_SETTING


@dataclass(frozen=True, slots=True)
class Saved:
    """What a backup holds."""

    rows: int
    damaged: int
    "rows that were left out, because the file of the database is damaged there"


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back from a backup."""

    taken: datetime
    rows: int
    left_out: int
    "rows of what was deleted since"
    fresh: bool
    "the database was empty: it knew nothing of what was deleted since"
    nameless: bool = False
    "it lost whom it was to forget: the key of their hashes is damaged"


class BackupRepository(PersonRepository):
    async def backup(self, file: Path) -> Saved:
        """Write all that is kept to a file that only its owner may read; a damaged row is left out.

        Raises StoreUnavailable and OSError.
        """
        rows = damaged = 0
        gone: set[str] = set()
        "ids of damaged lines and charges: what belongs to them goes with them"
        with whole_file(file) as raw, gzip.open(raw, "wt", encoding="utf-8") as out:
            async with self._transaction(reads=True) as connection:
                if not self._sqlite:  # one moment for all tables; in SQLite a transaction is that anyway
                    await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
                head = {"kikite_backup": BACKUP_FORMAT, "schema": newest_revision(), "taken": _now().isoformat()}
                out.write(json.dumps(head) + "\n")
                for table in SAVED_TABLES.values():
                    found = await connection.stream(_saved(table))
                    async for batch in found.mappings().partitions(READ_BATCH_ROWS):
                        for row in batch:
                            if is_damaged(table, row):
                                damaged += 1
                                gone.add(row.get("id") or "")
                            elif row.get("guild_id", 1) > 0 and _parent(row) not in gone:  # no blank row (deletion.py)
                                rows += 1
                                plain = {name: _plain(value) for name, value in row.items()}
                                out.write(json.dumps([table.name, plain], ensure_ascii=False) + "\n")
            out.write(json.dumps({"rows": rows}) + "\n")
        return Saved(rows, damaged)

    async def restore(self, file: Path) -> Restored:
        """Put a backup in the place of all that is kept; where that fails, nothing has changed.

        Raises BadBackup, WrongKey, StoreUnavailable and OSError.
        """
        survey = surveyed(file)
        for key in survey.keys:
            if is_key_name(key) and not self._seal.knows(key):
                raise WrongKey(f"the backup is encrypted with a key that is not in STORE_KEY ({key})")
        rows = left_out = 0
        async with self._transaction() as connection:
            lines = await connection.scalar(select(func.count()).select_from(MessageRow).where(MessageRow.guild_id > 0))
            erased = await self._erased_since(connection, survey.taken)
            known = await connection.scalar(select(func.count()).select_from(ErasureRow))
            withdrawn = await self._withdrawn(connection)
            edited = await self._edited(connection, erased)
            erased = erased.without_lines(set(erased.edits) - edited.keys())
            away = await self._away(connection)
            fresh = not lines and not known
            nameless = erased.key is None and any(kind in HASHED_KINDS for kind, _ in erased.subjects)
            for table in reversed(SAVED_TABLES.values()):
                if table.name != ErasureRow.__tablename__:
                    await connection.execute(delete(table))
            parents: set[str] = set()
            "ids of lines and charges that were left out: what belongs to them goes with them"
            for table, batch in batches(file):
                kept = [row for row in batch if not _gone(table.name, row, erased, survey, parents)]
                if table.name == ConsentRow.__tablename__:
                    kept = [row for row in kept if (row["guild_id"], row["user_id"]) not in withdrawn]
                elif table.name == SettingRow.__tablename__:
                    kept = [row for row in kept if row["name"] != AWAY_SETTING or (fresh and _place(row) not in away)]
                elif table.name == MessageRow.__tablename__:
                    kept = [edited.get(row["id"], row) for row in kept]
                rows, left_out = rows + len(kept), left_out + len(batch) - len(kept)
                if table.name == ErasureRow.__tablename__:
                    await self._add(connection, ErasureRow, kept)
                elif kept:
                    await connection.execute(insert(table), kept)
            if withdrawn:
                await connection.execute(insert(ConsentRow), list(withdrawn.values()))
            if away:
                await connection.execute(insert(SettingRow), list(away.values()))
            await self._tell(connection, "settings")
        await self._scrub(deep=True)
        return Restored(survey.taken, rows, left_out, fresh=fresh, nameless=nameless)

    async def _withdrawn(self, connection: AsyncConnection) -> dict[tuple[int, int], Row]:
        """Return the withdrawals of today, which no older agreement may undo: server and person -> row."""
        table = SAVED_TABLES[ConsentRow.__tablename__]
        found = (await connection.execute(select(*table.columns).where(ConsentRow.agreed.is_(False)))).mappings()
        return {(row["guild_id"], row["user_id"]): dict(row) for row in found}

    async def _edited(self, connection: AsyncConnection, erased: Erasures) -> dict[str, Row]:
        """Return the lines that were put right since the backup, as they are now: id -> row."""
        table, ids = SAVED_TABLES[MessageRow.__tablename__], erased.edits
        found: dict[str, Row] = {}
        for some in (ids[first : first + READ_BATCH_ROWS] for first in range(0, len(ids), READ_BATCH_ROWS)):
            rows = await connection.execute(select(*table.columns).where(table.c.id.in_(some), table.c.guild_id > 0))
            found |= {row["id"]: dict(row) for row in rows.mappings()}
        return found

    async def _away(self, connection: AsyncConnection) -> dict[tuple[int, int], Row]:
        """Return the notes of today that people sent the bot away: server and channel -> row."""
        table = SAVED_TABLES[SettingRow.__tablename__]
        found = (await connection.execute(select(*table.columns).where(SettingRow.name == AWAY_SETTING))).mappings()
        return {_place(row): dict(row) for row in found}


def _parent(row: Mapping[Any, Any]) -> str | None:
    """Return the id of the line or charge that a row belongs to."""
    return row.get("message_id") or row.get("charge_id")


def _place(row: Mapping[Any, Any]) -> tuple[int, int]:
    return row["guild_id"], row["channel_id"]


def _saved(table: Table) -> Select[Any]:
    """Return the rows of a table that are saved: not what is gleaned from lines, which can be made anew."""
    rows = select(*table.columns)
    match table.name:
        case MessageRow.__tablename__:
            return rows.where(func.coalesce(MessageRow.channel_id, 1) > 0)  # it may be damaged
        case AnswerPersonRow.__tablename__:
            lines = select(MessageRow.id).where(MessageRow.channel_id > 0)
            return rows.where(AnswerPersonRow.message_id.in_(lines))
        case ChargePersonRow.__tablename__ | ChargePurseRow.__tablename__:
            return rows.where(table.c.charge_id.in_(select(ChargeRow.id)))
        case _:
            return rows


def _gone(table: str, row: Row, erased: Erasures, survey: BackupSurvey, parents: set[str]) -> bool:
    """Return whether a row was deleted since the backup; take the name of the forgotten out of one that was not."""
    if _parent(row) in parents:
        return True
    if erased.covers(table, row, survey.answered.get(row.get("id", ""), set())):
        parents.add(row.get("id", ""))
        return True
    if erased.person(row.get("changed_by")):
        row["changed_by"] = None
    return False


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _now() -> datetime:
    return datetime.now(UTC)
