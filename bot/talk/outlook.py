"""For how long nothing can be decided about speech over the bot, so that its frames may wait and be heard together."""

import math

from bot.audio import FRAME_SECONDS
from bot.talk.floor import Floor
from bot.talk.onset import ONSET_WINDOW_FRAMES
from bot.types import CallState


def decides_in(
    floor: Floor, now: float, run: float, begins_in: float, state: CallState, playing_since: float | None
) -> float:
    """Return the seconds in which the floor can decide nothing, whoever speaks; inf: all may still pause or end.

    `run`: seconds of the longest run of speech. `begins_in`: seconds in which nobody's can begin.
    """
    settings = floor.settings
    if state is CallState.LISTENING:
        return math.inf
    if playing_since is None or floor.unconsented.holding or floor.early.answering:
        return 0.0
    until = playing_since + settings.collision + ONSET_WINDOW_FRAMES * FRAME_SECONDS
    stops_in = (settings.barge_in_after if floor.ducked else settings.duck_after) - run
    return min(stops_in, begins_in if now <= until else math.inf, run if floor.ducked else math.inf)
