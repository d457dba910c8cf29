"""Lines of the history as rows, with their words sealed."""

from collections.abc import Iterable
from typing import Any

from bot.store.base import Repository, writable
from bot.types import Message


class MessageRepository(Repository):
    def _message_row(self, guild_id: int, channel_id: int, message: Message) -> dict[str, Any]:
        return {
            "id": message.id,
            "guild_id": guild_id,
            "channel_id": channel_id,
            "at": message.at,
            "role": message.role,
            "speaker_id": message.speaker_id,
            "speaker": self._seal.seal(writable(message.speaker)),
            "text": self._seal.seal(writable(message.text)),
            "audio_id": message.audio_id,
            "expires_at": message.expires_at,
            "interrupted": message.interrupted,
            "sealed": self._seal.key,
        }

    def _message(self, row: Any, asked_by: Iterable[int] = ()) -> Message:
        """Raises WrongKey."""
        values = {name: row[name] for name in Message.__dataclass_fields__ if name != "asked_by"}
        values["asked_by"] = tuple(sorted(asked_by))
        for name in ("speaker", "text"):
            values[name] = self._seal.open(values[name], row["sealed"])
        return Message(**values)
