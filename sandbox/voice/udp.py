"""A UDP socket in the event loop that reads all waiting datagrams each time it wakes."""

import asyncio
import socket
from collections.abc import Callable

Address = tuple[str, int]
Received = Callable[[bytes, Address], None]

MAX_DATAGRAMS_PER_WAKE = 256
RECEIVE_BUFFER_BYTES = 4 << 20
"Requested size; the system may grant less"


class Udp(asyncio.DatagramProtocol):
    """asyncio reads one datagram per loop iteration: too slow for twenty people after a stall, so packets are lost."""

    def __init__(self, sock: socket.socket, received: Received) -> None:
        self.failures = 0
        "errors that the system reported, such as a send to a port that is no longer open"
        self._socket = sock
        self._received = received
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls, received: Received, *, local: Address | None = None, remote: Address | None = None) -> "Udp":
        """Bind to `local` (port 0: any) or connect to `remote`."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        try:
            if local is not None:
                sock.bind(local)
            if remote is not None:
                sock.connect(remote)
            udp = cls(sock, received)
            udp._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: udp, sock=sock)
        except BaseException:
            sock.close()
            raise
        return udp

    @property
    def port(self) -> int:
        """The local port."""
        return self._socket.getsockname()[1]

    def send(self, data: bytes, address: Address | None = None) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, address)

    def close(self) -> None:
        """Idempotent."""
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._received(data, addr)
        for _ in range(MAX_DATAGRAMS_PER_WAKE):
            try:
                data, addr = self._socket.recvfrom(2048)
            except OSError:  # usually BlockingIOError: nothing is left
                return
            self._received(data, addr)

    def error_received(self, exc: Exception) -> None:
        self.failures += 1
