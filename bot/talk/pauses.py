"""How one person pauses: learned from their own silences, so that neither their end nor their breath is mistaken."""

from collections import deque

SHORTEST = 0.1
"""Silences below this are stop consonants, not pauses."""
HANG_MIN, HANG_MAX = 0.35, 0.9
MARGIN = 0.08
"""Kept above the pauses this person makes."""
QUANTILE = 0.9
"""Of a person's pauses that the hang must outlast."""
ODDS = 0.8
"""Share of the silences of that length that were ends: below it a speculative request is likely wasted."""
REMEMBERED = 40
END = float("inf")
PRIOR = (0.42, 0.42, *(END,) * 8)
"""A stranger: hang 500 ms, and most silences are ends."""


class Pauses:
    """The last silences of one speaker: pauses by their length, ends as endless."""

    def __init__(self, fixed_hang: float | None = None, earliest: float = 0.18) -> None:
        """`fixed_hang`: seconds, instead of learning; `earliest`: seconds of silence before anything is guessed."""
        self._fixed = fixed_hang
        self._earliest = earliest
        self._silences: deque[float] = deque(PRIOR, maxlen=REMEMBERED)
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
        longest = pauses[min(len(pauses) - 1, int(QUANTILE * len(pauses)))] if pauses else 0.0
        self._hang = self._fixed or min(HANG_MAX, max(HANG_MIN, longest + MARGIN))
        # The pauses that outlast t must be few beside the ends; the earliest such t is just past one of them.
        allowed = int(ends * (1 - ODDS) / ODDS)
        outlasting = pauses[-1 - allowed] + 0.02 if len(pauses) > allowed else 0.0
        likely = max(self._earliest, outlasting)
        self._likely = likely if likely < self._hang else None
