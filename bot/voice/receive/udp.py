"""The UDP side of a link: a socket whose datagrams carry their arrival times, and its reader.

No thread per link. While something goes on in a call, each of its ticks empties the socket. While nothing does, the
event loop waits for the socket and ends the call's rest at the first sound. If the loop itself stands still,
stall_guard.py has it read in another thread.
"""

import asyncio
import math
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from bot.voice.receive import rtp
from bot.voice.receive.inbox import MAX_INBOX_DATAGRAMS, Inbox
from bot.voice.receive.stall_guard import StallGuard

RECEIVE_BUFFER_BYTES = 1 << 20
"""Asked of the kernel, which may grant less: room for what arrives until somebody reads."""
MAX_UNREAD_SECONDS, MAX_UNREAD_AT_REST_SECONDS = 0.25, 0.75
"""The loop of a socket that was not looked at for this long stands still: a resting call ticks every 0.5 s."""
MAX_RELIEVED_DATAGRAMS = 50
"""Read at a time in the loop's place, in some 3 ms: the thread that does it sends the packets of all calls."""
_SO_TIMESTAMPNS = 35
"""Linux, asm-generic/socket.h: the kernel notes when each datagram came."""
_TIMESPEC = struct.Struct("@ll")
_ANCILLARY_BYTES = socket.CMSG_SPACE(_TIMESPEC.size) if hasattr(socket, "CMSG_SPACE") else 0


class DatagramSocket(socket.socket):
    """A non-blocking UDP socket that an event loop may watch. Closing it ends that."""

    def __init__(self) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self._watched_by: asyncio.AbstractEventLoop | None = None
        self.setblocking(False)
        with suppress(OSError):
            self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        self._timed = sys.platform == "linux"
        if self._timed:
            self.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)

    def watch(self, readable: Callable[[], None]) -> bool:
        """Have the running loop call `readable` while a datagram waits; return whether it can (Windows' cannot)."""
        if self._watched_by is None and self.fileno() >= 0:
            loop = asyncio.get_running_loop()
            with suppress(NotImplementedError):
                loop.add_reader(self.fileno(), readable)  # asyncio describes a socket object at each look-up
                self._watched_by = loop
        return self._watched_by is not None

    def unwatch(self) -> None:
        if self._watched_by is not None:
            if not self._watched_by.is_closed():
                self._watched_by.remove_reader(self.fileno())
            self._watched_by = None

    def next(self) -> tuple[bytes, float | None]:
        """Return a datagram and its arrival time (time.time), None where the kernel does not tell.

        Raises BlockingIOError if there is none, and OSError.
        """
        if not self._timed:
            return self.recv(rtp.MAX_DATAGRAM_BYTES), None
        datagram, ancillary, _, _ = self.recvmsg(rtp.MAX_DATAGRAM_BYTES, _ANCILLARY_BYTES)
        if not ancillary:
            return datagram, None
        seconds, nanoseconds = _TIMESPEC.unpack(ancillary[0][2])
        return datagram, seconds + nanoseconds * 1e-9

    def close(self) -> None:
        self.unwatch()
        super().close()


class UdpReader:
    """Moves the datagrams of the attached socket to `inbox`, with their arrival times by `clock`."""

    def __init__(self, inbox: Inbox, guard: StallGuard, clock: Callable[[], float] = time.monotonic) -> None:
        self.inbox = inbox
        self._guard = guard
        self._clock = clock
        self._socket: DatagramSocket | None = None
        self._aside: Callable[[bytes], bool] = lambda _datagram: False
        self._wake: Callable[[], None] | None = None
        "set while the call rests and the loop watches the socket for it"
        self._looked_at = clock()
        "when the event loop last saw to the socket"
        self._reading = threading.Lock()
        self._read_at = self._looked_at
        "when there was nothing more to read: what is read from now on arrived later"

    def start(self) -> None:
        """Have the guard read whenever the event loop stands still."""
        self._guard.add(self)

    def stop(self) -> None:
        """Read no more; the socket is closed by its owner."""
        self._guard.discard(self)
        self._socket = self._wake = None

    def attach(self, sock: DatagramSocket, aside: Callable[[bytes], bool]) -> None:
        """Read from this socket, in place of the former one, which is closed.

        `aside` says of a datagram that it is for somebody else than the inbox; any thread may call it.
        """
        self._socket, self._aside = sock, aside
        self._looked_at = self._clock()
        if not sock.watch(self._readable):
            self._wake = None

    def drain(self, until: float = math.inf) -> bool:
        """Read what has arrived; a tick of the call calls this. False: what came `until` then was read before."""
        if until < self._looked_at:
            return False
        self._looked_at = self._clock()
        if self._wake is None and self._socket is not None:
            self._socket.unwatch()
            with self._reading:
                self._read(MAX_INBOX_DATAGRAMS)
        return True

    def rest(self, wake: Callable[[], None]) -> None:
        """Until the next sound `drain` need not read: the event loop watches the socket, then calls `wake` once."""
        if self._wake is None and self._socket is not None and self._socket.watch(self._readable):
            self._wake = wake

    def relieve(self) -> bool:
        """Read some in the event loop's place if it stands still, return whether there was any.

        The guard's thread calls this, and does not wait if the loop reads after all.
        """
        limit = MAX_UNREAD_SECONDS if self._wake is None else MAX_UNREAD_AT_REST_SECONDS
        if self._clock() - self._looked_at <= limit or not self._reading.acquire(blocking=False):
            return False
        try:
            read, _ = self._read(MAX_RELIEVED_DATAGRAMS)
        finally:
            self._reading.release()
        return read > 0

    def _readable(self) -> None:
        self._looked_at = self._clock()
        with self._reading:
            _, found = self._read(MAX_INBOX_DATAGRAMS)
        if found and self._wake is not None and self._socket is not None:
            self._socket.unwatch()
            wake, self._wake = self._wake, None
            wake()

    def _read(self, most: int) -> tuple[int, int]:
        """Move what is there, at most so many datagrams; return how many were read, and how many are for the inbox.

        The caller holds `_reading`.
        """
        read = found = 0
        sock, aside, push = self._socket, self._aside, self.inbox.push
        if sock is None:
            return read, found
        now, wall, since = self._clock(), time.time(), self._read_at
        for _ in range(most):
            try:
                datagram, at = sock.next()
            except ConnectionError:
                continue  # the other side refused (ICMP), which may pass
            except OSError:
                self._read_at = now  # nothing more, or closed
                break
            read += 1
            if datagram and not aside(datagram):
                # The wall clock may have been set meanwhile.
                push(datagram, now if at is None else min(now, max(since, now + at - wall)))
                found += 1
        return read, found
