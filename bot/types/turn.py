"""A turn, and the reply to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from bot import audio
from bot.types.ids import new_id
from bot.types.message import Message
from bot.types.money import Usage
from bot.types.sound import Utterance


@dataclass(frozen=True, slots=True)
class Typed:
    """A question in writing (/ask, a mention)."""

    user_id: int
    text: str
    at: float
    "seconds on the call's clock"
    recording: bytes = field(default=b"", repr=False, compare=False)
    "recording sent with it, s16le mono 16 kHz; empty: none"
    utterance_id: int = field(default=0, compare=False)
    "utterance id of the recording's transcript; 0: it gets none"
    document: str = ""
    "the words of files sent with it: not the person's own"

    @property
    def words(self) -> str:
        """The question with its files, as it is remembered."""
        return "\n\n".join(filter(None, (self.text, self.document)))


@dataclass(frozen=True, slots=True)
class Turn:
    """What the bot answers together: everything said before the floor was free, in the order people began."""

    id: int
    channel_id: int
    utterances: tuple[Utterance, ...]
    closed_at: float
    "when the floor was free, seconds on the call's clock"
    typed: tuple[Typed, ...] = ()

    @property
    def people(self) -> tuple[int, ...]:
        """The people whose words it contains, in order."""
        return tuple(dict.fromkeys(part.user_id for part in (*self.utterances, *self.typed)))

    def heard(self, user_id: int) -> bool:
        """Whether it contains a person's sound."""
        recordings = (typed.user_id for typed in self.typed if typed.recording)
        return user_id in (*(utterance.user_id for utterance in self.utterances), *recordings)


@dataclass(frozen=True, slots=True)
class RoomContext:
    """What the model learns about the voice channel. Names are untrusted data."""

    bot_name: str
    channel_name: str
    people: Mapping[int, str]
    "humans present: Discord snowflake -> label"
    now: datetime
    "with time zone"
    language: str | None = None
    "BCP 47; None: answer in the language spoken"
    voice: str = "marin"
    persona: str = ""
    max_seconds: float = 120.0
    "longest spoken answer"
    text_only: bool = False
    "answer in writing, to save budget"


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """All the engine needs for one reply."""

    turn: Turn
    history: tuple[Message, ...]
    "oldest first, without this turn"
    room: RoomContext
    names: Mapping[int, str] = field(default_factory=dict)
    "speakers of this turn who may have left: Discord snowflake -> label"


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
    """The end of the reply: always the last event, unless the stream raises."""

    usage: Usage
    estimated: bool = False
    "the server sent no usage; computed from what arrived"
    audio_id: str | None = None
    expires_at: float | None = None
    "Unix seconds, when the server forgets audio_id"
    complete: bool = True
    "False when cut by length or filter; what arrived is kept"
    discarded: int = 0
    "requests for this reply that may be paid for, beside `usage`: nobody read their answers"


ReplyEvent = TextDelta | AudioDelta | ReplyDone


@dataclass(frozen=True, slots=True)
class Spoken:
    """The bot's line in the transcript when its playback is over."""

    turn_id: int
    text: str
    "the part that was heard"
    seconds: float
    "spoken"
    cost: Decimal | None
    "US dollars of the turn, None if unknown"
    estimated: bool = False
    interrupted: bool = False
    spoken: bool = True
    "False: text only"
    asked_by: tuple[int, ...] = ()
    "the people it answers"
    id: str = field(default_factory=new_id)
    "of its line in the history"


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a request outside a call."""

    text: str
    pcm: bytes
    "s16le mono 24 kHz, empty when no speech was asked for"
    complete: bool = True
    "False: cut by length or filter"

    @property
    def seconds(self) -> float:
        return audio.seconds(self.pcm, audio.SPEAK_RATE)
