"""What ends the bot from outside."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from bot.ops.stop_signals import stop_on_signals

FIRST_OF_ITS_OWN = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child")
"""Runs a program as the first process of a container."""
DRAINING = """
import asyncio, os
from bot.ops.stop_signals import stop_on_signals

async def main():
    stop = asyncio.Event()
    stop_on_signals(stop)
    os.kill(os.getpid(), {0})
    await stop.wait()
    print("draining", os.getpid(), flush=True)
    os.kill(os.getpid(), {0})
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize(("before", "stops"), [(signal.SIG_DFL, True), (signal.SIG_IGN, False)], ids=["plain", "nohup"])
async def test_a_terminal_that_closes_ends_it_gently_unless_that_is_ignored(
    before: signal.Handlers, stops: bool
) -> None:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    kept[signal.SIGHUP] = signal.signal(signal.SIGHUP, before)
    stop = asyncio.Event()
    try:
        stop_on_signals(stop)
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.05)
        assert stop.is_set() is stops
        assert signal.getsignal(signal.SIGHUP) == before, "a second one ends it at once, or still nothing"
    finally:
        for number, handler in kept.items():
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
@pytest.mark.parametrize("first", [False, True], ids=["plain", "first process of a container"])
def test_a_second_signal_ends_it_at_once(number: signal.Signals, first: bool) -> None:
    if first and subprocess.run([*FIRST_OF_ITS_OWN, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine makes no containers for anybody")
    command = [*(FIRST_OF_ITS_OWN if first else ()), sys.executable, "-c", DRAINING.format(int(number))]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=45)
    assert ended.stdout.startswith("draining"), ended.stderr
    if first:
        assert ended.stdout == "draining 1\n"
        assert ended.returncode == 128 + number
    else:
        assert ended.returncode == -number
    assert not ended.stderr
