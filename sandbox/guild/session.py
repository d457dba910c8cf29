"""A session of the main gateway: its intents, the events it was sent, and its current connection."""

from collections import deque
from enum import IntFlag
from typing import Protocol

from sandbox.guild.fault import Json


class Intent(IntFlag):
    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_VOICE_STATES = 1 << 7
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15


KNOWN_INTENTS = sum(1 << bit for bit in (*range(17), 20, 21, 24, 25))

_GUILD_EVENTS = {
    Intent.GUILDS: ("GUILD_", "CHANNEL_", "THREAD_", "STAGE_INSTANCE_", "VOICE_CHANNEL_STATUS_UPDATE"),
    Intent.GUILD_MEMBERS: ("GUILD_MEMBER_",),
    Intent.GUILD_VOICE_STATES: ("VOICE_STATE_UPDATE",),
    Intent.GUILD_MESSAGES: ("MESSAGE_",),
    Intent.GUILD_MESSAGE_TYPING: ("TYPING_START",),
}
_DIRECT_EVENTS = {
    Intent.DIRECT_MESSAGES: ("MESSAGE_", "CHANNEL_"),
    Intent.DIRECT_MESSAGE_TYPING: ("TYPING_START",),
}


def intent_for(event: str, *, guild: bool) -> Intent | None:
    """Return the intent that an event needs; None: it needs none."""
    if event == "GUILD_MEMBERS_CHUNK":
        return None
    if guild and event.startswith("GUILD_MEMBER_"):
        return Intent.GUILD_MEMBERS
    table = _GUILD_EVENTS if guild else _DIRECT_EVENTS
    return next((intent for intent, names in table.items() if event.startswith(names)), None)


class GatewayConnection(Protocol):
    def push(self, message: Json) -> None:
        """Send a gateway message, in order."""
        ...

    def abort(self, code: int, reason: str = "") -> None:
        """Close with a code after the pushed messages are sent."""
        ...


class GatewaySession:
    """`shard` is (id, count). Events are numbered and kept for RESUME."""

    def __init__(self, session_id: str, shard: tuple[int, int], intents: int, buffer: int) -> None:
        self.id = session_id
        self.shard = shard
        self.intents = intents
        self.sequence = 0
        self.presence: Json = {"status": "online", "activities": []}
        self.connection: GatewayConnection | None = None
        self._sent: deque[Json] = deque(maxlen=buffer)

    def covers(self, guild_id: int | None) -> bool:
        """Whether a guild (None: direct messages) belongs to this session's shard."""
        shard, count = self.shard
        return shard == ((guild_id >> 22) % count if guild_id is not None else 0)

    def wants(self, event: str, guild_id: int | None) -> bool:
        needed = intent_for(event, guild=guild_id is not None)
        return self.covers(guild_id) and (needed is None or bool(self.intents & needed))

    def dispatch(self, event: str, data: Json) -> None:
        """Number an event, keep it for RESUME, and send it if connected."""
        self.sequence += 1
        message: Json = {"t": event, "s": self.sequence, "op": 0, "d": data}
        self._sent.append(message)
        if self.connection is not None:
            self.connection.push(message)

    def replay(self, sequence: int) -> list[Json] | None:
        """Return what was sent after `sequence`, or None if some of it is no longer kept."""
        missed = [message for message in self._sent if message["s"] > sequence]
        return missed if len(missed) == self.sequence - sequence else None
