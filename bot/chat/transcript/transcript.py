"""What a call's text chat shows: people's words, the bot's as it speaks, troubles and notices (ports.Audience)."""

import asyncio
from collections.abc import Awaitable, Callable

import discord
import structlog

from bot.call.record import UNINTELLIGIBLE
from bot.chat import escape, lines
from bot.chat.error_messages import error_sentence
from bot.chat.i18n import Words
from bot.chat.transcript.line_writer import LineWriter, WrittenLine
from bot.errors import BotError
from bot.types import CallState, Heard, Spoken

log = structlog.get_logger(__name__)

TROUBLE_REPEAT_SECONDS = 120.0
"""Seconds within which the same trouble edits its last notice instead of posting another."""
MAX_GROWING_ANSWERS = 8
"""Answers shown as they grow; a call has one at a time, the rest are such as never ended."""

Changed = Callable[[CallState], Awaitable[None]]


class Transcript:
    """Writes one call's lines into `scroll`; `changed` is told of every state, for the panel;
    `row` makes the buttons under an answer.

    While `written` is false, nobody's words are shown: only troubles, notices and answers that were not spoken. An
    answer that has begun to show is finished, so that it gets its buttons.
    """

    def __init__(
        self,
        scroll: LineWriter,
        bot_name: Callable[[], str],
        words: Callable[[], Words],
        changed: Changed,
        row: Callable[[Spoken], discord.ui.View | None],
        written: Callable[[], bool],
    ) -> None:
        self._scroll = scroll
        self._bot_name = bot_name
        self._words = words
        self._changed = changed
        self._row = row
        self._written = written
        self._answers: dict[int, WrittenLine] = {}
        "turn -> its line, while the bot speaks"
        self._trouble: tuple[str, WrittenLine, float, int] | None = None
        "code, line, when (loop time), how often"

    async def heard(self, heard: Heard, name: str) -> None:
        if not self._written():
            return
        if heard.text == UNINTELLIGIBLE:
            self._scroll.post(lines.unintelligible(name, self._words()))
        elif heard.text.strip():
            self._scroll.post(lines.heard(name, heard.text))

    async def saying(self, turn_id: int, text: str) -> None:
        if not text.strip():
            return
        shown = lines.saying(self._bot_name(), text)
        line = self._answers.get(turn_id)
        if line is not None:
            self._scroll.revise(line, shown)
            return
        if not self._written():
            return
        while len(self._answers) >= MAX_GROWING_ANSWERS:
            del self._answers[next(iter(self._answers))]
        self._answers[turn_id] = self._scroll.post(shown, growing=True)

    async def said(self, spoken: Spoken) -> None:
        line = self._answers.pop(spoken.turn_id, None)
        if line is None and (not spoken.text.strip() or (spoken.spoken and not self._written())):
            return  # nothing was heard of it, or nobody reads along
        shown = lines.said(self._bot_name(), spoken, self._words())
        row = self._row(spoken)
        if line is None:
            self._scroll.post(shown, growing=True, row=row)
        else:
            self._scroll.revise(line, shown, row)

    async def state(self, state: CallState) -> None:
        await self._changed(state)

    async def trouble(self, error: BotError) -> None:
        shown = f"⚠️ {error_sentence(self._words(), error)}"
        now = asyncio.get_running_loop().time()
        if self._trouble is not None:
            code, line, last, times = self._trouble
            if code == error.code and now - last < TROUBLE_REPEAT_SECONDS:
                self._trouble = (code, line, now, times + 1)
                self._scroll.revise(line, f"{shown} (×{times + 1})")
                return
        self._trouble = (error.code, self._scroll.post(shown, growing=True), now, 1)

    async def notice(self, code: str, **values: str | int | float) -> None:
        inert = {key: escape.escape(value) if isinstance(value, str) else value for key, value in values.items()}
        self._scroll.post(self._words()(code, **inert))
