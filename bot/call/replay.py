"""The last answer, kept to be said again."""

from collections.abc import AsyncGenerator, Set

from bot.types import AudioDelta, ReplyDone, ReplyEvent, Usage


class LastAnswer:
    """One call's."""

    def __init__(self) -> None:
        self.wanted = False
        "somebody asked for it"
        self._sound = b""
        self._people: Set[int] = frozenset()

    def keep(self, sound: bytes, people: Set[int]) -> None:
        """Keep an answer, s16le mono 24 kHz, and whom it answered."""
        self._sound, self._people = sound, people

    def ask(self) -> bool:
        """Want it said again; False when there is none."""
        self.wanted = bool(self._sound)
        return self.wanted

    def forget(self, user_id: int) -> bool:
        """Drop it if it answered this person; return whether it did."""
        theirs = user_id in self._people
        if theirs:
            self.drop()
        return theirs

    def drop(self) -> None:
        """There is none any more."""
        self.wanted, self._sound, self._people = False, b"", frozenset()

    async def stream(self) -> AsyncGenerator[ReplyEvent, None]:
        """Say again what was said, as an engine's stream."""
        yield AudioDelta(self._sound)
        yield ReplyDone(Usage())
