"""Who is in the channel and which SSRC is whose, from the voice gateway's messages (Discord: Voice Connections)."""

from collections.abc import Mapping
from typing import Protocol

SPEAKING = 5
CLIENTS_CONNECT = 11
VIDEO = 12
CLIENT_DISCONNECT = 13

MAX_MAPPED = 500
"""Users with a known SSRC: more than any channel holds."""


class SsrcListener(Protocol):
    """The receiver's side of it."""

    def map(self, ssrc: int, user_id: int) -> None: ...

    def unmap(self, user_id: int) -> None: ...

    def forget(self) -> None: ...

    def members(self, user_ids: frozenset[int]) -> None: ...


class Roster:
    """Keeps the receiver told. Op 5 may come once per user in a whole call, so a mapping stays until its user goes."""

    def __init__(self, ears: SsrcListener) -> None:
        self._ears = ears
        self._people: frozenset[int] = frozenset()
        self._mapped: set[int] = set()
        self._arrived: set[int] = set()
        self._bots: frozenset[int] = frozenset()
        self.announced = 0
        "times that a human began to speak, by op 5"
        self.malformed = 0
        "messages that could not be read"

    @property
    def alone(self) -> bool:
        """Whether nobody else is in the channel, as far as either gateway has told."""
        return not self._people and not self._arrived

    def message(self, op: object, data: object) -> None:
        """Take in a message of the voice gateway; any other op is none of our business. Never raises."""
        try:
            self._message(op, data)
        except (KeyError, TypeError, ValueError, OverflowError):
            self.malformed += 1

    def people(self, user_ids: frozenset[int], bots: frozenset[int] = frozenset()) -> None:
        """Say who is in the channel by the main gateway's account; `bots` are no people whoever announces them."""
        self._bots = bots
        self._arrived -= user_ids | bots
        present = user_ids | self._arrived
        if present != self._people:
            self._people = present
            self._ears.members(present)

    def clear(self) -> None:
        """Forget who came and which SSRC was whose: a new voice session deals them out anew."""
        self._ears.forget()
        self._mapped.clear()
        self._arrived.clear()

    def _message(self, op: object, data: object) -> None:
        if not isinstance(data, Mapping):
            if op in (SPEAKING, CLIENTS_CONNECT, CLIENT_DISCONNECT):
                raise TypeError
            return
        if op == SPEAKING:
            user_id = int(data["user_id"])
            self._map(user_id, int(data["ssrc"]))
            self.announced += bool(data.get("speaking")) and user_id not in self._bots
        elif op == VIDEO and data.get("audio_ssrc"):
            self._map(int(data["user_id"]), int(data["audio_ssrc"]))
        elif op == CLIENTS_CONNECT:
            for user_id in data["user_ids"]:
                if len(self._arrived) < MAX_MAPPED:
                    self._arrived.add(int(user_id))
        elif op == CLIENT_DISCONNECT:
            user_id = int(data["user_id"])
            self._arrived.discard(user_id)
            if user_id in self._mapped:
                self._mapped.discard(user_id)
                self._ears.unmap(user_id)

    def _map(self, user_id: int, ssrc: int) -> None:
        if not 0 < ssrc < 1 << 32 or not 0 < user_id < 1 << 64:
            raise ValueError
        if len(self._mapped) < MAX_MAPPED or user_id in self._mapped:
            self._mapped.add(user_id)
            self._ears.map(ssrc, user_id)
