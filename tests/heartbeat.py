"""Whether the machine kept time while a test ran: the end-to-end tests play people in real time."""

import threading
import time
from pathlib import Path

BEAT_SECONDS = 0.02
STANDSTILL_SECONDS = 0.12
"""Six packets: from here on people's sound has a hole, so what was to be tried was not what happened."""
SCHEDULED = Path("/proc/self/schedstat")
MIN_WAITED_SECONDS = 0.5


def scheduled() -> tuple[float, float]:
    """Return the seconds that this process's main thread ran, and waited for a processor, where the system tells."""
    try:
        ran, waited, _ = SCHEDULED.read_text().split()
    except (OSError, ValueError):
        return 0.0, 0.0
    return int(ran) / 1e9, int(waited) / 1e9


class Heartbeat:
    """A thread that wakes every 20 ms, the latest that it ever woke, and how long the process got no processor."""

    def __init__(self) -> None:
        self._worst = 0.0
        self._ran, self._waited = scheduled()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def reset(self) -> None:
        """A test begins."""
        self._worst = 0.0
        self._ran, self._waited = scheduled()

    def stood_still(self) -> bool:
        """Return whether this process did not run for a while since the last `reset`, or half of what it would have."""
        ran, waited = (now - before for now, before in zip(scheduled(), (self._ran, self._waited), strict=True))
        return self._worst > STANDSTILL_SECONDS or waited > max(ran, MIN_WAITED_SECONDS)

    def _beat(self) -> None:
        last = time.monotonic()
        while not self._stop.wait(BEAT_SECONDS):
            now = time.monotonic()
            self._worst, last = max(self._worst, now - last - BEAT_SECONDS), now
