"""Finds lines of a channel by their words, over everything that is kept.

Sealed words cannot be searched by the database, so they are opened and compared here, newest first and within bounds.
"""

import time
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, and_, or_, select

from bot.store.base import read_all
from bot.store.messages import MessageRepository
from bot.store.tables import MessageRow
from bot.types import Message

MAX_SEARCH_SECONDS = 5.0
"""Then what was found until then counts."""
SEARCH_BATCH_LINES = 1_000
NEAR_TIME = timedelta(minutes=10)
"""How long before the message that shows it a line may have been said."""


class SearchRepository(MessageRepository):
    async def search(self, channel_id: int, words: Sequence[str], limit: int) -> list[Message]:
        wanted = [folded for word in words if (folded := fold(word))]
        until = time.monotonic() + MAX_SEARCH_SECONDS
        found: list[Message] = []
        newest = (
            select(*MessageRow.__table__.columns)
            .where(MessageRow.channel_id == channel_id)
            .order_by(MessageRow.at.desc(), MessageRow.id.desc())
            .limit(SEARCH_BATCH_LINES)
        )
        page = newest
        while wanted and len(found) < limit and time.monotonic() < until:
            last: list[tuple[datetime, str]] = []

            def match(row: RowMapping, last: list[tuple[datetime, str]] = last) -> Message | None:
                if row["at"] is not None and row["id"] is not None:
                    last[:] = [(row["at"], row["id"])]
                line = self._message(row)
                return line if line and all(word in fold(f"{line.speaker} {line.text}") for word in wanted) else None

            async with self._transaction(reads=True) as connection:
                found += await read_all(connection, page, match)
            if not last:
                break
            at, id = last[0]
            page = newest.where(or_(MessageRow.at < at, and_(MessageRow.at == at, MessageRow.id < id)))
        return found[:limit][::-1]

    async def said_near(self, guild_id: int, at: datetime, limit: int) -> dict[int, list[Message]]:
        near = (
            select(*MessageRow.__table__.columns)
            .where(MessageRow.guild_id == guild_id, MessageRow.at >= at - NEAR_TIME, MessageRow.role == "user")
            .order_by(MessageRow.at)
            .limit(limit)
        )
        found: dict[int, list[Message]] = {}

        def take(row: RowMapping) -> Message | None:
            line = self._message(row)
            if line:
                found.setdefault(row["channel_id"], []).append(line)
            return line

        async with self._transaction(reads=True) as connection:
            await read_all(connection, near, take)
        return found


def fold(text: str) -> str:
    """Return text in the form in which it is compared: widths, case and accents alike."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    kept = (letter for letter in decomposed if not unicodedata.combining(letter) or letter in "\u3099\u309a")
    return unicodedata.normalize("NFC", "".join(kept))
