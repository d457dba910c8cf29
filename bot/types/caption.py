"""A line of the captions."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Caption:
    """What one utterance says so far."""

    utterance_id: int
    user_id: int
    "Discord snowflake"
    name: str = field(repr=False)
    "of the speaker"
    text: str = field(repr=False)
    final: bool
    "False: the person is still speaking, or the words are not certain yet"
    in_transcript: bool = False
    "the transcript shows the same words"
    corrected: bool = False
    "these are the words that its speaker put right"
