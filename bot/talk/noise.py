"""Sound that is not speech: each stretch of it gets one verdict, so that `/call why` can explain it."""

from bot.talk.level import level

END_OF_NOISE_FRAMES = 25
"""Ticks without a packet, or frames without sound, that end a stretch of noise."""
MIN_NOISE_DBFS = -60.0
"""A quieter frame counts as silence."""
MIN_NOISE_FRAMES = 15
"""Frames of sound without speech that are worth a verdict (300 ms)."""


class NoiseStretch:
    """The current stretch of one speaker's noise."""

    def __init__(self) -> None:
        self._frames = 0
        self._quiet_frames = 0
        self._loudest = MIN_NOISE_DBFS

    def add(self, pcm: bytes) -> float | None:
        """Take a frame that is no speech; return the stretch's loudest level in dBFS if it ends here."""
        dbfs = level(pcm)
        if dbfs < MIN_NOISE_DBFS:
            self._quiet_frames += 1
            return self.end() if self._quiet_frames == END_OF_NOISE_FRAMES else None
        self._quiet_frames = 0
        self._frames += 1
        self._loudest = max(self._loudest, dbfs)
        return None

    def end(self) -> float | None:
        """End the stretch; return its loudest level in dBFS if it was long enough for a verdict."""
        loudest = self._loudest if self._frames >= MIN_NOISE_FRAMES else None
        self.discard()
        return loudest

    def discard(self) -> None:
        """Forget the stretch: it was the beginning of speech."""
        self._frames = 0
        self._loudest = MIN_NOISE_DBFS
