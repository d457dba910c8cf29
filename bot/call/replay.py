"""The last answer, kept so that people can hear it again."""

from collections.abc import AsyncGenerator, Set

from bot.types import AudioDelta, ReplyDone, ReplyEvent, Usage


class LastAnswer:
    """The last answer of one call."""

    def __init__(self) -> None:
        self._wanted = False
        self._sound = b""
        self._people: Set[int] = frozenset()

    def keep(self, sound: bytes, people: Set[int]) -> None:
        """Keep an answer, s16le mono 24 kHz, and whom it answered."""
        self._sound, self._people = sound, people

    def request(self) -> bool:
        """Want it said again; False when there is none."""
        self._wanted = bool(self._sound)
        return self._wanted

    def cancel(self) -> None:
        """Do not say it again after all."""
        self._wanted = False

    def take_request(self) -> bool:
        """Return whether somebody wants it said again; each wish counts once."""
        wanted, self._wanted = self._wanted, False
        return wanted

    def forget(self, user_id: int) -> bool:
        """Drop it if it answered this person; return whether it did."""
        theirs = user_id in self._people
        if theirs:
            self.drop()
        return theirs

    def drop(self) -> None:
        """Forget it."""
        self._wanted, self._sound, self._people = False, b"", frozenset()

    async def stream(self) -> AsyncGenerator[ReplyEvent, None]:
        """Give it as an engine's stream does."""
        yield AudioDelta(self._sound)
        yield ReplyDone(Usage())
