"""Writes turn after turn until it is killed; run as a process by test_kill.py.

For each line on its standard input it forks a writer (all is imported by then) and prints `pid N`; the writer prints
`turn N` when a turn is over and has begun to be written.
"""

import asyncio
import os
import sys
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bot.call.display import Display
from bot.store.outbox import Outbox
from bot.store.repository import SqlStore
from bot.types import Charge, Message, Usage

GUILD, CHANNEL, ANNA, BOT = 1, 2, 11, 12


def tell(line: str) -> None:
    """Print a line at one stroke: `print` may be killed before the line's end."""
    os.write(1, f"{line}\n".encode())


class Nobody:
    """An audience that is told of nothing but a failure, which ends the writer."""

    async def trouble(self, error: Exception) -> None:
        tell(f"failed {type(error).__name__}")
        os._exit(1)


async def write(url: str, first: int) -> None:
    store = await SqlStore.open(url)
    audience: Any = Nobody()
    display = Display(audience, Counter())
    outbox = Outbox(store, on_failure=display.memory_failed)
    running, showing = asyncio.create_task(outbox.run()), asyncio.create_task(display.run())
    number = first
    while not (running.done() or showing.done()):
        now = datetime.now(UTC)
        tell(f"turn {number}")
        outbox.add(
            GUILD, CHANNEL, Message("user", ANNA, "Anna", f"question {number} " + "x" * 2000, now, id=f"q{number}")
        )
        outbox.add(
            GUILD, CHANNEL, Message("assistant", BOT, "Kikite", f"answer {number} " + "y" * 2000, now, id=f"a{number}")
        )
        outbox.add(
            GUILD,
            CHANNEL,
            Charge(now, GUILD, CHANNEL, (ANNA,), "reply", "m", Usage(), Decimal("0.01"), id=f"c{number}"),
        )
        while len(outbox):
            await asyncio.sleep(0)
        number += 1


def main() -> None:
    for line in sys.stdin:
        url, first = line.split()
        child = os.fork()
        if child == 0:
            asyncio.run(write(url, int(first)))
            os._exit(1)
        tell(f"pid {child}")
        os.waitpid(child, 0)
        tell("dead")


if __name__ == "__main__":
    main()
