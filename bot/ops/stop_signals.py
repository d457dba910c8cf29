"""What ends a process from outside."""

import asyncio
import os
import signal
from contextlib import suppress
from types import FrameType


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set `stop` on the first SIGTERM, SIGINT or SIGHUP (unless nohup ignores it); a second one kills at once."""
    loop = asyncio.get_running_loop()
    signals = [signal.SIGTERM, signal.SIGINT]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signals.append(signal.SIGHUP)  # its terminal closed

    def first() -> None:
        stop.set()
        for number in signals:
            loop.remove_signal_handler(number)
            # The first process of a container is not ended by a signal that it leaves to the system.
            signal.signal(number, _end if os.getpid() == 1 else signal.SIG_DFL)

    for number in signals:
        with suppress(NotImplementedError):  # Windows has no such handlers: Ctrl-C raises there
            loop.add_signal_handler(number, first)


def _end(number: int, _frame: FrameType | None) -> None:
    os._exit(128 + number)
