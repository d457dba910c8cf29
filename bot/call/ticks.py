"""The clock of all calls: one timer of the event loop, a tick per call and 20 ms, even if the loop is late."""

import asyncio
import contextvars
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from bot.audio import FRAME_SECONDS

PHASE_COUNT: Final = 4
"""Calls take turns within the 20 ms, so that their work does not bunch."""
CALLS_PER_STEP: Final = 2
"""Of those that take turns alike, so many end their rests together, while the model of voice activity is in the caches.
The next ones do so a step later."""
MIN_TICK_SLEEP_SECONDS = 0.001
"""Shortest sleep between ticks. A coarse clock might not advance during a shorter one."""
MAX_CATCH_UP_TICKS = 250
"""Ticks to catch up on after the loop was blocked. Older ones are skipped."""

T = TypeVar("T")

Decide = Callable[[], float | None]
"""Does what is left of a tick; returns the seconds for which the call needs no other, or None: it has ended.

The next may come sooner, with those of other calls.
"""
Tick = Callable[[float], Decide]
"""Takes the time of the tick and hears what has come by then. All calls that tick together hear first: then the model
of voice activity takes the sound of all their people at once.
"""


class TickMember:
    """One call on the clock."""

    def __init__(self, tick: Tick, counts: Counter[str], ended: "asyncio.Future[None]", group: int) -> None:
        """A rest of n steps ends at the steps `group`, `group` + n, `group` + 2 n …"""
        self.tick = tick
        self.counts = counts
        self.group = group
        self._ended = ended
        self._context = contextvars.copy_context()
        "the timer runs in the context of whoever set it, which may be another call"
        self.ticked_at = 0.0
        self.rests_until = 0.0
        "no tick before this"

    def hear(self, at: float) -> Decide | None:
        """Begin the tick of this time; None: the call rests or has ended."""
        # The tolerance is a quarter of a tick: sums of 20 ms are not exact.
        if self._ended.done() or at < self.rests_until - FRAME_SECONDS / 4:
            return None
        self.ticked_at = at
        return self._run(partial(self.tick, at))

    def decide(self, decide: Decide, step: int) -> None:
        """End the tick that was begun, the step of so many."""
        pause = self._run(decide)
        if pause is not None:
            steps = max(1, round(pause / FRAME_SECONDS))
            self.rests_until = self.ticked_at + (steps - (step - self.group) % steps) * FRAME_SECONDS
        elif not self._ended.done():
            self._ended.set_result(None)

    def _run(self, half: Callable[[], T]) -> T | None:
        """Run half a tick; what it raises ends this call, not the others."""
        try:
            return self._context.run(half)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a Rust panic included
            if self._ended.done():
                raise
            self._ended.set_exception(error)
            return None


class Phase:
    """The calls that tick together."""

    def __init__(self) -> None:
        self.members: list[TickMember] = []
        self.due = 0.0

    def run(self, now: float, start: float) -> None:
        """Run all ticks that are due, of the grid from `start` on; a late loop catches up tick by tick."""
        behind = int((now - self.due) / FRAME_SECONDS)
        skipped = max(0, behind - MAX_CATCH_UP_TICKS)
        due = self.due + skipped * FRAME_SECONDS
        times: list[float] = []
        while due <= now:
            times.append(due)
            due += FRAME_SECONDS
        self.due = due
        for member in tuple(self.members):
            if behind > 0:
                member.counts["ticks_late"] += behind
                member.counts["ticks_skipped"] += skipped
        for time in times:
            step = int((time - start) / FRAME_SECONDS + 0.1)  # sums of 20 ms are not exact
            for member, decide in [(member, member.hear(time)) for member in tuple(self.members)]:
                if decide is not None:
                    member.decide(decide, step)
        # Sleep while all rest.
        awake = min((member.rests_until for member in self.members), default=0.0)
        self.due += max(0, round((awake - self.due) / FRAME_SECONDS)) * FRAME_SECONDS


class Ticker:
    """Ticks of every call of the process. Belongs to one event loop; holds no timer while no call is on it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` returns seconds, monotonic."""
        self._clock = clock
        self._start = 0.0
        "of the grid: the first call ticks at once"
        self._phases = tuple(Phase() for _ in range(PHASE_COUNT))
        self._timer: asyncio.Handle | None = None

    async def run(self, tick: Tick, counts: Counter[str]) -> None:
        """Call `tick` every 20 ms until it returns None; what it raises is raised here.

        Counts ticks_late and ticks_skipped.
        """
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        phase = min(self._phases, key=lambda phase: len(phase.members))
        groups = Counter(member.group for member in phase.members)
        free = (group for group in range(len(phase.members) + 1) if groups[group] < CALLS_PER_STEP)
        member = TickMember(tick, counts, ended, next(free))
        if not any(phase.members for phase in self._phases):
            phase.due = self._start = self._clock()
        else:
            soon = self._next(self._phases.index(phase))
            phase.due = min(phase.due, soon) if phase.members else soon
        phase.members.append(member)
        self._set_timer()
        try:
            await ended
        finally:
            phase.members.remove(member)

    def wake(self, tick: Tick) -> None:
        """End the rest of the call that runs with `tick`: its next step of 20 ms is a tick."""
        for number, phase in enumerate(self._phases):
            for member in phase.members:
                if member.tick is tick:
                    member.rests_until = min(member.rests_until, member.ticked_at + FRAME_SECONDS)
                    phase.due = min(phase.due, self._next(number))
                    self._set_timer()

    def _next(self, number: int) -> float:
        """Return the next time of a phase."""
        now = self._clock()
        first = self._start + number * FRAME_SECONDS / PHASE_COUNT
        return first + max(0, -int((first - now) // FRAME_SECONDS)) * FRAME_SECONDS

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = min((phase.due for phase in self._phases if phase.members), default=None)
        if due is not None:
            loop, pause = asyncio.get_running_loop(), due - self._clock()
            if pause > 0:
                self._timer = loop.call_later(max(pause, MIN_TICK_SLEEP_SECONDS), self._fire)
            else:  # late: at once, but after whatever else is ready
                self._timer = loop.call_soon(self._fire)

    def _fire(self) -> None:
        self._timer = None
        try:
            now = self._clock()
            due = [phase for phase in self._phases if phase.members and phase.due <= now]
            if due:
                min(due, key=lambda phase: phase.due).run(now, self._start)
        finally:
            self._set_timer()
