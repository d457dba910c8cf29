"""What a process lives through, at scale: random faults, being stopped, a database that takes nothing.

    ./dev pytest -m long -s -n 0 tests/e2e/test_scale.py

Each prints its figures. `SOAK_SEEDS` sets how many seeds, `SOAK_PROCESSES` how many run at once.
"""

import asyncio
import json
import os
import random
import re
import signal
import sys
import time
from collections.abc import Callable

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.store.repository import SqlStore
from sandbox import clips
from sandbox.people.compare import correlation
from tests.e2e import process
from tests.e2e.conftest import Harness, until
from tests.e2e.process import environment
from tests.e2e.test_conversation import said, sentence
from tests.e2e.test_process import HEARD, OUT, WELL, bot_of, talk, words_heard
from tests.store.databases import postgres

__all__ = ["postgres"]

pytestmark = [pytest.mark.long, pytest.mark.e2e, pytest.mark.timeout(7200)]


KILLS = 10
BACK_SECONDS = 15.0


async def test_five_hundred_seeds_of_faults() -> None:
    wanted, at_once = int(os.environ.get("SOAK_SEEDS", "500")), int(os.environ.get("SOAK_PROCESSES", "2"))
    first, outputs = random.randrange(1 << 20), list[str]()

    async def some(begin: int, count: int) -> None:
        command = ("-m", "tests.soak", "--seeds", str(count), "--steps", "2", "--first", str(begin))
        running = await asyncio.create_subprocess_exec(
            sys.executable, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        out, _ = await running.communicate()
        outputs.append(out.decode())

    others = process.wait_threads()
    share = -(-wanted // at_once)
    begins = range(first, first + wanted, share)
    tasks = [asyncio.create_task(some(begin, min(share, first + wanted - begin))) for begin in begins]
    await asyncio.sleep(0.1)
    watchers = process.wait_threads() - others
    await asyncio.gather(*tasks)
    process.join_wait_threads(watchers)
    held = sum(int(found) for out in outputs for found in re.findall(r"(\d+) of \d+ seeds held", out))
    faults = sum(int(found) for out in outputs for found in re.findall(r"seed \d+: (\d+) faults", out))
    print(f"{held} of {wanted} seeds held, {faults} faults, first seed {first}")
    assert held == wanted, "\n".join(line for out in outputs for line in out.splitlines() if "FAILED" in line)


async def test_ten_kills_at_random_moments_of_a_call(harness: Harness) -> None:
    """It is back each time, knows what was said, and at most the turn that was on is lost."""
    seed = random.randrange(1 << 20)
    chance, back, turns, lost, killed = random.Random(seed), list[float](), 0, 0, 0.0
    env = environment(harness.sandbox, harness.model, harness.folder)
    anna = await harness.sandbox.person("Anna")
    for kill in range(KILLS + 1):
        async with process.running(env, harness.folder) as bot:
            if kill == 0:
                await bot.ready()
                await harness.join(anna)
            else:
                bot_id = harness.sandbox.bot.id
                await until(lambda: len([line for line in harness.lines() if "back" in line.lower()]) >= kill, 90)  # noqa: B023
                assert bot_id in harness.sandbox.guild.voice_states
                back.append(time.monotonic() - killed)
            done = finished(harness)
            await anna.say(clips.load("anna-cook", OUT))
            await until(lambda: finished(harness) > done, 60)  # noqa: B023
            turns += 1
            if kill == KILLS:
                past = json.dumps(harness.model.chats[-1].body["messages"], ensure_ascii=False)
                assert past.count(sentence("anna-cook")) >= turns - 1 - KILLS
                break
            saying = asyncio.create_task(anna.say(clips.load("anna-quickest", OUT)))
            await asyncio.sleep(chance.uniform(0.0, 5.0))
            killed = time.monotonic()
            before = finished(harness)
            bot.signal(signal.SIGKILL)
            await bot.ended()
            await saying
            lost += before == done + 1
    print(f"seed {seed}: {KILLS} kills, back after {', '.join(f'{one:.1f}' for one in back)} s")
    print(f"{turns} turns before the kills all kept, {lost} of {KILLS} turns that were on when it was killed lost")
    store = await SqlStore.open(env["DATABASE_URL"])
    lines = [line.text for line in await store.history(harness.lounge.id, 500)]
    await store.aclose()
    assert lines.count(sentence("anna-cook")) >= turns - 1, "the words of finished turns are in the database"
    assert max(back) <= BACK_SECONDS or os.getloadavg()[0] > 4, back


def finished(harness: Harness) -> int:
    return sum("-#" in line and "$" in line for line in harness.lines())


@pytest.mark.parametrize("seconds", [3, 60])
async def test_a_process_that_stood_still_is_woken_and_goes_on(harness: Harness, seconds: int) -> None:
    async with bot_of(harness) as bot:
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await talk(harness, anna)
        bot.signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        bot.signal(signal.SIGCONT)
        woken = time.monotonic()
        again = asyncio.get_running_loop().time()
        turns = 1
        async with asyncio.timeout(120):
            while True:  # what is said while the link comes back may be lost
                await anna.say(clips.load("anna-cook", OUT))
                try:
                    await said(harness, "bot-heard", turns + 1)
                    break
                except TimeoutError:
                    print("\n".join(bot.lines[-5:]))
        print(f"stopped for {seconds} s: answered again {time.monotonic() - woken:.1f} s after it was woken")
        assert words_heard(harness, anna, "bot-heard", again) >= WELL
        assert not any("Traceback" in line for line in bot.lines)
        bot.signal(signal.SIGTERM)
        assert await bot.ended(60) == 0


BLOCKING = """import signal, time
signal.signal(signal.SIGUSR2, lambda *_: time.sleep(3))  # in the main thread, which is the event loop's: others go on
"""


async def test_an_event_loop_blocked_for_three_seconds_loses_neither_words_nor_link(harness: Harness) -> None:
    """Once while somebody speaks, once while the bot does."""
    folder = harness.folder / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(BLOCKING)
    async with bot_of(harness, PYTHONPATH=str(folder)) as bot:
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await talk(harness, anna)

        began = asyncio.get_running_loop().time()
        saying = asyncio.create_task(anna.say(clips.load("anna-cook", OUT)))
        await asyncio.sleep(0.5)
        bot.signal(signal.SIGUSR2)
        await saying
        await said(harness, "bot-heard", 2)
        heard = correlation(clips.load("anna-cook", HEARD), harness.model.chats[-1].newest, HEARD)
        answered = asyncio.get_running_loop().time() - began
        print(f"while Anna spoke: {heard:.3f} of her words heard, answered {answered:.1f} s after she began")

        since = asyncio.get_running_loop().time()
        await anna.say(clips.load("anna-cook", OUT))
        await until(lambda: len(anna.recorder.words(harness.sandbox.bot.id, since)) > OUT, 60)
        bot.signal(signal.SIGUSR2)
        await said(harness, "bot-heard", 3)
        reached = words_heard(harness, anna, "bot-heard", since)
        print(f"while the bot spoke: {reached:.3f} of its words reached Anna")
        broken = bot.events("link_broken") + bot.events("link_receive_broken")
        print(f"voice links broken: {len(broken)}")
        await talk(harness, anna, turns=4)
        assert heard >= WELL
        assert not broken
        assert not any("Traceback" in line for line in bot.lines)
        bot.signal(signal.SIGTERM)
        assert await bot.ended(60) == 0


async def test_a_database_that_becomes_read_only_costs_no_conversation(
    harness: Harness, postgres: Callable[[], str]
) -> None:
    url = postgres()
    name = make_url(url).database
    admin = create_async_engine(make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT")

    async def make_it(mode: str) -> None:
        async with admin.connect() as connection:
            await connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {mode}'))
            others = text(  # not the one that holds the process's slot: who loses that ends
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name "
                "AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
            )
            await connection.execute(others, {"name": name})

    async with bot_of(harness, DATABASE_URL=url) as bot:
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await talk(harness, anna)
        await make_it("on")
        began = time.monotonic()
        await talk(harness, anna, turns=2)
        await until(lambda: any("⚠️" in line for line in harness.lines()), 60)
        print(f"read-only: answered and told within {time.monotonic() - began:.1f} s")
        await make_it("off")
        store = await SqlStore.open(url)
        async with asyncio.timeout(120):
            while len(lines := await store.history(harness.lounge.id, 50)) < 4:
                await asyncio.sleep(0.5)
        assert [line.text for line in lines] == [sentence("anna-cook"), sentence("bot-heard")] * 2
        print(f"writable again: all {len(lines)} lines are written")
        await store.aclose()
        bot.signal(signal.SIGTERM)
        assert await bot.ended(60) == 0
    await admin.dispose()
