"""People who have not agreed to be heard: packet timing alone tells that they talk.

Whoever listens by loudspeaker also sends packets while the bot speaks. Somebody who began with the bot's voice and fell
silent with it is thought to return it: what they send while it sounds counts for nothing, until some of it outlasts it.
"""

import math
from collections import Counter
from collections.abc import Set
from dataclasses import dataclass

MAX_HOLD_SECONDS = 15.0
"""Longest time one of them may hold the floor: an open microphone sends without end."""
HOLD_RESET_SECONDS = 2.0
"""Seconds without a packet after which they may hold it again."""
NEW_HOLD_GAP_SECONDS = 0.3
"""Seconds without a packet after which they have stopped, and a new hold begins."""
MAX_ECHO_SECONDS = 1.0
"""An echo begins and ends this soon after the bot's voice: the way there and back, reverberation, the client's gate."""
MIN_ECHO_SECONDS = 0.3
"""Less than this tells nothing."""
MAX_ECHOING = 200
"""People who are remembered to return the bot's voice."""


@dataclass(slots=True)
class _Hold:
    since: float
    last: float
    "time of the newest packet"
    spent: float = 0.0
    "seconds held so far"
    after_voice: float | None = None
    "when it began, if that was just after the bot's voice did"


class Unconsented:
    """Which of them hold the floor."""

    def __init__(self, counts: Counter[str]) -> None:
        """`counts` gets unconsented_released: holds that ended because they lasted too long."""
        self._counts = counts
        self._holds: dict[int, _Hold] = {}
        self.holding: dict[int, float] = {}
        "who holds the floor now, and since when (seconds on the call's clock)"
        self._echoing: dict[int, None] = {}
        "who seems to return the bot's voice, the oldest first"
        self._voice_since = self._voice_until = -math.inf
        "when the bot's voice began to sound, and sounded last"

    def step(self, now: float, talking: Set[int], playing_since: float | None = None) -> None:
        """Take one tick: `talking` are those whose packets arrive at `now`; `playing_since` as in Floor.step."""
        if playing_since is not None and playing_since != self._voice_since:
            self._learn(now, talking)
            self._voice_since = playing_since
        if playing_since is not None:
            self._voice_until = now
        elif now - self._voice_until > MAX_ECHO_SECONDS:
            self._learn(now, talking)
        self.holding = {}
        for user_id in talking:
            hold = self._holds.setdefault(user_id, _Hold(now, -math.inf))
            if now - hold.last > NEW_HOLD_GAP_SECONDS:
                hold.since = now
                if hold.after_voice is None and now - self._voice_since <= MAX_ECHO_SECONDS:
                    hold.after_voice = now
            if user_id in self._echoing and now - self._voice_until <= MAX_ECHO_SECONDS:
                hold.last = now
                continue
            before = hold.spent
            hold.spent += min(now - hold.last, 0.1) if hold.last > -math.inf else 0.0
            hold.last = now
            if hold.spent < MAX_HOLD_SECONDS:
                self.holding[user_id] = hold.since
            elif before < MAX_HOLD_SECONDS:
                self._counts["unconsented_released"] += 1
        self._holds = {user: hold for user, hold in self._holds.items() if now - hold.last < HOLD_RESET_SECONDS}

    def _learn(self, now: float, talking: Set[int]) -> None:
        """The bot's voice is over: note who fell silent with it, and who did not."""
        for user_id, hold in self._holds.items():
            if user_id in talking and now - hold.last <= NEW_HOLD_GAP_SECONDS:
                if hold.since <= self._voice_until:  # it outlasts the voice
                    self._echoing.pop(user_id, None)
            elif hold.after_voice is not None:
                with_voice = abs(hold.last - self._voice_until) <= MAX_ECHO_SECONDS
                if with_voice and hold.last - hold.after_voice >= MIN_ECHO_SECONDS:
                    self._echoing[user_id] = None
            hold.after_voice = None
        while len(self._echoing) > MAX_ECHOING:
            del self._echoing[next(iter(self._echoing))]
