"""Which earlier answers a request may reference by audio id; pure."""

from collections import OrderedDict
from collections.abc import Iterable

MAX_REMEMBERED_IDS = 512
"""Given ids kept, and refused ids kept."""
MAX_ID_REFUSALS = 2
"""Consecutive refusals of ids that this server itself gave, after which we assume that it keeps none. A single refusal
may come from a restart of the server."""


class AudioIds:
    """Remembers which ids the server gave and refused. `id in ids` is true when it refused the id."""

    def __init__(self, *, wanted: bool, trusted: bool = False) -> None:
        self._wanted = wanted
        self._trusted = trusted
        "the server keeps ids (OpenAI), even if it refuses some"
        self._given: OrderedDict[str, None] = OrderedDict()
        self._dead: OrderedDict[str, None] = OrderedDict()
        self._strikes = 0

    def __contains__(self, name: object) -> bool:
        return name in self._dead

    @property
    def usable(self) -> bool:
        """Whether to send ids to this server at all."""
        return self._wanted and self._strikes < MAX_ID_REFUSALS

    def given(self, name: str) -> None:
        """Record the id of a reply."""
        _remember(self._given, name)

    def refused(self, names: Iterable[str]) -> None:
        """Record that a request failed because of these ids: they are not sent again."""
        names = list(names)
        if not self._trusted:
            self._strikes += any(name in self._given for name in names)
        for name in names:
            _remember(self._dead, name)

    def accepted(self) -> None:
        """Record that a request with ids succeeded."""
        self._strikes = 0


def _remember(names: OrderedDict[str, None], name: str) -> None:
    names[name] = None
    names.move_to_end(name)
    if len(names) > MAX_REMEMBERED_IDS:
        names.popitem(last=False)
