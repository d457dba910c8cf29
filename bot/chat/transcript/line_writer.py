"""Lines written into a channel in order: batched when they pile up, edited no more often than people can read."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import aiohttp
import discord
import structlog

from bot.chat.lines import MESSAGE_LIMIT, split

log = structlog.get_logger(__name__)

EDIT_GAP = 1.2
"""Seconds between two edits in one channel: Discord allows about five in five seconds, people's clicks included."""
TOLERANCE = 0.001
"""Seconds an edit may come early, so that rounding never makes the writer spin."""
WAITING_BOUND = 400
"""Lines waiting to be posted: at five messages in five seconds, minutes of an outage."""
RETRIES = (1.0, 4.0, 10.0)
"""Seconds before a line is tried again when Discord cannot be reached; discord.py has retried by itself before."""
CLOSED_FOR = 60.0
"""Seconds to leave a channel alone that may not be written to."""

_T = TypeVar("_T")
_UNREACHABLE = (OSError, aiohttp.ClientError, discord.DiscordServerError)


class Posted(Protocol):
    """A message of ours: discord.Message, as far as a line needs it."""

    async def edit(self, *, content: str, view: discord.ui.View = ...) -> object: ...

    async def delete(self) -> None: ...


class TextChannel(Protocol):
    """Where lines go: a discord.abc.Messageable, as far as it is needed."""

    @property
    def id(self) -> int: ...

    async def send(
        self, content: str, *, silent: bool, suppress_embeds: bool, view: discord.ui.View = ...
    ) -> Posted: ...


class WrittenLine:
    """One line; `text` is what it should read."""

    __slots__ = ("growing", "posted", "row", "shown", "text")

    def __init__(self, text: str, *, growing: bool) -> None:
        self.text = text
        self.growing = growing
        "it will change: it gets a message of its own"
        self.posted: list[Posted] = []
        self.shown: list[str] = []
        self.row: discord.ui.View | None = None
        "buttons under its last message, not shown yet"


class LineWriter:
    """The writer of one channel. Nothing here raises or waits: a task writes while there is something to write."""

    def __init__(self, channel: TextChannel, counts: Counter[str] | None = None) -> None:
        self.counts = Counter() if counts is None else counts
        "posts, edits, lines_dropped, refused, unreachable, failed; may be those of all channels"
        self.channel = channel
        "may be changed while nothing is written yet"
        self._unsent: deque[WrittenLine] = deque()
        self._stale: dict[WrittenLine, None] = {}
        "posted lines whose text has changed since, oldest first"
        self._next_edit = float("-inf")
        self._closed_until = float("-inf")
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def post(self, text: str, *, growing: bool = False, row: discord.ui.View | None = None) -> WrittenLine:
        """Add a line at the end; one with a `row` of buttons is a growing one."""
        line = WrittenLine(text, growing=growing or row is not None)
        line.row = row
        if len(self._unsent) >= WAITING_BOUND:
            self._unsent.popleft()
            self.counts["lines_dropped"] += 1
        self._unsent.append(line)
        self._wake()
        return line

    def revise(self, line: WrittenLine, text: str, row: discord.ui.View | None = None) -> None:
        """Change a line, wherever it stands; `row` is put under it when its last words are known."""
        if text == line.text and row is None:
            return
        line.text = text
        line.row = row
        if line.posted:
            self._stale[line] = None
            self._wake()

    async def idle(self) -> None:
        """Return when everything added so far is shown."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    def cancel(self) -> None:
        """Drop what is not written yet."""
        if self._task is not None:
            self._task.cancel()

    def _wake(self) -> None:
        self._news.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write(), name=f"scroll:{self.channel.id}")

    async def _write(self) -> None:
        clock = asyncio.get_running_loop().time
        while self._unsent or self._stale:
            self._news.clear()
            if self._unsent:
                await self._post(self._batch())
                continue
            wait = self._next_edit - clock()
            if wait > TOLERANCE:  # a new line goes ahead of an edit
                await _first_of(self._news, wait)
                continue
            line = next(iter(self._stale))
            del self._stale[line]
            self._next_edit = clock() + EDIT_GAP
            await self._edit(line)

    def _batch(self) -> list[WrittenLine]:
        """Take the first waiting line, and those after it that fit into the same message."""
        batch = [self._unsent.popleft()]
        size = len(batch[0].text)
        while self._unsent and not batch[-1].growing and not self._unsent[0].growing:
            size += 1 + len(self._unsent[0].text)
            if size > MESSAGE_LIMIT:
                break
            batch.append(self._unsent.popleft())
        return batch

    async def _post(self, batch: list[WrittenLine]) -> None:
        if asyncio.get_running_loop().time() < self._closed_until:
            self.counts["refused"] += len(batch)
            return
        single = batch[0] if len(batch) == 1 else WrittenLine("", growing=False)
        parts = split("\n".join(line.text for line in batch))
        for index, part in enumerate(parts):
            if not await self._append(single, part, last=index == len(parts) - 1):
                return
        if len(batch) == 1 and (split(single.text) != single.shown or single.row):
            self._stale[single] = None  # it changed while it was on its way

    async def _append(self, line: WrittenLine, part: str, *, last: bool) -> bool:
        row = _row(line, last)
        posted = await self._try(lambda: self.channel.send(part, silent=True, suppress_embeds=True, **row))
        if posted is None:
            return False
        self.counts["posts"] += 1
        line.posted.append(posted)
        line.shown.append(part)
        return True

    async def _edit(self, line: WrittenLine) -> None:
        parts = split(line.text)
        for index, part in enumerate(parts[: len(line.posted)]):
            row = _row(line, index == len(parts) - 1)
            if part != line.shown[index] or row:
                message = line.posted[index]
                self.counts["edits"] += 1
                line.shown[index] = part
                await self._try(lambda message=message, part=part, row=row: message.edit(content=part, **row))
        for index in range(len(line.posted), len(parts)):
            if not await self._append(line, parts[index], last=index == len(parts) - 1):
                return
        while len(line.posted) > len(parts):  # cut short: fewer messages than were shown
            line.shown.pop()
            await self._try(line.posted.pop().delete)

    async def _try(self, act: Callable[[], Awaitable[_T]]) -> _T | None:
        """Do it, again if Discord is away; None when it cannot be done."""
        for delay in (*RETRIES, None):
            try:
                return await act()
            except discord.Forbidden:
                self._closed_until = asyncio.get_running_loop().time() + CLOSED_FOR
                self.counts["refused"] += 1
                log.warning("chat_refused", channel_id=self.channel.id)
                return None
            except _UNREACHABLE as error:
                self.counts["unreachable"] += 1
                log.warning("chat_unreachable", channel_id=self.channel.id, error=type(error).__name__)
                if delay is None:
                    return None
                await asyncio.sleep(delay)
            except discord.HTTPException as error:  # a moderator deleted the message, or Discord finds fault with it
                self.counts["failed"] += 1
                log.warning("chat_failed", channel_id=self.channel.id, status=error.status, code=error.code)
                return None
        return None


def _row(line: WrittenLine, last: bool) -> dict[str, discord.ui.View]:
    """Take a line's buttons, if they go with this message of it, as discord.py's argument."""
    row = line.row if last else None
    if row is None:
        return {}
    line.row = None
    return {"view": row}


async def _first_of(event: asyncio.Event, seconds: float) -> None:
    """Return when the event is set, or after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
