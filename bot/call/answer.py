"""One turn's answer, from the request to its last sound.

The sound can be held back: while the answer is only preemptive, while somebody has begun to speak again, or while the
words it answers may be "stop". A held answer streams on unheard. Once released, it sounds from its start.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace

import structlog

from bot.audio import SPEAK_RATE, earcon, seconds
from bot.billing.budget import Reservation
from bot.call.rebuffer import Rebuffer
from bot.call.reply_stream import ReplyStream
from bot.errors import BotError, Incomplete, SlowAnswer, Unreachable
from bot.ports import Playback, VoiceLink
from bot.types import CallState, Playout, ReplyRequest, Turn

CUE_DELAY_SECONDS = 1.05
"""Seconds after somebody's last sound until the earcon says: I am thinking. It is heard within 1.2 s."""
SLOW_ANSWER_SECONDS = 6.0
"""Seconds without a sound after which people are told that something is slow."""


class Answer:
    """A reply on its way to the loudspeaker. It owns its state: others read it, or ask for `hold`, `cut` …"""

    def __init__(
        self,
        request: ReplyRequest,
        reply: ReplyStream,
        link: VoiceLink,
        *,
        reservation: Reservation | None = None,
        preemptive: bool = False,
    ) -> None:
        """`reservation` is None for what costs nothing. A preemptive answer is held from the start."""
        self.on_sound: Callable[[], None] = lambda: None  # its first sound came: it needs `tick`
        self.request = request
        self.reply = reply
        "what arrived so far"
        self.reservation = reservation
        self._turn = request.turn
        self._link = link
        self._playout: Playout | None = None
        self._arrived_at: float | None = None
        self._began_at: float | None = None
        self._cued = self._told_slow = self._told_failure = self._withdrawn = False
        self._playback: Playback | None = None
        self._waiting: deque[bytes] = deque()
        self._rebuffer = Rebuffer()
        self._now = self._turn.closed_at
        self._task: asyncio.Task[None] | None = None
        self._released = asyncio.Event()
        if not preemptive:
            self._released.set()

    @property
    def turn(self) -> Turn:
        return self._turn

    @property
    def state(self) -> CallState:
        return CallState.THINKING if self._began_at is None else CallState.SPEAKING

    @property
    def held(self) -> bool:
        return not self._released.is_set()

    @property
    def audible(self) -> bool:
        """Whether sound of the answer itself has gone to the loudspeaker."""
        return self._playback is not None and self.reply.seconds > 0 and not self._waiting

    @property
    def played(self) -> float:
        """Seconds that went out."""
        return self._playback.played if self._playback else 0.0

    @property
    def playout(self) -> Playout | None:
        """How much was heard, once it is over."""
        return self._playout

    @property
    def arrived_at(self) -> float | None:
        """Seconds on the call's clock, at the tick after its first sound came in."""
        return self._arrived_at

    @property
    def began_at(self) -> float | None:
        """Seconds on the call's clock, when its first sound went out."""
        return self._began_at

    @property
    def withdrawn(self) -> bool:
        """Whether nothing of it is remembered: its turn comes again, or must not be answered."""
        return self._withdrawn

    @property
    def failure(self) -> BotError | None:
        """What it failed of: the engine's error, or a whole stream that brought nothing."""
        if self._playout and not self._playout.interrupted and self.reply.empty:
            return self.reply.error or Incomplete()
        return self.reply.error

    def untold_failure(self) -> BotError | None:
        """Return what it failed of to the first who asks: people are told once."""
        failure = None if self._told_failure else self.failure
        self._told_failure |= failure is not None
        return failure

    def start(self, group: asyncio.TaskGroup) -> None:
        """Send the request."""
        self._task = group.create_task(self._run(), name=f"answer:{self._turn.id}")

    def serve(self, turn: Turn) -> None:
        """Be the answer to this turn of the same utterances. It keeps its number, which the log has already."""
        self._turn = replace(turn, id=self._turn.id)

    def tick(self, now: float, may_sound: bool, cue: bool) -> list[BotError]:
        """Every 20 ms: sound or hold back, and return what people must be told now.

        `may_sound`: the floor is free. `cue`: the server wants the earcon.
        """
        self._now = now
        arrived = self.reply.seconds > 0
        if self._arrived_at is None and arrived:
            self._arrived_at = now
        troubles: list[BotError] = []
        if self.reply.error and (failure := self.untold_failure()):
            troubles.append(failure)  # not at the end: what arrived before the failure may sound for long
        if self.audible:
            self._began_at = self._began_at or now
            self._feed()
            return troubles
        if not may_sound:
            self.hold()
        elif self.held:
            self.release()
        if cue and now - self._turn.awaited_since >= CUE_DELAY_SECONDS:
            self._cue()
        waited = self.reply.model_took(now, self._turn.closed_at)
        if waited >= SLOW_ANSWER_SECONDS and not self._told_slow and not arrived:
            self._told_slow = True
            troubles.append(SlowAnswer() if self.reply.writing else Unreachable())
        return troubles

    async def over(self) -> None:
        """Return when it was played out, or cut."""
        if self._task:
            await asyncio.wait([self._task])

    def release(self) -> None:
        """Let it sound."""
        self._released.set()
        self._flush()

    def hold(self) -> None:
        """Keep it back, unless it sounds already."""
        if not self.audible:
            self._released.clear()

    def duck(self) -> None:
        if self._playback:
            self._playback.duck()

    def resume(self) -> None:
        if self._playback:
            self._playback.resume()

    def cut(self, *, withdrawn: bool = False) -> None:
        """Fall silent now and end the request. `withdrawn`: nothing of it is remembered."""
        self._withdrawn |= withdrawn
        if self._task:
            self._task.cancel()
        self._silence()

    async def _run(self) -> None:
        structlog.contextvars.bind_contextvars(turn=self._turn.id)
        try:
            await self.reply.read(self._turn.id, self._queue)
            if self.reply.seconds:
                await self._released.wait()
            if self._playback:
                self._feed(last=True)
                self._playback.finish()
                self._playout = await self._playback.wait()
        finally:
            self._silence()

    def _queue(self, pcm: bytes) -> None:
        self._rebuffer.note(seconds(pcm, SPEAK_RATE), self._now, self.reply.rounds)
        self._waiting.append(pcm)
        self._flush()
        if self._arrived_at is None:
            self.on_sound()

    def _flush(self) -> None:
        # A cut request may take a moment to end. The playout is known by then, and nothing more may sound.
        if self.held or self._playout or not self._waiting:
            return
        if self._playback is None:
            self._playback = self._link.play()
        while self._waiting:
            self._rebuffer.feed(self._waiting.popleft())
        self._feed()

    def _feed(self, *, last: bool = False) -> None:
        if self._playback and not self._playout and (ready := self._rebuffer.take(self.played, last=last)):
            self._playback.feed(ready)

    def _cue(self) -> None:
        """Play the earcon, once, and not while the answer is held or over."""
        if self._playback is None and self._playout is None and not (self.held or self._cued):
            self._cued = True
            self._playback = self._link.play()
            self._playback.cue(earcon())

    def _silence(self) -> None:
        if self._playout is None:
            arrived = self.reply.seconds
            nothing = Playout(played=0.0, total=arrived, interrupted=arrived > 0 or not self.reply.complete)
            self._playout = self._playback.cut() if self._playback else nothing
