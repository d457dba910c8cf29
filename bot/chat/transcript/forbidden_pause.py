"""The time in which the bot may not write in a channel: nothing is tried, and what people must read waits."""

from collections import deque
from collections.abc import Callable, Iterable

import structlog

from bot.chat.transcript.written_line import WrittenLine

log = structlog.get_logger(__name__)

FORBIDDEN_PAUSE_SECONDS = 60.0
"""Nothing is posted for this time after Discord has forbidden it."""
MAX_KEPT_LINES = 20


class ForbiddenPause:
    """Of one channel. All times are seconds on the event loop's clock."""

    def __init__(self) -> None:
        self._until = float("-inf")
        self._kept: deque[WrittenLine] = deque(maxlen=MAX_KEPT_LINES)

    def begin(self, now: float, lines: Iterable[WrittenLine], channel_id: int) -> None:
        """Record that Discord has forbidden these lines."""
        self._until = now + FORBIDDEN_PAUSE_SECONDS
        self.keep(lines)
        log.warning("chat_refused", channel_id=channel_id)

    def holds(self, now: float) -> bool:
        """Whether nothing is to be tried."""
        return now < self._until

    def keep(self, lines: Iterable[WrittenLine]) -> None:
        """Keep those of the lines that must be read."""
        self._kept += (line for line in lines if line.kept and not line.posted)

    def drop(self, unwanted: Callable[[WrittenLine], bool]) -> None:
        """Drop some of what was kept."""
        self._kept = deque((line for line in self._kept if not unwanted(line)), MAX_KEPT_LINES)

    def end(self, now: float) -> list[WrittenLine]:
        """Return what was kept: it may be written now, and is not late."""
        self._until, kept = float("-inf"), list(self._kept)
        self._kept.clear()
        for line in kept:
            line.queued_at = now
        return kept
