"""What both engines do with the summaries of what fell out of their window."""

from collections.abc import Sequence

from bot.engine.summary import Summaries
from bot.types import Message, ReplyRequest


class Summing:
    """The part of an engine that has summaries written, and tells them to the model."""

    def __init__(self, summaries: Summaries | None) -> None:
        self._summaries = summaries

    def forget(self, channel_id: int) -> None:
        """Drop the summaries of a channel."""
        if self._summaries:
            self._summaries.forget(channel_id)

    def forget_person(self, user_id: int) -> None:
        """Drop every summary of a conversation in which this person spoke."""
        if self._summaries:
            self._summaries.forget_person(user_id)

    async def settled(self) -> None:
        """Return when nothing that was dropped can still reach the store."""
        if self._summaries:
            await self._summaries.settled()

    async def aclose(self) -> None:
        """Stop the background tasks. Whoever owns the clients closes them."""
        if self._summaries:
            await self._summaries.aclose()

    async def _known(self, channel_id: int) -> None:
        """Have a channel's summaries at hand for its next request."""
        if self._summaries:
            await self._summaries.ready(channel_id)

    def _summary(self, request: ReplyRequest) -> str:
        room = request.room
        return self._summaries.of(request.turn.channel_id, room.now.tzinfo) if self._summaries else ""

    def _fell(self, request: ReplyRequest, fallen: Sequence[Message]) -> None:
        if self._summaries:
            self._summaries.note(request, fallen)
