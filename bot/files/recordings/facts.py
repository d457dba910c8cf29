"""What a recording's reader is asked for, and what it tells: plain values, which pass between processes."""

from dataclasses import dataclass

from bot.audio import HEAR_RATE

MAX_QUESTION_RECORDING_SECONDS = 600.0
"""Limit for a recording that comes with a question, because its tokens cost money."""
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
    "as a player shows it"


@dataclass(frozen=True, slots=True)
class PartHead:
    """What is told of a part before its sound."""

    start: float
    "seconds"
    last: bool


@dataclass(frozen=True, slots=True)
class Part(PartHead):
    """One part of a long recording."""

    pcm: memoryview
    "s16le mono; valid until the next part is requested"
