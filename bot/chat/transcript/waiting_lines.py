"""Lines that wait to be posted, in order; bounded, and put together where they fit into one message."""

from collections import deque
from collections.abc import Callable

from bot.chat.lines import MAX_MESSAGE_CHARACTERS
from bot.chat.transcript.written_line import WrittenLine

MAX_WAITING_LINES = 400
"""Lines waiting to be posted: half an hour of lively talk. Beyond it the oldest are dropped, and people are told."""


class WaitingLines:
    """The queue of one channel."""

    def __init__(self) -> None:
        self._lines: deque[WrittenLine] = deque()
        self._taken: list[WrittenLine] = []
        "the lines of the message that is being posted"

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, line: WrittenLine) -> bool:
        """Add a line at the end; return whether the oldest had to go for it."""
        full = len(self._lines) >= MAX_WAITING_LINES
        if full:
            self._lines.popleft()
        self._lines.append(line)
        return full

    def take_batch(self) -> list[WrittenLine]:
        """Take the first line, and those after it that fit into the same message; `drop` reaches them still."""
        batch = self._taken = [self._lines.popleft()]
        size = len(batch[0].text)
        while self._lines and not batch[-1].growing and not self._lines[0].growing:
            size += 1 + len(self._lines[0].text)
            if size > MAX_MESSAGE_CHARACTERS:
                break
            batch.append(self._lines.popleft())
        return batch

    def drop(self, unwanted: Callable[[WrittenLine], bool]) -> None:
        """Drop some lines, waiting or taken last."""
        for waiting in (self._lines, self._taken):
            kept = [line for line in waiting if not unwanted(line)]
            waiting.clear()
            waiting.extend(kept)

    def clear(self) -> None:
        self._lines.clear()
