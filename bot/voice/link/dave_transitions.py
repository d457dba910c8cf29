"""Which DAVE protocol version is in force, and whether our side of the group keeps step with it: pure.

discord.py follows ops 21 to 30 one by one, and loses count when a transition is executed late: a downgrade to plain
that ends after the next group has started leaves it sending unencrypted for good, unheard by whoever joins later. So
this file counts (DAVE white paper, "Protocol Version Change" and "MLS Group Changes"), and notes what the voice gateway
shows everybody of the group: the epoch in proposals and commits.
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

PROPOSALS_APPEND: Final = 0
"""Proposals follow; otherwise references to withdrawn ones."""
MAX_PENDING_TRANSITIONS: Final = 64
"""Announced and not executed; Discord has one or two."""
MAX_PAST_TRANSITIONS: Final = 64
"""Over, but remembered: hearing of them a second time means nothing."""
_MLS_PUBLIC_MESSAGE: Final = b"\0\1\0\1"
"""MLS 1.0, PublicMessage (RFC 9420 section 6)."""


class DaveTransitions:
    """What the voice gateway announced in one voice session. No input raises."""

    def __init__(self) -> None:
        self._group = 0
        "the version that the present group was made for"
        self._announced = 0
        "the version in force once everything announced is executed"
        self._pending: dict[int, int] = {}
        "transition to version, in the order of announcement"
        self._past: deque[int] = deque(maxlen=MAX_PAST_TRANSITIONS)
        self._epoch: int | None = None
        "the group's, as far as we saw it"
        self._missed = False
        "a transition was executed that nobody announced to us"

    def message(self, op: object, data: object) -> None:
        """Record a JSON message, before discord.py handles it."""
        if not isinstance(data, Mapping):
            return
        number = _whole(data.get("transition_id"))
        version = _whole(data.get("dave_protocol_version" if op == SESSION_DESCRIPTION else "protocol_version"))
        if version is None:
            return
        if op == SESSION_DESCRIPTION:
            self._past.clear()
            self._start(version)
        elif op == PREPARE_EPOCH and data.get("epoch") == 1:
            self._start(version)
        elif op == PREPARE_TRANSITION and number is not None:
            self._prepare(number, version)

    def binary(self, op: int, payload: bytes) -> None:
        """Record a binary message, before discord.py handles it."""
        if op == PROPOSALS and payload[:1] == bytes([PROPOSALS_APPEND]):
            self._epoch = _epoch(payload[1 + _varint(payload, 1)[1] :], self._epoch)
        elif op in (ANNOUNCE_COMMIT, WELCOME) and len(payload) > 2:
            # A welcome is encrypted: only davey knows the epoch that it leads to.
            epoch = _epoch(payload[2:], None) if op == ANNOUNCE_COMMIT else None
            self._epoch = None if epoch is None else epoch + 1
            self._missed = False
            number = int.from_bytes(payload[:2], "big")
            if number:
                self._prepare(number, self._group)

    def execute(self, number: int) -> int | None:
        """Return the version that a transition puts in force; None if it is over, or was never announced."""
        if number not in self._pending:
            # A member that has just joined may still hear of one that was announced before.
            settled = bool(self._past) and not self._pending
            self._missed = self._missed or (settled and number not in self._past)
            return None
        version = self._pending[number]
        while number in self._pending:
            # It overtakes whatever was announced before it.
            self._past.append(next(iter(self._pending)))
            del self._pending[self._past[-1]]
        return version

    def out_of_step(self, version: int, epoch: int | None) -> bool:
        """Tell whether what we seal now, at this version with this epoch's keys, differs from what was announced.

        `epoch` None: we are not in the group. Every change puts us out of step for a moment; only if it lasts is it a
        fault.
        """
        if version != self._announced:
            return True
        if not version or epoch is None:
            return False
        return self._missed or self._epoch not in (None, epoch)

    def _start(self, version: int) -> None:
        """Start a new group, or none: what was announced for the former one is over."""
        self._past.extend(self._pending)
        self._pending.clear()
        self._group = self._announced = version
        self._epoch = None
        self._missed = False

    def _prepare(self, number: int, version: int) -> None:
        self._pending.pop(number, None)
        if len(self._pending) >= MAX_PENDING_TRANSITIONS:
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
    if message[:4] != _MLS_PUBLIC_MESSAGE or len(message) < at + 8:
        return otherwise
    return struct.unpack_from(">Q", message, at)[0]
