"""What a call asks of a model."""

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
        """What only the operator can end (key, credit); while it stands, send nothing that nobody asked for."""
        ...

    def estimate(self, request: ReplyRequest, seconds: float) -> Usage:
        """Return what a reply with `seconds` of sound uses: rather too much, because the budget holds it back."""
        ...

    def forget(self, channel_id: int) -> None:
        """Drop what is kept of a channel beside its history: it was cleared."""
        ...

    def forget_person(self, user_id: int) -> None:
        """Drop what is kept of what somebody said, in any channel."""
        ...

    async def warm(self) -> None:
        """Open the connection ahead of need; never raises."""
        ...

    async def aclose(self) -> None: ...


class Transcriber(Protocol):
    async def transcribe(self, utterance: Utterance, language: str | None, names: Sequence[str]) -> Heard:
        """Return the words of an utterance.

        `names` are spelled as the room spells them. Raises EngineError.
        """
        ...
