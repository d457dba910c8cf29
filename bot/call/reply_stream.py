"""What the engine sends for one turn: words, sound, and how it ended."""

from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import structlog

from bot.audio import SPEAK_RATE, seconds
from bot.errors import BotError
from bot.types import AudioDelta, ReplyDone, ReplyEvent, TextDelta

log = structlog.get_logger(__name__)

MAX_ANSWER_SECONDS = 120.0
"""Seconds of sound kept for one answer. The model is asked for less; this is the bound."""


class ReplyStream:
    """The stream of one request. The others read its fields; only `read` writes them."""

    def __init__(
        self, events: AsyncGenerator[ReplyEvent, None], clock: Callable[[], float], counts: Counter[str]
    ) -> None:
        """`events` is not begun; `counts` gets answer_too_long."""
        self.text = ""
        self.seconds = 0.0
        "of sound that arrived"
        self.done: ReplyDone | None = None
        self.error: BotError | None = None
        self.asked_at = clock()
        "seconds on the call's clock, when the request was sent"
        self.ended_at: float | None = None
        "seconds on the call's clock, when the request was over"
        self._events = events
        self._clock = clock
        self._counts = counts
        self._sound = bytearray()
        self._too_long = False

    @property
    def complete(self) -> bool:
        """Whether no more will arrive, because the stream is done or failed."""
        return self.done is not None or self.error is not None

    @property
    def empty(self) -> bool:
        """Whether neither words nor sound arrived."""
        return not (self.seconds or self.text)

    @property
    def sound(self) -> bytes:
        """All sound that arrived: s16le mono 24 kHz."""
        return bytes(self._sound)

    async def read(self, turn_id: int, on_sound: Callable[[bytes], None]) -> None:
        """Take in what the engine sends. A failure is left in `error`: what people heard before it stays heard."""
        try:
            async with aclosing(self._events) as events:
                async for event in events:
                    match event:
                        case TextDelta(text):
                            self.text += text
                        case AudioDelta(pcm):
                            if self._keep(pcm):
                                on_sound(pcm)
                        case ReplyDone():
                            self.done = event
        except BotError as error:
            self.error = error
        except Exception:
            # A bug in an engine must not end the call: the log gets the traceback, people get a sentence.
            self.error = BotError()
            log.exception("reply_failed", turn=turn_id)
        finally:
            self.ended_at = self._clock()

    def _keep(self, pcm: bytes) -> bool:
        length = seconds(pcm, SPEAK_RATE)
        if self.seconds + length > MAX_ANSWER_SECONDS:
            self._counts["answer_too_long"] += not self._too_long
            self._too_long = True
            return False
        self.seconds += length
        self._sound += pcm
        return True
