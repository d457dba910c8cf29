"""What a person in the sandbox hears, live: everybody's packets put in order, decoded and mixed into one stream."""

from collections import deque
from collections.abc import Callable

import numpy as np

from bot.voice import opus
from bot.voice.receive.jitter import JitterBuffer
from sandbox.people.person import FRAME, FRAME_BYTES, RATE
from sandbox.voice.rtp import SILENCE, SealedPacket

HOLD, MOST_HOLD = 2, 12
"""Frames that wait before a voice begins to sound; one more each time it ran dry in the middle."""
CAPACITY = 50
"""Frames of one voice that may wait: 1 s."""
CONCEALED = 5
"""Lost frames made up for; more than that is a pause."""
VOICES = 32
"""Voices kept; the one heard longest ago goes first."""

OnSound = Callable[[int, float], None]
"user id, loop time: a frame with sound has arrived"


class Loudspeaker:
    """Feed it with `take`, draw 20 ms from it with `mix` every 20 ms."""

    def __init__(self, library: opus.OpusLibrary, on_sound: OnSound) -> None:
        self._library = library
        self._on_sound = on_sound
        self._voices: dict[int, _SpeakerBuffer] = {}
        self.dropped = 0
        "frames that came while too many waited"

    def take(self, user_id: int, packet: SealedPacket, sound: bytes, at: float) -> None:
        """Take one opened packet of somebody; `at` is the loop time of its arrival."""
        if user_id not in self._voices and len(self._voices) >= VOICES:
            del self._voices[min(self._voices, key=lambda known: self._voices[known].last)]
        voice = self._voices.setdefault(user_id, _SpeakerBuffer(self._library))
        if sound != SILENCE:
            self._on_sound(user_id, at)
        voice.take(packet, sound, at)

    def mix(self, now: float) -> bytes | None:
        """Return the next 20 ms, s16le mono 48 kHz; None: nobody sounds."""
        frames = [frame for voice in self._voices.values() if (frame := voice.next(now))]
        self.dropped += sum(voice.drain_dropped() for voice in self._voices.values())
        if len(frames) <= 1:
            return frames[0] if frames else None
        mixed = np.zeros(FRAME, dtype=np.int32)
        for frame in frames:
            mixed += np.frombuffer(frame, dtype="<i2")
        return np.clip(mixed, -32768, 32767).astype("<i2").tobytes()

    @property
    def waiting(self) -> float:
        """Milliseconds that wait in the longest queue."""
        return 20.0 * max((len(voice.frames) for voice in self._voices.values()), default=0)


class _SpeakerBuffer:
    """One speaker."""

    def __init__(self, library: opus.OpusLibrary) -> None:
        self.frames: deque[bytes] = deque()
        self.last = 0.0
        "loop time of the newest packet"
        self._decoder = opus.OpusDecoder(library, rate=RATE)
        self._jitter = JitterBuffer()
        self._ssrc = -1
        self._sounding = False
        self._ending = False
        "its silence frames have come: running dry is no fault"
        self._hold = HOLD
        self._dropped = 0

    def take(self, packet: SealedPacket, sound: bytes, at: float) -> None:
        if packet.ssrc != self._ssrc or at - self.last > 1.0:
            self._jitter.restart()
            self._ssrc = packet.ssrc
            self._hold = HOLD
        self.last = at
        self._jitter.push(packet.sequence, packet.timestamp, sound, at)

    def next(self, now: float) -> bytes | None:
        for slot in self._jitter.pop(now):
            if slot.payload == SILENCE:
                self._ending = True
                continue
            if self._ending or slot.restarted:
                self._decoder.reset()
                self._ending = False
            self._decode(slot.payload, slot.lost)
        if not self._sounding:
            enough = len(self.frames) >= self._hold or (self.frames and (self._ending or now - self.last > 0.1))
            if not enough:
                return None
            self._sounding = True
        if not self.frames:
            self._sounding = False
            if not self._ending and now - self.last < 0.3:
                self._hold = min(self._hold + 1, MOST_HOLD)
            return None
        return self.frames.popleft()

    def _decode(self, payload: bytes, lost: int) -> None:
        try:
            if 0 < lost <= CONCEALED:
                for _ in range(lost - 1):
                    self._keep(self._decoder.conceal())
                self._keep(self._decoder.decode_fec(payload))
            self._keep(self._decoder.decode(payload))
        except opus.OpusError:
            self._dropped += 1

    def _keep(self, pcm: bytes) -> None:
        for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
            if len(self.frames) >= CAPACITY:
                self._dropped += 1
                self.frames.popleft()
            self.frames.append(pcm[at : at + FRAME_BYTES])

    def drain_dropped(self) -> int:
        dropped, self._dropped = self._dropped, 0
        return dropped
