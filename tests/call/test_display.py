"""The display and the outbox of a call: order, bounds, failing stores; nothing lost, nothing written twice."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.call.display import MAX_WAITING_TO_SHOW, Display
from bot.call.shown import HeardLine, Notice, SpokenLine
from bot.errors import BotError, StoreUnavailable
from bot.store import database
from bot.store.outbox import MAX_BATCH_ENTRIES, MAX_CALL_ENTRIES, STORE_RETRY_SECONDS, Outbox
from bot.store.repository import SqlStore
from bot.types import CallState, Charge, Heard, Message, Spoken, Usage
from tests.made_database import made_database

GUILD, CHANNEL, ANNA, BEN = 1, 2, 11, 12
NOBODY = 65534
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Audience:
    """Notes what it is shown; slow if asked to be."""

    def __init__(self, slow: float = 0.0) -> None:
        self.seen: list[tuple[str, Any]] = []
        self._slow = slow

    async def _see(self, what: str, detail: Any) -> None:
        await asyncio.sleep(self._slow)
        self.seen.append((what, detail))

    async def heard(self, heard: Heard, name: str) -> None:
        await self._see("heard", heard.text)

    async def saying(self, turn_id: int, text: str) -> None:
        await self._see("saying", text)

    async def said(self, spoken: Spoken) -> None:
        await self._see("said", spoken.text)

    def drop_words(self, user_id: int) -> None: ...

    def drop_answers(self, user_id: int) -> None: ...

    async def state(self, state: CallState) -> None:
        await self._see("state", state)

    async def trouble(self, error: BotError) -> None:
        await self._see("trouble", error.code)

    async def notice(self, code: str, **values: str | int | float) -> None:
        await self._see("notice", code)


class Shelf:
    """A store that fails while it is told to, and notes every attempt."""

    def __init__(self) -> None:
        self.failing = 0
        self.attempts: list[float] = []
        self.messages: list[Message] = []
        self.charges: list[Charge] = []

    async def remember(self, guild_id: int, channel_id: int, messages: Sequence[Message]) -> None:
        await self._try()
        self.messages += messages

    async def charge(self, charges: Sequence[Charge]) -> None:
        await self._try()
        self.charges += charges

    async def _try(self) -> None:
        self.attempts.append(round(asyncio.get_running_loop().time(), 3))
        await asyncio.sleep(0.01)
        if self.failing:
            self.failing -= 1
            raise StoreUnavailable("gone")


def said(number: int, speaker: int = ANNA) -> Message:
    return Message("user", speaker, "Anna", f"line {number}", START + timedelta(seconds=number))


def cost(*people: int) -> Charge:
    return Charge(START, GUILD, CHANNEL, people, "reply", "m", Usage(), Decimal("0.01"))


class Writers:
    """A display and an outbox, wired as a call wires them."""

    def __init__(self, audience: Any, store: Any) -> None:
        self.counts: Counter[str] = Counter()
        self.display = Display(audience, self.counts)
        self.outbox = Outbox(
            store, MAX_CALL_ENTRIES, self.counts, self.display.memory_failed, self.display.memory_works
        )

    def keep(self, what: Message | Charge) -> None:
        self.outbox.add(GUILD, CHANNEL, what)


@asynccontextmanager
async def writing(store: Any, audience: Audience | None = None) -> AsyncIterator[Writers]:
    """Run both; at the end of the block they close and finish."""
    writers = Writers(audience or Audience(), store)
    tasks = [asyncio.create_task(writers.display.run()), asyncio.create_task(writers.outbox.run())]
    try:
        yield writers
    finally:
        writers.display.close()
        writers.outbox.close()
        await asyncio.gather(*tasks)


@pytest.mark.looptime
async def test_all_is_written_once_and_in_order() -> None:
    shelf = Shelf()
    lines = [said(number) for number in range(MAX_BATCH_ENTRIES * 2 + 3)]
    async with writing(shelf) as writers:
        for line in lines:
            writers.keep(line)
        writers.keep(cost(ANNA))
    assert shelf.messages == lines
    assert len(shelf.charges) == 1


@pytest.mark.looptime
async def test_a_store_that_was_gone_gets_all_and_people_are_told_once() -> None:
    shelf, audience = Shelf(), Audience()
    shelf.failing = 6
    async with writing(shelf, audience) as writers:
        writers.keep(said(1))
        await asyncio.sleep(60)
        writers.keep(said(2))
        assert writers.display.memory_off
        await asyncio.sleep(60)
        assert not writers.display.memory_off
    assert [line.text for line in shelf.messages] == ["line 1", "line 2"]
    assert audience.seen == [("trouble", "store_unavailable"), ("notice", "memory_back")]
    assert writers.counts["store_failures"] == 6
    waits = [later - earlier for earlier, later in zip(shelf.attempts, shelf.attempts[1:], strict=False)]
    assert [round(wait - 0.01, 2) for wait in waits[:6]] == [*STORE_RETRY_SECONDS, STORE_RETRY_SECONDS[-1]]


@pytest.mark.looptime
async def test_what_is_half_written_is_not_written_twice() -> None:
    """Lines and charges are two transactions: the second failing must not double the first in a real store."""
    shelf = Shelf()
    seen: list[str] = []

    async def charge(charges: Sequence[Charge]) -> None:
        seen.append("charge")
        if len(seen) == 1:
            raise StoreUnavailable
        shelf.charges.extend(charges)

    shelf.charge = charge
    async with writing(shelf) as writers:
        writers.keep(said(1))
        writers.keep(cost(ANNA))
        await asyncio.sleep(5)
    assert len({line.id for line in shelf.messages}) == 1
    assert len(shelf.charges) == 1


@pytest.mark.looptime
async def test_queues_are_bounded_and_what_falls_out_is_counted() -> None:
    shelf, audience = Shelf(), Audience(slow=1.0)
    shelf.failing = 1000
    async with writing(shelf, audience) as writers:
        for number in range(MAX_CALL_ENTRIES + 7):
            writers.keep(said(number))
        for number in range(MAX_WAITING_TO_SHOW + 5):
            writers.display.show(Notice(str(number)))
        assert writers.counts == {"kept_dropped": 7, "shown_dropped": 5}
        await asyncio.sleep(10)
    assert len(writers.outbox) == MAX_CALL_ENTRIES, "the call is over and the store still gone: it is pending"


@pytest.mark.looptime
async def test_progress_is_shown_in_its_latest_form_and_never_after_the_end() -> None:
    audience = Audience(slow=1.0)
    async with writing(Shelf(), audience) as writers:
        for text in ("a", "a b", "a b c"):
            writers.display.show_progress(1, text)
        await asyncio.sleep(0.5)
        writers.display.show_progress(1, "a b c d")
        writers.display.show(SpokenLine(Spoken(1, "done", 1.0, None)))
        await asyncio.sleep(5)
    assert audience.seen == [("saying", "a b c"), ("said", "done")]


@pytest.mark.looptime
async def test_a_forgotten_person_is_written_no_more_until_included() -> None:
    shelf = Shelf()
    shelf.failing = 1
    async with writing(shelf) as writers:
        writers.keep(said(1, ANNA))
        writers.keep(said(2, BEN))
        writers.keep(cost(ANNA, BEN))
        await asyncio.sleep(0.005)  # the first attempt is on its way
        writers.outbox.exclude(ANNA)
        await writers.outbox.settled()
        writers.keep(said(3, ANNA))
        writers.keep(cost(ANNA))
        await asyncio.sleep(5)
        writers.outbox.include(ANNA)
        writers.keep(said(4, ANNA))
    assert [line.text for line in shelf.messages] == ["line 2", "line 4"]
    assert [charge.user_ids for charge in shelf.charges] == [(BEN,), ()]


def test_what_is_shown_has_a_kind_and_says_no_word() -> None:
    shown = SpokenLine(Spoken(1, "a secret", 1.0, None)), HeardLine(Heard(1, ANNA, "a secret", 1.0), "Anna")
    assert repr(shown) == "(SpokenLine(), HeardLine())"
    assert Notice("restarting") == Notice("restarting")


# The real files, each out of order in its own way.


@pytest.fixture
async def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SqlStore]:
    monkeypatch.setattr(database, "SQLITE_BUSY_MS", 50)
    monkeypatch.setattr("bot.store.outbox.STORE_RETRY_SECONDS", (0.05,))
    store = await SqlStore.open(made_database(tmp_path))
    yield store
    await store.aclose()


async def outlast(store: SqlStore, mend: Any) -> list[str]:
    """Write while the store is out of order, mend it, and return what it has in the end."""
    audience = Audience()
    async with writing(store, audience) as writers:
        writers.keep(said(1))
        writers.keep(cost(ANNA))
        async with asyncio.timeout(60):
            while writers.counts["store_failures"] < 2:
                await asyncio.sleep(0.01)
            writers.keep(said(2))
            mend()
            while writers.display.memory_off:
                await asyncio.sleep(0.01)
    assert audience.seen == [("trouble", "store_unavailable"), ("notice", "memory_back")]
    assert len(await store.charges(GUILD, START)) == 1
    return [line.text for line in await store.history(CHANNEL, 9)]


async def test_locked_by_another(store: SqlStore, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "bot.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert await outlast(store, lambda: other.execute("ROLLBACK")) == ["line 1", "line 2"]


async def test_full(store: SqlStore) -> None:
    async def allow(pages: int) -> None:
        async with store._engine.connect() as connection:
            await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    await allow(1)  # SQLite makes it as many as there are
    fill = [said(number + 100, BEN) for number in range(400)]
    with pytest.raises(StoreUnavailable):
        await store.remember(GUILD, CHANNEL + 1, fill)
    audience = Audience()
    long = [Message("user", ANNA, "Anna", "x" * 5000, START + timedelta(seconds=number)) for number in range(10)]
    async with writing(store, audience) as writers:
        for line in long:
            writers.keep(line)
        async with asyncio.timeout(60):
            while not writers.counts["store_failures"]:
                await asyncio.sleep(0.01)
            await allow(100_000)
            while writers.display.memory_off:
                await asyncio.sleep(0.01)
    assert await store.history(CHANNEL, 99) == long
    assert [what for what, _ in audience.seen] == ["trouble", "notice"]


async def test_gone_and_back(store: SqlStore, tmp_path: Path) -> None:
    """Somebody drops a table and puts it back: to the outbox as bad as any broken file."""
    with closing(sqlite3.connect(tmp_path / "bot.db", isolation_level=None)) as other:
        other.execute("ALTER TABLE messages RENAME TO away")
        mend = lambda: other.execute("ALTER TABLE away RENAME TO messages")  # noqa: E731
        assert await outlast(store, mend) == ["line 1", "line 2"]


async def not_writable(folder: Path, store: SqlStore) -> list[str]:
    await store.aclose()
    (folder / "bot.db").chmod(0o400)
    return await outlast(store, lambda: [path.chmod(0o600) for path in folder.glob("bot.db*")])


def test_not_writable() -> None:
    """In a process of its own that is nobody: root may write anything."""
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run([sys.executable, "-m", __name__, folder], capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.splitlines()[-1] == "['line 1', 'line 2']"


async def test_corrupt(store: SqlStore, tmp_path: Path) -> None:
    await store.aclose()  # the next connection reads the file anew
    whole = (tmp_path / "bot.db").read_bytes()
    (tmp_path / "bot.db").write_bytes(b"nonsense" * 1000)

    def mend() -> None:
        (tmp_path / "bot.db").write_bytes(whole)

    assert await outlast(store, mend) == ["line 1", "line 2"]


async def as_nobody(folder: Path) -> None:
    store = await SqlStore.open(f"sqlite+aiosqlite:///{folder}/bot.db")
    if os.geteuid() == 0:  # only now: where root's Python lives nobody may import from
        for path in (folder, *folder.glob("bot.db*")):
            os.chown(path, NOBODY, NOBODY)
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    print(await not_writable(folder, store))
    await store.aclose()


if __name__ == "__main__":
    database.SQLITE_BUSY_MS = 50
    asyncio.run(as_nobody(Path(sys.argv[1])))
