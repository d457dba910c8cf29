"""An utterance over the bot that may be its echo: when to search it, and how long not to believe it. Pure."""

from bot.talk.echo_delay import EchoDelay

SEARCH_FRAMES = (8, 12, 16, 20, 25, 32, 40)
"""Frames of the utterance after which it is searched: a canceller lets an echo through piece by piece."""
SEARCH_STEP_FRAMES = 25
"""Frames after which somebody who returns the bot's voice is searched again: the delay may have jumped."""
MIN_ECHO_DELAY_FRAMES, MAX_ECHO_DELAY_FRAMES = 2, 36
"""Shortest delay of an echo, 40 ms, and the longest that is searched: 0.72 s."""
SAME_DELAY_SAMPLES = 40
"""Found delays this close (5 ms) are the same."""
SUSPECT_STRENGTH, MAX_SUSPECT_FRAMES, MAX_FOLLOWING_FRAMES = 9.0, 16, 30
"""Below this strength, or after this many frames, speech over the bot is no longer suspected to be an echo. What began
soon after the bot did is suspected that long in any case, and nearly twice as long above this strength: a canceller
leaves little to compare at first."""


class EchoSuspect:
    """The open utterance of one person."""

    def __init__(self) -> None:
        self.frames = 0
        "of the utterance so far"
        self._delay: int | None = None
        "that the last search found"
        self.repeated = False
        "whether the last two found the same"
        self._likely = True
        "whether the last search left it open that this is an echo"
        self._follows_bot = False
        "whether it began when the bot's first sound may come back"

    def grow(self, count: int, onset: int, known: bool) -> bool:
        """Take the frames of a tick; return whether the utterance is to be searched now.

        `onset`: frames from the bot's first sound to the utterance's. `known`: the person returns the bot's voice.
        """
        before, self.frames = self.frames, self.frames + count
        if before == 0:
            self._follows_bot = MIN_ECHO_DELAY_FRAMES <= onset <= MAX_ECHO_DELAY_FRAMES
        steps = before // SEARCH_STEP_FRAMES < self.frames // SEARCH_STEP_FRAMES
        return (known and steps) or any(before < frames <= self.frames for frames in SEARCH_FRAMES)

    @property
    def searched_in(self) -> int:
        """Frames until it is searched again, or not suspected any more."""
        next_step = self.frames // SEARCH_STEP_FRAMES * SEARCH_STEP_FRAMES + SEARCH_STEP_FRAMES
        moments = (*SEARCH_FRAMES, MAX_SUSPECT_FRAMES, MAX_FOLLOWING_FRAMES, next_step)
        return min(moment for moment in moments if moment > self.frames) - self.frames

    def searched(self, found: EchoDelay) -> None:
        """Note what a search found."""
        self.repeated = self._delay is not None and abs(found.samples - self._delay) <= SAME_DELAY_SAMPLES
        self._delay = found.samples
        self._likely = found.strength >= SUSPECT_STRENGTH

    @property
    def suspected(self) -> bool:
        """Whether it may be an echo that is not found yet."""
        limit = MAX_FOLLOWING_FRAMES if self._likely and self._follows_bot else MAX_SUSPECT_FRAMES
        return (self._likely or self._follows_bot) and self.frames < limit
