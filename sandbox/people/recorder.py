"""Records what one person in the sandbox hears: each speaker's packets and arrival times, decoded on demand."""

import asyncio
import bisect
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from bot.audio import RTP_RATE
from bot.voice import opus
from sandbox.voice.rtp import SILENCE

FRAME_SAMPLES = RTP_RATE // 50
RESYNC_SECONDS = 0.3
"""When arrival and RTP time differ by this much after a silence frame, trust the arrival: the sender's clock did not
count a pause. During speech only RTP time counts: a late packet there is just late."""
MAX_FRAMES_PER_SPEAKER = 90_000
"Half an hour; the oldest frames are dropped first"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One frame."""

    position: int
    "samples at 48 kHz since the recording began"
    sequence: int
    "RTP sequence number without the wrap"
    opus: bytes
    at: float
    "loop time of arrival"


class Recorder:
    """The recording of one person. Times are seconds of the event loop's clock."""

    def __init__(self, library: opus.OpusLibrary) -> None:
        self._library = library
        self._loop = asyncio.get_running_loop()
        self.began = self._loop.time()
        self._tracks: dict[int, _Track] = {}
        self._arrived = asyncio.Event()

    def take(self, user_id: int, ssrc: int, sequence: int, timestamp: int, packet: bytes, at: float) -> None:
        """Record one Opus packet."""
        self._tracks.setdefault(user_id, _Track(self.began)).take(ssrc, sequence, timestamp, packet, at)
        self._arrived.set()

    def frames(self, user_id: int) -> list[Recorded]:
        """Return a user's frames in RTP order, without silence frames."""
        track = self._tracks.get(user_id)
        return [frame for frame in track.frames if frame.opus != SILENCE] if track else []

    def forget(self) -> None:
        """Drop what was recorded until now."""
        self._tracks.clear()

    def silences(self, user_id: int) -> int:
        """Return how many silence frames a user sent."""
        track = self._tracks.get(user_id)
        return sum(frame.opus == SILENCE for frame in track.frames) if track else 0

    def heard(self, user_id: int, since: float | None = None) -> bytes:
        """Return a user's sound as s16le mono 48 kHz on the recording's timeline; pauses and lost frames are silence.

        `since` cuts off what arrived before it, and the time before it.
        """
        frames = self._since(user_id, since)
        if not frames:
            return b""
        start = 0 if since is None else min(frame.position for frame in frames)
        pcm = bytearray(2 * (frames[-1].position - start + FRAME_SAMPLES))
        decoder = opus.OpusDecoder(self._library, rate=RTP_RATE)
        for frame in frames:
            try:
                sound = decoder.decode(frame.opus)
            except opus.OpusError:
                continue
            at = 2 * (frame.position - start)
            pcm[at : at + len(sound)] = sound
        return bytes(pcm)

    def words(self, user_id: int, since: float | None = None) -> bytes:
        """Return a user's sound like `heard`, but frame after frame, without pauses.

        So hesitation of a sender on a busy machine does not show; lost, doubled or reordered frames do.
        """
        decoder = opus.OpusDecoder(self._library, rate=RTP_RATE)
        pcm = bytearray()
        for frame in self._since(user_id, since):
            with suppress(opus.OpusError):
                pcm += decoder.decode(frame.opus)
        return bytes(pcm)

    def _since(self, user_id: int, since: float | None) -> list[Recorded]:
        return [frame for frame in self.frames(user_id) if since is None or frame.at >= since]

    def mix(self) -> bytes:
        """Return everybody's sound mixed, as s16le mono 48 kHz."""
        tracks = [np.frombuffer(self.heard(user_id), dtype="<i2") for user_id in self.users()]
        mixed = np.zeros(max((len(track) for track in tracks), default=0), dtype=np.int32)
        for track in tracks:
            mixed[: len(track)] += track
        return np.clip(mixed, -32768, 32767).astype("<i2").tobytes()

    def users(self) -> Iterator[int]:
        """Yield every user who sent sound."""
        return (user_id for user_id in self._tracks if self.frames(user_id))

    async def wait_for(self, user_id: int, seconds: float, timeout: float) -> None:
        """Return once a user sent this much sound, not counting silence frames. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while (track := self._tracks.get(user_id)) is None or track.sounds * FRAME_SAMPLES < seconds * RTP_RATE:
                self._arrived.clear()
                await self._arrived.wait()

    async def quiet(self, user_id: int, for_seconds: float, timeout: float = 60.0) -> None:
        """Return once a user has sent no sound for `for_seconds`. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while True:
                track = self._tracks.get(user_id)
                left = (track.last_sound if track else self.began) + for_seconds - self._loop.time()
                if left <= 0:
                    return
                await asyncio.sleep(left)

    def last_sound(self, user_id: int) -> float | None:
        """Return when the newest frame with sound of a user arrived."""
        track = self._tracks.get(user_id)
        return track.last_sound if track and track.last_sound > self.began else None


class _Track:
    """One speaker's frames. Their position follows RTP time as long as it agrees with the arrival time."""

    def __init__(self, began: float) -> None:
        self.frames: list[Recorded] = []
        self.sounds = 0
        "frames with sound since the recording began"
        self.last_sound = began
        self._began = began
        self._ssrc = -1
        self._anchor = (0, 0)  # RTP timestamp, position
        self._highest = 0
        self._paused = False
        "the newest frame was a silence frame"
        self._numbers: set[int] = set()
        "sequence numbers of `frames`"

    def take(self, ssrc: int, sequence: int, timestamp: int, packet: bytes, at: float) -> None:
        arrival = round((at - self._began) * RTP_RATE)
        if ssrc != self._ssrc:
            self._ssrc = ssrc
            self._anchor = (timestamp, arrival)
            self._highest = (self._highest // 0x10000 + 2) * 0x10000 + sequence  # a new SSRC starts well above
        number = self._highest + (sequence - self._highest + 0x8000) % 0x10000 - 0x8000
        position = self._anchor[1] + (timestamp - self._anchor[0] + 2**31) % 2**32 - 2**31
        if number > self._highest and self._paused and abs(arrival - position) > RESYNC_SECONDS * RTP_RATE:
            self._anchor = (timestamp, arrival)
            position = arrival
        if number > self._highest:
            self._highest, self._paused = number, packet == SILENCE
        if number not in self._numbers:
            self._numbers.add(number)
            self.sounds += packet != SILENCE
            bisect.insort(self.frames, Recorded(position, number, packet, at), key=lambda frame: frame.sequence)
        if len(self.frames) > MAX_FRAMES_PER_SPEAKER:
            self._numbers.difference_update(frame.sequence for frame in self.frames[: MAX_FRAMES_PER_SPEAKER // 10])
            del self.frames[: MAX_FRAMES_PER_SPEAKER // 10]
        if packet != SILENCE:
            self.last_sound = at
