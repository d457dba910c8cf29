"""What the model server can be told to do with a request: answer, echo, or fail in one of the known ways."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from bot.audio import SPEAK_RATE, seconds
from sandbox import clips
from sandbox.model.log import ReceivedRequest
from sandbox.model.schema import ApiError


class Oddity(Enum):
    """A way to write a stream that a parser must bear. Heartbeats with `choices: null` come without being asked for."""

    SPLIT_BASE64 = auto()
    "one long base64 text, cut anywhere, not at groups of four"
    PADDED = auto()
    "each piece padded with = on its own, in mid-stream"
    ODD_BYTE = auto()
    "pieces end in the middle of a sample"
    RIFF_HEADER = auto()
    "the first piece begins with a WAV header"
    NO_USAGE = auto()
    "no usage chunk"
    NO_EXPIRY = auto()
    "no expires_at chunk; `stop` ends it"
    EMPTY_CONTENT = auto()
    'every delta also has content: ""'
    TEXT_BESIDE = auto()
    "the words in delta.content beside the audio, no transcript"
    CHOICES_MISSING = auto()
    "heartbeats without `choices`"
    COMMENTS = auto()
    "SSE comments between events"
    SPLIT_WRITES = auto()
    "events cut in two on the wire, inside UTF-8 characters too"
    CRLF = auto()
    "lines end in CR LF"
    LATE_TRANSCRIPT = auto()
    "the words come after the sound"
    ID_ONCE = auto()
    "the id stands in the first chunk only"
    NO_SPACE = auto()
    "`data:` without the space after it"


class Ending(Enum):
    """How a complete stream ends."""

    EXPIRES = auto()
    "as recorded: no finish_reason, expires_at, [DONE]"
    STOP = auto()
    "finish_reason stop"
    LENGTH = auto()
    CONTENT_FILTER = auto()


class Break(Enum):
    """How a stream breaks off after `break_after` seconds of sound."""

    STALL = auto()
    "nothing more comes, the connection stays open"
    RESET = auto()
    "TCP reset"
    CUT = auto()
    "the body ends properly but without [DONE]"
    ERROR = auto()
    "an error event in the stream"
    BAD_JSON = auto()
    "an event that is no JSON, then the stream goes on"


@dataclass(frozen=True, slots=True)
class Speak:
    """Speak."""

    text: str
    pcm: bytes = b""
    "s16le mono 24 kHz; empty: text only"
    first_audio: float | None = None
    "seconds from the request to the first sound; None: the server's"
    speed: float | None = None
    "sound sent per second; None: the server's; 0: all at once"
    oddities: frozenset[Oddity] = frozenset()
    ending: Ending = Ending.EXPIRES
    breaks: Break | None = None
    break_after: float = 1.0
    "seconds of sound"
    uncapped: bool = False
    "ignore the request's max_completion_tokens"
    silent: bool = False
    "id and transcript as if it spoke, but no data"

    @classmethod
    def clip(cls, id: str) -> "Speak":
        """Return the answer that a shipped recording speaks."""
        return cls(clips.get(id).sentence, clips.load(id, SPEAK_RATE))

    def with_(self, *oddities: Oddity, **changes: object) -> "Speak":
        """Return a copy with these oddities and other changes."""
        return replace(self, oddities=self.oddities | frozenset(oddities), **changes)

    @property
    def seconds(self) -> float:
        return seconds(self.pcm, SPEAK_RATE)


@dataclass(frozen=True, slots=True)
class Echo:
    """Say a shipped sentence, then play back what was heard since the last answer."""

    first_audio: float | None = None
    speed: float | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with an error status instead of a stream."""

    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def error(self) -> ApiError:
        return ApiError(self.status, self.message, self.type, self.param, self.code, self.headers)


@dataclass(frozen=True, slots=True)
class Page:
    """Answer with something that is no JSON, as a proxy in front of the server does."""

    status: int
    text: str
    content_type: str = "text/html"


@dataclass(frozen=True, slots=True)
class Hang:
    """Take the request and never answer."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Take the request, then reset the connection."""


@dataclass(frozen=True, slots=True)
class SayWords:
    """The text of a transcription."""

    text: str
    delay: float | None = None
    "seconds; None: the server's"


Plain = Speak | Echo | Refuse | Page | Hang | Reset | SayWords
Behaviour = Plain | Callable[[ReceivedRequest], Plain]
