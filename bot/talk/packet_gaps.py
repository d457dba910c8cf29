"""How many frames of one speaker are missing: by the clock while nothing arrives, then by RTP timestamps.

Discord's clients end a stretch of sound with packets of silence. Where packets stop without any, right after speech,
the network or somebody's machine stands still: what is missing will probably come.
"""

from bot.audio import RTP_STEP
from bot.types import Frame

MAX_STALL_FRAMES = 25
"""Missing frames that count for nothing where packets stopped in the middle of speech: 0.5 s."""
QUIET_FRAMES_AT_AN_END = 8
"""Frames without speech that show as well as silence does that packets were not cut off."""


class PacketGaps:
    """Follows the RTP timestamps of one speaker."""

    def __init__(self) -> None:
        self._absent = 0
        "ticks without a packet since the last frame"
        self._quiet = QUIET_FRAMES_AT_AN_END
        "frames without speech at the end of what came; silence counts as many"
        self._expected: int | None = None
        "RTP timestamp of the next frame if none is missing"

    @property
    def missing(self) -> int:
        """Frames of silence since the last frame, as far as is known."""
        return self._absent if self._quiet >= QUIET_FRAMES_AT_AN_END else max(0, self._absent - MAX_STALL_FRAMES)

    def tick_without_packet(self) -> None:
        self._absent += 1

    def before(self, frame: Frame) -> int:
        """Return how many frames are missing before this one."""
        expected, self._expected = self._expected, frame.timestamp + RTP_STEP
        absent, self._absent = self._absent, 0
        if expected is None:
            return 0
        gap = (frame.timestamp - expected) // RTP_STEP
        # A new stream starts at any timestamp, so a negative gap says nothing: the clock decides.
        return gap if gap >= 0 else absent

    def came(self, *, silent: bool, voiced: bool) -> None:
        """Note what the frame holds that came."""
        self._quiet = 0 if voiced else QUIET_FRAMES_AT_AN_END if silent else self._quiet + 1

    def restart(self) -> None:
        """Expect no timestamp: the next frame does not follow the last."""
        self._expected = None
