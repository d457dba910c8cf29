"""What a room asks of another, as small structural protocols; implementations do not inherit."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Protocol

from bot.errors import BotError
from bot.types import (
    CallState,
    Charge,
    Forgotten,
    Frame,
    Heard,
    LinkEnd,
    Message,
    News,
    Playout,
    ReplyEvent,
    ReplyRequest,
    Setting,
    Spoken,
    Utterance,
)


class Vad(Protocol):
    """Voice activity of one speaker; holds that speaker's state."""

    def probability(self, pcm: bytes) -> float:
        """Return how likely the next 20 ms (s16le mono 16 kHz, 640 bytes) are speech, 0 to 1."""
        ...

    def reset(self) -> None:
        """Forget what was heard: the next frame does not follow the last."""
        ...


class Playback(Protocol):
    """One reply on its way to the loudspeaker. All methods are called on the event loop."""

    def feed(self, pcm: bytes) -> None:
        """Append s16le mono 24 kHz, any length. Dropped after `finish` or `cut`."""
        ...

    def cue(self, pcm: bytes) -> None:
        """Play a short sound now if nothing has been fed yet; it does not count as played."""
        ...

    def finish(self) -> None:
        """Nothing more will be fed: play out what is there."""
        ...

    def duck(self) -> None:
        """Play quietly from the next packet that is not on the wire yet."""
        ...

    def resume(self) -> None:
        """Play at full level again."""
        ...

    def cut(self) -> Playout:
        """Fall silent now and say how much was heard. Idempotent."""
        ...

    @property
    def played(self) -> float:
        """Seconds of the reply that went out."""
        ...

    async def wait(self) -> Playout:
        """Return when all was played out, or it was cut."""
        ...


class VoiceLink(Protocol):
    """The bot in one voice channel. All methods are called on the event loop."""

    @property
    def channel_id(self) -> int:
        """The voice channel it is in now; changes when the bot is moved."""
        ...

    def frames(self, now: float) -> Sequence[Frame]:
        """Return what was heard since the last tick, in order for each speaker; pump the playback.

        `now` is seconds on the call's clock. A speaker may have several frames (after a burst) or none.
        """
        ...

    def talking(self, now: float) -> frozenset[int]:
        """Return the people whose sound arrives now, by packet timing alone, consent or not; never bots."""
        ...

    def unopened(self) -> Mapping[int, int]:
        """Return how many packets of each person no key opened, since the last call."""
        ...

    def admit(self, user_ids: frozenset[int]) -> None:
        """Decode only these people from now on; what is buffered of others is dropped."""
        ...

    def play(self) -> Playback:
        """Open the playback of a new reply; one that is still open is cut."""
        ...

    async def ended(self) -> LinkEnd:
        """Return why, when the link is over for good."""
        ...

    async def close(self) -> None:
        """Leave the channel. Idempotent."""
        ...


class Engine(Protocol):
    """The audio chat model."""

    def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent, None]:
        """Stream one reply; closing the iterator aborts the request.

        Raises EngineError (a subclass says which) before or between events.
        """
        ...

    @property
    def fault(self) -> BotError | None:
        """What only the operator can end (key, credit); while it stands, send nothing that nobody asked for."""
        ...

    def forget(self, channel_id: int) -> None:
        """Drop what is kept of a channel beside its history: it was cleared."""
        ...

    def forget_person(self, user_id: int) -> None:
        """Drop what is kept of what somebody said, in any channel."""
        ...

    async def warm(self) -> None:
        """Open the connection ahead of need; never raises."""
        ...

    async def aclose(self) -> None: ...


class Transcriber(Protocol):
    async def transcribe(self, utterance: Utterance, language: str | None, names: Sequence[str]) -> Heard:
        """Return the words of an utterance.

        `names` are spelled as the room spells them. Raises EngineError.
        """
        ...


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


class Store(Protocol):
    """What is remembered. Every method raises StoreUnavailable when the database cannot serve."""

    async def history(self, channel_id: int, limit: int) -> list[Message]:
        """Return the newest `limit` messages of a channel, oldest first."""
        ...

    async def remember(self, guild_id: int, channel_id: int, messages: Sequence[Message]) -> None:
        """Append messages, all or none."""
        ...

    async def clear(self, channel_id: int) -> int:
        """Forget a channel's history and return how many messages went."""
        ...

    async def drop(self, channel_id: int, message_ids: AbstractSet[str]) -> int:
        """Forget some lines of a channel and return how many went."""
        ...

    async def charge(self, charges: Sequence[Charge]) -> None:
        """Book charges, all or none."""
        ...

    async def charges(self, guild_id: int, since: datetime) -> list[Charge]:
        """Return what a server spent since then, oldest first."""
        ...

    async def consents(self, guild_id: int) -> dict[int, bool]:
        """Return who agreed (True) or withdrew (False); people never asked are absent."""
        ...

    async def consent(self, guild_id: int, user_id: int, agreed: bool) -> None: ...

    async def call_started(self, guild_id: int, channel_id: int) -> None:
        """Note that a call is on, so that a restart finds it."""
        ...

    async def call_ended(self, guild_id: int) -> None: ...

    async def calls(self) -> dict[int, int]:
        """Return the calls that were on: guild -> channel."""
        ...

    async def settings(self) -> list[Setting]:
        """Return what servers and channels want otherwise than the environment says."""
        ...

    async def set(self, setting: Setting) -> None:
        """Keep a setting in place of the one of that name; every process learns of it."""
        ...

    async def unset(self, guild_id: int, channel_id: int | None, *names: str) -> int:
        """Drop these settings, or (no names) all, of a server (channel None) or channel; return how many went."""
        ...

    async def export(self, user_id: int) -> dict[str, Any]:
        """Return all that is kept of a person, as JSON has it: messages, answers to them, consents, …"""
        ...

    async def forget(self, user_id: int, *, again: bool = False) -> Forgotten:
        """Delete a person's words, the answers to them and consents, and name them in no ledger.

        The other processes learn of it.

        `again` is for those: it deletes words and names that they wrote since, and tells nobody.
        """
        ...

    async def expire(self, guild_id: int, before: datetime, limit: int, *, idle_only: bool = False) -> int:
        """Delete at most `limit` lines said before then, and names in charges that old; return how many of both went.

        `idle_only` spares the channel of a call that is on, and the charges.
        """
        ...

    async def guilds(self) -> AbstractSet[int]:
        """Return the servers of which anything is kept."""
        ...

    async def departed(self, guild_id: int, at: datetime) -> datetime:
        """Note that the bot is no longer in a server, and return since when."""
        ...

    async def returned(self, guild_id: int) -> None:
        """Note that the bot is in a server."""
        ...

    async def purge(self, guild_id: int) -> None:
        """Delete all that is kept of a server."""
        ...

    async def tidy(self, now: datetime, limit: int) -> int:
        """Seal at most `limit` lines with the newest key, drop old news, leave no deleted bytes in the file.

        Return how many lines were sealed.
        """
        ...

    def watch(self) -> AsyncGenerator[News]:
        """Yield what other processes change from now on, until closed. Raises StoreUnavailable, then call it again."""
        ...

    async def aclose(self) -> None: ...
