"""A turn, and the reply to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from bot.types.ids import new_id
from bot.types.message import Message
from bot.types.money import Usage
from bot.types.sound import Utterance


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody asked in writing (/ask, a mention)."""

    user_id: int
    text: str
    at: float
    "seconds on the call's clock"
    recording: bytes = field(default=b"", repr=False, compare=False)
    "that goes along, s16le mono 16 kHz; empty: none"
    utterance_id: int = field(default=0, compare=False)
    "under which the recording is written down; 0: it is not"


@dataclass(frozen=True, slots=True)
class Turn:
    """What the bot answers at once: who said what before the floor was free, in the order they began."""

    id: int
    channel_id: int
    utterances: tuple[Utterance, ...]
    closed_at: float
    "seconds on the call's clock, when the floor was free"
    typed: tuple[Typed, ...] = ()

    @property
    def people(self) -> tuple[int, ...]:
        """Whose words it is made of, in order."""
        return tuple(dict.fromkeys(part.user_id for part in (*self.utterances, *self.typed)))


@dataclass(frozen=True, slots=True)
class RoomContext:
    """What the model is told of the room it speaks in. Names are untrusted data."""

    bot_name: str
    channel_name: str
    people: Mapping[int, str]
    "humans present: Discord snowflake -> display name"
    now: datetime
    "with time zone"
    language: str | None = None
    "BCP 47, None: answer in the language spoken"
    voice: str = "marin"
    persona: str = ""
    max_seconds: float = 120.0
    "longest spoken answer"
    text_only: bool = False
    "budget: answer in writing"


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """All the engine needs for one reply."""

    turn: Turn
    history: tuple[Message, ...]
    "oldest first, without the turn itself"
    room: RoomContext
    names: Mapping[int, str] = field(default_factory=dict)
    "of those who speak in the turn, as far as they may have left: Discord snowflake -> display name"


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the reply's transcript."""

    text: str


@dataclass(frozen=True, slots=True)
class AudioDelta:
    """More of the reply's sound."""

    pcm: bytes
    "s16le mono 24 kHz, a whole number of samples"


@dataclass(frozen=True, slots=True)
class ReplyDone:
    """The reply's end; always the last event of a stream that did not raise."""

    usage: Usage
    estimated: bool = False
    "the server sent no usage; counted from what arrived"
    audio_id: str | None = None
    expires_at: float | None = None
    "Unix seconds, when the server forgets audio_id"
    complete: bool = True
    "False when cut by length or filter: what came is kept"
    discarded: int = 0
    "requests of this reply that were paid for and thrown away (retries)"


ReplyEvent = TextDelta | AudioDelta | ReplyDone


@dataclass(frozen=True, slots=True)
class Spoken:
    """The bot's line in the transcript when its playback is over."""

    turn_id: int
    text: str
    "what was heard of it"
    seconds: float
    "spoken"
    cost: Decimal | None
    "US dollars of the turn, None if unknown"
    estimated: bool = False
    interrupted: bool = False
    spoken: bool = True
    "False: text only"
    asked_by: tuple[int, ...] = ()
    "who it answers"
    id: str = field(default_factory=new_id)
    "of its line in the history"
