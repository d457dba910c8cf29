"""What the last answer was to, if somebody spoke over it: for a while it may turn out that it was only an echo."""

from bot.types import Turn

ECHO_FOUND_SECONDS = 8.0
"""Seconds within which an echo is found out: by its sound at once, by its words once they are written down."""


class InterruptedTurn:
    """The turn whose answer was stopped last. It comes again once: an echo that is not understood must not loop."""

    def __init__(self) -> None:
        self._turn: Turn | None = None
        self._user_id = 0
        "who seemed to speak"
        self._at = 0.0
        self._again = frozenset[float]()
        "when people said what came again last"

    def keep(self, turn: Turn, user_id: int, now: float) -> None:
        """Somebody stops the answer to this."""
        self._turn, self._user_id, self._at = turn, user_id, now

    def was_echo(self, user_id: int, now: float) -> Turn | None:
        """This person's loudspeaker did it: return what is to be answered again, if anything."""
        self.expire(now)
        turn = self._turn
        if turn is None or user_id != self._user_id:
            return None
        self._turn = None
        said_at = frozenset((*(one.started_at for one in turn.utterances), *(one.at for one in turn.typed)))
        if said_at & self._again:
            return None
        self._again = said_at
        return turn

    def expire(self, now: float) -> None:
        """Let go of what cannot come again any more."""
        if self._turn and now - self._at > ECHO_FOUND_SECONDS:
            self._turn = None

    def withdraw(self, user_id: int, *, typed: bool) -> None:
        """Let go of a person's sound, with `typed` also of what they asked in writing."""
        if self._turn:
            self._turn = self._turn.without(user_id, typed=typed)

    def drop(self) -> None:
        """Nothing comes again: somebody asked for silence."""
        self._turn = None
