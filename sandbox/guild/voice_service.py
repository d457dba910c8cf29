"""The port between the main gateway and the voice half (voice gateway, SFU, delivery service)."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Allotment:
    """What VOICE_SERVER_UPDATE tells a session."""

    endpoint: str | None
    "host:port without scheme; None: the voice server is gone and another will follow"
    token: str


class VoiceService(Protocol):
    """The voice servers. The main gateway calls them; they ask World who is present and what a channel is."""

    async def allot(self, guild_id: int, channel_id: int, user_id: int, session_id: str) -> Allotment:
        """Prepare a seat for a user who enters `channel_id`, moves into it, or is sent to a new voice server.

        Voice IDENTIFY then carries guild_id, user_id, session_id and the returned token. The user's old
        seat in the guild is released: its voice socket closes with 4014.
        """
        ...

    async def released(self, guild_id: int, user_id: int) -> None:
        """Release the seat: the user left, was disconnected, or the channel is gone (voice socket closes with 4014)."""
        ...
