"""What a call asks of Discord as people see it."""

from collections.abc import Mapping
from typing import Protocol

from bot.errors import BotError
from bot.ports.voice import VoiceLink
from bot.types import (
    CallState,
    Heard,
    Spoken,
)


class Audience(Protocol):
    """The people reading along in a call's text chat. Nothing here raises: what cannot be shown is logged."""

    async def heard(self, heard: Heard, name: str) -> None:
        """A person's words."""
        ...

    async def saying(self, turn_id: int, text: str) -> None:
        """The bot's words of this turn so far; called often, shown as rate limits allow."""
        ...

    async def said(self, spoken: Spoken) -> None:
        """The bot's words of this turn, final."""
        ...

    async def state(self, state: CallState) -> None:
        """The call changed its state."""
        ...

    async def trouble(self, error: BotError) -> None:
        """Something failed that people must know; repeated ones edit the last notice."""
        ...

    async def notice(self, code: str, **values: str | int | float) -> None:
        """A sentence of the catalogue (chat/i18n.py) for everyone in the channel."""
        ...


class Venue(Protocol):
    """The voice channel a call takes place in, as Discord's side of the house shows it."""

    @property
    def guild_id(self) -> int: ...

    @property
    def channel_id(self) -> int: ...

    @property
    def channel_name(self) -> str: ...

    @property
    def bot_id(self) -> int: ...

    @property
    def bot_name(self) -> str:
        """What it answers to: BOT_NAME, or its display name in the server."""
        ...

    @property
    def audience(self) -> Audience: ...

    def people(self) -> Mapping[int, str]:
        """Return the humans in the channel now: Discord snowflake -> display name."""
        ...

    @property
    def speechless(self) -> bool:
        """Whether the server lets nobody hear the bot: it is muted, or in a stage's audience."""
        ...

    def stands(self) -> bool:
        """Whether the channel is still there."""
        ...

    async def connect(self) -> VoiceLink:
        """Enter the channel. Raises JoinError."""
        ...
