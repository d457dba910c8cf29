"""Server-sent events: bytes -> the events (WHATWG HTML section 9.2.6; only `data` and `event` matter here)."""

from typing import NamedTuple

MAX_EVENT_BYTES = 16 * 1024 * 1024
"""Protects memory from a server that never ends a line, or an event."""
_LINE_OVERHEAD_BYTES = 64
"""An empty `data:` line takes memory, too."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class ServerEvent(NamedTuple):
    data: bytes
    name: str = ""
    "of the field `event`"


class EventParser:
    """Takes bytes in any portions, returns whole events. Lines may end in LF, CR LF or CR."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        "bytes of the unfinished line"
        self._data: list[bytes] = []
        self._data_size = 0
        self._name = ""
        self._after_cr = False
        self._begun = False

    def feed(self, received: bytes) -> list[ServerEvent]:
        """Return the events that this completes. Raises ValueError when one outgrows MAX_EVENT_BYTES."""
        if self._after_cr and received:
            received = received.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" in received:
            self._after_cr = received.endswith(b"\r")
            received = received.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
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

    def end(self) -> list[ServerEvent]:
        """Return the last event of a server that omits the final empty line."""
        return self.feed(b"\n\n")

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size + self._data_size > MAX_EVENT_BYTES:
            raise ValueError("event too long")
        if part:
            self._parts.append(part)

    def _line(self, line: bytes) -> ServerEvent | None:
        if not self._begun:
            line = line.removeprefix(_BYTE_ORDER_MARK)
            self._begun = True
        if line.startswith(b"data:"):
            self._data_size += len(line) + _LINE_OVERHEAD_BYTES
            if self._data_size > MAX_EVENT_BYTES:
                raise ValueError("event too long")
            self._data.append(line[5:].removeprefix(b" "))
        elif line.startswith(b"event:"):
            self._name = line[6:70].strip().decode("ascii", "replace")
        elif not line:
            return self._event()
        return None

    def _event(self) -> ServerEvent | None:
        data, self._data = self._data, []
        name, self._name = self._name, ""
        self._data_size = 0
        return ServerEvent(b"\n".join(data), name) if data else None
