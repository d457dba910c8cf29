"""Another process on the same database, for test_processes.py: does what its standard input says, one line each.

`URL` first, then `want VALUE`, `spend DOLLARS`, `say TEXT`, `forget`, `rush COUNT` or `tell`, each
answered by a line of JSON.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.store.repository import SqlStore
from bot.types import Setting
from tests.store.asking import ask_at_once
from tests.store.make import ANNA, CHANNEL, GUILD, START, cost, said


async def want(store: SqlStore, value: str) -> None:
    await store.set(Setting(GUILD, None, "voice", value, ANNA, START))


async def spend(store: SqlStore, dollars: str) -> None:
    await store.charge([cost(dollars, ANNA)])


async def say(store: SqlStore, text: str) -> None:
    await store.remember(GUILD, CHANNEL, [said(1, ANNA, text)])


async def forget(store: SqlStore, _: str) -> int:
    return (await store.forget(ANNA)).messages


async def rush(store: SqlStore, wanted: str) -> int:
    """Have many requests at once, each of ten cents; return how many went out."""
    count, _, whose = wanted.partition(" ")
    return await ask_at_once(store, int(count), person=whose == "person")


async def tell(store: SqlStore, _: str) -> dict[str, object]:
    charges = await store.charges(GUILD, START - timedelta(days=1))
    return {
        "voice": [setting.value for setting in await store.settings()],
        "spent": str(sum(charge.cost or 0 for charge in charges)),
        "named": [list(charge.user_ids) for charge in charges],
        "lines": [line.text for line in await store.history(CHANNEL, 9)],
    }


ACTS: dict[str, Callable[[SqlStore, str], Awaitable[object]]] = {
    act.__name__: act for act in (want, spend, say, forget, rush, tell)
}


async def main() -> None:
    store = await SqlStore.open(sys.stdin.readline().strip())
    while line := await asyncio.to_thread(sys.stdin.readline):
        name, _, value = line.strip().partition(" ")
        print(json.dumps(await ACTS[name](store, value)), flush=True)
    await store.aclose()


if __name__ == "__main__":
    asyncio.run(main())
