"""A token bucket on the caller's clock."""


class TokenBucket:
    """Lets `rate` per second through, and up to `size` at once."""

    __slots__ = ("_filled", "_rate", "_size", "level")

    def __init__(self, rate: float, size: float) -> None:
        self._rate = rate
        self._size = size
        self._filled = 0.0
        self.level = size

    def fill(self, now: float) -> float:
        """Add the tokens that time has brought and return the level; time that goes back brings none."""
        if now > self._filled:
            self.level = min(self._size, self.level + (now - self._filled) * self._rate)
            self._filled = now
        return self.level

    def take(self, now: float) -> bool:
        """Take one token, if there is one."""
        if self.fill(now) < 1:
            return False
        self.level -= 1
        return True
