"""People in the sandbox: real Opus, DAVE and UDP, in real time."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from bot.audio import FRAME_SECONDS, RTP_RATE
from bot.voice import opus
from sandbox.guild.entities import GuildChannel, User
from sandbox.guild.voice_service import Allotment, VoiceService
from sandbox.guild.world import World
from sandbox.people.recorder import FRAME_SAMPLES, Recorder
from sandbox.tls import Authority
from sandbox.voice import rtp
from sandbox.voice.client import VoiceClient
from sandbox.voice.conditions import Conditions
from sandbox.voice.dave_engines import EngineName, make_engine
from sandbox.voice.gateway import VoiceGateway

FRAME_BYTES = 2 * FRAME_SAMPLES
TRAILING_SILENCE_FRAMES = 5
DAVE_WAIT_SECONDS = 2.0
"A person waits this long for the call to be encrypted, then speaks anyway"


class VoiceEntrance(Protocol):
    """What a person asks of the sandbox that they are in."""

    world: World
    authority: Authority
    voice: VoiceService

    async def enter_voice(self, user: User, channel: GuildChannel) -> tuple[str, Allotment]: ...

    async def leave_voice(self, user: User) -> None: ...


@dataclass(frozen=True, slots=True)
class SentSpeech:
    """What was sent for one stretch of speech."""

    first: float
    "loop time of the first packet"
    last: float
    "loop time of the last packet with sound"
    frames: int
    "sent packets with sound"


class Person:
    """A human (or another bot) with a voice client. Make one with `Sandbox.person`."""

    def __init__(self, sandbox: VoiceEntrance, user: User, engine: EngineName | None) -> None:
        self.user = user
        self.engine: EngineName | None = engine
        "None: a client without DAVE"
        self.client: VoiceClient | None = None
        self._sandbox = sandbox
        library = opus.load()
        self._encoder = opus.OpusEncoder(library, rate=RTP_RATE)
        self._timestamp = 0
        self._spoke_at = 0.0
        self.recorder = Recorder(library)
        self.on_sound: Callable[[int, bytes], None] | None = None
        "gets each Opus packet as it arrives, with its sender's id"

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def conditions(self) -> Conditions:
        """The network conditions of this person's connection; a test may change them."""
        return _gateway(self._sandbox).conditions[self.user.id]

    @property
    def privacy_code(self) -> str:
        """30 digits, the same for everyone in the encrypted call; empty outside a call."""
        return self.client.dave.privacy_code if self.client else ""

    async def join(self, channel_id: int) -> None:
        """Enter a voice channel, or move there.

        Raises PermissionError when Discord would not admit them, Disconnected when the voice gateway refuses.
        """
        sandbox = self._sandbox
        channel = sandbox.world.channel(channel_id)
        if channel is None or channel.guild_id is None:
            raise ValueError(f"no voice channel {channel_id}")
        await self.hang_up()
        session_id, allotment = await sandbox.enter_voice(self.user, channel)
        if allotment.endpoint is None:
            raise ConnectionError("no voice server")
        engine = make_engine(self.engine, self.user.id, channel_id) if self.engine else None
        self.client = VoiceClient(self.user.id, engine, sandbox.authority.client_context, self._hear)
        await self.client.connect(allotment.endpoint, channel.guild_id, session_id, allotment.token)
        await self.client.settled(DAVE_WAIT_SECONDS)

    async def leave(self) -> None:
        """Leave the voice channel. Idempotent."""
        if self.client is not None:
            await self.hang_up()
            await self._sandbox.leave_voice(self.user)

    async def hang_up(self) -> None:
        """Drop the voice connection without telling the main gateway. Idempotent."""
        client, self.client = self.client, None
        if client is not None:
            await client.close()

    def _hear(self, user_id: int, packet: rtp.SealedPacket, sound: bytes, at: float) -> None:
        self.recorder.take(user_id, packet.ssrc, packet.sequence, packet.timestamp, sound, at)
        if self.on_sound:
            self.on_sound(user_id, sound)

    async def say(self, pcm: bytes) -> SentSpeech:
        """Speak s16le mono 48 kHz in real time; return after the five silence frames. May be cancelled."""
        self._encoder.reset()
        frames = (pcm[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0") for at in range(0, len(pcm), FRAME_BYTES))
        return await self.send(self._encoder.encode(frame) for frame in frames)

    async def idle(self, seconds: float) -> SentSpeech:
        """Send silence frames for `seconds`, as clients with a camera on do."""
        return await self.send([rtp.SILENCE] * round(seconds / FRAME_SECONDS))

    async def send(self, packets: Iterable[bytes]) -> SentSpeech:
        """Send Opus packets, one every 20 ms, then five silence frames. May be cancelled."""
        loop, client = asyncio.get_running_loop(), self.client
        if client is None:
            raise ConnectionError("not in a voice channel")
        await client.settled(DAVE_WAIT_SECONDS)
        client.speaking()
        start = loop.time() + FRAME_SECONDS  # op 5 takes another path and must arrive first
        pause = round((start - self._spoke_at) * 50) if self._spoke_at else 1
        self._timestamp += max(pause, 1) * FRAME_SAMPLES  # RTP time continues during silence
        sent = frames = 0  # `frames` leaves out packets that had no key
        last = start
        ended = False
        try:
            for packet in packets:
                await asyncio.sleep(start + sent * FRAME_SECONDS - loop.time())
                last = loop.time()
                frames += client.send(packet, self._timestamp)
                self._timestamp += FRAME_SAMPLES
                sent += 1
            ended = True
        finally:
            for more in range(TRAILING_SILENCE_FRAMES):
                loop.call_at(start + (sent + more) * FRAME_SECONDS, client.send, rtp.SILENCE, self._timestamp)
                self._timestamp += FRAME_SAMPLES
            self._spoke_at = start + (sent + TRAILING_SILENCE_FRAMES) * FRAME_SECONDS
            if ended:
                await asyncio.sleep(self._spoke_at - loop.time())
        return SentSpeech(start, last, frames)


def _gateway(sandbox: VoiceEntrance) -> VoiceGateway:
    assert isinstance(sandbox.voice, VoiceGateway)
    return sandbox.voice
