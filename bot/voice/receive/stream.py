"""One SSRC's opened packets on their way to frames: order, gaps, Opus."""

from typing import Final

from bot.audio import FRAME_SECONDS, HEAR_BYTES, HEAR_RATE, RTP_RATE, RTP_STEP
from bot.types import Frame
from bot.voice.opus import OPUS_SILENCE, OpusDecoder, OpusError, OpusLibrary
from bot.voice.receive.jitter import REORDER_WAIT_SECONDS, JitterBuffer, JitterSlot
from bot.voice.receive.stats import ReceiverStats
from bot.voice.receive.token_bucket import TokenBucket

MAX_CONCEALED_FRAMES: Final = 5
"""In a row: 100 ms. Beyond that, invented sound helps nobody; the timestamps show the gap."""
MAX_TIMESTAMP_JUMP: Final = RTP_RATE * 3600
"""48 kHz units. A timestamp further ahead (1 h) is nonsense, not a pause."""
MAX_SPEECH_SPEED: Final = 1.5
"""Seconds of sound a person may make per second: clocks differ, but nobody speaks twice as fast as time passes."""
MAX_SPEECH_BURST_SECONDS: Final = 5.0
"""Of sound at once: what piles up while the network or the event loop stalls."""
_RTP_UNITS_PER_BYTE: Final = RTP_RATE // HEAR_RATE / 2
_SILENT_FRAME: Final = bytes(HEAR_BYTES)


class Stream:
    """The sound of one person, whose SSRC may change."""

    def __init__(self, user_id: int, library: OpusLibrary, stats: ReceiverStats) -> None:
        self._user_id = user_id
        self._library = library
        self._stats = stats
        self._jitter = JitterBuffer()
        self._decoder: OpusDecoder | None = None
        "created by the first packet that needs it"
        self._last_timestamp: int | None = None
        "RTP timestamp of the last packet, as sent"
        self._last_arrival = 0.0
        self._duration = RTP_STEP
        "length of the last packet, 48 kHz units"
        self._clock = 0
        "timestamp of the next sample out: unwrapped, and never goes back"
        self._rest = b""
        "samples that do not fill a frame yet"
        self._rest_concealed = False
        self._bucket = TokenBucket(MAX_SPEECH_SPEED, MAX_SPEECH_BURST_SECONDS)

    @property
    def waiting(self) -> int:
        """Packets not decoded yet."""
        return len(self._jitter)

    def push(self, sequence: int, timestamp: int, payload: bytes, arrived: float, fresh: bool) -> None:
        """Take an Opus packet; `fresh` as in JitterBuffer.push."""
        late = self._jitter.push(sequence, timestamp, payload, arrived, fresh)
        if late:
            self._stats.count(late)

    def drain(self, now: float, out: list[Frame]) -> None:
        """Append every frame that is ready."""
        if self._jitter.waiting:
            for slot in self._jitter.pop(now):
                self._play(slot, out)
        if self._rest and now - self._last_arrival > REORDER_WAIT_SECONDS:
            # Packets shorter than a frame stopped in the middle of a frame: nothing more will fill it.
            self._pad(out)

    def restart(self) -> None:
        """Expect another SSRC: waiting packets still come out, and the next packet starts over."""
        self._jitter.restart()

    def end(self) -> int:
        """Drop the waiting packets and return how many; a later packet starts over."""
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
        if slot.restarted and self._last_timestamp is not None:
            stats.restarted += 1
            if self._decoder:
                self._decoder.reset()
        self._bridge(slot, out)
        try:
            pcm = self._decode(slot.payload)
        except OpusError:
            stats.bad_opus += 1
            self._duration = RTP_STEP
            self._emit(self._decoder.conceal() if self._decoder else _SILENT_FRAME, True, out)
            return
        stats.decoded += 1
        self._duration = int(len(pcm) * _RTP_UNITS_PER_BYTE)
        self._emit(pcm, False, out)

    def _bridge(self, slot: JitterSlot, out: list[Frame]) -> None:
        """Move the clock over the gap before `slot`, and conceal the packets lost in it."""
        gap = self._gap(slot)
        if gap and self._rest:
            gap = max(0, gap - self._pad(out))
        if slot.lost:
            self._stats.lost += slot.lost
        concealed = min(gap // RTP_STEP, slot.lost * max(1, self._duration // RTP_STEP), MAX_CONCEALED_FRAMES)
        self._clock += gap - concealed * RTP_STEP
        self._last_timestamp = slot.timestamp
        self._last_arrival = slot.arrived
        if concealed:
            self._conceal(concealed, slot.payload, out)

    def _gap(self, slot: JitterSlot) -> int:
        """Return the 48 kHz units between the last sample and the slot's first."""
        if self._last_timestamp is None:
            return slot.timestamp
        gap = slot.timestamp - self._last_timestamp - self._duration & 0xFFFFFFFF
        if not slot.restarted and gap <= MAX_TIMESTAMP_JUMP:
            return gap
        # The timestamp is another stream's, or nonsense: the arrival times tell how long the pause was.
        pause = slot.arrived - self._last_arrival - self._duration / RTP_RATE
        return max(0, round(pause / FRAME_SECONDS)) * RTP_STEP

    def _conceal(self, count: int, after: bytes, out: list[Frame]) -> None:
        """Conceal `count` frames: the last ones from the FEC in the packet `after` them, if it carries any."""
        if self._decoder is None:
            self._emit(_SILENT_FRAME * count, True, out)
            return
        fec_frames = self._decoder.samples(after) * 2 // HEAR_BYTES
        if after == OPUS_SILENCE or fec_frames > count:
            fec_frames = 0
        for _ in range(count - fec_frames):
            self._emit(self._decoder.conceal(), True, out)
        if fec_frames:
            try:
                self._emit(self._decoder.decode_fec(after), True, out)
            except OpusError:
                self._emit(_SILENT_FRAME * fec_frames, True, out)

    def _decode(self, payload: bytes) -> bytes:
        if self._decoder is None:
            if payload == OPUS_SILENCE:
                return _SILENT_FRAME
            self._decoder = OpusDecoder(self._library)
        return self._decoder.decode(payload)

    def _emit(self, pcm: bytes, concealed: bool, out: list[Frame]) -> None:
        if not self._rest and len(pcm) == HEAR_BYTES:  # nearly always
            out.append(Frame(self._user_id, self._clock, pcm, concealed))
            self._clock += RTP_STEP
            self._stats.frames += 1
            self._stats.concealed += concealed
            self._bucket.level -= FRAME_SECONDS
            return
        if self._rest:
            pcm = self._rest + pcm
            concealed = concealed or self._rest_concealed
        whole = len(pcm) - len(pcm) % HEAR_BYTES
        for start in range(0, whole, HEAR_BYTES):
            out.append(Frame(self._user_id, self._clock, pcm[start : start + HEAR_BYTES], concealed))
            self._clock += RTP_STEP
        self._rest = pcm[whole:]
        self._rest_concealed = concealed
        self._stats.frames += whole // HEAR_BYTES
        self._bucket.level -= whole // HEAR_BYTES * FRAME_SECONDS
        if concealed:
            self._stats.concealed += whole // HEAR_BYTES

    def _pad(self, out: list[Frame]) -> int:
        """Fill the open frame with silence, and return how much, in 48 kHz units."""
        padding = bytes(HEAR_BYTES - len(self._rest))
        self._emit(padding, self._rest_concealed, out)
        return int(len(padding) * _RTP_UNITS_PER_BYTE)
