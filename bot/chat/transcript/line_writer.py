"""Writes lines into a channel in order: batches them when they pile up, and limits how often they are edited.

While Discord cannot be reached, lines wait. Those that are late say so, and a notice above them says why, once.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import discord
import structlog

from bot.chat.i18n import Words
from bot.chat.lines import split
from bot.chat.requests import NONCE_BITS, REQUEST_ERRORS, is_chat_gone, is_edge_fault, retry_delay
from bot.chat.transcript.forbidden_pause import ForbiddenPause
from bot.chat.transcript.outage import Outages
from bot.chat.transcript.waiting_lines import WaitingLines
from bot.chat.transcript.written_line import TextChannel, WrittenLine

log = structlog.get_logger(__name__)

Row: TypeAlias = discord.ui.View | None
"""Of buttons."""
LINE_EDIT_GAP_SECONDS = 1.2
"""Minimum time between two edits in one channel: Discord allows about five in five seconds, including clicks."""
EDIT_TOLERANCE_SECONDS = 0.001
"""An edit may be this early: otherwise rounding could make the writer spin."""


class LineWriter:
    """Writes the lines of one channel. Its methods neither raise nor block: a task runs while there is work."""

    def __init__(
        self, channel: TextChannel, counts: Counter[str] | None = None, words: Callable[[], Words] | None = None
    ) -> None:
        """`words` gives the catalogue for notices about outages; without it there are none."""
        self.counts = Counter() if counts is None else counts
        "posts, edits, lines_dropped, refused, unreachable, failed; may be shared by all channels"
        self.channel = channel
        "may be replaced: lines to come go there"
        self._home = channel
        "where they go if that is deleted, or others may read it"
        self._left: set[int] = set()
        "ids of the channels that others may read by now"
        self._outages = Outages(words)
        self._unsent = WaitingLines()
        self._stale: dict[WrittenLine, None] = {}
        "posted lines whose text has changed, oldest first"
        self._editing: WrittenLine | None = None
        self._next_edit = float("-inf")
        self._failed_edits = 0  # in a row
        self._forbidden = ForbiddenPause()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def post(
        self, text: str, *, growing: bool = False, row: Row = None, speaker: int = 0, kept: bool = False
    ) -> WrittenLine:
        """Add a line at the end; one with a `row` of buttons gets a message of its own. See WrittenLine for `kept`."""
        line = WrittenLine(text, growing=growing or row is not None, speaker=speaker, kept=kept)
        line.row = row
        self._queue(line)
        self._wake()
        return line

    def revise(self, line: WrittenLine, text: str, row: Row = None) -> None:
        """Change the text of a line; its final text comes with a `row` of buttons, if it gets any."""
        if text == line.text and row is None:
            return
        line.text = text
        line.row = row or line.row
        if line.posted:
            self._stale[line] = None
            self._wake()

    def allowed(self) -> None:
        """Write what must be read and was forbidden: the bot may write now, as far as is known."""
        for line in self._forbidden.end(self._now()):
            self._queue(line)
            self._wake()

    def retreat(self) -> None:
        """Go home, as others may read the channel by now: a line that changes leaves it, and is posted anew."""
        self._left.add(self.channel.id)
        self.channel = self._home

    def drop(self, unwanted: Callable[[WrittenLine], bool]) -> None:
        """Drop lines that are not written yet, or would be written anew."""
        for waiting in (self._unsent, self._forbidden, *filter(None, (*self._stale, self._editing))):
            waiting.drop(unwanted)

    async def idle(self) -> None:
        """Return when every line and change so far is written."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    def cancel(self) -> None:
        """Drop what is not written yet."""
        if self._task is not None:
            self._task.cancel()
        self.counts["lines_dropped"] += len(self._unsent)
        self._unsent.clear()

    def _queue(self, line: WrittenLine) -> None:
        if self._unsent.add(line):
            self.counts["lines_dropped"] += 1
            self._outages.dropped()

    def _has_left(self, line: WrittenLine) -> bool:
        """Whether a line is in a channel that others may read by now."""
        return bool(line.posted and line.places & (self._left - {self.channel.id}))

    def _wake(self) -> None:
        self._changed.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write(), name=f"line_writer:{self.channel.id}")

    async def _write(self) -> None:
        while self._unsent or self._stale:
            self._changed.clear()
            if self._unsent:
                await self._post(self._unsent.take_batch())
            elif (wait := self._next_edit - self._now()) > EDIT_TOLERANCE_SECONDS:  # a new line goes before an edit
                await _wait_for(self._changed, wait)
            else:
                await self._edit_next()

    async def _post(self, batch: list[WrittenLine]) -> None:
        if self._forbidden.holds(self._now()):
            self.counts["refused"] += len(batch)
            self._forbidden.keep(batch)
            return
        single = batch[0] if len(batch) == 1 else WrittenLine("", growing=False)
        written, taken = 0, True
        while taken and written < len(parts := split(_together(batch))):
            taken = await self._append(single, batch, parts[written], last=written == len(parts) - 1)
            written += 1
        if taken:
            self._outages.mark_late(batch, self._now())  # discord.py may have waited long by itself
        if single not in batch:  # they were several, or were dropped while they were being posted
            single.text, single.late, single.together = _together(batch), "", batch
        changed = split(single.full_text) != single.shown or single.row is not single.shown_row
        if (taken and changed) or self._has_left(single):  # while it was being posted
            self._stale[single] = None

    async def _append(self, line: WrittenLine, batch: list[WrittenLine], part: str, *, last: bool) -> bool:
        """Post a part of a batch, as soon as Discord can be reached; return whether Discord took it."""
        nonce = secrets.randbits(NONCE_BITS)  # the same for every attempt: the answer to one may be lost
        while True:
            try:
                await self._outages.tell(self.channel, self._now())
                if not line.posted:
                    self._outages.mark_late(batch, self._now())
                    part = next(iter(split(_together(batch))), "")
                if not part:  # its lines were dropped in the meantime
                    return False
                view, since, place = _view(line, last), self._now(), self.channel.id
                posted = await self.channel.send(part, silent=True, suppress_embeds=True, nonce=nonce, **view)
            except REQUEST_ERRORS as error:
                if is_chat_gone(error) and self.channel is not self._home:
                    self.channel = self._home
                elif not is_edge_fault(error):
                    self._refused(error, batch)
                    return False
                else:
                    self.counts["unreachable"] += 1
                    await asyncio.sleep(self._outages.failed(self._now(), error, self.channel.id))
            else:
                break
        self._outages.got_through(since, self._now())
        self.counts["posts"] += 1
        self.allowed()
        line.shows(part, posted, place)
        _take_view(line, view)
        return True

    def _refused(self, error: BaseException, lines: Sequence[WrittenLine] = ()) -> None:
        """Record that Discord does not take a message: it is forbidden, or was deleted."""
        if isinstance(error, discord.Forbidden):
            self.counts["refused"] += 1
            self._forbidden.begin(self._now(), lines, self.channel.id)
        else:
            self.counts["failed"] += 1
            log.warning("chat_failed", channel_id=self.channel.id, code=getattr(error, "code", None))

    async def _edit_next(self) -> None:
        """Edit the line that waits longest. While Discord cannot be reached it waits on; new lines go first."""
        line = self._editing = next(iter(self._stale))
        del self._stale[line]
        self._next_edit = self._now() + LINE_EDIT_GAP_SECONDS
        try:
            await self._edit(line)
        except REQUEST_ERRORS as error:
            if is_edge_fault(error):
                self.counts["unreachable"] += 1
                self._stale[line] = None
                self._next_edit = self._now() + max(LINE_EDIT_GAP_SECONDS, retry_delay(self._failed_edits, error))
                self._failed_edits += 1
                return
            self._refused(error)
        else:
            self._failed_edits = 0
        finally:
            self._editing = None
        if self._has_left(line):  # while it was being edited
            self._stale[line] = None

    async def _edit(self, line: WrittenLine) -> None:
        parts = split(line.full_text)
        for index, part in enumerate(parts[: len(line.posted)]):
            if self._has_left(line):  # meanwhile, too
                await line.take_away()
                for each in line.lines:
                    self._queue(each)
                return
            view = _view(line, index == len(parts) - 1)
            if part != line.shown[index] or view:
                self.counts["edits"] += 1
                await line.posted[index].edit(content=part, **view)
                line.shown[index] = part
                _take_view(line, view)
        for index in range(len(line.posted), len(parts)):
            if not await self._append(line, [line], parts[index], last=index == len(parts) - 1):
                return
        await line.shorten(len(parts))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _together(batch: Sequence[WrittenLine]) -> str:
    return "\n".join(line.full_text for line in batch)


def _view(line: WrittenLine, last: bool) -> dict[str, Any]:
    """Return a line's buttons for its last message, as an argument for discord.py."""
    return {"view": line.row} if last and line.row is not None and line.row is not line.shown_row else {}


def _take_view(line: WrittenLine, view: dict[str, discord.ui.View]) -> None:
    """Record which buttons are shown: the line may have got others meanwhile."""
    if view:
        line.shown_row = view["view"]


async def _wait_for(event: asyncio.Event, seconds: float) -> None:
    """Return when the event is set, or after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
