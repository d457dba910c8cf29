"""The voice gateway's heartbeat as a task: discord.py has a thread for it, one for each call."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import aiohttp

MAX_LATENCIES = 20
MIN_INTERVAL_SECONDS = 0.1
"""However short the gateway wants it: Discord asks for 13.75 s, and a call must not be busy with it."""


class Heartbeat:
    """Sends `payload()` every `interval` seconds until it is stopped, or nothing can be sent any more.

    In place of discord.py's VoiceKeepAliveHandler, of which it has the names that the voice WebSocket uses. Whether the
    gateway answers is watched where its messages are read.
    """

    def __init__(
        self, interval: float, payload: Callable[[], Any], send: Callable[[Any], Coroutine[Any, Any, None]]
    ) -> None:
        self._interval = max(interval, MIN_INTERVAL_SECONDS)
        self._payload = payload
        self._send = send
        self._sent_at = time.perf_counter()
        self._task: asyncio.Task[None] | None = None
        self.latency = float("inf")
        self.recent_ack_latencies: deque[float] = deque(maxlen=MAX_LATENCIES)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="voice heartbeat")

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def ack(self) -> None:
        """Note that the gateway answered."""
        self.latency = time.perf_counter() - self._sent_at
        self.recent_ack_latencies.append(self.latency)

    async def _run(self) -> None:
        with suppress(OSError, RuntimeError, aiohttp.ClientError):
            while True:
                await asyncio.sleep(self._interval)
                self._sent_at = time.perf_counter()
                await self._send(self._payload())
