"""How one speaker pauses: learned from their own silences, so that the bot confuses neither an end nor a breath."""

from collections import deque
from collections.abc import Sequence

from bot.audio import FRAME_SECONDS

MIN_LEARNED_PAUSE_SECONDS = 0.1
"""Shorter silences are stop consonants, not pauses."""
MIN_ENDPOINTING_SECONDS, MAX_ENDPOINTING_SECONDS = 0.35, 0.9
ENDPOINTING_MARGIN_SECONDS = 0.1
"""Added to the pauses that this speaker makes."""
PAUSE_QUANTILE = 0.95
"""Share of a speaker's pauses that must be shorter than the endpointing delay."""
ENDS_PER_PAUSE = 4
"""A guess is worth it if, of the silences this long, at least four are ends for each pause: one request in five is
wasted."""
ENDS_PER_RISKED_PAUSE = 2
"""The same where a delay is dearer than a request, as to an interpreter's listeners: one request in three is wasted."""
ENDED = float("inf")
MAX_PAUSES = 40
"""Pauses kept to learn the endpointing delay."""
MAX_SILENCES = 40
"""Silences (pauses and ends, in order) kept to learn when an end is likely."""
NEW_SPEAKER_PAUSE_SECONDS = 0.4
"""Assumed pause of somebody not heard yet: it gives an endpointing delay of 500 ms."""


class LearnedPauses:
    """The last silences of one speaker: pauses by length, ends as infinite."""

    def __init__(self, fixed_delay: float | None = None, earliest: float = 0.12) -> None:
        """`fixed_delay`: endpointing delay in seconds, instead of a learned one; `earliest`: seconds of silence before
        an end can be called likely.
        """
        self._fixed = fixed_delay
        self._earliest = earliest
        self._pauses: deque[float] = deque((NEW_SPEAKER_PAUSE_SECONDS,) * 10, maxlen=MAX_PAUSES)
        self._silences: deque[float] = deque(
            (NEW_SPEAKER_PAUSE_SECONDS, *(ENDED,) * ENDS_PER_PAUSE) * 5, maxlen=MAX_SILENCES
        )
        self._learn()

    @property
    def endpointing_delay(self) -> float:
        """Seconds of silence that end an utterance."""
        return self._delay

    @property
    def endpointing_frames(self) -> int:
        """The same in frames of 20 ms."""
        return round(self._delay / FRAME_SECONDS)

    @property
    def likely_done(self) -> float | None:
        """Seconds of silence after which an end is likely; None if that is not before the endpointing delay."""
        return self._likely

    @property
    def possibly_done(self) -> float | None:
        """The same, after which at least two such silences of three are ends."""
        return self._possible

    def paused(self, seconds: float) -> None:
        """The speaker paused for `seconds` and continued."""
        if seconds >= MIN_LEARNED_PAUSE_SECONDS:
            self._pauses.append(seconds)
            self._silences.append(seconds)
            self._learn()

    def ended(self) -> None:
        """The speaker stopped."""
        self._silences.append(ENDED)
        self._learn()

    def continued(self, seconds: float) -> None:
        """The last end was in fact a pause of `seconds`."""
        if self._silences and self._silences[-1] == ENDED:
            self._silences.pop()
        self.paused(seconds)

    def _learn(self) -> None:
        pauses = sorted(silence for silence in self._silences if silence != ENDED)
        ends = len(self._silences) - len(pauses)
        learned = _quantile(sorted(self._pauses), PAUSE_QUANTILE) + ENDPOINTING_MARGIN_SECONDS
        self._delay = self._fixed or min(MAX_ENDPOINTING_SECONDS, max(MIN_ENDPOINTING_SECONDS, learned))
        self._likely = self._guess(pauses, ends // ENDS_PER_PAUSE)
        self._possible = self._guess(pauses, ends // ENDS_PER_RISKED_PAUSE)

    def _guess(self, pauses: Sequence[float], allowed: int) -> float | None:
        """Return the earliest seconds than which only `allowed` pauses, given ascending, are longer: after a pause."""
        longer_than_most = pauses[-1 - allowed] + 0.02 if len(pauses) > allowed else 0.0
        guess = max(self._earliest, longer_than_most)
        return guess if guess < self._delay else None


def _quantile(ascending: Sequence[float], share: float) -> float:
    if not ascending:
        return 0.0
    at = share * (len(ascending) - 1)
    low = int(at)
    high = min(low + 1, len(ascending) - 1)
    return ascending[low] + (at - low) * (ascending[high] - ascending[low])
