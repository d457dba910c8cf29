"""Which part of an utterance that still grows is to be written down next; pure.

The sound is taken in parts. A part that ends in a breath is settled: its words stay. One that does not is only a
preview, and is asked for again with what follows.
"""

from dataclasses import dataclass, replace

import numpy as np

from bot.audio import HEAR_RATE, seconds
from bot.types import Utterance

MIN_NEW_SECONDS = 0.5
"""Less new sound than this is not worth a request."""
MIN_SETTLED_SECONDS = 2.0
"""A shorter part goes on over the breath: models need context."""
MAX_UNSETTLED_SECONDS = 8.0
"""A part without a breath is settled at this length, which bounds what previews cost."""
REFUSED_GAP_SECONDS = 3.0
"""A server in trouble is asked again for so much new sound, not at every breath and preview."""
QUIET_SEARCH_SECONDS = 2.0
"""It is cut at the quietest place of its last seconds, so that hardly a word is cut in two."""
MIN_REST_VOICED_SECONDS = 0.6
"""A rest with less speech is written down together with the part before it."""
_QUIET_SAMPLES = HEAR_RATE // 20
_MARK_BYTES = 640
_SPACELESS_FROM = "\u2e80"
"""From this letter on, scripts are written without spaces."""


@dataclass(frozen=True, slots=True)
class SpeechPart:
    """Sound to write down."""

    utterance: Utterance
    "with the sound of this part alone"
    start: int
    end: int
    "bytes of the whole utterance, up to here"
    settles: bool
    heard: float
    "seconds of speech in the whole utterance, up to its end then"
    whole: bool = True
    "whether its end was the end of this part"


@dataclass(frozen=True, slots=True)
class _Settled:
    """What is written down for good, up to a place."""

    end: int = 0
    voiced: float = 0.0
    text: str = ""
    mark: bytes = b""
    "the sound right before the place"
    heard: float | None = None
    "seconds of speech in all, where the place was their end"

    def fits(self, pcm: bytes) -> bool:
        """Whether this is the sound that was settled: a very long utterance is cut somewhere else, later."""
        return pcm[max(0, self.end - _MARK_BYTES) : self.end] == self.mark


class GrowingSpeech:
    """One utterance while it is spoken."""

    def __init__(self) -> None:
        self._settled = self._before = _Settled()
        "up to the last part, and up to the one before it"
        self._preview = ""
        self._asked_bytes = self._refused_bytes = 0

    @property
    def text(self) -> str:
        return joined(self._settled.text, self._preview)

    def overdue(self, utterance: Utterance) -> bool:
        """Whether so much is not settled, and new since a part was refused, that it is not to wait for a breath."""
        since = max(self._settled.end, self._refused_bytes)
        return seconds(utterance.pcm[since:], HEAR_RATE) >= MAX_UNSETTLED_SECONDS

    def next_part(self, utterance: Utterance, *, breath: bool) -> SpeechPart | None:
        """Return what is to be written down of the utterance so far, None if it has hardly grown."""
        least = REFUSED_GAP_SECONDS if self._refused_bytes == self._asked_bytes > 0 else MIN_NEW_SECONDS
        if seconds(utterance.pcm[self._asked_bytes :], HEAR_RATE) < least:
            return None
        return self.part(utterance, breath=breath)

    def part(self, utterance: Utterance, *, breath: bool) -> SpeechPart:
        """Return all that is not settled."""
        start, end = self._settled.end, len(utterance.pcm)
        self._asked_bytes = end
        length = seconds(utterance.pcm[start:], HEAR_RATE)
        voiced = max(0.0, utterance.voiced - self._settled.voiced)
        settles = breath and length >= MIN_SETTLED_SECONDS
        if not settles and length >= MAX_UNSETTLED_SECONDS:
            settles, size = True, end - start
            end = start + _quiet_place(utterance.pcm[start:])
            voiced *= (end - start) / size
        sound = replace(utterance, pcm=utterance.pcm[start:end], voiced=voiced)
        return SpeechPart(sound, start, end, settles, utterance.voiced, end == len(utterance.pcm))

    def written(self, part: SpeechPart, text: str) -> None:
        """Take the words of a part, unless others came first."""
        if part.start != self._settled.end:
            return
        if not part.settles:
            self._preview = text
            return
        self._before, self._preview = self._settled, ""
        self._settled = _Settled(
            part.end,
            self._settled.voiced + part.utterance.voiced,
            joined(self._settled.text, text),
            part.utterance.pcm[-_MARK_BYTES:],
            part.heard if part.whole else None,
        )

    def refused(self) -> None:
        """Take that a part could not be written down: for hardly more, nobody is asked again."""
        self._refused_bytes = self._asked_bytes

    def rest(self, utterance: Utterance) -> tuple[str, Utterance | None]:
        """Return the words of an utterance that is over, as far as they are settled, and what is left of its sound.

        None: nothing is left.
        """
        since = self._settled
        if since.heard == utterance.voiced and since.fits(utterance.pcm):
            return since.text, None
        if utterance.voiced - since.voiced < MIN_REST_VOICED_SECONDS or not since.fits(utterance.pcm):
            since = self._before
        if not since.fits(utterance.pcm):
            since = _Settled()
        return since.text, replace(utterance, pcm=utterance.pcm[since.end :], voiced=utterance.voiced - since.voiced)


def joined(first: str, second: str) -> str:
    """Return two stretches of words as one, with a space where the script has any."""
    space = " " if first and second and first[-1] < _SPACELESS_FROM else ""
    return f"{first}{space}{second}"


def _quiet_place(pcm: bytes) -> int:
    """Return after how many bytes the quietest 50 ms of the last QUIET_SEARCH_SECONDS end."""
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float64)
    first = max(0, len(samples) - round(QUIET_SEARCH_SECONDS * HEAR_RATE))
    blocks = samples[first:][: (len(samples) - first) // _QUIET_SAMPLES * _QUIET_SAMPLES].reshape(-1, _QUIET_SAMPLES)
    # The last one of equals: more of the sound is settled.
    quietest = len(blocks) - 1 - int(np.argmin((blocks**2).sum(axis=1)[::-1]))
    return 2 * (first + (quietest + 1) * _QUIET_SAMPLES)
