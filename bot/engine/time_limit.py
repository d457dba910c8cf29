"""How long a request to one server may take: at least a set time, and more where it was seen to need more; pure."""

from collections import deque

REMEMBERED_TIMES = 8
TIME_MARGIN = 3.0
"""Times the longest of the recent ones: a processor may have other work."""


class TimeLimit:
    """Adapts to a server. A request that was given up after `seconds` is noted as one that took them."""

    def __init__(self, least: float, most: float) -> None:
        self.least = least
        self._most = most
        self._recent: deque[float] = deque(maxlen=REMEMBERED_TIMES)

    @property
    def seconds(self) -> float:
        """After which a request is given up."""
        return min(self._most, max(self.least, TIME_MARGIN * max(self._recent, default=0.0)))

    @property
    def usual(self) -> float:
        """What this server may be expected to take, or the limit while nothing is known of it."""
        return min(self._most, TIME_MARGIN * max(self._recent)) if self._recent else self.least

    def note(self, seconds: float) -> None:
        """Remember how long a request took."""
        self._recent.append(seconds)
