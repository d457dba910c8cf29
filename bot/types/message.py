"""What the store keeps: lines of a channel, settings, changes."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.types.ids import new_id


@dataclass(frozen=True, slots=True)
class Message:
    """One line of a channel's history."""

    role: Literal["user", "assistant"]
    speaker_id: int
    "Discord snowflake, the bot's own for role assistant"
    speaker: str
    "display name when it was said"
    text: str
    at: datetime
    "UTC"
    audio_id: str | None = None
    "role assistant: the server's name for the spoken reply"
    expires_at: float | None = None
    "Unix seconds"
    interrupted: bool = False
    "role assistant: `text` holds only what was heard"
    id: str = field(default_factory=new_id)
    "so that writing it twice changes nothing"
    asked_by: tuple[int, ...] = ()
    "role assistant: whose words it answers"

    def concerns(self, people: AbstractSet[int]) -> bool:
        """Whether any of these people said it, or it answers them."""
        return self.speaker_id in people or not people.isdisjoint(self.asked_by)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a server, or one of its channels, wants otherwise than the environment says."""

    guild_id: int
    channel_id: int | None
    "None: the whole server"
    name: str
    value: str
    "as bot/call/preferences.py writes it"
    changed_by: int | None
    "Discord snowflake; None once that person asked to be forgotten"
    changed_at: datetime
    "UTC"


@dataclass(frozen=True, slots=True)
class News:
    """Something another process, or this one, changed in the store."""

    kind: Literal["settings", "forgotten", "cleared"]
    guild_id: int
    "0: every server"
    subject: int
    "the person forgotten, the channel cleared, else 0"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went when a person asked to be forgotten."""

    messages: int
    consents: int
    charges: int
    "that no longer name them"
