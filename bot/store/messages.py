"""Lines of the history as rows, with their words sealed."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.errors import Damaged
from bot.store.base import Repository, writable
from bot.store.damage import is_damaged
from bot.store.seal import Seal
from bot.store.tables import MessageRow
from bot.types import Message

log = structlog.get_logger(__name__)

BOUND_COLUMNS = ("guild_id", "channel_id", "speaker_id")
"""With the id, what the words of a line are bound to: they open nowhere else."""
MAX_DAMAGED_LINES = 10_000
"""Damaged lines that are counted."""


class MessageRepository(Repository):
    def __init__(self, engine: AsyncEngine, seal: Seal, policy: str) -> None:
        super().__init__(engine, seal, policy)
        self.counts: Counter[str] = Counter()
        "lines_damaged"
        self.damaged: set[str] = set()
        "ids of the lines that were found to be damaged"

    def _message_row(self, guild_id: int, channel_id: int, message: Message) -> dict[str, Any]:
        row = {
            "id": message.id,
            "guild_id": guild_id,
            "channel_id": channel_id,
            "at": message.at,
            "role": message.role,
            "speaker_id": message.speaker_id,
            "audio_id": message.audio_id,
            "expires_at": message.expires_at,
            "interrupted": message.interrupted or message.edited,  # of answers the one, of people's lines the other
        }
        return row | self._sealed(row, writable(message.speaker), writable(message.text))

    def _message(self, row: Any, asked_by: Iterable[int] = ()) -> Message | None:
        """Return a line, None when it is damaged. Raises WrongKey."""
        words = self._words(row)
        if words is None:
            return None
        values = {name: row[name] for name in Message.__dataclass_fields__ if name not in ("asked_by", "edited")}
        changed = row["interrupted"]
        flags = {"interrupted": changed and row["role"] == "assistant", "edited": changed and row["role"] == "user"}
        return Message(**{**values, **words, **flags, "asked_by": tuple(sorted(asked_by))})

    def _sealed(self, row: Any, speaker: str, text: str) -> dict[str, Any]:
        """Return the columns of a line that are sealed."""
        words = {"speaker": speaker, "text": text}
        sealed = {name: self._seal.seal(value, place(name, row)) for name, value in words.items()}
        return {**sealed, "sealed": self._seal.key}

    def _words(self, row: Any) -> dict[str, str] | None:
        """Decrypt a line's columns; count and say it when it is damaged, and return None. Raises WrongKey."""
        try:
            if is_damaged(MessageRow.__table__, row):
                raise Damaged
            return {name: self._seal.open(row[name], row["sealed"], place(name, row)) for name in ("speaker", "text")}
        except Damaged:
            if row["id"] not in self.damaged and len(self.damaged) < MAX_DAMAGED_LINES:
                self.damaged.add(row["id"])
                self.counts["lines_damaged"] += 1
                log.warning("line_damaged", guild=row["guild_id"], lines=len(self.damaged))
            return None


def place(column: str, row: Any) -> str:
    """Return what the words in a column of a line are bound to."""
    return " ".join((f"messages.{column}", row["id"], *(str(row[name]) for name in BOUND_COLUMNS)))
