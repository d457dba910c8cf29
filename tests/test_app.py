"""The composition root: what ends the bot."""

import asyncio
import os
import signal

import pytest

from bot import app


@pytest.mark.parametrize(("before", "stops"), [(signal.SIG_DFL, True), (signal.SIG_IGN, False)], ids=["plain", "nohup"])
async def test_a_terminal_that_closes_ends_it_gently_unless_that_is_ignored(
    before: signal.Handlers, stops: bool
) -> None:
    kept = signal.signal(signal.SIGHUP, before)
    stop = asyncio.Event()
    try:
        app.stop_on_signals(stop)
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.05)
        assert stop.is_set() is stops
        assert signal.getsignal(signal.SIGHUP) == before, "a second one ends it at once, or still nothing"
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().remove_signal_handler(number)
        signal.signal(signal.SIGHUP, kept)
