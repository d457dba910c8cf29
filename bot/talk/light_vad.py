"""A light Vad, for where the neural one has no wheel: three cheap judges must agree.

Each alone is fooled, by different things: WebRTC's detector by keyboards and pink noise, the level by music. What both
take for speech must also have a voice's pitch soon, which no key stroke, cough or hiss has.
"""

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from bot.audio import HEAR_RATE
from bot.talk.level import NoiseFloor, level

SPEECH_MARGIN_DB = 8.0
"""How far speech stands above the noise floor."""
MIN_SPEECH_DBFS = -55.0
"""Nothing below this is taken for speech: Discord's clients send speech near -25."""
AGGRESSIVENESS = 2
"""WebRTC's own scale, 0 to 3."""
SMOOTHING_WEIGHT = 0.5

PITCH_WINDOW_SAMPLES = 320
"""Samples that pitch is looked for in: 40 ms at 8 kHz, three periods of a low voice."""
PITCH_LAGS = slice(20, 114)
"""Periods of 70 to 400 Hz."""
MIN_PITCH_CORRELATION = 0.6
"""Autocorrelation of a voice: vowels of the test clips have 0.9, chords 0.5 to 0.7, keys and coughs 0.2."""
MAX_UNPITCHED_FRAMES = 8
"""Frames without pitch that are believed until the next pitch: consonants, but no rattle of keys."""

_OVERLAP = PITCH_WINDOW_SAMPLES / np.arange(PITCH_WINDOW_SAMPLES, 0, -1, dtype=np.float32)


def pitch(samples: NDArray[np.float32]) -> float:
    """Return the greatest autocorrelation of PITCH_WINDOW samples at a voice's periods, 0 to about 1."""
    centred = samples - samples.mean()
    spectrum = np.fft.rfft(centred, 2 * PITCH_WINDOW_SAMPLES)
    correlation = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)[:PITCH_WINDOW_SAMPLES]
    if correlation[0] <= 0:
        return 0.0
    return float((correlation * _OVERLAP)[PITCH_LAGS].max() / correlation[0])


class LightVad:
    """No model, 2 kB a speaker."""

    def __init__(self) -> None:
        self._floor = NoiseFloor()
        self.reset()

    def reset(self) -> None:
        """The noise floor stays: it belongs to the room, not to the moment."""
        self._webrtc = webrtcvad.Vad(AGGRESSIVENESS)
        self._samples = np.zeros(PITCH_WINDOW_SAMPLES, np.float32)
        self._credit = MAX_UNPITCHED_FRAMES
        self._probability = 0.0

    def probability(self, pcm: bytes) -> float:
        loud = level(pcm)
        samples = np.frombuffer(pcm, "<i2").astype(np.float32)
        self._samples = np.concatenate((self._samples[PITCH_WINDOW_SAMPLES // 2 :], samples[::2] + samples[1::2]))
        believed = False
        above = self._floor.excess(loud) >= SPEECH_MARGIN_DB and loud >= MIN_SPEECH_DBFS
        if above and self._webrtc.is_speech(pcm, HEAR_RATE):
            self._credit = MAX_UNPITCHED_FRAMES if pitch(self._samples) >= MIN_PITCH_CORRELATION else self._credit - 1
            believed = self._credit >= 0
        self._probability += SMOOTHING_WEIGHT * (believed - self._probability)
        return self._probability
