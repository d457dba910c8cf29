"""What was deleted or put right at somebody's wish, so that no backup brings it back.

Nobody is named: persons stand as hashes.
"""

import base64
import secrets
from collections.abc import Iterable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.base import Repository
from bot.store.tables import ErasureRow
from bot.types import purse_owner, voice_owner

ERASURES_KEPT = timedelta(days=400)
"""Older backups are not restored."""
KEY_KIND, PERSON_KIND, CHANNEL_KIND, LINE_KIND, SERVER_KIND = "key", "person", "channel", "line", "server"
EDIT_KIND = "edit"
"""A line that its speaker put right."""
VOICE_KIND = "voice"
"""A voice for somebody's written lines (/voice mine), which they switched off."""
HASHED_KINDS = (PERSON_KIND, VOICE_KIND)
HASH_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Erasures:
    """What was deleted since a moment; rows from before it may belong to that."""

    key: bytes | None = None
    "of the hashes of persons; None: nobody was forgotten here, as far as the database knows"
    subjects: frozenset[tuple[str, str]] = frozenset()
    "kind and subject"

    def covers(self, table: str, row: Mapping[str, Any], answered: Set[int] = frozenset()) -> bool:
        """Whether a row was deleted. `answered`: people whose words a line answers."""
        people = {row[name] for name in ("user_id", "speaker_id") if name in row} | answered
        if (owner := voice_owner(row.get("name", ""))) is not None:
            people = people | {owner}
            if self.key is not None and self._has(VOICE_KIND, _hash(self.key, owner, row["guild_id"])):
                return True
        if any(self.person(user_id) for user_id in people) or self._has(SERVER_KIND, row.get("guild_id")):
            return True
        return table == "messages" and (self._has(LINE_KIND, row["id"]) or self._has(CHANNEL_KIND, row["channel_id"]))

    def without_lines(self, ids: Set[str]) -> "Erasures":
        """Return the same, and that these lines were deleted, too."""
        return replace(self, subjects=self.subjects | {(LINE_KIND, line_id) for line_id in ids})

    @property
    def edits(self) -> list[str]:
        """Ids of the lines that were put right."""
        return [subject for kind, subject in self.subjects if kind == EDIT_KIND]

    def person(self, user_id: int | None) -> bool:
        """Whether somebody was forgotten."""
        return user_id is not None and self.key is not None and self._has(PERSON_KIND, _hash(self.key, user_id))

    def _has(self, kind: str, subject: object) -> bool:
        return (kind, str(subject)) in self.subjects


class ErasureRepository(Repository):
    async def _erased(self, connection: AsyncConnection, kind: str, subjects: Iterable[object]) -> None:
        """Note that something was deleted now."""
        now = datetime.now(UTC)
        for subject in subjects:
            row = {"kind": kind, "subject": str(subject), "at": now}
            await self._put(connection, ErasureRow, row, ["kind", "subject"])

    async def _person_erased(self, connection: AsyncConnection, user_id: int) -> None:
        await self._erased(connection, PERSON_KIND, [_hash(await self._hashed_by(connection), user_id)])

    async def _voice_erased(self, connection: AsyncConnection, guild_id: int, user_id: int) -> None:
        await self._erased(connection, VOICE_KIND, [_hash(await self._hashed_by(connection), user_id, guild_id)])

    async def _voice_back(self, connection: AsyncConnection, guild_id: int, user_id: int) -> None:
        """Somebody wants their written lines read again."""
        if (key := await self._erasure_key(connection)) is not None:
            same = (ErasureRow.kind == VOICE_KIND) & (ErasureRow.subject == _hash(key, user_id, guild_id))
            await connection.execute(delete(ErasureRow).where(same))

    async def _erased_since(self, connection: AsyncConnection, since: datetime) -> Erasures:
        """Return what was deleted since then."""
        found = await connection.execute(
            select(ErasureRow.kind, ErasureRow.subject).where(ErasureRow.kind != KEY_KIND, ErasureRow.at >= since)
        )
        return Erasures(await self._erasure_key(connection), frozenset((kind, subject) for kind, subject in found))

    async def _hashed_by(self, connection: AsyncConnection) -> bytes:
        """Return the key of the hashes; make it, if nothing was hashed yet."""
        key = await self._erasure_key(connection)
        if key is None:
            key = secrets.token_bytes(HASH_KEY_BYTES)
            await self._erased(connection, KEY_KIND, [base64.b64encode(key).decode()])
        return key

    async def _erasure_key(self, connection: AsyncConnection) -> bytes | None:
        kept = select(ErasureRow.subject).where(ErasureRow.kind == KEY_KIND).order_by(ErasureRow.at)
        for key in await connection.scalars(kept):
            with suppress(TypeError, ValueError):  # a damaged one
                if len(raw := base64.b64decode(key, validate=True)) == HASH_KEY_BYTES:
                    return raw
        return None

    async def _drop_old_erasures(self, connection: AsyncConnection, now: datetime) -> None:
        old = (ErasureRow.kind != KEY_KIND) & (ErasureRow.at < now - ERASURES_KEPT)
        await connection.execute(delete(ErasureRow).where(old))


def _hash(key: bytes, user_id: int, guild_id: int = 0) -> str:
    return purse_owner(key, guild_id, user_id)
