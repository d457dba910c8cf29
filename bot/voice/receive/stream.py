"""One SSRC's opened packets on their way to frames: order, gaps, Opus."""

from typing import Final

from bot.audio import FRAME_SECONDS, HEAR_BYTES, HEAR_RATE, RTP_RATE, RTP_STEP
from bot.types import Frame
from bot.voice.opus import SILENCE, OpusDecoder, OpusError, OpusLibrary
from bot.voice.receive.jitter import WAIT, JitterBuffer, JitterSlot
from bot.voice.receive.stats import ReceiverStats
from bot.voice.receive.token_bucket import TokenBucket

CONCEAL_MAX: Final = 5
"""Frames made up in a row: 100 ms. Beyond, invented sound helps nobody; the timestamps show the gap."""
JUMP_MAX: Final = RTP_RATE * 3600
"""A timestamp this far ahead (1 h) is nonsense, not a pause."""
SPEED: Final = 1.5
"""Seconds of sound per second that a person may make: clocks differ, but nobody speaks twice as fast as time passes."""
SPEED_BURST: Final = 5.0
"""Seconds of sound at once: what piles up while the network or the event loop stalls."""
_UNITS_PER_BYTE: Final = RTP_RATE // HEAR_RATE / 2
_QUIET: Final = bytes(HEAR_BYTES)


class Stream:
    """The sound of one person, whose SSRC may change."""

    def __init__(self, user_id: int, library: OpusLibrary, stats: ReceiverStats) -> None:
        self._user_id = user_id
        self._library = library
        self._stats = stats
        self._jitter = JitterBuffer()
        self._decoder: OpusDecoder | None = None
        "made by the first packet that needs one"
        self._sent: int | None = None
        "RTP timestamp of the last packet, as sent"
        self._arrived = 0.0
        "when it came"
        self._duration = RTP_STEP
        "its length, 48 kHz units"
        self._clock = 0
        "timestamp of the next sample out: unwrapped, never going back"
        self._rest = b""
        "samples that do not fill a frame yet"
        self._rest_concealed = False
        self._bucket = TokenBucket(SPEED, SPEED_BURST)

    @property
    def waiting(self) -> int:
        """Packets that have not been decoded yet."""
        return len(self._jitter)

    def push(self, sequence: int, timestamp: int, payload: bytes, arrived: float, fresh: bool) -> None:
        """Take an Opus packet; `fresh` as in Jitter.push."""
        late = self._jitter.push(sequence, timestamp, payload, arrived, fresh)
        if late:
            self._stats.count(late)

    def drain(self, now: float, out: list[Frame]) -> None:
        """Append every frame that is ready."""
        for slot in self._jitter.pop(now):
            self._play(slot, out)
        if self._rest and now - self._arrived > WAIT:
            # Packets shorter than a frame ended between two frames: nothing will fill it up.
            self._pad(out)

    def restart(self) -> None:
        """Expect another SSRC: what waits still comes out, and the next packet begins anew."""
        self._jitter.restart()

    def end(self) -> int:
        """Drop all that waits and return how many packets that were; what may come later begins anew."""
        dropped = len(self._jitter)
        self._jitter = JitterBuffer()
        self._decoder = None
        self._rest = b""
        return dropped

    def _play(self, slot: JitterSlot, out: list[Frame]) -> None:
        stats = self._stats
        if self._bucket.fill(slot.arrived) <= 0:
            stats.flood += 1
            return
        if slot.restarted and self._sent is not None:
            stats.restarted += 1
            if self._decoder:
                self._decoder.reset()
        self._bridge(slot, out)
        try:
            pcm = self._decode(slot.payload)
        except OpusError:
            stats.bad_opus += 1
            self._duration = RTP_STEP
            self._emit(self._decoder.conceal() if self._decoder else _QUIET, True, out)
            return
        stats.decoded += 1
        self._duration = int(len(pcm) * _UNITS_PER_BYTE)
        self._emit(pcm, False, out)

    def _bridge(self, slot: JitterSlot, out: list[Frame]) -> None:
        """Move the clock over the gap before `slot`, making up what was lost in it."""
        gap = self._gap(slot)
        if gap and self._rest:
            gap = max(0, gap - self._pad(out))
        if slot.lost:
            self._stats.lost += slot.lost
        made_up = min(gap // RTP_STEP, slot.lost * max(1, self._duration // RTP_STEP), CONCEAL_MAX)
        self._clock += gap - made_up * RTP_STEP
        self._sent = slot.timestamp
        self._arrived = slot.arrived
        if made_up:
            self._conceal(made_up, slot.payload, out)

    def _gap(self, slot: JitterSlot) -> int:
        """Return the units of 48 kHz between the last sample and the slot's first."""
        if self._sent is None:
            return slot.timestamp
        gap = slot.timestamp - self._sent - self._duration & 0xFFFFFFFF
        if not slot.restarted and gap <= JUMP_MAX:
            return gap
        # Timestamps of another stream, or nonsense: the arrivals say how long the pause was.
        pause = slot.arrived - self._arrived - self._duration / RTP_RATE
        return max(0, round(pause / FRAME_SECONDS)) * RTP_STEP

    def _conceal(self, count: int, after: bytes, out: list[Frame]) -> None:
        """Make up `count` frames: the last ones from the redundancy of the packet `after` them, if it has any."""
        if self._decoder is None:
            self._emit(_QUIET * count, True, out)
            return
        redundant = self._decoder.samples(after) * 2 // HEAR_BYTES
        if after == SILENCE or redundant > count:
            redundant = 0
        for _ in range(count - redundant):
            self._emit(self._decoder.conceal(), True, out)
        if redundant:
            try:
                self._emit(self._decoder.decode_fec(after), True, out)
            except OpusError:
                self._emit(_QUIET * redundant, True, out)

    def _decode(self, payload: bytes) -> bytes:
        if self._decoder is None:
            if payload == SILENCE:
                return _QUIET
            self._decoder = OpusDecoder(self._library)
        return self._decoder.decode(payload)

    def _emit(self, pcm: bytes, concealed: bool, out: list[Frame]) -> None:
        if self._rest:
            pcm = self._rest + pcm
            concealed = concealed or self._rest_concealed
        whole = len(pcm) - len(pcm) % HEAR_BYTES
        for start in range(0, whole, HEAR_BYTES):
            frame = pcm if len(pcm) == HEAR_BYTES else pcm[start : start + HEAR_BYTES]
            out.append(Frame(self._user_id, self._clock, frame, concealed))
            self._clock += RTP_STEP
        self._rest = pcm[whole:]
        self._rest_concealed = concealed
        self._stats.frames += whole // HEAR_BYTES
        self._bucket.level -= whole // HEAR_BYTES * FRAME_SECONDS
        if concealed:
            self._stats.concealed += whole // HEAR_BYTES

    def _pad(self, out: list[Frame]) -> int:
        """Fill the frame that has begun with quiet, and return how much, in 48 kHz units."""
        quiet = bytes(HEAR_BYTES - len(self._rest))
        self._emit(quiet, self._rest_concealed, out)
        return int(len(quiet) * _UNITS_PER_BYTE)
