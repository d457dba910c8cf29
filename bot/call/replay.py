"""Keeps the last answer, so that people can hear it again."""

from collections.abc import AsyncGenerator, Set

from bot.types import AudioDelta, ReplyDone, ReplyEvent, Usage


class LastAnswer:
    """The last answer of one call."""

    def __init__(self) -> None:
        self._requested = False
        self._sound = b""
        self._people: Set[int] = frozenset()

    def keep(self, sound: bytes, people: Set[int]) -> None:
        """Keep an answer (s16le mono 24 kHz) and the people it answered."""
        self._sound, self._people = sound, people

    def request(self) -> bool:
        """Request a replay; False if there is no answer to replay."""
        self._requested = bool(self._sound)
        return self._requested

    def cancel(self) -> None:
        """Cancel the request."""
        self._requested = False

    def take_request(self) -> bool:
        """Return whether a replay is requested, and clear the request."""
        requested, self._requested = self._requested, False
        return requested

    def forget(self, user_id: int) -> bool:
        """Drop the answer if it was to this person, and return whether it was."""
        theirs = user_id in self._people
        if theirs:
            self.drop()
        return theirs

    def drop(self) -> None:
        """Drop the answer and any request."""
        self._requested, self._sound, self._people = False, b"", frozenset()

    async def stream(self) -> AsyncGenerator[ReplyEvent, None]:
        """Stream the answer as an engine does."""
        yield AudioDelta(self._sound)
        yield ReplyDone(Usage())
