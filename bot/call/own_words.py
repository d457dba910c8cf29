"""Writes down what the bot said, when the model sent sound without words."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog

from bot.audio import at_hear_rate
from bot.call.accounts import Accounts
from bot.call.context import CallContext
from bot.errors import BotError
from bot.types import AudioDelta, ReplyDone, ReplyEvent, TextDelta, Turn, Utterance

log = structlog.get_logger(__name__)

MAX_OWN_SPEECH_BYTES = 120 * 48_000
"""Of an answer, two minutes; the words of the rest are not known."""


class OwnWords:
    """The words of answers that came without any."""

    def __init__(self, context: CallContext, accounts: Accounts) -> None:
        self._venue = context.venue
        self._transcriber = context.services.transcriber
        self._settings = context.settings
        self._accounts = accounts

    async def add(self, events: AsyncGenerator[ReplyEvent, None], turn: Turn) -> AsyncGenerator[ReplyEvent, None]:
        """Pass on the events of an answer; before its end, if it had sound but no words, come the words."""
        sound = bytearray()
        worded = False
        async with aclosing(events):
            async for event in events:
                match event:
                    case TextDelta(text):
                        worded = worded or bool(text.strip())
                        sound.clear()
                    case AudioDelta(pcm) if not worded:
                        sound += pcm[: max(0, MAX_OWN_SPEECH_BYTES - len(sound))]
                    case ReplyDone() if sound and not worded and (words := await self._write(bytes(sound), turn)):
                        yield TextDelta(words)
                yield event

    async def _write(self, sound: bytes, turn: Turn) -> str:
        """Return the words, empty if they are not known."""
        pcm = at_hear_rate(sound)
        utterance = Utterance(-turn.id, 0, turn.closed_at, pcm, voiced=len(pcm) / 32_000, ended_by="length")
        if not await self._accounts.may_write_own_words(utterance, turn):
            return ""
        try:
            heard = await self._transcriber.transcribe(utterance, self._settings().language, [self._venue.bot_name])
        except BotError as error:
            log.warning("own_words_unknown", turn=turn.id, reason=error.code)
            return ""
        self._accounts.own_words_written(heard, turn)
        return heard.text
