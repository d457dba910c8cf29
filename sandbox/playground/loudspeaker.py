"""What a person in the sandbox hears, live: all speakers' packets in order, decoded and mixed into one stream."""

from collections import deque
from collections.abc import Callable

import numpy as np

from bot.voice import opus
from bot.voice.receive.jitter import JitterBuffer
from sandbox.people.person import FRAME_BYTES, FRAME_SAMPLES, RTP_RATE
from sandbox.voice.rtp import SILENCE, SealedPacket

START_FRAMES, MAX_START_FRAMES = 2, 12
"""Frames in a speaker's buffer before playout starts. An underrun within a talkspurt adds one, up to the maximum."""
MAX_WAITING_FRAMES = 50
"""Most frames that wait in one speaker's buffer: 1 s."""
MAX_CONCEALED_FRAMES = 5
"""Most lost frames in a row that are concealed. A longer gap is a pause."""
MAX_SPEAKERS = 32
"""Most speakers with a buffer. The one heard longest ago is removed first."""

OnSound = Callable[[int, float], None]
"user id, loop time: called when a frame that is not silence arrives"


class Loudspeaker:
    """Takes packets with `push`. The caller takes 20 ms of audio with `mix` every 20 ms."""

    def __init__(self, library: opus.OpusLibrary, on_sound: OnSound) -> None:
        self._library = library
        self._on_sound = on_sound
        self._buffers: dict[int, _SpeakerBuffer] = {}
        self.dropped = 0
        "frames dropped because too many waited, or because they could not be decoded"

    def push(self, user_id: int, packet: SealedPacket, sound: bytes, at: float) -> None:
        """Take one decrypted packet of a speaker. `at` is the loop time of its arrival."""
        if user_id not in self._buffers and len(self._buffers) >= MAX_SPEAKERS:
            del self._buffers[min(self._buffers, key=lambda known: self._buffers[known].last_packet_at)]
        buffer = self._buffers.setdefault(user_id, _SpeakerBuffer(self._library))
        if sound != SILENCE:
            self._on_sound(user_id, at)
        buffer.push(packet, sound, at)

    def mix(self, now: float) -> bytes | None:
        """Return the next 20 ms as s16le mono 48 kHz, or None if nobody is speaking."""
        frames = [frame for buffer in self._buffers.values() if (frame := buffer.next_frame(now))]
        self.dropped += sum(buffer.drain_dropped() for buffer in self._buffers.values())
        if len(frames) <= 1:
            return frames[0] if frames else None
        mixed = np.zeros(FRAME_SAMPLES, dtype=np.int32)
        for frame in frames:
            mixed += np.frombuffer(frame, dtype="<i2")
        return np.clip(mixed, -32768, 32767).astype("<i2").tobytes()

    @property
    def waiting_ms(self) -> float:
        """Milliseconds of audio in the longest queue."""
        return 20.0 * max((len(buffer.frames) for buffer in self._buffers.values()), default=0)


class _SpeakerBuffer:
    """Jitter buffer, decoder and playout queue of one speaker."""

    def __init__(self, library: opus.OpusLibrary) -> None:
        self.frames: deque[bytes] = deque()
        self.last_packet_at = 0.0
        "loop time of the newest packet"
        self._decoder = opus.OpusDecoder(library, rate=RTP_RATE)
        self._jitter = JitterBuffer()
        self._ssrc = -1
        self._playing = False
        self._ending = False
        "silence frames have arrived, so an empty queue is not an underrun"
        self._start_frames = START_FRAMES
        self._dropped = 0

    def push(self, packet: SealedPacket, sound: bytes, at: float) -> None:
        if packet.ssrc != self._ssrc or at - self.last_packet_at > 1.0:
            self._jitter.restart()
            self._ssrc = packet.ssrc
            self._start_frames = START_FRAMES
        self.last_packet_at = at
        self._jitter.push(packet.sequence, packet.timestamp, sound, at)

    def next_frame(self, now: float) -> bytes | None:
        for slot in self._jitter.pop(now):
            if slot.payload == SILENCE:
                self._ending = True
                continue
            if self._ending or slot.restarted:
                self._decoder.reset()
                self._ending = False
            self._decode(slot.payload, slot.lost)
        if not self._playing:
            enough = len(self.frames) >= self._start_frames or (
                self.frames and (self._ending or now - self.last_packet_at > 0.1)
            )
            if not enough:
                return None
            self._playing = True
        if not self.frames:
            self._playing = False
            if not self._ending and now - self.last_packet_at < 0.3:
                self._start_frames = min(self._start_frames + 1, MAX_START_FRAMES)
            return None
        return self.frames.popleft()

    def _decode(self, payload: bytes, lost: int) -> None:
        try:
            if 0 < lost <= MAX_CONCEALED_FRAMES:
                for _ in range(lost - 1):
                    self._queue(self._decoder.conceal())
                self._queue(self._decoder.decode_fec(payload))
            self._queue(self._decoder.decode(payload))
        except opus.OpusError:
            self._dropped += 1

    def _queue(self, pcm: bytes) -> None:
        for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
            if len(self.frames) >= MAX_WAITING_FRAMES:
                self._dropped += 1
                self.frames.popleft()
            self.frames.append(pcm[at : at + FRAME_BYTES])

    def drain_dropped(self) -> int:
        dropped, self._dropped = self._dropped, 0
        return dropped
