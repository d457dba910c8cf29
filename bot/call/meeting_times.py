"""When the meetings of each channel began: a call that is taken up again soon is the same meeting."""

from dataclasses import dataclass
from datetime import datetime, timedelta

SAME_MEETING_GAP = timedelta(minutes=10)
"""A call that is taken up again within this time is the same meeting."""
MAX_KNOWN_MEETINGS = 1_000
"""Channels whose last meeting is known; no words, no people."""


@dataclass(frozen=True, slots=True)
class MeetingTime:
    """A meeting that is over, for now."""

    began: datetime
    ended: datetime
    message_id: int = 0
    "of its minutes or of the offer to write them; 0: none"
    chat_id: int = 0
    "where that stands"


class MeetingTimes:
    """The last meeting of each channel, as far as this process saw it end."""

    def __init__(self) -> None:
        self._last: dict[int, MeetingTime] = {}

    def earlier(self, channel_id: int, call_began: datetime) -> MeetingTime | None:
        """Return the meeting that a call took up; None: it began a new one."""
        last = self._last.get(channel_id)
        return last if last and call_began - last.ended <= SAME_MEETING_GAP else None

    def began(self, channel_id: int, call_began: datetime) -> datetime:
        """Return when the meeting of a call began."""
        last = self.earlier(channel_id, call_began)
        return min(last.began, call_began) if last else call_began

    def last(self, channel_id: int) -> MeetingTime | None:
        """Return the channel's last meeting that is over."""
        return self._last.get(channel_id)

    def over(self, channel_id: int, meeting: MeetingTime) -> None:
        """Note that a meeting ended."""
        self._last.pop(channel_id, None)
        self._last[channel_id] = meeting
        while len(self._last) > MAX_KNOWN_MEETINGS:
            del self._last[next(iter(self._last))]
