"""Opens connections while people still speak, so the turn itself needs no handshake."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from bot.engine.transport import STALE_SECONDS

CONNECTIONS_PER_TURN = 2
"""Concurrent requests of a turn: the reply and the transcription."""
EXPECTED_TURN_SECONDS = 15.0
"""How long an announced turn counts as expected."""
MAX_WARM_CONNECTIONS = 16
"""Calls that speak at the same moment open more when they need them."""
WARMUP_TIMEOUT_SECONDS = 9.0
"""How long the warm-up requests may take."""


class ConnectionWarmer:
    """Keeps as many idle connections as the expected turns need, and finds out whether they are alive.

    `idle` counts the idle connections; `silent_for` gives the seconds since the server said anything. `ask` sends a
    small request; concurrent ones use separate connections. `clock` gives seconds.
    """

    def __init__(
        self,
        idle: Callable[[], int],
        ask: Callable[[], Awaitable[object]],
        clock: Callable[[], float],
        silent_for: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._idle = idle
        self._ask = ask
        self._clock = clock
        self._silent_for = silent_for
        self._expected: deque[float] = deque(maxlen=64)
        self._opening = False

    async def warm(self) -> None:
        """Open the missing connections; call it when somebody joins or starts to speak. Raises what `ask` raises."""
        now = self._clock()
        while self._expected and now - self._expected[0] > EXPECTED_TURN_SECONDS:
            self._expected.popleft()
        self._expected.append(now)
        needed = min(MAX_WARM_CONNECTIONS, CONNECTIONS_PER_TURN * len(self._expected))
        # Twice, because a request that finishes early hands its connection to the next one.
        for _ in range(2):
            doubtful = self._silent_for() > STALE_SECONDS
            if self._opening or (self._idle() >= needed and not doubtful):
                return
            self._opening = True
            try:
                async with asyncio.timeout(WARMUP_TIMEOUT_SECONDS):
                    # Send one request per needed connection: idle ones serve some, and only the rest open new ones.
                    done = await asyncio.gather(*(self._ask() for _ in range(needed)), return_exceptions=True)
            finally:
                self._opening = False
            for result in done:
                if isinstance(result, BaseException):
                    raise result

    def used(self) -> None:
        """An announced turn has started."""
        if self._expected:
            self._expected.popleft()
