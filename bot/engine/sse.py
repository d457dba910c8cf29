"""Server-sent events: bytes -> the data of each event (WHATWG HTML section 9.2.6; only `data` matters here)."""

MAX_SSE_LINE_BYTES = 16 * 1024 * 1024
"""Protects memory from a server that never ends a line."""


class EventParser:
    """Takes bytes in any portions, returns whole events."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._data: list[bytes] = []

    def feed(self, received: bytes) -> list[bytes]:
        """Return the data of the events that this completes.

        Raises ValueError when a line outgrows MAX_SSE_LINE_BYTES.
        """
        if b"\n" not in received:
            self._keep(received)
            return []
        lines = received.split(b"\n")
        lines[0] = b"".join((*self._parts, lines[0]))
        self._parts = []
        self._size = 0
        self._keep(lines.pop())
        events = [self._line(line) for line in lines]
        return [event for event in events if event is not None]

    def end(self) -> list[bytes]:
        """Return the last event of a server that omits the final empty line."""
        return self.feed(b"\n\n")

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > MAX_SSE_LINE_BYTES:
            raise ValueError("line too long")
        if part:
            self._parts.append(part)

    def _line(self, line: bytes) -> bytes | None:
        line = line.removesuffix(b"\r")
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        elif not line and self._data:
            data, self._data = b"\n".join(self._data), []
            return data
        return None
