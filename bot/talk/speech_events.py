"""What a Segmenter tells of one person; times are seconds on the call's clock.

Every SpeechStarted is followed by exactly one ending: Discarded, or a Spoke that was not ended by "length".
"""

from dataclasses import dataclass

from bot.types import Utterance, Verdict


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    user_id: int
    at: float
    "when the first voiced sound came; 60 ms earlier than this event"


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """The person fell silent and may be done."""

    user_id: int
    silence: float
    "seconds of audio so far"
    utterance: Utterance | None
    "what was said, under the id it will have when it ends here; None if that is too short to count"
    likely_done: float | None
    "seconds of silence from which on this person has rarely gone on speaking; None: that is not before the end"


@dataclass(frozen=True, slots=True)
class SpeechResumed:
    """It was a pause, or the network's: the silence counted so far is taken back."""

    user_id: int


@dataclass(frozen=True, slots=True)
class Spoke:
    utterance: Utterance
    "ended_by length: the person is still speaking"

    @property
    def user_id(self) -> int:
        return self.utterance.user_id


@dataclass(frozen=True, slots=True)
class Discarded:
    """Sound that was no utterance; says why and by which number."""

    verdict: Verdict

    @property
    def user_id(self) -> int:
        return self.verdict.user_id


SpeechEvent = SpeechStarted | SpeechPaused | SpeechResumed | Spoke | Discarded
