"""A light Vad: WebRTC's detector and a floor of noise must both say speech.

Either alone is fooled, by different things: WebRTC's by keyboards and pink noise, the level alone by music.
"""

import math

import numpy as np
import webrtcvad

from bot.audio import HEAR_RATE, SILENCE_DBFS

MARGIN_DB = 8.0
"""How far speech stands above the noise floor."""
QUIETEST_DBFS = -55.0
"""Nothing below this is taken for speech: Discord's clients send speech near -25."""
RISE_DB = 0.06
"""How fast the floor follows rising noise: 3 dB a second, slower than any word."""
FALL = 0.3
"""Share of the way the floor falls to a quieter frame."""
START_FLOOR_DBFS = -60.0
SMOOTHING = 0.5


def level(pcm: bytes) -> float:
    """Return the level of one frame in dBFS; several times cheaper than `audio.dbfs`."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32)
    power = float(samples.dot(samples)) / max(1, samples.size)
    return 10 * math.log10(power) - 90.309 if power > 0 else SILENCE_DBFS


class NoiseFloor:
    """The level of what is always there; falls at once, rises slowly."""

    def __init__(self) -> None:
        self.dbfs = START_FLOOR_DBFS

    def excess(self, dbfs: float) -> float:
        """Take one frame's level into account and return how many dB it stands above the floor."""
        if dbfs < self.dbfs:
            self.dbfs += FALL * (dbfs - self.dbfs)
        else:
            self.dbfs = min(dbfs, self.dbfs + RISE_DB)
        self.dbfs = max(self.dbfs, -75.0)
        return dbfs - self.dbfs


class LightVad:
    """About 20 us a frame, a kilobyte a speaker, no model."""

    def __init__(self) -> None:
        self._floor = NoiseFloor()
        self.reset()

    def reset(self) -> None:
        """The noise floor stays: it belongs to the room, not to the moment."""
        self._webrtc = webrtcvad.Vad(2)
        self._probability = 0.0

    def probability(self, pcm: bytes) -> float:
        loud = level(pcm)
        above = self._floor.excess(loud) >= MARGIN_DB and loud >= QUIETEST_DBFS
        now = 1.0 if above and self._webrtc.is_speech(pcm, HEAR_RATE) else 0.0
        self._probability += SMOOTHING * (now - self._probability)
        return self._probability
