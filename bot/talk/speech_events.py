"""What a Segmenter reports about one person; times are seconds on the call's clock.

Every SpeechStarted has exactly one ending: Discarded, or a Spoke whose ended_by is not "length".
"""

from dataclasses import dataclass

from bot.types import Utterance, Verdict


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    user_id: int
    at: float
    "when the first voiced sound arrived, 60 ms before this event"


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """The person fell silent and may be done."""

    user_id: int
    silence: float
    "seconds of audio so far"
    utterance: Utterance | None
    "what was said, with the id it gets if it ends here; None if it is too short to count"
    likely_done: float | None
    "seconds of silence after which this person rarely continues; None: that is not before the endpointing delay"
    possibly_done: float | None
    "the same, after which two such silences of three are ends"


@dataclass(frozen=True, slots=True)
class SpeechResumed:
    """The person or the network only paused: the silence counted so far is taken back."""

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
    """Sound that is no utterance; the verdict says why, with the number behind it."""

    verdict: Verdict

    @property
    def user_id(self) -> int:
        return self.verdict.user_id


@dataclass(frozen=True, slots=True)
class Echoed:
    """A stretch of the bot's own voice came back and was left out; whatever the person said is told by the others."""

    verdict: Verdict

    @property
    def user_id(self) -> int:
        return self.verdict.user_id


SpeechEvent = SpeechStarted | SpeechPaused | SpeechResumed | Spoke | Discarded | Echoed
