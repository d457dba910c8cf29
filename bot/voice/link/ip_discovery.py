"""IP discovery (Discord: Voice Connections): asks the voice server for our address as it sees it.

Once to set a session up, then again and again: any datagram keeps a NAT's door open, and a server that no longer
answers tells of a path that died.
"""

import asyncio
import contextlib
import struct
from collections.abc import Callable

SIZE = 74
REQUESTS = 5
"""Requests to set up with, one a second: a datagram may be lost."""
ASK_EVERY = 2.0
"""Seconds between requests afterwards, as long as they are answered (or never were)."""


class IpDiscovery:
    """The questions of one link. `send` takes a datagram; it may raise OSError."""

    def __init__(self, send: Callable[[bytes], object], clock: Callable[[], float]) -> None:
        self._send = send
        self._clock = clock
        self._answer: asyncio.Future[bytes] | None = None
        self._answers = False
        "the voice server answers in the middle of this session"
        self._next = 0.0
        self.asked: float | None = None
        "see watchdog.Sample"

    def begin(self) -> None:
        """Start with a new session, whose server may be one that does not answer."""
        self._answers, self.asked = False, None

    def stand(self) -> None:
        """Start to keep a connection alive."""
        self._answer = None
        self._next = self._clock()

    async def address(self, ssrc: int) -> tuple[str, int]:
        """Return our address and port. Raises TimeoutError, OSError."""
        for _ in range(REQUESTS):
            answer = self._ask(ssrc)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    found = await answer
                    return found[8 : found.index(0, 8)].decode("ascii"), int.from_bytes(found[-2:])
        raise TimeoutError("no answer to IP discovery")

    def keep_alive(self, ssrc: int) -> None:
        """Ask if it is time; called twice a second."""
        now = self._clock()
        waiting = self._answer is not None and not self._answer.done()
        if waiting and self._answers and self.asked is None:
            self.asked = now
        elif not waiting and self._answer is not None:
            self._answers, self.asked = True, None
        # One that has fallen silent is asked twice a second, to tell loss from death.
        if now >= self._next or self.asked is not None:
            self._next = now + ASK_EVERY
            with contextlib.suppress(OSError):
                self._ask(ssrc)

    def answered(self, datagram: bytes) -> None:
        """Take a datagram that `is_answer`."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(datagram)

    @staticmethod
    def is_answer(datagram: bytes) -> bool:
        return len(datagram) == SIZE and datagram[:2] == b"\x00\x02"

    def _ask(self, ssrc: int) -> asyncio.Future[bytes]:
        if self._answer is None or self._answer.done():
            self._answer = asyncio.get_running_loop().create_future()
        self._send(struct.pack(">HHI66x", 1, SIZE - 4, ssrc))
        return self._answer
