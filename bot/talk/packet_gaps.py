"""How many frames of one speaker are missing: by the clock while nothing arrives, then by RTP timestamps."""

from bot.audio import RTP_STEP
from bot.types import Frame


class PacketGaps:
    """Follows the RTP timestamps of one speaker."""

    def __init__(self) -> None:
        self.missing = 0
        "ticks without a packet since the last frame"
        self._expected: int | None = None
        "RTP timestamp of the next frame if none is missing"

    def tick_without_packet(self) -> None:
        self.missing += 1

    def before(self, frame: Frame) -> int:
        """Return how many frames are missing before this one."""
        expected, self._expected = self._expected, frame.timestamp + RTP_STEP
        missing, self.missing = self.missing, 0
        if expected is None:
            return 0
        gap = (frame.timestamp - expected) // RTP_STEP
        # A new stream starts at any timestamp, so a negative gap says nothing: the clock decides.
        return gap if gap >= 0 else missing

    def restart(self) -> None:
        """Expect no timestamp: the next frame does not follow the last."""
        self._expected = None
