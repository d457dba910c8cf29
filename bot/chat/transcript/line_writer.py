"""Writes lines into a channel in order: batches them when they pile up, and limits how often they are edited."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import aiohttp
import discord
import structlog

from bot.chat.lines import MAX_MESSAGE_CHARACTERS, split

log = structlog.get_logger(__name__)

LINE_EDIT_GAP_SECONDS = 1.2
"""Minimum time between two edits in one channel: Discord allows about five in five seconds, including clicks."""
EDIT_TOLERANCE_SECONDS = 0.001
"""An edit may be this early: otherwise rounding could make the writer spin."""
MAX_WAITING_LINES = 400
"""Lines waiting to be posted: minutes of an outage, at five messages in five seconds."""
POST_RETRY_DELAYS_SECONDS = (1.0, 4.0, 10.0)
"""Waits before each retry when Discord cannot be reached; discord.py has already retried by then."""
FORBIDDEN_PAUSE_SECONDS = 60.0
"""Nothing is posted for this time after Discord has forbidden it."""

_Result = TypeVar("_Result")
_UNREACHABLE_ERRORS = (OSError, aiohttp.ClientError, discord.DiscordServerError)


class PostedMessage(Protocol):
    """What a line needs of its discord.Message."""

    async def edit(self, *, content: str, view: discord.ui.View = ...) -> object: ...

    async def delete(self) -> None: ...


class TextChannel(Protocol):
    """What the writer needs of a discord.abc.Messageable."""

    @property
    def id(self) -> int: ...

    async def send(
        self, content: str, *, silent: bool, suppress_embeds: bool, view: discord.ui.View = ...
    ) -> PostedMessage: ...


class WrittenLine:
    """One line; `text` is what it should say."""

    __slots__ = ("growing", "posted", "row", "shown", "text")

    def __init__(self, text: str, *, growing: bool) -> None:
        self.text = text
        self.growing = growing
        "its text will change, so it gets a message of its own"
        self.posted: list[PostedMessage] = []
        self.shown: list[str] = []
        self.row: discord.ui.View | None = None
        "buttons for its last message, not shown yet"


class LineWriter:
    """Writes the lines of one channel. Its methods neither raise nor block: a task runs while there is work."""

    def __init__(self, channel: TextChannel, counts: Counter[str] | None = None) -> None:
        self.counts = Counter() if counts is None else counts
        "posts, edits, lines_dropped, refused, unreachable, failed; may be shared by all channels"
        self.channel = channel
        "may be replaced before the first line is written"
        self._unsent: deque[WrittenLine] = deque()
        self._stale: dict[WrittenLine, None] = {}
        "posted lines whose text has changed, oldest first"
        self._next_edit = float("-inf")
        self._forbidden_until = float("-inf")
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def post(self, text: str, *, growing: bool = False, row: discord.ui.View | None = None) -> WrittenLine:
        """Add a line at the end; one with a `row` of buttons gets a message of its own."""
        line = WrittenLine(text, growing=growing or row is not None)
        line.row = row
        if len(self._unsent) >= MAX_WAITING_LINES:
            self._unsent.popleft()
            self.counts["lines_dropped"] += 1
        self._unsent.append(line)
        self._wake()
        return line

    def revise(self, line: WrittenLine, text: str, row: discord.ui.View | None = None) -> None:
        """Change the text of a line; its final text comes with a `row` of buttons, if it gets any."""
        if text == line.text and row is None:
            return
        line.text = text
        line.row = row
        if line.posted:
            self._stale[line] = None
            self._wake()

    async def idle(self) -> None:
        """Return when every line and change so far is written."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    def cancel(self) -> None:
        """Drop what is not written yet."""
        if self._task is not None:
            self._task.cancel()

    def _wake(self) -> None:
        self._changed.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write(), name=f"line_writer:{self.channel.id}")

    async def _write(self) -> None:
        clock = asyncio.get_running_loop().time
        while self._unsent or self._stale:
            self._changed.clear()
            if self._unsent:
                await self._post(self._batch())
                continue
            wait = self._next_edit - clock()
            if wait > EDIT_TOLERANCE_SECONDS:  # a new line goes before an edit
                await _wait_for(self._changed, wait)
                continue
            line = next(iter(self._stale))
            del self._stale[line]
            self._next_edit = clock() + LINE_EDIT_GAP_SECONDS
            await self._edit(line)

    def _batch(self) -> list[WrittenLine]:
        """Take the first waiting line, and those after it that fit into the same message."""
        batch = [self._unsent.popleft()]
        size = len(batch[0].text)
        while self._unsent and not batch[-1].growing and not self._unsent[0].growing:
            size += 1 + len(self._unsent[0].text)
            if size > MAX_MESSAGE_CHARACTERS:
                break
            batch.append(self._unsent.popleft())
        return batch

    async def _post(self, batch: list[WrittenLine]) -> None:
        if asyncio.get_running_loop().time() < self._forbidden_until:
            self.counts["refused"] += len(batch)
            return
        single = batch[0] if len(batch) == 1 else WrittenLine("", growing=False)
        parts = split("\n".join(line.text for line in batch))
        for index, part in enumerate(parts):
            if not await self._append(single, part, last=index == len(parts) - 1):
                return
        if len(batch) == 1 and (split(single.text) != single.shown or single.row):
            self._stale[single] = None  # it changed while it was being posted

    async def _append(self, line: WrittenLine, part: str, *, last: bool) -> bool:
        row = _take_view(line, last)
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
            row = _take_view(line, index == len(parts) - 1)
            if part != line.shown[index] or row:
                message = line.posted[index]
                self.counts["edits"] += 1
                line.shown[index] = part
                await self._try(lambda message=message, part=part, row=row: message.edit(content=part, **row))
        for index in range(len(line.posted), len(parts)):
            if not await self._append(line, parts[index], last=index == len(parts) - 1):
                return
        while len(line.posted) > len(parts):  # the text became shorter: delete the messages left over
            line.shown.pop()
            await self._try(line.posted.pop().delete)

    async def _try(self, act: Callable[[], Awaitable[_Result]]) -> _Result | None:
        """Call `act`, with retries while Discord cannot be reached; None when it fails."""
        for delay in (*POST_RETRY_DELAYS_SECONDS, None):
            try:
                return await act()
            except discord.Forbidden:
                self._forbidden_until = asyncio.get_running_loop().time() + FORBIDDEN_PAUSE_SECONDS
                self.counts["refused"] += 1
                log.warning("chat_refused", channel_id=self.channel.id)
                return None
            except _UNREACHABLE_ERRORS as error:
                self.counts["unreachable"] += 1
                log.warning("chat_unreachable", channel_id=self.channel.id, error=type(error).__name__)
                if delay is None:
                    return None
                await asyncio.sleep(delay)
            except discord.HTTPException as error:  # a moderator deleted the message, or Discord rejects it
                self.counts["failed"] += 1
                log.warning("chat_failed", channel_id=self.channel.id, status=error.status, code=error.code)
                return None
        return None


def _take_view(line: WrittenLine, last: bool) -> dict[str, discord.ui.View]:
    """Take a line's buttons for its last message, as an argument for discord.py."""
    row = line.row if last else None
    if row is None:
        return {}
    line.row = None
    return {"view": row}


async def _wait_for(event: asyncio.Event, seconds: float) -> None:
    """Return when the event is set, or after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
