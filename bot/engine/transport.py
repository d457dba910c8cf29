"""The connections to the model's server, and what is done when one of them is dead without anybody saying so.

A NAT or a firewall forgets an idle connection and tells neither side: what is sent over it is lost, and nothing comes
back. So a request that gets no first byte within a time that this server usually keeps is sent again over a new
connection ("hedged"), and all connections from before are distrusted.
"""

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2

KEEPALIVE_IDLE_SECONDS = 20
KEEPALIVE_INTERVAL_SECONDS = 5
KEEPALIVE_PROBES = 3
UNACKNOWLEDGED_TIMEOUT_MS = 5000
"""TCP_USER_TIMEOUT (RFC 5482): what was sent and is not acknowledged by then ends the connection."""
MIN_PATIENCE_SECONDS = 0.8
UNKNOWN_PATIENCE_SECONDS = 2.0
"""With the first byte of a request to a server of which nothing is known yet."""
MIN_FRESH_PATIENCE_SECONDS = 3.0
"""A new connection is not dead: only a server that is much slower than usual gets a second request."""
STALE_SECONDS = 20.0
"""A connection that was idle for longer may be dead: a NAT forgets some after 30 s, and tells nobody."""
UPLOAD_BYTES_PER_SECOND = 500_000
REMEMBERED_FIRST_BYTES = 16
MAX_REMEMBERED_PATHS = 64
MAX_ERROR_BODY_BYTES = 1 << 16
MAX_BODY_BYTES = 32 << 20
"""Of what is no stream of events: the rest is dropped."""
COMPRESSED_SLICE_BYTES = 512
"""A compressed body is expanded in slices: at most 512 kB come of one."""
SENT_TWICE = "sent_twice"
"""Extension of a response: its request reached the server twice, perhaps."""


def socket_options() -> list[tuple[int, int, int]]:
    """Return the options of every connection, as far as this system has them."""
    wanted = {
        "TCP_KEEPIDLE": KEEPALIVE_IDLE_SECONDS,
        "TCP_KEEPINTVL": KEEPALIVE_INTERVAL_SECONDS,
        "TCP_KEEPCNT": KEEPALIVE_PROBES,
        "TCP_USER_TIMEOUT": UNACKNOWLEDGED_TIMEOUT_MS,
    }
    known = [
        (socket.IPPROTO_TCP, getattr(socket, name), value) for name, value in wanted.items() if hasattr(socket, name)
    ]
    return [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), *known]


class Patience:
    """How long the first byte of an answer may take, from this server's own recent ones; pure."""

    def __init__(self) -> None:
        self._recent: dict[str, deque[float]] = {}

    def note(self, path: str, seconds: float) -> None:
        """Remember how long a first byte took."""
        if path not in self._recent and len(self._recent) >= MAX_REMEMBERED_PATHS:
            self._recent.pop(next(iter(self._recent)))
        self._recent.setdefault(path, deque(maxlen=REMEMBERED_FIRST_BYTES)).append(seconds)

    def knows(self, path: str) -> bool:
        """Whether this path answered before."""
        return path in self._recent

    def of(self, path: str, size: int, *, fresh: bool) -> float:
        """Return the seconds for a request of `size` bytes; `fresh`: it opened its connection."""
        recent = self._recent.get(path)
        usual = 1.5 * max(recent) + 0.3 if recent else UNKNOWN_PATIENCE_SECONDS
        upload = size / UPLOAD_BYTES_PER_SECOND
        return (
            upload + max(MIN_FRESH_PATIENCE_SECONDS, 2 * usual) if fresh else upload + max(MIN_PATIENCE_SECONDS, usual)
        )


class _Pool:
    """One pool of connections, closed when it is retired and idle."""

    def __init__(self, inner: httpx2.AsyncHTTPTransport) -> None:
        self.inner = inner
        self.busy = 0
        self.retired = False

    async def release(self) -> None:
        self.busy -= 1
        await self.close_if_idle()

    async def close_if_idle(self) -> None:
        if self.retired and self.busy <= 0:
            await self.inner.aclose()


class _Body(httpx2.AsyncByteStream):
    """A response's body; tells its pool when it is over."""

    def __init__(
        self, inner: httpx2.AsyncByteStream, pool: _Pool, broke: Callable[[], None], response: httpx2.Response
    ) -> None:
        self._inner = inner
        self._pool = pool
        self._broke = broke
        streams = "event-stream" in response.headers.get("content-type", "")
        self._room = MAX_ERROR_BODY_BYTES if response.status_code >= 400 else None if streams else MAX_BODY_BYTES
        self._compressed = "content-encoding" in response.headers
        self._open = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._inner:
                if self._room is not None:
                    part = part[: self._room]
                    self._room -= len(part)
                for slice in _slices(part) if self._compressed else (part,):
                    yield slice
                if self._room == 0:
                    return
        except (httpx2.TransportError, OSError):
            self._broke()
            raise

    async def aclose(self) -> None:
        if self._open:
            self._open = False
            try:
                await self._inner.aclose()
            finally:
                await self._pool.release()


class ModelTransport(httpx2.AsyncBaseTransport):
    """Sends requests over a pool of connections, and over a new one when the first does not answer."""

    def __init__(
        self, make: Callable[[], httpx2.AsyncHTTPTransport], *, may_hedge: bool = True, hedges_unknown: bool = True
    ) -> None:
        """`may_hedge`: False for a server that only gets slower by a second request.

        `hedges_unknown`: False for one that may read its model from disk before its first answer.
        """
        self.hedges = 0
        "requests that were sent a second time"
        self._make = make
        self._may_hedge = may_hedge
        self._hedges_unknown = hedges_unknown
        self._pool = _Pool(make())
        self._retired: set[_Pool] = set()
        self._patience = Patience()
        self._heard_at: float | None = None

    @property
    def idle_connections(self) -> int:
        """Open idle connections; 0 if httpx2 renamed the private attributes that hold them."""
        try:
            connections = self._pool.inner._pool.connections
            return sum(one.is_idle() and not one.has_expired() for one in connections)
        except AttributeError:
            return 0

    @property
    def silent_for(self) -> float:
        """Seconds since the server answered anything; 0 if it never did."""
        return 0.0 if self._heard_at is None else asyncio.get_running_loop().time() - self._heard_at

    def distrust(self) -> None:
        """Open new connections from now on; those in use stay until they are done."""
        old, self._pool = self._pool, _Pool(self._make())
        old.retired = True
        self._retired = {pool for pool in self._retired if pool.busy > 0} | {old}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        first = _Attempt(self, request)
        second: _Attempt | None = None
        try:
            if not self._may_hedge or await self._answers(first, request):
                return await first.response()
            self.hedges += 1
            self.distrust()
            second = _Attempt(self, request)
            await asyncio.wait({first.task, second.task}, return_when=asyncio.FIRST_COMPLETED)
            winner = first if first.succeeded else second
            if not winner.succeeded:  # one failed: the other may still answer
                winner = second if first.task.done() else first
            response = await winner.response()
            # What went over a connection that was idle for long, and dead, never arrived.
            response.extensions[SENT_TWICE] = winner is first or not first.stale
            return response
        finally:
            for attempt in (first, second):
                if attempt:
                    await attempt.drop()

    async def aclose(self) -> None:
        for pool in (self._pool, *self._retired):
            await pool.inner.aclose()

    async def _answers(self, attempt: "_Attempt", request: httpx2.Request) -> bool:
        """Wait for an attempt as long as usual; return whether it is over."""
        size = int(request.headers.get("content-length") or 0)
        path = request.url.path
        if not (self._hedges_unknown or self._patience.knows(path)):
            await asyncio.wait({attempt.task})
            return True
        for fresh in (False, True):
            left = attempt.since + self._patience.of(path, size, fresh=fresh) - asyncio.get_running_loop().time()
            await asyncio.wait({attempt.task}, timeout=max(0.0, left))
            if attempt.task.done() or not attempt.fresh:
                break
        return attempt.task.done()

    async def send(self, attempt: "_Attempt", request: httpx2.Request) -> httpx2.Response:
        """Send a request over the newest pool, and return its open response."""
        loop = asyncio.get_running_loop()
        pool = self._pool
        extensions = {**request.extensions, "trace": attempt.trace}
        copy = httpx2.Request(
            request.method, request.url, headers=request.headers, stream=request.stream, extensions=extensions
        )
        pool.busy += 1
        try:
            response = await pool.inner.handle_async_request(copy)
        except BaseException as error:
            if isinstance(error, httpx2.TransportError | OSError) and not attempt.fresh and pool is self._pool:
                self.distrust()
            await pool.release()
            raise
        self._heard_at = loop.time()
        self._patience.note(request.url.path, self._heard_at - attempt.since)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        broke = lambda: self.distrust() if pool is self._pool else None  # noqa: E731
        body = _Body(response.stream, pool, broke, response)
        return httpx2.Response(
            response.status_code, headers=response.headers, stream=body, extensions=dict(response.extensions)
        )


class _Attempt:
    """One sending of a request."""

    def __init__(self, transport: ModelTransport, request: httpx2.Request) -> None:
        self.fresh = False
        "it opened its connection"
        self.since = asyncio.get_running_loop().time()
        self._long_silence = transport.silent_for > STALE_SECONDS
        self.task = asyncio.create_task(transport.send(self, request), name="model-request")
        self._taken = False

    async def trace(self, event: str, _: Any) -> None:
        """Called by the pool about each step."""
        self.fresh = self.fresh or event == "connection.connect_tcp.started"

    @property
    def stale(self) -> bool:
        """Whether it went over a connection that was idle for long."""
        return self._long_silence and not self.fresh

    @property
    def succeeded(self) -> bool:
        return self.task.done() and not self.task.cancelled() and self.task.exception() is None

    async def response(self) -> httpx2.Response:
        """Return the response, and leave it to the caller. Raises what went wrong."""
        response = await self.task
        self._taken = True
        return response

    async def drop(self) -> None:
        """Abort it, unless its response was taken."""
        if self._taken:
            return
        self.task.cancel()
        await asyncio.wait({self.task})
        if self.succeeded:
            await self.task.result().aclose()


def _slices(part: bytes) -> list[bytes]:
    return [part[at : at + COMPRESSED_SLICE_BYTES] for at in range(0, len(part), COMPRESSED_SLICE_BYTES)]
