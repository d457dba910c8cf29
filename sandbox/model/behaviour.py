"""What the model server does with a request when told so: answer, echo, or fail in one of the known ways."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from bot.audio import SPEAK_RATE, seconds
from sandbox import clips
from sandbox.model.log import ReceivedRequest
from sandbox.model.schema import ApiError
from sandbox.model.tool_rules import ScriptedCall


class Oddity(Enum):
    """A stream format that a parser must accept. Heartbeats with `choices: null` come in every stream, without one."""

    SPLIT_BASE64 = auto()
    "one long base64 text, cut anywhere rather than at groups of four"
    PADDED = auto()
    "each delta is padded with = on its own, in the middle of the stream"
    UNPADDED = auto()
    "each delta is encoded on its own, and its padding is left out"
    SPACES = auto()
    "a space in place of each +, as a form decoder leaves it"
    ODD_BYTE = auto()
    "deltas end in the middle of a sample"
    RIFF_HEADER = auto()
    "the first delta begins with a WAV header"
    NO_USAGE = auto()
    "no usage chunk"
    NO_EXPIRY = auto()
    "no expires_at chunk; finish_reason `stop` ends the stream"
    EMPTY_CONTENT = auto()
    'every delta also has content: ""'
    TEXT_BESIDE = auto()
    "the text is in delta.content next to the audio, without a transcript"
    CHOICES_MISSING = auto()
    "heartbeats without `choices`"
    COMMENTS = auto()
    "SSE comments between events"
    SPLIT_WRITES = auto()
    "events are sent in two writes, cut even inside UTF-8 characters"
    CRLF = auto()
    "lines end in CR LF"
    LATE_TRANSCRIPT = auto()
    "the transcript comes after the audio"
    ID_ONCE = auto()
    "only the first chunk has the id"
    NO_SPACE = auto()
    "`data:` without the space after it"
    CR = auto()
    "lines end in CR alone"
    MARKED = auto()
    "a byte order mark at the start"
    NAMED_EVENTS = auto()
    "each event has a name and an id, after its data"
    DATA_URL = auto()
    "each delta of audio is a data URL"
    URL_SAFE = auto()
    "base64 in the alphabet for URLs"
    LINE_BREAKS = auto()
    "base64 in lines of 76 characters"
    NULL_USAGE = auto()
    "a usage of nulls"
    REASONING = auto()
    "thoughts in fields of their own, reasoning_content and reasoning, until the answer begins"
    WHOLE = auto()
    "one JSON answer, although a stream was asked for"


class Ending(Enum):
    """How a complete stream ends."""

    EXPIRES = auto()
    "as recorded: no finish_reason, expires_at, [DONE]"
    STOP = auto()
    "finish_reason stop"
    LENGTH = auto()
    CONTENT_FILTER = auto()


class Break(Enum):
    """How a stream breaks off after `break_after` seconds of audio."""

    STALL = auto()
    "nothing more comes, but the connection stays open"
    RESET = auto()
    "TCP reset"
    CUT = auto()
    "the body ends properly but without [DONE]"
    ERROR = auto()
    "an error event in the stream"
    BAD_JSON = auto()
    "one event is not JSON, then the stream continues"


@dataclass(frozen=True, slots=True)
class Speak:
    """Answer with this text and audio."""

    text: str
    pcm: bytes = b""
    "s16le mono 24 kHz; empty: text only"
    first_audio: float | None = None
    "seconds from the request to the first audio; None: the server's setting"
    speed: float | None = None
    "seconds of audio sent per second; None: the server's setting; 0: all at once"
    oddities: frozenset[Oddity] = frozenset()
    ending: Ending = Ending.EXPIRES
    breaks: Break | None = None
    break_after: float = 1.0
    "seconds of audio"
    encoding: str = ""
    "how the audio is written: a name in sound_wire.SOUND_ENCODINGS; empty: s16le mono 24 kHz"
    uncapped: bool = False
    "ignore the request's max_completion_tokens"
    silent: bool = False
    "send id and transcript, but no audio data"
    calls: tuple[ScriptedCall, ...] = ()
    "tools it calls at its end, if the request offers any"

    @classmethod
    def clip(cls, id: str) -> "Speak":
        """Return an answer that plays a shipped recording."""
        return cls(clips.get(id).sentence, clips.load(id, SPEAK_RATE))

    @classmethod
    def calling(cls, *calls: ScriptedCall, text: str = "") -> "Speak":
        """Return an answer that calls tools; `text` comes before, without sound."""
        return cls(text, calls=calls)

    def with_(self, *oddities: Oddity, **changes: object) -> "Speak":
        """Return a copy with these oddities and other changes."""
        return replace(self, oddities=self.oddities | frozenset(oddities), **changes)

    @property
    def seconds(self) -> float:
        return seconds(self.pcm, SPEAK_RATE)


@dataclass(frozen=True, slots=True)
class Echo:
    """Say a shipped sentence, then play back the audio received since the last answer; write what writing.py can."""

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
class ProxyPage:
    """Answer with something other than JSON, as a proxy in front of the server does."""

    status: int
    text: str
    content_type: str = "text/html"


@dataclass(frozen=True, slots=True)
class Hang:
    """Accept the request and never answer."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Accept the request, then reset the connection."""


@dataclass(frozen=True, slots=True)
class TranscribeAs:
    """Answer a transcription with this text."""

    text: str
    delay: float | None = None
    "seconds; None: the server's setting"


Plain = Speak | Echo | Refuse | ProxyPage | Hang | Reset | TranscribeAs
Behaviour = Plain | Callable[[ReceivedRequest], Plain]
