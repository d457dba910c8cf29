"""Keeps an answer's silence back until its first sound: an answer that is nothing but silence was not spoken."""

import numpy as np

from bot.audio import SPEAK_BYTES

MIN_SOUND_DBFS = -70.0
"""RMS of the loudest 20 ms; below it nobody hears anything."""
MAX_KEPT_SILENCE_SECONDS = 120.0


class LeadingSilence:
    """Takes s16le mono 24 kHz."""

    def __init__(self) -> None:
        self.silent = True
        "nothing audible came yet"
        self._kept = bytearray()

    def feed(self, pcm: bytes) -> bytes:
        """Return what can be played: nothing as long as all is silence."""
        if not self.silent:
            return pcm
        if pcm and is_audible(pcm):
            self.silent = False
            kept, self._kept = bytes(self._kept), bytearray()
            return kept + pcm
        self._kept += pcm[: max(0, int(MAX_KEPT_SILENCE_SECONDS * SPEAK_BYTES * 50) - len(self._kept))]
        return b""


def is_audible(pcm: bytes) -> bool:
    """Whether 20 ms of it, or all if it is shorter, are louder than MIN_SOUND_DBFS."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
    frame = SPEAK_BYTES // 2
    if samples.size >= frame:
        samples = samples[: samples.size // frame * frame].reshape(-1, frame)
    return bool((samples**2).mean(axis=-1).max() > 10 ** (MIN_SOUND_DBFS / 10))
