"""Connections opened while people still speak, so that none is opened after they end."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

CONNECTIONS_PER_TURN = 2
"""Connections a turn takes at once: the reply and the transcription of what was said."""
EXPECTED_TURN_SECONDS = 15.0
"""Seconds for which a turn that was announced counts as still to come."""
MAX_WARM_CONNECTIONS = 16
"""Connections kept warm; calls that speak all at once open more when they need them."""
WARMUP_TIMEOUT_SECONDS = 9.0
"""Seconds until it is given up."""


class ConnectionWarmer:
    """Keeps as many idle connections as the turns to come will take.

    `idle` counts the connections there are; `ask` is a small request, each at the same time on a connection of its own;
    `clock` gives seconds.
    """

    def __init__(
        self, idle: Callable[[], int], ask: Callable[[], Awaitable[object]], clock: Callable[[], float]
    ) -> None:
        self._idle = idle
        self._ask = ask
        self._clock = clock
        self._expected: deque[float] = deque(maxlen=64)
        self._opening = False

    async def warm(self) -> None:
        """Somebody joined or begins to speak: open what is missing. Raises what `ask` raises."""
        now = self._clock()
        while self._expected and now - self._expected[0] > EXPECTED_TURN_SECONDS:
            self._expected.popleft()
        self._expected.append(now)
        needed = min(MAX_WARM_CONNECTIONS, CONNECTIONS_PER_TURN * len(self._expected))
        # Twice, since a request may have been over before the next began, and left its connection to it.
        for _ in range(2):
            if self._opening or self._idle() >= needed:
                return
            self._opening = True
            try:
                async with asyncio.timeout(WARMUP_TIMEOUT_SECONDS):
                    # All that are needed: the open ones serve some of these requests, and only the rest opens more.
                    done = await asyncio.gather(*(self._ask() for _ in range(needed)), return_exceptions=True)
            finally:
                self._opening = False
            for result in done:
                if isinstance(result, BaseException):
                    raise result

    def used(self) -> None:
        """A turn that was announced is here."""
        if self._expected:
            self._expected.popleft()
