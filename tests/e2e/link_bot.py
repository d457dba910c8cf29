"""A bot that is nothing but a voice link: logged in to the sandbox, ticking, keeping what it heard."""

import asyncio
import functools
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import discord
import numpy as np
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from bot.audio import FRAME_SECONDS, HEAR_RATE, SPEAK_RATE
from bot.types import Frame
from bot.voice import opus
from bot.voice.link.gateway_sessions import GatewaySessions
from bot.voice.link.join import Link, connect
from bot.voice.receive.stall_guard import StallGuard
from bot.voice.send.pacer import Pacer
from sandbox import clips
from sandbox.people.compare import correlation
from sandbox.people.person import Person
from sandbox.server import Sandbox
from sandbox.voice.gateway import VoiceGateway
from tests.settling import settled

IDLE_REST_SECONDS = 1.0
"""How long an idle connection to REST stays, such as that of a lost gateway session: no leak, yet it looks like one."""


@functools.cache
def library() -> opus.OpusLibrary:
    return opus.load()


class LinkBot:
    """The bot's side of a voice channel. `enter` first."""

    def __init__(
        self, sandbox: Sandbox, client: discord.Client, pacer: Pacer, guard: StallGuard, sessions: GatewaySessions
    ) -> None:
        self.sandbox = sandbox
        self.client = client
        self.pacer = pacer
        self._guard = guard
        self._sessions = sessions
        self.heard: defaultdict[int, list[Frame]] = defaultdict(list)
        self.refused: set[int] = set()
        "people who are not admitted"
        self._link: Link | None = None
        self._ticking: asyncio.Task[None] | None = None

    @property
    def link(self) -> Link:
        assert self._link is not None
        return self._link

    @property
    def voice(self) -> VoiceGateway:
        assert isinstance(self.sandbox.voice, VoiceGateway)
        return self.sandbox.voice

    @property
    def bot_id(self) -> int:
        return self.sandbox.bot.id

    async def enter(self, channel_id: int | None = None, *, timeout: float = 10.0) -> Link:
        channel = self.client.get_channel(channel_id or self.sandbox.lounge.id)
        assert isinstance(channel, discord.VoiceChannel | discord.StageChannel)
        self._link = await connect(
            channel,
            library=library(),
            pacer=self.pacer,
            guard=self._guard,
            sessions=self._sessions,
            timeout=timeout,
        )
        self._ticking = asyncio.create_task(self._tick(self._link))
        return self._link

    async def _tick(self, link: Link) -> None:
        """As a call does, everybody admitted but `refused`."""
        due = time.monotonic()
        while True:
            channel = self.client.get_channel(link.channel_id)
            people = frozenset(member.id for member in getattr(channel, "members", ()) if not member.bot)
            link.admit(people - self.refused)
            for frame in link.frames(time.monotonic()):
                self.heard[frame.user_id].append(frame)
            due += FRAME_SECONDS
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def leave(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.wait({self._ticking})
        if self._link is not None:
            await self._link.close()

    def sound(self, person: Person) -> bytes:
        """Return what was heard of a person, s16le mono 16 kHz."""
        return b"".join(frame.pcm for frame in self.heard[person.id])

    async def hears(self, person: Person, name: str = "anna-quickest") -> float:
        """Let the person say a clip; return how much of it was heard."""
        self.heard[person.id].clear()
        await person.say(clips.load(name, 48_000))
        await settled(lambda: len(self.heard[person.id]))
        return correlation(clips.load(name, HEAR_RATE), self.sound(person), HEAR_RATE)

    async def is_heard(self, person: Person, name: str = "bot-heard") -> float:
        """Say a clip; return how much of it the person heard, whatever pauses a busy machine made."""
        since = asyncio.get_running_loop().time()
        playback = self.link.play()
        playback.feed(clips.load(name, SPEAK_RATE))
        playback.finish()
        await playback.wait()
        await settled(lambda: len(person.recorder.frames(self.bot_id)))
        return correlation(clips.load(name, 48_000), person.recorder.words(self.bot_id, since), 48_000)

    async def both_ways(self, person: Person) -> None:
        """Assert that the bot hears the person and the person hears the bot, once it is in the group by itself."""
        regrouped = self.link.stats.regrouped
        await self.until(lambda: self.link.connected and self.in_group)
        await self.until(lambda: self.in_step_with(person))
        assert self.link.stats.regrouped == regrouped
        heard, is_heard = await asyncio.gather(self.hears(person), self.is_heard(person))
        assert heard >= 0.95
        assert is_heard >= 0.95

    def in_step_with(self, person: Person) -> bool:
        """Whether they have the keys of one group, or need none: until then what either says is lost after a while."""
        client, transport = person.client, self.link.transport
        if client is None or transport.out_of_step or client.dave.version != transport.keys()[2]:
            return False
        own = getattr(transport.keys()[1], "voice_privacy_code", None)
        return client.dave.keyed and (not client.dave.version or person.privacy_code == own)

    @property
    def in_group(self) -> bool:
        """Whether the link is a member of the DAVE group."""
        return self.link.transport.in_group

    @property
    def epoch(self) -> int | None:
        """The epoch of the link's DAVE session; None without one."""
        session = self.link.transport.keys()[1]
        return None if session is None else session.epoch

    async def regroup(self) -> None:
        """Make the link say that its DAVE group is lost."""
        await self.link.transport.regroup()

    def lock_out(self) -> None:
        """Take the link out of its DAVE group without anybody noticing."""
        session = self.link.transport.keys()[1]
        assert session is not None
        session.reinit(1, self.bot_id, self.link.channel_id)  # type: ignore[attr-defined]

    async def until(self, done: Callable[[], bool], timeout: float = 20.0) -> None:
        """Wait for something to come true. Raises TimeoutError."""
        async with asyncio.timeout(3 * timeout):
            while not done():
                await asyncio.sleep(0.02)


def tone(seconds: float, hertz: float = 440.0, rate: int = SPEAK_RATE) -> bytes:
    time_ = np.arange(int(seconds * rate)) / rate
    return (8_000 * np.sin(2 * np.pi * hertz * time_)).astype("<i2").tobytes()


@asynccontextmanager
async def link_bot() -> AsyncIterator[LinkBot]:
    """Open a sandbox with the bot online."""
    async with Sandbox.open() as sandbox:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = sandbox.api_base, URL(sandbox.gateway.url)
        intents = discord.Intents(guilds=True, voice_states=True, guild_messages=True)
        client = discord.AutoShardedClient(
            intents=intents, chunk_guilds_at_startup=False, max_messages=None, guild_ready_timeout=0.1
        )
        client.http.connector = aiohttp.TCPConnector(
            limit=0, ssl=sandbox.authority.client_context, keepalive_timeout=IDLE_REST_SECONDS
        )
        running = asyncio.create_task(client.start(sandbox.token))
        guard = StallGuard()
        with Pacer(guard) as pacer, GatewaySessions() as sessions:
            made = LinkBot(sandbox, client, pacer, guard, sessions)
            try:
                async with asyncio.timeout(60):
                    while not client.is_ready():
                        if running.done():
                            running.result()
                        await asyncio.sleep(0.01)
                yield made
            finally:
                await made.leave()
                await client.close()
                await asyncio.gather(running, return_exceptions=True)
                # discord.py's heartbeat ends a moment after its client.
                async with asyncio.timeout(60):
                    while any(thread.name.startswith("keep-alive-handler") for thread in threading.enumerate()):
                        await asyncio.sleep(0.02)
