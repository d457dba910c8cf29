"""A person without headphones: what the bot says comes out of their loudspeaker and goes back into their microphone."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import numpy as np

from bot.audio import RTP_RATE
from bot.voice import opus
from sandbox.people.echo_path import FRAME_SAMPLES_48K, EchoConditions, EchoPath, Samples
from sandbox.people.person import Person
from sandbox.voice import rtp

CLIENT_BITRATE, CLIENT_COMPLEXITY = 24_000, 9
"""Bit/s of the client's encoder, and what libopus does unless it is told otherwise: the bot encodes at less."""
GATE_POWER = 10 ** (-65 / 10)
"""Mean square of a frame below which the client sends silence."""
GATE_HOLD_FRAMES = 10
"""Frames that the client still sends after the last sound."""
MAX_WAITING_PACKETS = 150
"""Packets of one sender that wait for the loudspeaker: it plays in step with the microphone, and both wait with this
process when it is late."""


class OpenLoudspeaker:
    """Use `open_loudspeaker`. Meanwhile the person speaks by `say` of this object, not by their own."""

    def __init__(self, person: Person, conditions: EchoConditions) -> None:
        library = opus.load()
        self.path = EchoPath(conditions)
        self._person = person
        self._library = library
        self._encoder = opus.OpusEncoder(library, rate=RTP_RATE, bitrate=CLIENT_BITRATE, complexity=CLIENT_COMPLEXITY)
        self._waiting: dict[int, deque[bytes]] = {}
        "sender -> packets not played yet"
        self._decoders: dict[int, opus.OpusDecoder] = {}
        self._said: deque[Samples] = deque()
        "the person's own frames, not spoken yet"
        self._spoken = asyncio.Event()
        self._open = True
        person.on_sound = self._hear

    async def say(self, pcm: bytes) -> None:
        """Speak s16le mono 48 kHz in real time, over whatever comes out of the loudspeaker."""
        samples = _samples(pcm + bytes(-len(pcm) % (2 * FRAME_SAMPLES_48K)))
        self._said.extend(samples.reshape(-1, FRAME_SAMPLES_48K))
        self._spoken.clear()
        await self._spoken.wait()

    def close(self) -> None:
        """Stop sending."""
        self._open = False
        self._spoken.set()
        self._person.on_sound = None

    def packets(self) -> Iterator[bytes]:
        """Yield what the microphone sends, a packet every 20 ms."""
        left = 0
        while self._open:
            sound = self.path.push(self._playing())
            if self._said:
                sound = sound + self._said.popleft()
            else:
                self._spoken.set()
            left = GATE_HOLD_FRAMES if float(np.mean(np.square(sound))) > GATE_POWER else max(0, left - 1)
            frame = (np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()
            yield self._encoder.encode(frame) if left else rtp.SILENCE

    def _hear(self, user_id: int, packet: bytes) -> None:
        self._waiting.setdefault(user_id, deque(maxlen=MAX_WAITING_PACKETS)).append(packet)

    def _playing(self) -> Samples:
        mixed = np.zeros(FRAME_SAMPLES_48K, np.float32)
        for user_id, packets in self._waiting.items():
            if packets:
                decoder = self._decoders.setdefault(user_id, opus.OpusDecoder(self._library, rate=RTP_RATE))
                mixed += _samples(decoder.decode(packets.popleft()))[:FRAME_SAMPLES_48K]
        return mixed


@asynccontextmanager
async def open_loudspeaker(person: Person, conditions: EchoConditions) -> AsyncIterator[OpenLoudspeaker]:
    """Let somebody who is in a voice channel listen by loudspeaker while the block lasts."""
    room = OpenLoudspeaker(person, conditions)
    sending = asyncio.create_task(person.send(room.packets()))
    try:
        yield room
    finally:
        room.close()
        await sending


def _samples(pcm: bytes) -> Samples:
    return (np.frombuffer(pcm, "<i2") / 32768).astype(np.float32)
