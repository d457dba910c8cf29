"""Which protocol version of DAVE is in force, and whether our part in the group keeps step with it: pure.

discord.py follows ops 21 to 30 one by one, and loses count when a transition is executed late: one down to plain that
ends after the next group has begun leaves it sending in the clear for good, heard by nobody who is new. So the count
is kept here (DAVE white paper, "Protocol Version Change" and "MLS Group Changes"), beside what the voice gateway lets
everyone see of the group: the epoch in proposals and commits.
"""

import struct
from collections import deque
from collections.abc import Mapping
from typing import Final

SESSION_DESCRIPTION: Final = 4
PREPARE_TRANSITION: Final = 21
PREPARE_EPOCH: Final = 24
PROPOSALS: Final = 27
ANNOUNCE_COMMIT: Final = 29
WELCOME: Final = 30

APPEND: Final = 0
"""Proposals follow; else references to such as are withdrawn."""
MAX_PENDING: Final = 64
"""Transitions announced and not executed: Discord has one or two."""
MAX_PAST: Final = 64
"""Transitions that are over, remembered so that a second word of them means nothing."""
_PUBLIC: Final = b"\0\1\0\1"
"""MLS 1.0, PublicMessage (RFC 9420 section 6)."""


class DaveTransitions:
    """What the voice gateway has announced in one voice session. Nothing it is fed raises."""

    def __init__(self) -> None:
        self._group = 0
        "version for which the present group was begun"
        self._announced = 0
        "version that will be in force when all that was announced is executed"
        self._pending: dict[int, int] = {}
        "transition to version, in the order announced"
        self._past: deque[int] = deque(maxlen=MAX_PAST)
        self._epoch: int | None = None
        "the group's, as far as seen"
        self._missed = False
        "a transition was executed that we were never told of"

    def message(self, op: object, data: object) -> None:
        """Take note of a JSON message, before it is acted upon."""
        if not isinstance(data, Mapping):
            return
        number = _whole(data.get("transition_id"))
        version = _whole(data.get("dave_protocol_version" if op == SESSION_DESCRIPTION else "protocol_version"))
        if version is None:
            return
        if op == SESSION_DESCRIPTION:
            self._past.clear()
            self._begin(version)
        elif op == PREPARE_EPOCH and data.get("epoch") == 1:
            self._begin(version)
        elif op == PREPARE_TRANSITION and number is not None:
            self._prepare(number, version)

    def binary(self, op: int, payload: bytes) -> None:
        """Take note of a binary message, before it is acted upon."""
        if op == PROPOSALS and payload[:1] == bytes([APPEND]):
            self._epoch = _epoch(payload[1 + _varint(payload, 1)[1] :], self._epoch)
        elif op in (ANNOUNCE_COMMIT, WELCOME) and len(payload) > 2:
            # What a welcome leads to is sealed: only davey knows.
            epoch = _epoch(payload[2:], None) if op == ANNOUNCE_COMMIT else None
            self._epoch = None if epoch is None else epoch + 1
            self._missed = False
            number = int.from_bytes(payload[:2], "big")
            if number:
                self._prepare(number, self._group)

    def execute(self, number: int) -> int | None:
        """Return the version that a transition brings into force; None if it is over, or was never announced."""
        if number not in self._pending:
            # Whoever has just been taken in may still hear of one that was announced before.
            settled = bool(self._past) and not self._pending
            self._missed = self._missed or (settled and number not in self._past)
            return None
        version = self._pending[number]
        while number in self._pending:
            # Whatever was announced before it is overtaken.
            self._past.append(next(iter(self._pending)))
            del self._pending[self._past[-1]]
        return version

    def apart(self, version: int, epoch: int | None) -> bool:
        """Tell whether what we seal now, at this version with the keys of this epoch, is not what was announced.

        `epoch` None: we are not in the group. Every change sets us apart for a moment; only what lasts is a fault.
        """
        if version != self._announced:
            return True
        if not version or epoch is None:
            return False
        return self._missed or self._epoch not in (None, epoch)

    def _begin(self, version: int) -> None:
        """Start with a new group, or with none: what was announced for the one before is over."""
        self._past.extend(self._pending)
        self._pending.clear()
        self._group = self._announced = version
        self._epoch = None
        self._missed = False

    def _prepare(self, number: int, version: int) -> None:
        self._pending.pop(number, None)
        if len(self._pending) >= MAX_PENDING:
            self._past.append(next(iter(self._pending)))
            del self._pending[self._past[-1]]
        self._pending[number] = self._announced = version


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a variable-size length (RFC 9420 section 2.1.2) and how many bytes it takes."""
    first = data[at] if at < len(data) else 0
    size = 1 << (first >> 6)
    return int.from_bytes(data[at : at + size], "big") & (1 << 8 * size - 2) - 1, size


def _epoch(message: bytes, otherwise: int | None) -> int | None:
    """Return the epoch in which a PublicMessage was made (RFC 9420 section 6: version, format, group id, epoch)."""
    length, size = _varint(message, 4)
    at = 4 + size + length
    if message[:4] != _PUBLIC or len(message) < at + 8:
        return otherwise
    return struct.unpack_from(">Q", message, at)[0]
