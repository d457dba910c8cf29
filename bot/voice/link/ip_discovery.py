"""IP discovery (Discord: Voice Connections): asks the voice server which address it sees us under.

Once to set a session up, then repeatedly: any datagram keeps the NAT mapping open, and a missing answer shows that the
path is dead.
"""

import asyncio
import contextlib
import struct
from collections.abc import Callable

DISCOVERY_BYTES = 74
"""A request and its answer have this size."""
MAX_SETUP_REQUESTS = 5
"""To set up a session, one a second: a datagram may be lost."""
REQUEST_INTERVAL_SECONDS = 2.0
"""Between keep-alive requests, as long as they are answered (or never were)."""


class IpDiscovery:
    """The requests of one link. `send` takes a datagram; it may raise OSError."""

    def __init__(self, send: Callable[[bytes], object], clock: Callable[[], float]) -> None:
        self._send = send
        self._clock = clock
        self._answer: asyncio.Future[bytes] | None = None
        self._setting_up = False
        self._server_answers = False
        "the voice server answers keep-alive requests of this session"
        self._next_at = 0.0
        self.unanswered_since: float | None = None
        "see watchdog.Sample"

    def begin(self) -> None:
        """Start a new session, whose server may be one that never answers."""
        self._server_answers, self.unanswered_since = False, None

    def start_keep_alive(self) -> None:
        """Start to keep the connection alive."""
        self._answer, self._setting_up = None, False
        self._next_at = self._clock()

    async def address(self, ssrc: int) -> tuple[str, int]:
        """Return our address and port. Raises TimeoutError, OSError."""
        self._setting_up = True
        for _ in range(MAX_SETUP_REQUESTS):
            answer = self._ask(ssrc)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    found = await answer
                    return found[8 : found.index(0, 8)].decode("ascii"), int.from_bytes(found[-2:])
            if not self._setting_up:
                break
        raise TimeoutError("no answer to IP discovery")

    def give_up(self) -> None:
        """Wait no longer for our address, if it is waited for: the session that is being set up has ended."""
        if self._setting_up and self._answer is not None and not self._answer.done():
            self._setting_up = False
            self._answer.set_exception(TimeoutError())

    def keep_alive(self, ssrc: int) -> None:
        """Send a request if it is time; called twice a second."""
        now = self._clock()
        waiting = self._answer is not None and not self._answer.done()
        if waiting and self._server_answers and self.unanswered_since is None:
            self.unanswered_since = now
        elif not waiting and self._answer is not None:
            self._server_answers, self.unanswered_since = True, None
        # Once the server stops answering, ask twice a second to tell loss from a dead path.
        if now >= self._next_at or self.unanswered_since is not None:
            self._next_at = now + REQUEST_INTERVAL_SECONDS
            with contextlib.suppress(OSError):
                self._ask(ssrc)

    def answered(self, datagram: bytes) -> None:
        """Handle a datagram that `is_answer`."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(datagram)

    @staticmethod
    def is_answer(datagram: bytes) -> bool:
        return len(datagram) == DISCOVERY_BYTES and datagram[:2] == b"\x00\x02"

    def _ask(self, ssrc: int) -> asyncio.Future[bytes]:
        if self._answer is None or self._answer.done():
            self._answer = asyncio.get_running_loop().create_future()
        self._send(struct.pack(">HHI66x", 1, DISCOVERY_BYTES - 4, ssrc))
        return self._answer
