"""The bounded inbox between a link's socket and its receiver, and the filter that keeps a flood out of it."""

from collections import deque
from collections.abc import Iterator

from bot.voice.aead import Aead
from bot.voice.receive import rtp

MAX_INBOX_DATAGRAMS = 1500
"""Ten people speaking for 3 s while the event loop is blocked."""


class Inbox:
    """Datagrams with their arrival time, from the socket to the receiver; a full inbox drops the oldest.

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

    def drain(self, until: float) -> Iterator[tuple[bytes, float]]:
        """Yield what had arrived by then; the rest waits for the next call."""
        while self._items and self._items[0][1] <= until:
            try:
                yield self._items.popleft()
            except IndexError:  # dropped meanwhile, to make room
                return

    def _authentic(self, datagram: bytes) -> bool:
        packet = rtp.parse(datagram)
        if isinstance(packet, rtp.Reject):
            return False
        return self._aead is None or self._aead.authentic(packet.header, packet.body)
