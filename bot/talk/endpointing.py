"""How one person pauses: learned from their own silences, so that neither their end nor their breath is mistaken."""

from collections import deque
from collections.abc import Sequence

SHORTEST = 0.1
"""Silences below this are stop consonants, not pauses."""
HANG_MIN, HANG_MAX = 0.35, 0.9
MARGIN = 0.1
"""Kept above the pauses this person makes."""
QUANTILE = 0.95
"""Of a person's pauses that the hang must outlast."""
ENDS_PER_PAUSE = 4
"""Of the silences that last so long, this many must have been ends for one pause: one request in five is wasted."""
END = float("inf")
PAUSES = 40
"""Pauses remembered for the hang."""
SILENCES = 40
"""Silences, pauses and ends in their order, remembered for the odds."""
STRANGER = 0.4
"""The pauses of somebody not heard yet: hang 500 ms."""


class LearnedPauses:
    """The last silences of one speaker: pauses by their length, ends as endless."""

    def __init__(self, fixed_hang: float | None = None, earliest: float = 0.16) -> None:
        """`fixed_hang`: seconds, instead of learning; `earliest`: seconds of silence before anything is guessed."""
        self._fixed = fixed_hang
        self._earliest = earliest
        self._pauses: deque[float] = deque((STRANGER,) * 10, maxlen=PAUSES)
        self._silences: deque[float] = deque((STRANGER, *(END,) * ENDS_PER_PAUSE) * 5, maxlen=SILENCES)
        self._learn()

    @property
    def hang(self) -> float:
        """Seconds of silence that end an utterance."""
        return self._hang

    @property
    def likely_done(self) -> float | None:
        """Seconds of silence from which on an end is likely; None if that is not before `hang`."""
        return self._likely

    def paused(self, seconds: float) -> None:
        if seconds >= SHORTEST:
            self._pauses.append(seconds)
            self._silences.append(seconds)
            self._learn()

    def ended(self) -> None:
        self._silences.append(END)
        self._learn()

    def went_on(self, seconds: float) -> None:
        """What was taken for the last end was a pause of `seconds`."""
        if self._silences and self._silences[-1] == END:
            self._silences.pop()
        self.paused(seconds)

    def _learn(self) -> None:
        pauses = sorted(silence for silence in self._silences if silence != END)
        ends = len(self._silences) - len(pauses)
        self._hang = self._fixed or min(HANG_MAX, max(HANG_MIN, _quantile(sorted(self._pauses), QUANTILE) + MARGIN))
        # The pauses that outlast t must be few beside the ends; the earliest such t is just past one of them.
        allowed = ends // ENDS_PER_PAUSE
        outlasting = pauses[-1 - allowed] + 0.02 if len(pauses) > allowed else 0.0
        likely = max(self._earliest, outlasting)
        self._likely = likely if likely < self._hang else None


def _quantile(ascending: Sequence[float], share: float) -> float:
    if not ascending:
        return 0.0
    at = share * (len(ascending) - 1)
    low = int(at)
    high = min(low + 1, len(ascending) - 1)
    return ascending[low] + (at - low) * (ascending[high] - ascending[low])
