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
    "their label at that time (bot/talk/labels.py)"
    text: str
    at: datetime
    "UTC"
    audio_id: str | None = None
    "role assistant: the model server's id of the spoken reply"
    expires_at: float | None = None
    "Unix seconds, when the model server forgets audio_id"
    interrupted: bool = False
    "role assistant: `text` holds only what was heard"
    id: str = field(default_factory=new_id)
    "makes a repeated write harmless"
    edited: bool = False
    "role user: the speaker put the words right"
    asked_by: tuple[int, ...] = ()
    "role assistant: the people whose words it answers"

    def concerns(self, people: AbstractSet[int]) -> bool:
        """Whether any of these people said it, or it answers them."""
        return self.speaker_id in people or not people.isdisjoint(self.asked_by)


AWAY_SETTING = "away"
"""Name of a setting that is none: people sent the bot away from there, and it does not come back by itself."""
OWN_VOICE_PREFIX = "own_voice:"
"""Before the id of a person, as a setting's name: the voice in which they have what they write read aloud."""


def voice_owner(setting: str) -> int | None:
    """Return whose own voice a setting of this name is; None: nobody's."""
    owner = setting.removeprefix(OWN_VOICE_PREFIX)
    return int(owner) if owner != setting and owner.isdecimal() and owner.isascii() else None


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a server or one of its channels, in place of the one of the environment."""

    guild_id: int
    channel_id: int | None
    "None: the whole server"
    name: str
    value: str
    "as bot/call/preferences.py writes it"
    changed_by: int | None
    "Discord snowflake; None after that person asked to be forgotten"
    changed_at: datetime
    "UTC"


@dataclass(frozen=True, slots=True)
class News:
    """A change in the store by this or another process."""

    kind: Literal["settings", "forgotten", "cleared"]
    guild_id: int
    "0: every server"
    subject: int
    "the person forgotten, the channel cleared, else 0"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was deleted when a person asked to be forgotten."""

    messages: int
    consents: int
    charges: int
    "charges that no longer name them"
