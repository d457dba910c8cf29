"""A light Vad: WebRTC's detector and a floor of noise must both say speech.

Either alone is fooled, by different things: WebRTC's by keyboards and pink noise, the level alone by music.
"""

import webrtcvad

from bot.audio import HEAR_RATE
from bot.talk.level import NoiseFloor, level

MARGIN_DB = 8.0
"""How far speech stands above the noise floor."""
QUIETEST_DBFS = -55.0
"""Nothing below this is taken for speech: Discord's clients send speech near -25."""
SMOOTHING = 0.5


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
