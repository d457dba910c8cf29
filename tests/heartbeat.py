"""Whether the machine kept time while a test ran: the end-to-end tests play people in real time."""

import os
import threading
import time

BEAT_SECONDS = 0.02
STANDSTILL_SECONDS = 0.12
"""Six packets: from here on people's sound has a hole, so what was to be tried was not what happened."""


def busy() -> bool:
    """Return whether more wants to run than there are processors: people stutter, and moments are missed."""
    return os.getloadavg()[0] > (os.cpu_count() or 1)


class Heartbeat:
    """A thread that wakes every 20 ms, and the latest that it ever woke."""

    def __init__(self) -> None:
        self._worst = 0.0
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

    def lost_time(self) -> bool:
        """Return whether this process did not run for a while since the last `reset`, or shares a busy machine."""
        return self._worst > STANDSTILL_SECONDS or busy()

    def _beat(self) -> None:
        last = time.monotonic()
        while not self._stop.wait(BEAT_SECONDS):
            now = time.monotonic()
            self._worst, last = max(self._worst, now - last - BEAT_SECONDS), now
