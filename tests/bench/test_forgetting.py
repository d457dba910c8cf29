"""What forgetting one person takes in a large store, and how long another call's line waits meanwhile.

`./dev pytest tests/bench/test_forgetting.py -n 0` prints it; KIKITE_BENCH_LINES=1000000 fills the store so far.
"""

import asyncio
import os
import random
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.store.repository import SqlStore
from bot.types import Message
from tests.bench import BRIEF

LINES = int(os.environ.get("KIKITE_BENCH_LINES", "4000" if BRIEF else "40000"))
SERVERS, PEOPLE_PER_SERVER = 40, 5
ANNA = 1000
"""Somebody of the first server, with one in two hundred lines of the store."""
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CANARY = "a canary sings in the morning "
FILL = (
    "INSERT INTO messages (id, guild_id, channel_id, at, role, speaker_id, speaker, text, interrupted) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)"
)
ANSWERED = "INSERT INTO answer_people (message_id, user_id) VALUES (?, ?)"


def fill(file: Path) -> None:
    """Write lines and answers in turn, of all servers in turn, as they come in."""
    chance = random.Random(5)
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("PRAGMA cache_size = -400000")
        raw.execute("PRAGMA synchronous = OFF")
        for number in range(0, LINES, 2):
            guild = number // 2 % SERVERS
            person = ANNA + guild * PEOPLE_PER_SERVER + chance.randrange(PEOPLE_PER_SERVER)
            words = (CANARY if person == ANNA else "something else is said at length ") * chance.choice((1, 2, 3, 8))
            at = (NOW + timedelta(seconds=number)).strftime("%Y-%m-%d %H:%M:%S.000000")
            ids = [f"{chance.getrandbits(128):032x}" for _ in range(2)]
            raw.execute(FILL, (ids[0], guild, guild, at, "user", person, "Anna", words))
            raw.execute(FILL, (ids[1], guild, guild, at, "assistant", 1, "Kikite", words))
            raw.execute(ANSWERED, (ids[1], person))
        raw.commit()
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def write(store: SqlStore, waits: list[float]) -> None:
    """Write a line every 20 ms, as a busy call."""
    number = 0
    while True:
        began = time.monotonic()
        await store.remember(1, 1, [Message("user", ANNA + PEOPLE_PER_SERVER, "Ben", "hello", NOW)])
        waits.append(time.monotonic() - began)
        number += 1
        await asyncio.sleep(0.02)


def singing(file: Path) -> int:
    return sum(path.read_bytes().count(CANARY.encode()) for path in file.parent.glob(f"{file.name}*"))


@pytest.mark.timeout(1200)
async def test_forgetting(tmp_path: Path, figures: dict[str, list[str]]) -> None:
    file = tmp_path / "bot.db"
    store = await SqlStore.open(f"sqlite+aiosqlite:///{file}")
    await asyncio.to_thread(fill, file)
    size = file.stat().st_size / 2**20
    waits: list[float] = []
    writing = asyncio.create_task(write(store, waits))
    await asyncio.sleep(1)
    heading = f"forgetting in {LINES:,} lines, {size:.0f} MiB"
    waits.clear()
    began = time.monotonic()
    gone = await store.forget(ANNA)
    took, worst = time.monotonic() - began, max(waits, default=0.0)
    row = f"{gone.messages:,} lines and answers in {took:.2f} s; a line waits {worst * 1000:.1f} ms at most"
    figures.setdefault(heading, []).append(row)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert singing(file) == 0
    await store.aclose()
