"""What a recording's reader is asked for, and what it tells: plain values, which pass between processes."""

from dataclasses import dataclass, field

from bot.audio import HEAR_RATE

MAX_QUESTION_RECORDING_SECONDS = 600.0
"""Limit for a recording that comes with a question, because its tokens cost money."""
MAX_SILENCE_SECONDS = 20.0
"""Longer silence, of zeros or of time stamps, is not sent: the next part begins after it."""
_PADDING_SECONDS = 0.5
"""A recording of so many minutes may be longer by this: encoders fill up their last frames."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of an untrusted file is read."""

    size: int = 25_000_000
    "bytes"
    seconds: float = 1800.0
    "of sound"

    @property
    def longest(self) -> float:
        """The seconds at which a recording is too long: the limit, and what encoders add to it."""
        return self.seconds + _PADDING_SECONDS


RECORDING_LIMITS = Limits()
QUESTION_LIMITS = Limits(seconds=MAX_QUESTION_RECORDING_SECONDS)


def sound_bytes(seconds: float, rate: int = HEAR_RATE) -> int:
    """Return the size of so much s16le mono sound."""
    return round(seconds * rate) * 2


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """What is known of a recording before its sound is decoded."""

    seconds: float
    "until the last sound, as a player shows it"
    cut: bool = False
    "the end of the file is missing: the sound is what there is of it"
    speakers: list[str] = field(default_factory=list)
    "the people whose tracks it has; empty: one track holds everybody"


@dataclass(frozen=True, slots=True, order=True)
class SpeakerTurn:
    """One stretch of one named person's speech."""

    start: float
    "seconds"
    end: float
    name: str


@dataclass(frozen=True, slots=True)
class PartHead:
    """What is told of a part before its sound."""

    start: float
    "seconds; more than where the part before ended: the silence between them was left out"
    last: bool
    turns: list[SpeakerTurn] = field(default_factory=list)
    "who speaks when, where each has a track"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a long recording."""

    head: PartHead
    pcm: memoryview
    "s16le mono 16 kHz; valid until the next part is requested"

    @property
    def start(self) -> float:
        return self.head.start

    @property
    def last(self) -> bool:
        return self.head.last

    @property
    def end(self) -> float:
        """Seconds."""
        return self.head.start + len(self.pcm) / 2 / HEAR_RATE


@dataclass(frozen=True, slots=True)
class WholeRecording:
    """A short recording as a whole."""

    pcm: bytes
    "s16le mono 16 kHz, without long silences"
    cut: bool
    "the end of the file is missing"
    turns: list[SpeakerTurn]
    "who speaks when, where each has a track"
