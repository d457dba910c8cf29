"""The bot for tests of bot/chat: the sandbox's Discord, the real client and calls, and quiet fakes behind the ports.

The link carries no audio, and the engine answers at once with text and 20 ms of audio. These tests are about what
people see and press.
"""

import asyncio
import functools
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.billing.budget import Budget, Caps
from bot.call.manager import CallManager
from bot.call.preferences import Preferences
from bot.call.services import Services
from bot.call.settings import CallSettings
from bot.call.ticks import Ticker
from bot.chat import actions, channel_status, leftovers, panel
from bot.chat.client import Client
from bot.chat.commands import ALL
from bot.chat.i18n import Catalogues
from bot.chat.permissions import VocalChannel
from bot.chat.transcript import line_writer
from bot.config import Settings
from bot.errors import EngineError
from bot.jobs.job_folder import folder_beside
from bot.jobs.podcast_folder import FailedPodcasts
from bot.ports import Store
from bot.privacy.erasure import Erasure
from bot.privacy.holders import shared_holders
from bot.store.outbox import Outbox
from bot.store.repository import SqlStore
from bot.types import (
    AudioDelta,
    Frame,
    Heard,
    LinkEnd,
    Playout,
    ReplyDone,
    ReplyEvent,
    ReplyRequest,
    Sent,
    TextDelta,
    Usage,
    Utterance,
)
from sandbox.guild.entities import User
from sandbox.guild.message import ChatMessage as Shown
from sandbox.server import Sandbox
from tests.made_database import made_database


class Playback:
    """Plays whatever it is fed at once."""

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
    """Joins the channel on Discord, without a voice connection."""

    def __init__(self, channel: VocalChannel) -> None:
        self.channel = channel
        self.admitted: frozenset[int] = frozenset()
        self._ended = asyncio.Event()
        self._end = LinkEnd.LEFT

    @property
    def channel_id(self) -> int:
        """Where Discord has the bot, also after a move."""
        state = self.channel.guild.me.voice
        return state.channel.id if state and state.channel else self.channel.id

    def kicked(self) -> None:
        """Act as if Discord had disconnected the bot from the channel."""
        self._end = LinkEnd.KICKED
        self._ended.set()

    def frames(self, now: float) -> Sequence[Frame]:
        return ()

    def rest(self, wake: Callable[[], None]) -> None:
        """Nobody makes a sound."""

    def talking(self, now: float) -> frozenset[int]:
        return frozenset()

    def played(self) -> Sequence[Sent]:
        return ()

    def unopened(self) -> Mapping[int, int]:
        return {}

    def admit(self, user_ids: frozenset[int]) -> None:
        self.admitted = user_ids

    def play(self) -> Playback:
        return Playback()

    async def ended(self) -> LinkEnd:
        await self._ended.wait()
        return self._end

    async def close(self) -> None:
        if not self._ended.is_set():
            self._ended.set()
            await self.channel.guild.change_voice_state(channel=None)


class Engine:
    """Answers every question with `answer`."""

    answer = "An answer with **stars**."

    def __init__(self) -> None:
        self.requests: list[ReplyRequest] = []
        self.failure: EngineError | None = None

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent]:
        self.requests.append(request)
        if self.failure:
            raise self.failure
        yield TextDelta(self.answer)
        yield AudioDelta(bytes(960))
        yield ReplyDone(Usage(text_in=10, text_out=10))

    fault = None

    def estimate(self, request: ReplyRequest, seconds: float) -> Usage:
        return Usage(text_in=10, text_out=10)

    def forget(self, channel_id: int) -> None: ...

    def forget_person(self, user_id: int) -> None: ...

    async def settled(self) -> None: ...

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...


class Transcriber:
    model = "gpt-transcribe"
    patience = 0.0
    streams = False

    async def transcribe(self, utterance: Utterance, language: str | None, names: Sequence[str]) -> Heard:
        return Heard(utterance.id, utterance.user_id, "", 0.0)


class Vad:
    def probabilities(self, frames: Sequence[bytes]) -> Sequence[float]:
        return [0.0] * len(frames)

    def reset(self) -> None: ...


@dataclass
class QuietBot:
    """The sandbox, the logged-in client and what is behind them."""

    sandbox: Sandbox
    client: Client
    calls: CallManager
    services: Services
    engine: Engine

    @property
    def store(self) -> Store:
        return self.services.store

    async def enter(self, name: str, **options: Any) -> User:
        """Let a new person enter the Lounge."""
        user = self.sandbox.add_user(name, **options)
        await self.sandbox.enter_voice(user, self.sandbox.lounge)
        channel: Any = self.client.get_channel(self.sandbox.lounge.id)
        await until(lambda: user.id in channel.voice_states)
        return user

    async def joined(self, name: str = "Ada", **options: Any) -> User:
        """Let a new person enter the Lounge and call the bot there."""
        user = await self.enter(name, **options)
        await (await self.sandbox.command(user, "join")).settled()
        await until(lambda: self.panels() and self.shown())
        return user

    def shown(self) -> list[Shown]:
        """The messages of the Lounge's chat, without the panel."""
        return [message for message in self.sandbox.messages(self.sandbox.lounge.id) if not message.is_v2]

    def panels(self) -> list[Shown]:
        return [message for message in self.sandbox.messages(self.sandbox.lounge.id) if message.is_v2]


async def until(condition: Any, seconds: float = 8.0) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(3 * seconds):
        while not condition():
            await asyncio.sleep(0.01)


def settings_for(sandbox: Sandbox, **overrides: Any) -> Settings:
    fixed = {"discord_token": sandbox.token, "openai_api_key": "none", "discord_api_base": sandbox.api_base}
    return Settings(_env_file=None, **{**fixed, **overrides})  # pyright: ignore[reportCallIssue]


def services_for(
    store: Store, engine: Engine | None = None, caps: Callable[[int], Caps] = lambda _: Caps()
) -> Services:
    """Make the services of calls. Only the store is real."""
    return Services(
        engine=engine or Engine(),
        transcriber=Transcriber(),
        store=store,
        outbox=Outbox(store),
        budget=Budget(Decimal(0), Decimal(0), lambda *_: Decimal("0.004"), lambda: datetime.now(UTC), caps),
        make_vad=Vad,
        clock=time.monotonic,
        ticker=Ticker(time.monotonic),
        wall=lambda: datetime.now(UTC),
        model="gpt-audio-1.5",
    )


def client_for(
    settings: Settings, calls: CallManager, services: Services, preferences: Preferences | None = None
) -> Client:
    """Make the bot's client with a quiet voice link."""

    async def connect(channel: VocalChannel) -> Link:
        await channel.guild.change_voice_state(channel=channel)
        await until(lambda: channel.guild.me.voice)
        return Link(channel)

    client = Client(settings, calls, services, shipped(), connect, ALL, preferences=preferences)
    client._connection.guild_ready_timeout = 0.1  # seconds discord.py waits for more servers
    return client


@functools.cache
def shipped() -> Catalogues:
    """Return the catalogues of the package, read once: nobody changes them."""
    return Catalogues.load()


@asynccontextmanager
async def logged_in(
    settings: Settings, calls: CallManager, services: Services, preferences: Preferences | None = None
) -> AsyncIterator[Client]:
    """Run a client until the block ends."""
    client = client_for(settings, calls, services, preferences)
    running = asyncio.create_task(client.start(settings.discord_token.get_secret_value()), name="client")
    try:
        await until(lambda: client.serving or running.done())
        yield client
        for call in calls.all():
            await calls.leave(call.venue.guild_id)
    finally:
        await client.close()
        await running
        # What a message or a button began may end a moment after the client; what never ends fails the test.
        await until(lambda: not any(task.get_name().startswith("discord.py: ") for task in asyncio.all_tasks()))
        await until(lambda: not any("keep-alive" in thread.name for thread in threading.enumerate()))


@asynccontextmanager
async def quiet_bot(*, sandbox: Sandbox | None = None, dev: bool = False, **overrides: Any) -> AsyncIterator[QuietBot]:
    """Open the sandbox, unless one is given, and log the bot in."""
    if sandbox is None:
        async with Sandbox.open(http=True) as opened, quiet_bot(sandbox=opened, dev=dev, **overrides) as made:
            yield made
        return
    settings = settings_for(sandbox, dev_guild_id=sandbox.guild.id if dev else None, **overrides)
    engine = Engine()
    async with AsyncExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        # Other tests check the real gaps in virtual time.
        patch.setattr(panel, "PANEL_EDIT_GAP_SECONDS", 0.1)
        patch.setattr(channel_status, "STATUS_EDIT_GAP_SECONDS", 0.1)
        patch.setattr(line_writer, "LINE_EDIT_GAP_SECONDS", 0.1)
        # A busy machine may take longer than Discord waits; what is answered is looked at, not how soon.
        patch.setattr(actions, "DEFER_AFTER_SECONDS", 10.0)
        patch.setattr(leftovers, "ORPHAN_SECONDS", 15.0)
        patch.setattr(sandbox.knobs, "response_window", 20.0)
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        store = await SqlStore.open(made_database(Path(folder)))
        stack.push_async_callback(store.aclose)
        caps = Caps(settings.budget_server_day, settings.budget_person_day)
        defaults = CallSettings(consent=settings.consent, language=settings.language)
        preferences = Preferences(store, defaults, caps, lambda: datetime.now(UTC))
        services = services_for(store, engine, preferences.caps)
        erasure = Erasure(store, shared_holders(services.engine, services.outbox))
        erasure.register(FailedPodcasts(folder_beside(settings)))
        calls = await stack.enter_async_context(CallManager(services, preferences.of, erasure))
        client = await stack.enter_async_context(logged_in(settings, calls, services, preferences))
        yield QuietBot(sandbox, client, calls, services, engine)
