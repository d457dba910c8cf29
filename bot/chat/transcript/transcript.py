"""What a call's text chat shows: people's words, the bot's as it speaks, troubles and notices (ports.Audience)."""

import asyncio
from collections.abc import Awaitable, Callable

import discord
import structlog

from bot.call.record import UNINTELLIGIBLE_TEXT
from bot.chat import escape, lines
from bot.chat.error_messages import error_sentence
from bot.chat.i18n import Words
from bot.chat.transcript.line_writer import LineWriter
from bot.chat.transcript.written_line import WrittenLine
from bot.errors import BotError
from bot.types import CallState, Heard, Spoken

log = structlog.get_logger(__name__)

TROUBLE_REPEAT_SECONDS = 120.0
"""Within this time the same trouble edits its last notice instead of posting another."""
MAX_GROWING_ANSWERS = 8
"""Answers shown while they grow. A call speaks one at a time; any others never ended."""

StateListener = Callable[[CallState], Awaitable[None]]


class Transcript:
    """Writes one call's lines with `writer`. `on_state` gets every state of the call, for the panel; `row` makes the
    buttons under an answer.

    `whisper` tells one person a sentence that only they see; False: that is not possible.

    While `is_written` returns False, words are not shown: only troubles, notices and answers that were not spoken. An
    answer that is already partly shown is still finished, because it needs its buttons.
    """

    def __init__(
        self,
        writer: LineWriter,
        bot_name: Callable[[], str],
        words: Callable[[], Words],
        on_state: StateListener,
        row: Callable[[Spoken], discord.ui.View | None],
        is_written: Callable[[], bool],
        whisper: Callable[[int, str], Awaitable[bool]],
    ) -> None:
        self._writer = writer
        self._bot_name = bot_name
        self._words = words
        self._on_state = on_state
        self._row = row
        self._is_written = is_written
        self._whisper = whisper
        self._answers: dict[int, WrittenLine] = {}
        "turn -> its line, while the bot speaks"
        self._trouble: tuple[str, WrittenLine, float, int] | None = None
        "code, line, time of the last one (event loop clock), count"

    async def heard(self, heard: Heard, name: str) -> None:
        if not self._is_written():
            return
        if heard.text == UNINTELLIGIBLE_TEXT:
            self._writer.post(lines.unintelligible(name, self._words()), speaker=heard.user_id)
        elif heard.text.strip():
            self._writer.post(lines.heard(name, heard.text), speaker=heard.user_id)

    async def saying(self, turn_id: int, text: str) -> None:
        if not text.strip():
            return
        shown = lines.saying(self._bot_name(), text)
        line = self._answers.get(turn_id)
        if line is not None:
            self._writer.revise(line, shown)
            return
        if not self._is_written():
            return
        while len(self._answers) >= MAX_GROWING_ANSWERS:
            del self._answers[next(iter(self._answers))]
        self._answers[turn_id] = self._writer.post(shown, growing=True)

    async def said(self, spoken: Spoken) -> None:
        line = self._answers.pop(spoken.turn_id, None)
        if line is None and (not spoken.text.strip() or (spoken.spoken and not self._is_written())):
            return  # nobody heard any of it, or the transcript is off
        shown = lines.said(self._bot_name(), spoken, self._words())
        row = self._row(spoken)
        if line is None:
            line = self._writer.post(shown, growing=True, row=row)
        else:
            self._writer.revise(line, shown, row)
        line.asked_by = spoken.asked_by

    def drop_words(self, user_id: int) -> None:
        self._writer.drop(lambda line: line.speaker == user_id)

    def drop_answers(self, user_id: int) -> None:
        self._writer.drop(lambda line: user_id in line.asked_by)

    async def state(self, state: CallState) -> None:
        await self._on_state(state)

    async def trouble(self, error: BotError) -> None:
        shown = f"⚠️ {error_sentence(self._words(), error)}"
        now = asyncio.get_running_loop().time()
        if self._trouble is not None:
            code, line, last, times = self._trouble
            if code == error.code and now - last < TROUBLE_REPEAT_SECONDS:
                self._trouble = (code, line, now, times + 1)
                self._writer.revise(line, f"{shown} (×{times + 1})")
                return
        self._trouble = (error.code, self._writer.post(shown, growing=True), now, 1)

    async def returns_echo(self, user_id: int, name: str) -> None:
        if not await self._whisper(user_id, "echo private"):
            await self.notice("echo notice", name=name)

    async def notice(self, code: str, **values: str | int | float) -> None:
        inert = {key: escape.escape(value) if isinstance(value, str) else value for key, value in values.items()}
        self._writer.post(self._words()(code, **inert))
