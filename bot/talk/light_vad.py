"""A light Vad for platforms where the neural one has no wheel: three cheap detectors must agree.

Each one alone makes mistakes: WebRTC's detector takes keyboards and pink noise for speech, the level takes music. What
both take for speech must also soon have the pitch of a voice, which key strokes, coughs and hiss do not have.
"""

from collections.abc import Sequence

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from bot.audio import HEAR_RATE
from bot.talk.level import NoiseFloor, level

SPEECH_MARGIN_DB = 8.0
"""Least distance of speech above the noise floor."""
MIN_SPEECH_DBFS = -55.0
"""A quieter frame is not speech: Discord's clients send speech near -25."""
AGGRESSIVENESS = 2
"""WebRTC's own scale, 0 to 3."""
SMOOTHING_WEIGHT = 0.5

PITCH_WINDOW_SAMPLES = 320
"""Samples to search for pitch: 40 ms at 8 kHz, three periods of a low voice."""
PITCH_LAGS = slice(20, 114)
"""Periods of 70 to 400 Hz."""
MIN_PITCH_CORRELATION = 0.6
"""Least autocorrelation of a voice: vowels of the test clips have 0.9, chords 0.5 to 0.7, keys and coughs 0.2."""
MAX_UNPITCHED_FRAMES = 8
"""Frames without pitch that still count as speech: enough for consonants, too few for a rattle of keys."""

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
    """No model, 2 kB per speaker."""

    def __init__(self) -> None:
        self._floor = NoiseFloor()
        self.reset()

    def reset(self) -> None:
        """Keeps the noise floor: it belongs to the room."""
        self._webrtc = webrtcvad.Vad(AGGRESSIVENESS)
        self._samples = np.zeros(PITCH_WINDOW_SAMPLES, np.float32)
        self._unpitched_left = MAX_UNPITCHED_FRAMES
        self._probability = 0.0

    def probabilities(self, frames: Sequence[bytes]) -> Sequence[float]:
        return [self._probability_of(pcm) for pcm in frames]

    def _probability_of(self, pcm: bytes) -> float:
        loud = level(pcm)
        samples = np.frombuffer(pcm, "<i2").astype(np.float32)
        self._samples = np.concatenate((self._samples[PITCH_WINDOW_SAMPLES // 2 :], samples[::2] + samples[1::2]))
        speech = False
        above = self._floor.excess(loud) >= SPEECH_MARGIN_DB and loud >= MIN_SPEECH_DBFS
        if above and self._webrtc.is_speech(pcm, HEAR_RATE):
            self._unpitched_left = (
                MAX_UNPITCHED_FRAMES if pitch(self._samples) >= MIN_PITCH_CORRELATION else self._unpitched_left - 1
            )
            speech = self._unpitched_left >= 0
        self._probability += SMOOTHING_WEIGHT * (speech - self._probability)
        return self._probability
