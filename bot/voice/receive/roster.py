"""Who is in the channel and whose each SSRC is, from the voice gateway's messages (Discord: Voice Connections)."""

from collections.abc import Mapping
from typing import Any, Protocol

SPEAKING = 5
CLIENTS_CONNECT = 11
VIDEO = 12
CLIENT_DISCONNECT = 13

MAX_MAPPED_USERS = 500
"""With a known SSRC: more than any channel holds."""


class SsrcListener(Protocol):
    """What the receiver learns from it."""

    def map_ssrc(self, ssrc: int, user_id: int) -> None: ...

    def unmap_user(self, user_id: int) -> None: ...

    def forget_ssrcs(self) -> None: ...

    def set_members(self, user_ids: frozenset[int]) -> None: ...


class Roster:
    """Keeps the receiver up to date. Op 5 may come once per user and call, so a mapping stays until its user leaves."""

    def __init__(self, listener: SsrcListener) -> None:
        self._listener = listener
        self._people: frozenset[int] = frozenset()
        self._mapped: set[int] = set()
        self._connected: set[int] = set()
        "announced by op 11 and not yet by the main gateway"
        self._bots: frozenset[int] = frozenset()
        self.announced = 0
        "times that a human started to speak, by op 5"
        self.malformed = 0
        "messages that could not be parsed"

    @property
    def alone(self) -> bool:
        """Whether nobody else is in the channel, as far as either gateway has announced."""
        return not self._people and not self._connected

    def message(self, op: object, data: object) -> None:
        """Handle a message of the voice gateway; other ops are ignored. Never raises."""
        try:
            self._handle(op, data)
        except (KeyError, TypeError, ValueError, OverflowError):
            self.malformed += 1

    def set_people(self, user_ids: frozenset[int], bots: frozenset[int] = frozenset()) -> None:
        """Set who is in the channel by the main gateway; `bots` never count as people, whoever announces them."""
        self._bots = bots
        self._connected -= user_ids | bots
        present = user_ids | self._connected
        if present != self._people:
            self._people = present
            self._listener.set_members(present)

    def clear(self) -> None:
        """Forget who connected and whose each SSRC was: a new voice session announces them again."""
        self._listener.forget_ssrcs()
        self._mapped.clear()
        self._connected.clear()

    def _handle(self, op: object, data: object) -> None:
        if not isinstance(data, Mapping):
            if op in (SPEAKING, CLIENTS_CONNECT, CLIENT_DISCONNECT):
                raise TypeError
            return
        if op == SPEAKING:
            user_id = _user_id(data["user_id"])
            self._map(user_id, int(data["ssrc"]))
            self.announced += bool(data.get("speaking")) and user_id not in self._bots
        elif op == VIDEO and data.get("audio_ssrc"):
            self._map(_user_id(data["user_id"]), int(data["audio_ssrc"]))
        elif op == CLIENTS_CONNECT:
            room = MAX_MAPPED_USERS - len(self._connected)
            self._connected.update([_user_id(user_id) for user_id in data["user_ids"][:room]])
        elif op == CLIENT_DISCONNECT:
            user_id = _user_id(data["user_id"])
            self._connected.discard(user_id)
            if user_id in self._mapped:
                self._mapped.discard(user_id)
                self._listener.unmap_user(user_id)

    def _map(self, user_id: int, ssrc: int) -> None:
        if not 0 < ssrc < 1 << 32:
            raise ValueError
        if len(self._mapped) < MAX_MAPPED_USERS or user_id in self._mapped:
            self._mapped.add(user_id)
            self._listener.map_ssrc(ssrc, user_id)


def _user_id(value: Any) -> int:
    """Raises TypeError, ValueError, OverflowError."""
    user_id = int(value)
    if not 0 < user_id < 1 << 64:
        raise ValueError
    return user_id
