"""A turn, and the reply to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from bot import audio
from bot.types.ids import new_id
from bot.types.message import Message
from bot.types.money import Payer, Usage
from bot.types.sound import Utterance
from bot.types.tools import ToolCalls, ToolRound, ToolSpec, ToolsUsed

MAX_LAST_PAUSE_SECONDS = 1.0
"""Between the last sound of a turn and its end; a longer one was spent waiting for the floor."""


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
    voice: int = 0
    "who is heard in the recording; 0: whoever asks"
    read_in: str = field(default="", compare=False)
    "the voice in which the text is first read aloud; empty: it is not"
    addressed: bool = field(default=True, compare=False)
    "it is a question to the bot; else it counts as something said in the room"

    @property
    def words(self) -> str:
        """The question with its files, as it is remembered."""
        return "\n\n".join(filter(None, (self.text, self.document)))

    def heard(self, user_id: int) -> bool:
        """Whether it contains a person's sound."""
        return bool(self.recording) and user_id == (self.voice or self.user_id)


@dataclass(frozen=True, slots=True)
class Turn:
    """What the bot answers together: everything said before the floor was free, in the order people began."""

    id: int
    channel_id: int
    utterances: tuple[Utterance, ...]
    closed_at: float
    "when the floor was free, seconds on the call's clock"
    typed: tuple[Typed, ...] = ()
    languages: tuple[str, ...] = ()
    "BCP 47: say it again in another one of these; empty: answer it"
    written: bool = False
    "only in writing: the voice is too far behind"

    @property
    def people(self) -> tuple[int, ...]:
        """The people whose words it contains, in order."""
        return tuple(dict.fromkeys(part.user_id for part in (*self.utterances, *self.typed)))

    @property
    def awaited_since(self) -> float:
        """When people stopped speaking, seconds on the call's clock; of what waited for the floor, not long before."""
        spoken = [one.ended_at or 0.0 for one in self.utterances]
        return min(self.closed_at, max(self.closed_at - MAX_LAST_PAUSE_SECONDS, *spoken)) if spoken else self.closed_at

    def heard(self, user_id: int) -> bool:
        """Whether it contains a person's sound."""
        return any(u.user_id == user_id for u in self.utterances) or any(typed.heard(user_id) for typed in self.typed)

    def without(self, user_id: int, *, typed: bool) -> "Turn":
        """Return it without a person's sound; with `typed`, also without what they asked in writing."""
        return replace(
            self,
            utterances=tuple(one for one in self.utterances if one.user_id != user_id),
            typed=tuple(one for one in self.typed if not (one.heard(user_id) or (typed and one.user_id == user_id))),
        )


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
    guild_id: int = 0
    "Discord snowflake of the server; 0: nothing of it is kept"
    interpret: tuple[str, ...] = ()
    "BCP 47: say the turn again in another one of these languages, and answer nothing"


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """All the engine needs for one reply."""

    turn: Turn
    history: tuple[Message, ...]
    "oldest first, without this turn"
    room: RoomContext
    names: Mapping[int, str] = field(default_factory=dict)
    "speakers of this turn who may have left: Discord snowflake -> label"
    words: Mapping[int, str | None] = field(default_factory=dict)
    "for an engine that reads: utterance id -> what was said; None: not known (yet)"
    tools: tuple[ToolSpec, ...] = ()
    "what the model may call"
    rounds: tuple[ToolRound, ...] = ()
    "what it called for this turn so far"
    payer: Payer | None = field(default=None, repr=False, compare=False)
    "of summaries; None: nobody keeps accounts"


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the reply's transcript."""

    text: str
    aloud: bool = False
    "its sound comes next, before more text"


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


@dataclass(frozen=True, slots=True)
class WordsWait:
    """The model writes; its words wait for their sound, or for the end: until then the request may be sent again."""


ReplyEvent = TextDelta | AudioDelta | WordsWait | ToolCalls | ToolsUsed | ReplyDone


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
    tools: tuple[str, ...] = ()
    "names of the tools it used"
    id: str = field(default_factory=new_id)
    "of its line in the history"
    tokens: int = 0
    "of the request; 0: not known"


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
