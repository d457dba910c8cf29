"""What a call needs from a model."""

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Protocol

from bot.errors import BotError
from bot.types import (
    Heard,
    Made,
    ReplyEvent,
    ReplyRequest,
    Usage,
    Utterance,
)


class Engine(Protocol):
    """The audio chat model."""

    def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent, None]:
        """Stream one reply; closing the iterator aborts the request.

        Raises EngineError (a subclass says which) before or between events.
        """
        ...

    @property
    def fault(self) -> BotError | None:
        """A fault that only the operator can fix (key, credit); while it lasts, send no preemptive requests."""
        ...

    def estimate(self, request: ReplyRequest, seconds: float) -> Usage:
        """Return what a reply with `seconds` of sound uses: rather too much, because the budget holds it back."""
        ...

    def forget(self, channel_id: int) -> None:
        """Drop everything cached for a channel apart from its history, which was cleared."""
        ...

    def forget_person(self, user_id: int) -> None:
        """Drop everything cached of one person's words, in any channel."""
        ...

    async def settled(self) -> None:
        """Return when nothing that was dropped can still reach the store."""
        ...

    async def warm(self) -> None:
        """Open the connection before it is needed; never raises."""
        ...

    async def aclose(self) -> None: ...


class Transcriber(Protocol):
    @property
    def model(self) -> str:
        """The model that would transcribe now, for the charges."""
        ...

    @property
    def patience(self) -> float:
        """Seconds that words may be waited for: more where the server is slow."""
        ...

    @property
    def streams(self) -> bool:
        """Whether what is said is to be written down part by part, while it is said: at the end only the rest is left.

        The parts, which end in breaths, cost together what the whole would.
        """
        ...

    async def transcribe(self, utterance: Utterance, language: str | None, names: Sequence[str]) -> Heard:
        """Return the words of an utterance.

        `names` are spelled as the room spells them. Raises EngineError.
        """
        ...


class Synthesizer(Protocol):
    """Text -> speech, for an engine whose model only writes."""

    model: str

    def speak(self, text: str, voice: str) -> AsyncGenerator[bytes, None]:
        """Yield the speech of a clause as it is made: s16le mono 24 kHz, whole samples.

        Closing the generator ends the work. Raises EngineError.
        """
        ...


class TextAndSpeech(Protocol):
    """Requests outside a call: words, or a recording, in; words or speech out."""

    model: str
    "hears and speaks"

    @property
    def writing_model(self) -> str:
        """The model that answers what is written without sound."""
        ...

    async def write(
        self,
        instructions: str,
        text: str,
        spent: Callable[[str, Usage, bool], None],
        *,
        recording: bytes | memoryview = b"",
        most_tokens: int = 4096,
    ) -> Made:
        """Answer a text in words, or a text about a recording (s16le mono 16 kHz). Raises EngineError, BadAudio.

        `spent` is told of each request that is paid for: model, usage, whether that is a guess.
        """
        ...

    async def say(
        self,
        instructions: str,
        text: str,
        spent: Callable[[str, Usage, bool], None],
        *,
        voice: str,
        longest: float = 240.0,
        verbatim: bool = False,
    ) -> Made:
        """Answer a text aloud for at most `longest` seconds; its words come along. Raises EngineError.

        `verbatim`: speak the text itself; `instructions` say so too, and how.
        """
        ...
