"""Sound of people and the bot."""

from dataclasses import dataclass
from typing import Literal

from bot.types.money import Usage


@dataclass(frozen=True, slots=True)
class Frame:
    """20 ms of one speaker."""

    user_id: int
    "Discord snowflake"
    timestamp: int
    "RTP timestamp, 48 kHz units, unwrapped: it grows by 960 a frame and shows the gaps"
    pcm: bytes
    "s16le mono 16 kHz, 640 bytes"
    concealed: bool = False
    "reconstructed by FEC or PLC in place of a lost packet"


@dataclass(frozen=True, slots=True)
class Sent:
    """20 ms of the bot's voice that went out."""

    at: float
    "seconds on the call's clock"
    pcm: bytes
    "s16le mono 24 kHz, 960 bytes, at the level that was sent"


@dataclass(frozen=True, slots=True)
class Utterance:
    """One stretch of one person's speech, pre-roll included."""

    id: int
    "unique in the call, ascending"
    user_id: int
    "Discord snowflake"
    started_at: float
    "seconds on the call's clock, when the first sound was heard"
    pcm: bytes
    "s16le mono 16 kHz"
    voiced: float
    "seconds that the VAD calls speech"
    ended_by: Literal["silence", "length", "left"]
    ended_at: float | None = None
    "seconds on the call's clock, when the last voiced sound was heard"


@dataclass(frozen=True, slots=True)
class Heard:
    """The words of one utterance, as the transcriber has them."""

    utterance_id: int
    user_id: int
    text: str
    "empty when there are no words"
    seconds: float
    "length of the audio sent, which sets the price"
    by: tuple[str, Usage] | None = None
    "the model that wrote it down, and what that used, where it is not the one that transcribes"


@dataclass(frozen=True, slots=True)
class Playout:
    """How much of a playback was heard."""

    played: float
    "seconds that were sent"
    total: float
    "seconds that were available to play"
    interrupted: bool
