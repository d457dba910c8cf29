"""Lets a slow server's answer sound in few long stretches, instead of a stutter at every piece; pure.

A server slower than real time (0.7 seconds of sound per second) leaves gaps, whatever one does. Played as it comes,
each piece ends in one. Here a pause waits until enough has come for the next stretch, and begins at a quiet place.
Nothing waits as long as the server keeps up.
"""

import numpy as np

from bot.audio import SPEAK_BYTES, SPEAK_RATE, seconds

STRETCH_SECONDS = 3.3
"""How long the sound shall go on between two pauses."""
MIN_STRETCH_SOUND_SECONDS = 0.5
MAX_PAUSE_SOUND_SECONDS = 4.0
"""Of sound to wait for, at most."""
RESERVE_SECONDS = 0.6
"""Kept back while the server is slow: the next quiet place is looked for in it."""
NEARLY_OVER_SECONDS = 0.1
"""Left to play: now it must be decided what sounds next. While the bot speaks it is asked every 80 ms."""
QUIET_SHARE = 0.1
"""A frame with less of the mean energy is a quiet place."""
MIN_BURST_GAP_SECONDS = 0.3
MAX_MEASURED_SECONDS = 0.5
"""A stream without such gaps is measured this often."""
SPEED_IN_TIME = 1.0
"""Seconds of sound per second."""


class Rebuffer:
    """Holds s16le mono 24 kHz between the stream and the playback. `now` is in seconds on the call's clock."""

    def __init__(self) -> None:
        self.pauses = 0
        self._kept = bytearray()
        self._released = 0.0
        "seconds"
        self._first_at: float | None = None
        self._last_at = 0.0
        self._first = 0.0
        "seconds of the first piece"
        self._measured_at = self._measured = 0.0
        "when a burst began, and the seconds of sound that had arrived before: within one, the speed says nothing"
        self._arrived = 0.0
        self._longest_gap = 0.0
        self._rounds = 0
        self._slow = False
        self._paused = False

    @property
    def speed(self) -> float:
        """Seconds of sound that arrive per second; SPEED_IN_TIME while it is not known."""
        if self._measured:
            return self._measured / (self._measured_at - (self._first_at or 0.0))
        elapsed = self._last_at - (self._first_at or 0.0)
        return (self._arrived - self._first) / elapsed if elapsed > 0 else SPEED_IN_TIME

    def note(self, length: float, now: float, rounds: int = 0) -> None:
        """Note that `length` seconds of sound arrived, whether or not they may sound yet.

        `rounds`: of tools so far; for the time that one took, the server is not to blame.
        """
        if rounds != self._rounds:
            self._rounds, self._first_at, self._arrived, self._longest_gap = rounds, None, 0.0, 0.0
            self._slow, self._paused, self._measured_at, self._measured = False, False, 0.0, 0.0
        if self._first_at is None:
            self._first_at, self._first = now, length
        else:
            gap = now - self._last_at
            self._longest_gap = max(self._longest_gap, gap)
            since = self._measured_at or self._first_at
            if gap > MIN_BURST_GAP_SECONDS or (gap > 0 and now - since > MAX_MEASURED_SECONDS):
                self._measured_at, self._measured = now, self._arrived
        self._last_at = now
        self._arrived += length

    def feed(self, pcm: bytes) -> None:
        """Take sound that may sound as soon as it is its time."""
        self._kept += pcm

    def take(self, played: float, *, last: bool = False) -> bytes:
        """Return what shall be played next; `played` seconds of it are over. `last`: no more will arrive."""
        left = self._released - played
        if last or not (self._slow or self._is_dry(left)):
            return self._release(len(self._kept))
        self._slow = self._slow or self._released > 0
        if self._paused:
            if len(self._kept) / (2 * SPEAK_RATE) < self._needed():
                return b""
            self._paused = False
        spare = len(self._kept) - round(RESERVE_SECONDS * SPEAK_RATE) * 2
        if spare > 0:
            return self._release(spare)
        if left > NEARLY_OVER_SECONDS or self.speed >= SPEED_IN_TIME:
            return b"" if self.speed < SPEED_IN_TIME else self._release(len(self._kept))
        self._paused = True
        self.pauses += 1
        return self._release(quiet_place(bytes(self._kept)))

    def _is_dry(self, left: float) -> bool:
        """Whether what was released is over before the next piece came."""
        return self._released > 0 and left <= 0 and self.speed < SPEED_IN_TIME

    def _needed(self) -> float:
        """Return the seconds of sound with which a stretch can begin."""
        speed = self.speed
        if speed >= SPEED_IN_TIME:
            return 0.0
        stretch = max(STRETCH_SECONDS * (1 - speed), self._longest_gap, MIN_STRETCH_SOUND_SECONDS)
        return min(MAX_PAUSE_SOUND_SECONDS, stretch + RESERVE_SECONDS)

    def _release(self, size: int) -> bytes:
        size -= size % 2
        ready = bytes(self._kept[:size])
        del self._kept[:size]
        self._released += seconds(ready, SPEAK_RATE)
        return ready


def quiet_place(pcm: bytes) -> int:
    """Return the byte in the middle of the last quiet frame of s16le mono 24 kHz; its length if no frame is quiet."""
    whole = len(pcm) // SPEAK_BYTES
    if not whole:
        return len(pcm)
    frames = np.frombuffer(pcm[: whole * SPEAK_BYTES], "<i2").reshape(whole, -1).astype(np.float64)
    energies = (frames**2).mean(axis=1)
    quiet = np.flatnonzero(energies <= QUIET_SHARE * energies.mean())
    return int(quiet[-1]) * SPEAK_BYTES + SPEAK_BYTES // 2 if quiet.size else len(pcm)
