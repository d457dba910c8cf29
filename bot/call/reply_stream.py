"""What the engine sends for one turn: words, sound, and how it ended."""

from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

import structlog

from bot.audio import SPEAK_RATE, seconds
from bot.errors import BotError
from bot.types import AudioDelta, ReplyDone, ReplyEvent, TextDelta, ToolCalls, ToolsUsed, ToolUse, WordsWait

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
        self.clauses: list[tuple[int, float]] = []
        "where clauses begin whose sound follows them: characters of the text, seconds of the sound"
        self.seconds = 0.0
        "of sound that arrived"
        self.done: ReplyDone | None = None
        self.error: BotError | None = None
        self.tools: list[ToolUse] = []
        "tools that were used, in order"
        self.rounds = 0
        "of tools that are over"
        self.elsewhere: list[ToolsUsed] = []
        "rounds of tools for which another model was asked"
        self.asked_at = clock()
        "seconds on the call's clock, when the request was sent"
        self.ended_at: float | None = None
        "seconds on the call's clock, when the request was over"
        self.writing = False
        "words are on their way, and wait"
        self._using_tools = False
        self._tools_over_at: float | None = None
        "seconds on the call's clock, when the last tool was done"
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

    def model_took(self, now: float, since: float) -> float:
        """Return for how many seconds, since then, the model itself has let people wait; 0 while a tool runs."""
        return 0.0 if self._using_tools else now - max(since, self._tools_over_at or since)

    async def read(self, turn_id: int, on_sound: Callable[[bytes], None]) -> None:
        """Take in what the engine sends. A failure is left in `error`: what people heard before it stays heard."""
        try:
            async with aclosing(self._events) as events:
                async for event in events:
                    match event:
                        case TextDelta(text, aloud):
                            if aloud:
                                self.clauses.append((len(self.text), self.seconds))
                            self.text += text
                        case AudioDelta(pcm):
                            if self._keep(pcm):
                                on_sound(pcm)
                        case WordsWait():
                            self.writing = True
                        case ToolCalls():
                            self._using_tools = True
                        case ToolsUsed(uses):
                            self.tools += uses
                            self.rounds += 1
                            self.elsewhere += [event] if event.model else []
                            self._using_tools, self._tools_over_at = False, self._clock()
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


@dataclass(frozen=True, slots=True)
class PastAnswer:
    """What is remembered of an answer that is over: nothing of what people said, and no sound."""

    people: frozenset[int]
    "whom it answered"
    began_at: float
    played: float
    "seconds"
    text: str = field(repr=False)
    seconds: float
    clauses: tuple[tuple[int, float], ...]
    complete: bool
