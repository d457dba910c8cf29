"""The UDP side of a link: a socket that wakes its reader when it closes, the reader thread, and the bounded inbox.

discord.py's own reader waits up to 30 s in `select` on a socket that somebody closed, and fails on descriptors above
1023. This one does neither.
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

RECEIVE_BUFFER_BYTES = 1 << 20
"""Asked of the kernel, which may grant less: room for what arrives while this process stands still."""
MAX_INBOX_DATAGRAMS = 1500
"""Ten people speaking for 3 s while the event loop is blocked."""
MAX_READ_BURST_DATAGRAMS = 64
"""Read before checking again whether to continue."""

Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)
"""Windows has no poll, but its select has no limit on descriptors."""


class DatagramSocket(socket.socket):
    """A non-blocking UDP socket. Closing it wakes the thread that waits on it."""

    def __init__(self) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self.setblocking(False)
        with suppress(OSError):
            self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)

    def close(self) -> None:
        with suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)
        super().close()


class Inbox:
    """Datagrams with their arrival time, from the reader thread to the event loop; a full inbox drops the oldest.

    While it is more than half full it lets in only voice sealed with the session's key: a flood of anything else drowns
    nobody, even under the SSRC of somebody who speaks. Below that the receiver does this check alone, so each packet is
    decrypted only once.
    """

    def __init__(self, size: int = MAX_INBOX_DATAGRAMS) -> None:
        self._items: deque[tuple[bytes, float]] = deque(maxlen=size)
        self._size = size
        self.received = 0
        "datagrams let in"
        self.refused = 0
        "datagrams that are no voice, while more than half full"
        self.dropped = 0
        "the oldest, dropped to make room"
        self._aead: Aead | None = None

    def rekey(self, secret_key: bytes) -> None:
        """Use the session's key, 32 bytes."""
        self._aead = Aead(secret_key)

    def push(self, datagram: bytes, arrived: float) -> None:
        waiting = len(self._items)
        if 2 * waiting > self._size and not self._authentic(datagram):
            self.refused += 1
            return
        self.dropped += waiting == self._size
        self.received += 1
        self._items.append((datagram, arrived))

    def __len__(self) -> int:
        return len(self._items)

    def drain(self) -> Iterator[tuple[bytes, float]]:
        """Yield what is there now; what arrives meanwhile waits for the next call."""
        for _ in range(len(self._items)):
            try:
                yield self._items.popleft()
            except IndexError:
                return

    def _authentic(self, datagram: bytes) -> bool:
        packet = rtp.parse(datagram)
        if isinstance(packet, rtp.Reject):
            return False
        return self._aead is None or self._aead.authentic(packet.header, packet.body)


class UdpReader(threading.Thread):
    """Calls `receive` in this thread with every datagram of the attached socket and its arrival time by `clock`."""

    def __init__(self, receive: Callable[[bytes, float], None], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(name="voice reader", daemon=True)
        self._receive = receive
        self._clock = clock
        self._socket: DatagramSocket | None = None
        self._changed = threading.Event()
        self._ending = False

    def attach(self, sock: DatagramSocket) -> None:
        """Read from this socket from now on. Close the former one before this, or within a second."""
        self._socket = sock
        self._changed.set()

    def stop(self) -> None:
        """End within a second; at once when the socket is closed."""
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
                        self._read_burst(sock)
                except (ValueError, OSError):
                    # The socket was closed, or the other side refused (ICMP), which may pass.
                    self._changed.wait(0.01)

    def _read_burst(self, sock: DatagramSocket) -> None:
        for _ in range(MAX_READ_BURST_DATAGRAMS):
            try:
                datagram = sock.recv(rtp.MAX_DATAGRAM_BYTES)
            except BlockingIOError:
                return
            if not datagram:
                return
            self._receive(datagram, self._clock())
