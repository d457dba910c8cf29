"""Which earlier answers may be named by audio id; pure."""

from collections import OrderedDict
from collections.abc import Iterable

MAX_REMEMBERED_IDS = 512
"""Ids remembered of each kind."""
MAX_ID_REFUSALS = 2
"""Refusals of ids that this very server just gave, without a request in between that worked, until it is believed to
keep none. A single one may be a restart over there."""


class AudioIds:
    """Remembers the ids that were given and refused. `id in ids` tells that it was refused."""

    def __init__(self, *, wanted: bool, trusted: bool = False) -> None:
        self._wanted = wanted
        self._trusted = trusted
        "OpenAI: it does keep ids, whatever happened to some"
        self._given: OrderedDict[str, None] = OrderedDict()
        self._dead: OrderedDict[str, None] = OrderedDict()
        self._strikes = 0

    def __contains__(self, name: object) -> bool:
        return name in self._dead

    @property
    def usable(self) -> bool:
        """Whether ids are worth sending to this server at all."""
        return self._wanted and self._strikes < MAX_ID_REFUSALS

    def given(self, name: str) -> None:
        """A reply had this id."""
        _remember(self._given, name)

    def refused(self, names: Iterable[str]) -> None:
        """A request with these ids failed for them: they are not tried again."""
        names = list(names)
        if not self._trusted:
            self._strikes += any(name in self._given for name in names)
        for name in names:
            _remember(self._dead, name)

    def accepted(self) -> None:
        """A request with ids worked."""
        self._strikes = 0


def _remember(names: OrderedDict[str, None], name: str) -> None:
    names[name] = None
    names.move_to_end(name)
    if len(names) > MAX_REMEMBERED_IDS:
        names.popitem(last=False)
