"""Lines, charges and ended holds that wait for the store, oldest first; pure."""

from collections import deque
from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from itertools import islice

from bot.types import Charge, Message, Release

Storable = Message | Charge | Release


@dataclass(frozen=True, slots=True)
class Entry:
    """A line, a charge or an ended hold, and the channel it belongs to."""

    guild_id: int
    channel_id: int
    what: Storable


class PendingEntries:
    """A queue whose owner bounds it (bot/store/outbox.py)."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    def append(self, entry: Entry) -> None:
        self._entries.append(entry)

    def oldest(self, limit: int) -> list[Entry]:
        """Return at most `limit` entries; they stay until `remove`."""
        return list(islice(self._entries, limit))

    def remove(self, written: list[Entry]) -> None:
        """Remove what was written from the front; what was dropped meanwhile is gone already."""
        ids = {entry.what.id for entry in written}
        while self._entries and self._entries[0].what.id in ids:
            self._entries.popleft()

    def take_all(self) -> list[Entry]:
        """Remove and return every entry."""
        taken = list(self._entries)
        self._entries.clear()
        return taken

    def lines(self, channel_id: int) -> list[Message]:
        """Return the lines of a channel."""
        return [
            entry.what for entry in self._entries if entry.channel_id == channel_id and isinstance(entry.what, Message)
        ]

    def forget(self, user_id: int) -> None:
        """Drop a person's lines and the answers to them; charges no longer name them (see `nameless_charges`)."""
        self._change(lambda what: without(what, {user_id}))

    def nameless_charges(self) -> list[Charge]:
        """Return the charges of people who were forgotten: only the store's hashes keep their caps from being empty."""
        return [entry.what for entry in self._entries if isinstance(entry.what, Charge) and entry.what.forgotten]

    def take_lines_of(self, guild_id: int, user_id: int) -> dict[int, set[str]]:
        """Drop what a person said in a server; return the ids of these lines, by channel."""
        taken: dict[int, set[str]] = {}
        for entry in self._entries:
            line = entry.what
            if entry.guild_id == guild_id and isinstance(line, Message) and line.speaker_id == user_id:
                taken.setdefault(entry.channel_id, set()).add(line.id)
        self.drop({line_id for line_ids in taken.values() for line_id in line_ids})
        return taken

    def clear_lines(self, channel_id: int) -> None:
        """Drop the lines of a channel and keep its charges."""
        self._entries = deque(
            entry for entry in self._entries if entry.channel_id != channel_id or not isinstance(entry.what, Message)
        )

    def drop(self, ids: Set[str]) -> None:
        """Drop these lines, or charges."""
        self._change(lambda what: None if what.id in ids else what)

    def replace_line(self, message: Message) -> None:
        """Replace the line with this id, if it is here."""
        self._change(lambda what: message if what.id == message.id and isinstance(what, Message) else what)

    def _change(self, change: Callable[[Storable], Storable | None]) -> None:
        changed = ((entry, change(entry.what)) for entry in self._entries)
        self._entries = deque(
            entry if what is entry.what else replace(entry, what=what) for entry, what in changed if what is not None
        )


def without(what: Storable, people: Set[int]) -> Storable | None:
    """Return a record without some people; None: nothing is left of it. Of a charge, money is left."""
    if isinstance(what, Message):
        return None if what.concerns(people) else what
    if isinstance(what, Release) or people.isdisjoint(what.user_ids):
        return what
    gone = tuple(user_id for user_id in what.user_ids if user_id in people)
    left = tuple(user_id for user_id in what.user_ids if user_id not in people)
    return replace(what, user_ids=left, forgotten=what.forgotten + gone)
