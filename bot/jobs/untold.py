"""What was paid and could not be told: kept a while, so that whoever asks for the same again does not pay again.

It is in memory only, and goes with the words and people it rests on.
"""

import time
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import TypeVar

from bot.ports.holder import Holder
from bot.types import Message

MAX_UNTOLD_BYTES = 32 << 20
"""Of all that is kept: about ten spoken answers of a minute. What goes beyond takes the oldest away."""
UNTOLD_LIFETIME_SECONDS = 1800.0

_Made = TypeVar("_Made")


@dataclass(slots=True)
class _Kept:
    since: float
    people: Set[int]
    "who asked for it, and whose recording it is"
    talk: bool
    "it also rests on what others said, who are not known: every deletion takes it"
    made: object = None
    "None: it is still in the making"
    size: int = 0


class UntoldWork(Holder):
    """Keeps answers, by the key of what was asked (`request_key`), until somebody was `told` them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        "by key; oldest first"

    def find(self, key: str, kind: type[_Made]) -> _Made | None:
        """Return what was made for the same request and not told yet."""
        self._expire()
        kept = self._kept.get(key)
        return kept.made if kept is not None and isinstance(kept.made, kind) else None

    def begin(self, key: str, people: Set[int], *, talk: bool = False) -> None:
        """Note that something is in the making. If what it rests on is deleted meanwhile, it is not kept."""
        self._kept.pop(key, None)
        self._kept[key] = _Kept(self._clock(), people, talk)

    def keep(self, key: str, made: object, size: int) -> None:
        """Keep what was made, of about `size` bytes."""
        if key in self._kept:
            kept = self._kept[key] = self._kept.pop(key)
            kept.since, kept.made, kept.size = self._clock(), made, size
            self._expire()

    def told(self, key: str) -> None:
        """Note that it reached somebody: whoever asks again wants another."""
        self._kept.pop(key, None)

    def forget_person(self, user_id: int) -> None:
        self._drop(lambda kept: kept.talk or user_id in kept.people)

    def withdraw(self, guild_id: int, user_id: int) -> Mapping[int, Set[str]]:
        self._drop(lambda kept: user_id in kept.people)  # made of sound that nobody may use any more
        return {}

    def clear_channel(self, channel_id: int) -> None:
        self._drop(lambda kept: kept.talk)

    def drop_lines(self, channel_id: int, line_ids: Set[str]) -> None:
        self._drop(lambda kept: kept.talk)

    def correct(self, channel_id: int, before: Message, after: Message) -> None:
        self._drop(lambda kept: kept.talk)

    def _expire(self) -> None:
        oldest = self._clock() - UNTOLD_LIFETIME_SECONDS
        self._drop(lambda kept: kept.since < oldest)
        size = sum(kept.size for kept in self._kept.values())
        for key, kept in list(self._kept.items()):
            if size <= MAX_UNTOLD_BYTES:
                return
            if kept.size:
                size -= kept.size
                del self._kept[key]

    def _drop(self, gone: Callable[[_Kept], bool]) -> None:
        self._kept = {key: kept for key, kept in self._kept.items() if not gone(kept)}
