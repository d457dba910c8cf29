"""Which part of an utterance that still grows is to be written down next; pure.

The sound is taken in parts. A part that ends in a breath is settled: its words stay. One that does not is only a
preview, and is asked for again with what follows.
"""

from dataclasses import dataclass, replace

from bot.audio import HEAR_RATE, seconds
from bot.types import Utterance

MIN_NEW_SECONDS = 0.5
"""Less new sound than this is not worth a request."""
MIN_SETTLED_SECONDS = 2.0
"""A shorter part goes on over the breath: models need context."""
MAX_UNSETTLED_SECONDS = 8.0
"""A part without a breath is settled at this length, which bounds what previews cost."""
_SPACELESS_FROM = "\u2e80"
"""From this letter on, scripts are written without spaces."""


@dataclass(frozen=True, slots=True)
class SpeechPart:
    """Sound to write down."""

    utterance: Utterance
    "with the sound of this part alone"
    end: int
    "bytes of the whole utterance, up to here"
    settles: bool


class GrowingSpeech:
    """One utterance while it is spoken."""

    def __init__(self) -> None:
        self._settled_text = ""
        self._preview = ""
        self._settled_bytes = 0
        self._settled_voiced = 0.0
        self._asked_bytes = 0

    @property
    def text(self) -> str:
        return joined(self._settled_text, self._preview)

    def next_part(self, utterance: Utterance, *, breath: bool) -> SpeechPart | None:
        """Return what is to be written down of the utterance so far, None if it has hardly grown."""
        end = len(utterance.pcm)
        if seconds(utterance.pcm[self._asked_bytes :], HEAR_RATE) < MIN_NEW_SECONDS:
            return None
        self._asked_bytes = end
        pcm = utterance.pcm[self._settled_bytes :]
        length = seconds(pcm, HEAR_RATE)
        settles = length >= MAX_UNSETTLED_SECONDS or (breath and length >= MIN_SETTLED_SECONDS)
        part = replace(utterance, pcm=pcm, voiced=max(0.0, utterance.voiced - self._settled_voiced))
        return SpeechPart(part, end, settles)

    def written(self, part: SpeechPart, text: str) -> None:
        """Take the words of a part."""
        if not part.settles:
            self._preview = text
            return
        self._settled_text, self._preview = joined(self._settled_text, text), ""
        self._settled_bytes = part.end
        self._settled_voiced += part.utterance.voiced


def joined(first: str, second: str) -> str:
    """Return two stretches of words as one, with a space where the script has any."""
    space = " " if first and second and first[-1] < _SPACELESS_FROM else ""
    return f"{first}{space}{second}"
