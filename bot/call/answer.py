"""One turn's answer, from the request to its last sound.

The sound may be held back: while the answer is only speculated, while somebody has begun to speak again, or while what
was said may have been "stop". A held answer streams on unheard and sounds from its start once released.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import structlog

from bot.audio import SPEAK_RATE, seconds
from bot.billing.budget import Reservation
from bot.errors import BotError
from bot.ports import Playback, VoiceLink
from bot.types import AudioDelta, CallState, Playout, ReplyDone, ReplyEvent, ReplyRequest, TextDelta, Turn

log = structlog.get_logger(__name__)

LONGEST = 120.0
"""Seconds of sound kept for one answer; the model is asked for less, this is the bound."""


class Answer:
    """What the engine streams for one turn, on its way to the loudspeaker."""

    def __init__(
        self,
        request: ReplyRequest,
        events: AsyncGenerator[ReplyEvent, None],
        link: VoiceLink,
        clock: Callable[[], float],
        *,
        reservation: Reservation | None = None,
        speculated: bool = False,
    ) -> None:
        """`events` is the engine's stream, not begun; `reservation` is None for what costs nothing."""
        self.request = request
        self.turn: Turn = request.turn
        self.reservation = reservation
        self.text = ""
        self.streamed = 0.0
        "seconds of sound that arrived"
        self.dropped = 0.0
        "seconds of sound beyond LONGEST"
        self.done: ReplyDone | None = None
        self.error: BotError | None = None
        self.playout: Playout | None = None
        "how much was heard, once it is over"
        self.asked = clock()
        "seconds on the call's clock, when the request was sent"
        self.ended: float | None = None
        "seconds on the call's clock, when the request was over"
        self.arrived: float | None = None
        "seconds on the call's clock, at the tick after its first sound came in"
        self.began: float | None = None
        "seconds on the call's clock, when its first sound went out"
        self.cued = False
        "the earcon was played"
        self.excused = False
        "people were told that it is slow"
        self.told = False
        "people were told what it failed of"
        self.withdrawn = False
        "its turn comes again, or was never meant: nothing of it is remembered"
        self._events = events
        self._link = link
        self._clock = clock
        self._playback: Playback | None = None
        self._sound = bytearray()
        self._waiting: deque[bytes] = deque()
        self._task: asyncio.Task[None] | None = None
        self._released = asyncio.Event()
        if not speculated:
            self._released.set()

    @property
    def state(self) -> CallState:
        return CallState.THINKING if self.began is None else CallState.SPEAKING

    @property
    def held(self) -> bool:
        return not self._released.is_set()

    @property
    def audible(self) -> bool:
        """Whether sound of the answer itself has gone to the loudspeaker."""
        return self._playback is not None and self.streamed > 0 and not self._waiting

    @property
    def played(self) -> float:
        """Seconds that went out."""
        return self._playback.played if self._playback else 0.0

    @property
    def sound(self) -> bytes:
        """All that arrived: s16le mono 24 kHz."""
        return bytes(self._sound)

    def start(self, group: asyncio.TaskGroup) -> None:
        """Send the request."""
        self._task = group.create_task(self._run(), name=f"reply:{self.turn.id}")

    async def over(self) -> None:
        """Return when it was played out, or cut."""
        if self._task:
            await asyncio.wait([self._task])

    def release(self) -> None:
        """The floor is ours: let it sound."""
        self._released.set()
        self._flush()

    def hold(self) -> None:
        """Keep it back, unless it sounds already."""
        if not self.audible:
            self._released.clear()

    def cue(self, pcm: bytes) -> None:
        """Play a short sound that says: I am thinking; once, and not while it is held."""
        if self._playback is None and not (self.held or self.cued or self._over):
            self.cued = True
            self._playback = self._link.play()
            self._playback.cue(pcm)

    def duck(self) -> None:
        if self._playback:
            self._playback.duck()

    def resume(self) -> None:
        if self._playback:
            self._playback.resume()

    def cut(self) -> None:
        """Fall silent now and end the request."""
        if self._task:
            self._task.cancel()
        self._silence()

    async def _run(self) -> None:
        structlog.contextvars.bind_contextvars(turn=self.turn.id)
        try:
            await self._stream()
            if self.streamed:
                await self._released.wait()
            if self._playback:
                self._playback.finish()
                self.playout = await self._playback.wait()
        finally:
            self._silence()

    async def _stream(self) -> None:
        """Take in what the engine sends; a fault is left in `error`, for what was heard by then stays heard."""
        try:
            async with aclosing(self._events) as events:
                async for event in events:
                    match event:
                        case TextDelta(text):
                            self.text += text
                        case AudioDelta(pcm):
                            self._arrived(pcm)
                        case ReplyDone():
                            self.done = event
        except BotError as error:
            self.error = error
        except Exception:
            # A bug in an engine must not end the call: the traceback is for the log, people get a sentence.
            self.error = BotError()
            log.exception("reply_failed", turn=self.turn.id)
        finally:
            self.ended = self._clock()

    def _arrived(self, pcm: bytes) -> None:
        length = seconds(pcm, SPEAK_RATE)
        if self.streamed + length > LONGEST:
            self.dropped += length
            return
        self.streamed += length
        self._sound += pcm
        self._waiting.append(pcm)
        self._flush()

    @property
    def _over(self) -> bool:
        """Whether it was cut, or has ended: the request may take a moment longer, and must not sound any more."""
        return self.playout is not None

    def _flush(self) -> None:
        if self.held or self._over or not self._waiting:
            return
        if self._playback is None:
            self._playback = self._link.play()
        while self._waiting:
            self._playback.feed(self._waiting.popleft())

    def _silence(self) -> None:
        if self.playout is None:
            ended = self.done is not None or self.error is not None
            nothing = Playout(played=0.0, total=self.streamed, interrupted=self.streamed > 0 or not ended)
            self.playout = self._playback.cut() if self._playback else nothing
