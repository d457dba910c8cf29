"""What crosses a room's wall: frozen, small, with the unit under each field."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from uuid import uuid4


def _new_id() -> str:
    return uuid4().hex


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
    "made up by FEC or PLC in place of a lost packet"


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
    "seconds the VAD called speech"
    ended_by: Literal["silence", "length", "left"]
    ended_at: float | None = None
    "seconds on the call's clock, when the last voiced sound was heard"


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
class Heard:
    """The words of one utterance, as the transcriber has them."""

    utterance_id: int
    user_id: int
    text: str
    "empty when there were no words"
    seconds: float
    "audio sent, what the transcription costs by"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request, by kind."""

    text_in: int = 0
    audio_in: int = 0
    cached_in: int = 0
    text_out: int = 0
    audio_out: int = 0


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
class Playout:
    """How much of a playback was heard."""

    played: float
    "seconds that went out"
    total: float
    "seconds that were there to play"
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Message:
    """One line of a channel's history."""

    role: Literal["user", "assistant"]
    speaker_id: int
    "Discord snowflake, the bot's own for role assistant"
    speaker: str
    "display name when it was said"
    text: str
    at: datetime
    "UTC"
    audio_id: str | None = None
    "role assistant: the server's name for the spoken reply"
    expires_at: float | None = None
    "Unix seconds"
    interrupted: bool = False
    "role assistant: `text` holds only what was heard"
    id: str = field(default_factory=_new_id)
    "so that writing it twice changes nothing"
    asked_by: tuple[int, ...] = ()
    "role assistant: whose words it answers"

    def concerns(self, people: AbstractSet[int]) -> bool:
        """Whether any of these people said it, or it answers them."""
        return self.speaker_id in people or not people.isdisjoint(self.asked_by)


ChargeKind = Literal["reply", "transcription", "speculation", "text", "job"]


@dataclass(frozen=True, slots=True)
class Charge:
    """What one request cost."""

    at: datetime
    "UTC"
    guild_id: int
    channel_id: int
    user_ids: tuple[int, ...]
    "whose words caused it; empty once a person asked to be forgotten"
    kind: ChargeKind
    model: str
    usage: Usage
    cost: Decimal | None
    "US dollars; None when no price is known, never zero then"
    estimated: bool = False
    id: str = field(default_factory=_new_id)
    "so that booking it twice changes nothing"


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


class CallState(StrEnum):
    """Where a call stands; owned by call.py."""

    JOINING = "joining"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    LEAVING = "leaving"


class LinkEnd(StrEnum):
    """Why a voice link ended."""

    LEFT = "left"
    "we left"
    KICKED = "kicked"
    "somebody disconnected the bot, or the channel is gone"
    REFUSED = "refused"
    "4017: end-to-end encryption was not accepted"
    LOST = "lost"
    "the network, after every attempt to recover"


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
    id: str = field(default_factory=_new_id)
    "of its line in the history"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an utterance (/call why)."""

    utterance_id: int
    user_id: int
    at: float
    "seconds on the call's clock"
    outcome: str
    "answered, too_short, no_speech, not_addressed, no_consent, undecryptable, over_budget, model_error …"
    detail: Mapping[str, float | str] = field(default_factory=dict)
    "the number behind it: seconds, dbfs, count, status"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a server, or one of its channels, wants otherwise than the environment says."""

    guild_id: int
    channel_id: int | None
    "None: the whole server"
    name: str
    value: str
    "as bot/preferences.py writes it"
    changed_by: int | None
    "Discord snowflake; None once that person asked to be forgotten"
    changed_at: datetime
    "UTC"


@dataclass(frozen=True, slots=True)
class News:
    """Something another process, or this one, changed in the store."""

    kind: Literal["settings", "forgotten", "cleared"]
    guild_id: int
    "0: every server"
    subject: int
    "the person forgotten, the channel cleared, else 0"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went when a person asked to be forgotten."""

    messages: int
    consents: int
    charges: int
    "that no longer name them"
