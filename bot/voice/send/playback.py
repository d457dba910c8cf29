"""The reply on its way to the loudspeaker: PCM in on the event loop, Opus packets out to the pacer's thread.

The PCM is kept until its packet is taken, so whatever is not on the wire yet can still be ducked or dropped. The event
loop encodes Opus ahead, a few packets at a time; the pacer's thread only takes what is ready. Everything runs on the
event loop except `take`.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from bot.audio import SPEAK_BYTES, SPEAK_RATE
from bot.types import Playout
from bot.voice.opus import OPUS_SILENCE

TAIL_FRAMES = 5
"""Of silence before a pause: without them decoders would continue with concealment (Discord: Voice Connections)."""
MAX_AHEAD_PACKETS = 20
"""Encoded ahead, 400 ms: the event loop may block this long before anybody hears it."""
MAX_PACKETS_PER_PUMP = 8
"""Encoded at once: a long feed must not block the event loop, and a call may tick every 80 ms."""
MAX_PLAYBACK_SECONDS = 120
"""Of one reply; the rest is dropped and counted."""
MAX_PLAYBACK_BYTES = MAX_PLAYBACK_SECONDS * SPEAK_RATE * 2
MAX_CUE_BYTES = 2 * SPEAK_RATE * 2
DUCKED_GAIN = 10 ** (-14 / 20)
"""-14 dB."""
MAX_GAIN_STEP = 0.5
"""Per frame: a duck takes 40 ms and does not click."""
PRIMING_FRAMES = 2
"""Sent frames that prime the encoder after packets encoded ahead were taken back."""


class FrameEncoder(Protocol):
    """An Opus encoder, 24 kHz mono."""

    def encode(self, pcm: bytes, /) -> bytes:
        """Return the packet of 20 ms (s16le, 960 bytes)."""
        ...

    def reset(self) -> None:
        """Forget the past."""
        ...


class _Sound(NamedTuple):
    pcm: bytes
    "960 bytes at full level"
    counts: int
    "bytes of it that belong to the reply: fewer in a padded last frame, none in a cue"


class _Packet(NamedTuple):
    opus: bytes
    sound: _Sound
    shaped: bytes
    "the PCM as encoded, at its level"
    gain: float
    "at the end of the frame"


class OpusPlayback:
    """One reply; see ports.Playback. It owns `encoder`; it calls `on_ready` when a packet waits to be taken.

    Call `pump` every 20 ms: it encodes, and notices the end.
    """

    def __init__(self, encoder: FrameEncoder, on_ready: Callable[[], None] = lambda: None) -> None:
        self._encoder = encoder
        self._on_ready = on_ready
        self._frames: deque[_Sound] = deque()
        self._partial = bytearray()
        "PCM that does not fill a frame yet"
        self._fed = 0
        self._gain = self._target = 1.0
        self._finished = False
        self._playout: Playout | None = None
        self._done = asyncio.Event()
        self.dropped_bytes = 0
        "of PCM, fed beyond MAX_PLAYBACK_SECONDS"
        # Shared with the pacer's thread, under the lock.
        self._lock = threading.Lock()
        self._ready: deque[_Packet] = deque()
        self._sent: deque[bytes] = deque(maxlen=PRIMING_FRAMES)
        self._sent_gain = 1.0
        self._taken = 0
        self._tail_left = 0
        self.underruns = 0
        "silence frames sent because the reply came too slowly"

    def feed(self, pcm: bytes) -> None:
        if self._finished:
            return
        room = MAX_PLAYBACK_BYTES - self._fed
        self.dropped_bytes += max(0, len(pcm) - room)
        pcm = pcm[:room]
        if not pcm:
            return
        if not self._fed:
            self._fade_out()
        self._fed += len(pcm)
        if self._partial:
            pcm = bytes(self._partial) + pcm
        whole = len(pcm) - len(pcm) % SPEAK_BYTES
        self._frames.extend(_sounds(pcm[:whole], SPEAK_BYTES))
        self._partial[:] = pcm[whole:]
        self.pump()

    def cue(self, pcm: bytes) -> None:
        if self._finished or self._fed:
            return
        pcm = pcm[:MAX_CUE_BYTES]
        self._frames.extend(_sounds(pcm + bytes(-len(pcm) % SPEAK_BYTES), 0))
        self.pump()

    def finish(self) -> None:
        if self._finished:
            return
        self._finished = True
        counts = len(self._partial) // 2 * 2
        if counts:
            self._frames.append(_Sound(bytes(self._partial[:counts]).ljust(SPEAK_BYTES, b"\0"), counts))
        self._partial.clear()
        self.pump()

    def duck(self) -> None:
        self._set_gain(DUCKED_GAIN)

    def resume(self) -> None:
        self._set_gain(1.0)

    def cut(self) -> Playout:
        if self._playout is None:
            over = self._finished and not self._frames and not self._ready
            self._finished = True
            self._partial.clear()
            self._fade_out()
            self._end(interrupted=not over)
        assert self._playout is not None
        return self._playout

    @property
    def played(self) -> float:
        return self._taken / (2 * SPEAK_RATE)

    @property
    def taken(self) -> bytes:
        """The PCM of the packet that `take` returned last, at its level: s16le mono 24 kHz."""
        return self._sent[-1]

    async def wait(self) -> Playout:
        await self._done.wait()
        assert self._playout is not None
        return self._playout

    @property
    def sounding(self) -> bool:
        """Whether there is anything to take, the closing silence included."""
        return bool(self._ready) or self._tail_left > 0

    @property
    def over(self) -> bool:
        """Whether it was played out or cut, and the closing silence taken."""
        return self._playout is not None and not self.sounding

    def pump(self) -> None:
        """Encode ahead, and notice the end."""
        for _ in range(MAX_PACKETS_PER_PUMP):
            if not self._frames or len(self._ready) >= MAX_AHEAD_PACKETS:
                break
            packet = self._encode(self._frames.popleft())
            with self._lock:
                self._ready.append(packet)
                first = len(self._ready) == 1
            if first:
                self._on_ready()
        if self._finished and not self._frames and not self._ready:
            self._end(interrupted=False)

    def take(self) -> bytes | None:
        """Return the next packet, silence if the reply is late or has just ended, or None: nothing to send.

        The pacer's thread calls this.
        """
        with self._lock:
            if self._ready:
                packet = self._ready.popleft()
                self._sent.append(packet.shaped)
                self._sent_gain = packet.gain
                self._taken += packet.sound.counts
                self._tail_left = TAIL_FRAMES
                return packet.opus
            if not self._tail_left:
                return None
            self._tail_left -= 1
            if self._taken and not self._finished:
                self.underruns += 1
            return OPUS_SILENCE

    def _end(self, *, interrupted: bool) -> None:
        if self._playout is None:
            total = self._fed // 2 * 2 / (2 * SPEAK_RATE)
            self._playout = Playout(played=self.played, total=total, interrupted=interrupted)
            self._done.set()

    def _set_gain(self, gain: float) -> None:
        if gain == self._target or self._playout is not None:
            return
        self._target = gain
        # Encode the first packet before the pacer can look again: it would count the gap as an underrun.
        with self._lock:
            self._take_back()
            if self._frames:
                self._ready.append(self._encode(self._frames.popleft()))
        self.pump()

    def _fade_out(self) -> None:
        """Fall silent within a frame: fade out the next frame and drop the rest."""
        with self._lock:
            self._take_back()
            if self._frames and self._sent:
                faded = _Sound(self._frames[0].pcm, 0)
                self._ready.append(self._encode(faded, fade=True))
            self._frames.clear()
        self._gain = self._target

    def _take_back(self) -> None:
        """Undo what was encoded but not taken. The caller holds the lock.

        The encoder's state is ahead of the listeners' decoders: reset it and prime it with the last sound on the wire.
        """
        if not self._ready:
            return
        self._frames.extendleft(packet.sound for packet in reversed(self._ready))
        self._ready.clear()
        self._gain = self._sent_gain if self._sent else self._target
        self._encoder.reset()
        for pcm in self._sent:
            self._encoder.encode(pcm)

    def _encode(self, sound: _Sound, *, fade: bool = False) -> _Packet:
        start = self._gain
        self._gain = 0.0 if fade else start + min(MAX_GAIN_STEP, max(-MAX_GAIN_STEP, self._target - start))
        shaped = _shape(sound.pcm, start, self._gain)
        return _Packet(self._encoder.encode(shaped), sound, shaped, self._gain)


def _sounds(pcm: bytes, counts: int) -> list[_Sound]:
    return [_Sound(pcm[at : at + SPEAK_BYTES], counts) for at in range(0, len(pcm), SPEAK_BYTES)]


def _shape(pcm: bytes, start: float, end: float) -> bytes:
    """Return the frame with a linear fade from one gain to the other."""
    if start == end == 1.0:
        return pcm
    samples = np.frombuffer(pcm, dtype="<i2")
    gains = np.linspace(start, end, samples.size, dtype=np.float32)
    return np.rint(samples * gains).astype("<i2").tobytes()
