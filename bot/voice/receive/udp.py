"""The UDP side of a link: a socket that wakes its reader when closed, the reader's thread, and the bounded inbox.

discord.py's own reader waits up to 30 s in `select` on a socket that was closed under it, and fails on descriptors
above 1023. This one does neither.
"""

import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress

from bot.voice.aead import Aead
from bot.voice.receive import rtp

MAX_DATAGRAM = 2048
RECEIVE_BUFFER = 1 << 20
"""Bytes asked of the kernel, which may grant less: what arrives while this process stands still."""
INBOX = 1500
"""Datagrams: ten people speaking for 3 s while the event loop is blocked."""
BURST = 64
"""Datagrams read before looking again whether to go on."""

Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)
"""Not for Windows, whose select has no such limit."""


class DatagramSocket(socket.socket):
    """A non-blocking UDP socket. Closing it wakes whoever waits for it."""

    def __init__(self) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self.setblocking(False)
        with suppress(OSError):
            self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)

    def close(self) -> None:
        with suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)
        super().close()


class Inbox:
    """Datagrams with their arrival time, from the reader's thread to the event loop; the oldest go when it is full.

    While it is more than half full only what is sound, sealed with the session's key, is let in: a flood of anything
    else drowns nobody, even in the name of somebody who speaks. Until then the receiver sees to that, so that each
    packet is opened but once.
    """

    def __init__(self, size: int = INBOX) -> None:
        self._items: deque[tuple[bytes, float]] = deque(maxlen=size)
        self._size = size
        self.received = 0
        "datagrams let in"
        self.refused = 0
        self.dropped = 0
        "the oldest, to make room"
        self._aead: Aead | None = None

    def rekey(self, secret_key: bytes) -> None:
        """Take the key of the session, 32 bytes."""
        self._aead = Aead(secret_key)

    def push(self, datagram: bytes, arrived: float) -> None:
        waiting = len(self._items)
        if 2 * waiting > self._size and not self._sound(datagram):
            self.refused += 1
            return
        self.dropped += waiting == self._size
        self.received += 1
        self._items.append((datagram, arrived))

    def __len__(self) -> int:
        return len(self._items)

    def drain(self) -> Iterator[tuple[bytes, float]]:
        """Take what is there now; what arrives meanwhile waits for the next time."""
        for _ in range(len(self._items)):
            try:
                yield self._items.popleft()
            except IndexError:
                return

    def _sound(self, datagram: bytes) -> bool:
        packet = rtp.parse(datagram)
        if isinstance(packet, rtp.Reject):
            return False
        return self._aead is None or self._aead.authentic(packet.header, packet.body)


class UdpReader(threading.Thread):
    """Hands every datagram of the attached socket to `receive`, with its arrival time by `clock`, in this thread."""

    def __init__(self, receive: Callable[[bytes, float], None], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(name="voice reader", daemon=True)
        self._receive = receive
        self._clock = clock
        self._socket: DatagramSocket | None = None
        self._changed = threading.Event()
        self._ending = False

    def attach(self, sock: DatagramSocket) -> None:
        """Read from this socket from now on. Close the one before it first, or within a second."""
        self._socket = sock
        self._changed.set()

    def stop(self) -> None:
        """End soon; at once when the socket is closed."""
        self._ending = True
        self._changed.set()

    def run(self) -> None:
        while not self._ending:
            sock = self._socket
            if sock is None or sock.fileno() < 0:
                self._changed.wait()
                self._changed.clear()
            else:
                self._read(sock)

    def _read(self, sock: DatagramSocket) -> None:
        with Selector() as selector:
            try:
                selector.register(sock, selectors.EVENT_READ)
            except (ValueError, OSError):
                return
            while not self._ending and sock is self._socket and sock.fileno() >= 0:
                try:
                    if selector.select(1.0):
                        self._burst(sock)
                except (ValueError, OSError):
                    # Closed just now; or refused by the other side (ICMP), which may pass.
                    self._changed.wait(0.01)

    def _burst(self, sock: DatagramSocket) -> None:
        for _ in range(BURST):
            try:
                datagram = sock.recv(MAX_DATAGRAM)
            except BlockingIOError:
                return
            if not datagram:
                return
            self._receive(datagram, self._clock())
