"""A stage for the face: the sandbox's Discord, our real client and calls, and quiet rooms behind the ports.

No sound is made here: the link is silent, the engine answers at once in writing and 20 ms of sound. What is tested is
what people see and press.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bot.calls import Calls
from bot.chat.client import Client
from bot.chat.commands import ALL
from bot.chat.i18n import Catalogues
from bot.chat.permissions import VocalChannel
from bot.config import Settings
from bot.ports import Store
from bot.sandbox.entities import User
from bot.sandbox.message import Message as Shown
from bot.sandbox.server import Sandbox
from bot.services import CallSettings, Services
from bot.types import (
    AudioDelta,
    Charge,
    Frame,
    Heard,
    LinkEnd,
    Message,
    Playout,
    ReplyDone,
    ReplyRequest,
    TextDelta,
    Usage,
    Utterance,
)
from bot.usage import Budget


class Playback:
    """Plays at once what it is fed; an answer lasts as long as its sound."""

    def __init__(self) -> None:
        self.played = 0.0
        self._over = asyncio.Event()

    def feed(self, pcm: bytes) -> None:
        self.played += len(pcm) / 48_000

    def cue(self, pcm: bytes) -> None: ...

    def finish(self) -> None:
        self._over.set()

    def duck(self) -> None: ...

    def resume(self) -> None: ...

    def cut(self) -> Playout:
        self._over.set()
        return Playout(self.played, self.played, True)

    async def wait(self) -> Playout:
        await self._over.wait()
        return Playout(self.played, self.played, False)


class Link:
    """In the channel for Discord, but without a voice connection."""

    def __init__(self, channel: VocalChannel) -> None:
        self.channel = channel
        self.channel_id = channel.id
        self.admitted: frozenset[int] = frozenset()
        self._ended = asyncio.Event()

    def frames(self, now: float) -> Sequence[Frame]:
        return ()

    def talking(self, now: float) -> frozenset[int]:
        return frozenset()

    def admit(self, user_ids: frozenset[int]) -> None:
        self.admitted = user_ids

    def play(self) -> Playback:
        return Playback()

    async def ended(self) -> LinkEnd:
        await self._ended.wait()
        return LinkEnd.LEFT

    async def close(self) -> None:
        if not self._ended.is_set():
            self._ended.set()
            await self.channel.guild.change_voice_state(channel=None)


class Engine:
    """Answers every question with `answer`."""

    answer = "An answer with **stars**."

    def __init__(self) -> None:
        self.requests: list[ReplyRequest] = []

    async def reply(self, request: ReplyRequest) -> AsyncIterator[Any]:
        self.requests.append(request)
        yield TextDelta(self.answer)
        yield AudioDelta(bytes(960))
        yield ReplyDone(Usage(text_in=10, text_out=10))

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...


class Transcriber:
    async def transcribe(self, utterance: Utterance, language: str | None, names: Sequence[str]) -> Heard:
        return Heard(utterance.id, utterance.user_id, "", 0.0)


@dataclass
class Memory:
    """The Store in a few dictionaries."""

    messages: dict[int, list[Message]] = field(default_factory=dict)
    booked: list[Charge] = field(default_factory=list)
    agreed: dict[int, bool] = field(default_factory=dict)
    on: dict[int, int] = field(default_factory=dict)

    async def history(self, channel_id: int, limit: int) -> list[Message]:
        return self.messages.get(channel_id, [])[-limit:]

    async def remember(self, guild_id: int, channel_id: int, messages: Sequence[Message]) -> None:
        self.messages.setdefault(channel_id, []).extend(messages)

    async def clear(self, channel_id: int) -> int:
        return len(self.messages.pop(channel_id, []))

    async def charge(self, charges: Sequence[Charge]) -> None:
        self.booked.extend(charges)

    async def charges(self, guild_id: int, since: datetime) -> list[Charge]:
        return [charge for charge in self.booked if charge.guild_id == guild_id]

    async def consents(self, guild_id: int) -> dict[int, bool]:
        return dict(self.agreed)

    async def consent(self, guild_id: int, user_id: int, agreed: bool) -> None:
        self.agreed[user_id] = agreed

    async def call_started(self, guild_id: int, channel_id: int) -> None:
        self.on[guild_id] = channel_id

    async def call_ended(self, guild_id: int) -> None:
        self.on.pop(guild_id, None)

    async def calls(self) -> dict[int, int]:
        return dict(self.on)

    async def aclose(self) -> None: ...


class Vad:
    def probability(self, pcm: bytes) -> float:
        return 0.0

    def reset(self) -> None: ...


@dataclass
class Stage:
    """What a test of the face plays on."""

    sandbox: Sandbox
    client: Client
    calls: Calls
    store: Memory
    engine: Engine

    async def enter(self, name: str, **options: Any) -> User:
        """Bring a person into the Lounge."""
        user = self.sandbox.add_user(name, **options)
        await self.sandbox.enter_voice(user, self.sandbox.lounge)
        channel: Any = self.client.get_channel(self.sandbox.lounge.id)
        await until(lambda: user.id in channel.voice_states)
        return user

    async def joined(self, name: str = "Ada", **options: Any) -> User:
        """Bring a person into the Lounge who calls the bot there."""
        user = await self.enter(name, **options)
        await (await self.sandbox.command(user, "join")).settled()
        await until(lambda: self.panels())
        return user

    def shown(self) -> list[Shown]:
        """The messages of the Lounge's chat that are not the panel."""
        return [message for message in self.sandbox.messages(self.sandbox.lounge.id) if not message.is_v2]

    def panels(self) -> list[Shown]:
        return [message for message in self.sandbox.messages(self.sandbox.lounge.id) if message.is_v2]


async def until(condition: Any, seconds: float = 8.0) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (what is waited for is seen from outside, nobody sets an event)
            await asyncio.sleep(0.01)


def settings_for(sandbox: Sandbox, **overrides: Any) -> Settings:
    fixed = {"discord_token": sandbox.token, "openai_api_key": "none", "discord_api_base": sandbox.api_base}
    return Settings(_env_file=None, **{**fixed, **overrides})  # pyright: ignore[reportCallIssue]


def client_for(settings: Settings, calls: Calls, store: Store) -> Client:
    """Make our client, whose voice link is a quiet one."""

    async def connect(channel: VocalChannel) -> Link:
        await channel.guild.change_voice_state(channel=channel)
        await until(lambda: channel.guild.me.voice)
        return Link(channel)

    client = Client(settings, calls, store, Catalogues.load(), connect, ALL)
    client._connection.guild_ready_timeout = 0.1  # seconds it waits for more servers before it is ready
    return client


@asynccontextmanager
async def logged_in(settings: Settings, calls: Calls, store: Store) -> AsyncIterator[Client]:
    """Run a client until the block ends."""
    client = client_for(settings, calls, store)
    running = asyncio.create_task(client.start(settings.discord_token.get_secret_value()), name="client")
    try:
        await until(lambda: client.serving or running.done())
        yield client
        for call in calls.all():
            await calls.leave(call.venue.guild_id)
    finally:
        await client.close()
        await running
        await until(lambda: not any("keep-alive" in thread.name for thread in threading.enumerate()))


@asynccontextmanager
async def stage(*, sandbox: Sandbox | None = None, dev: bool = False, **overrides: Any) -> AsyncIterator[Stage]:
    """Open the sandbox (or take one that is open), log in, and be ready."""
    if sandbox is None:
        async with Sandbox.open(http=True) as opened, stage(sandbox=opened, dev=dev, **overrides) as made:
            yield made
        return
    settings = settings_for(sandbox, dev_guild_id=sandbox.guild.id if dev else None, **overrides)
    store, engine = Memory(), Engine()
    budget = Budget(Decimal(0), Decimal(0), lambda *_: Decimal("0.004"), lambda: datetime.now(UTC))
    services = Services(
        engine, Transcriber(), store, budget, Vad, time.monotonic, lambda: datetime.now(UTC), "gpt-audio-1.5", "t"
    )
    settings_of = lambda _guild, _channel: CallSettings(consent=settings.consent)  # noqa: E731
    async with Calls(services, settings_of) as calls, logged_in(settings, calls, store) as client:
        yield Stage(sandbox, client, calls, store, engine)
