"""What a call needs from a model."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from bot.errors import BotError
from bot.types import (
    Heard,
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

    async def warm(self) -> None:
        """Open the connection before it is needed; never raises."""
        ...

    async def aclose(self) -> None: ...


class Transcriber(Protocol):
    async def transcribe(self, utterance: Utterance, language: str | None, names: Sequence[str]) -> Heard:
        """Return the words of an utterance.

        `names` are spelled as the room spells them. Raises EngineError.
        """
        ...
