"""What a call needs from Discord as people see it."""

from collections.abc import Mapping
from typing import Protocol

from bot.errors import BotError
from bot.ports.tools import ToolPlace
from bot.ports.voice import VoiceLink
from bot.types import (
    CallState,
    Caption,
    Heard,
    Spoken,
)


class Audience(Protocol):
    """The readers of a call's text chat. No method raises: failures are logged."""

    async def heard(self, heard: Heard, name: str) -> None:
        """A person's words."""
        ...

    async def saying(self, turn_id: int, text: str) -> None:
        """The bot's words of this turn so far; called often, shown as often as rate limits allow."""
        ...

    async def said(self, spoken: Spoken) -> None:
        """The bot's words of this turn, final."""
        ...

    def drop_words(self, user_id: int) -> None:
        """Do not write what a person said, as far as it is not written yet."""
        ...

    def drop_answers(self, user_id: int) -> None:
        """Do not write what a person was answered, as far as it is not written yet."""
        ...

    async def state(self, state: CallState) -> None:
        """The call changed its state."""
        ...

    async def trouble(self, error: BotError) -> None:
        """A failure that people must know of; a repeated one edits the last notice."""
        ...

    async def returns_echo(self, user_id: int, name: str) -> None:
        """The bot's voice comes back from this person's loudspeaker: tell them, privately where that is possible."""
        ...

    async def notice(self, code: str, **values: str | int | float) -> None:
        """A sentence of the catalogue (chat/i18n.py) for everyone in the channel."""
        ...


class CaptionReader(Protocol):
    """A place that shows captions. No method blocks or raises."""

    language: str | None
    "BCP 47 of the words wanted; None: as they are said"

    def show(self, caption: Caption) -> None:
        """What an utterance says so far, or finally."""
        ...

    def has(self, utterance_id: int) -> bool:
        """Whether the line of an utterance is there and can still be changed."""
        ...

    def drop(self, utterance_id: int) -> None:
        """That was no speech, or is not to be shown: take it away if it is not final."""
        ...

    def withdraw(self, user_id: int) -> None:
        """Take away what a person said, as far as it is not final and written."""
        ...

    def forget(self, user_id: int) -> None:
        """Take away everything of a person that is still in memory."""
        ...

    async def end(self) -> None:
        """Write what there is, and say that it is over."""
        ...


class Venue(Protocol):
    """The voice channel of a call."""

    @property
    def guild_id(self) -> int: ...

    @property
    def channel_id(self) -> int: ...

    @property
    def place(self) -> ToolPlace:
        """The same channel, as tools and access ask for it."""
        ...

    def people(self) -> Mapping[int, str]:
        """Return the humans in the channel now: Discord snowflake -> display name."""
        ...

    @property
    def channel_name(self) -> str: ...

    @property
    def bot_id(self) -> int: ...

    @property
    def bot_name(self) -> str:
        """The name it answers to: BOT_NAME, or its display name in the server."""
        ...

    @property
    def audience(self) -> Audience: ...

    @property
    def speechless(self) -> bool:
        """Whether nobody can hear the bot: the server muted it, or it is in the audience of a stage."""
        ...

    async def stands(self) -> bool:
        """Whether the channel still exists."""
        ...

    async def connect(self) -> VoiceLink:
        """Enter the channel. Raises JoinError."""
        ...

    async def entered(self) -> None:
        """The bot is in the channel, by whatever way: take up its place there. Does not raise."""
        ...
