"""Two processes, one database, every holder full of a canary: whoever is forgotten in one is nowhere within seconds."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import inspect, text

from bot.billing.budget import Budget
from bot.jobs.analysis_notes import AnalysisNotes, AnalysisNotesOnDisk
from bot.jobs.job_folder import JobFolder
from bot.jobs.minutes.claims import Claim
from bot.jobs.minutes.minutes import Minutes
from bot.jobs.minutes.posted import KeptMinutes, PostedMinutes
from bot.jobs.minutes.talk import numbered
from bot.jobs.podcast_folder import FailedPodcasts, Plan, PodcastFolder
from bot.jobs.untold import UntoldWork
from bot.ops.retention import Retention
from bot.privacy.erasure import Erasure
from bot.privacy.export import export_json
from bot.privacy.holders import shared_holders
from bot.store import change_feed, deletion
from bot.store.outbox import Outbox
from bot.store.repository import SqlStore
from bot.types import Charge, Message, Setting, Usage
from tests.privacy.test_erasure import CANARY, held
from tests.store.databases import made_postgres, postgres, url
from tests.store.make import ANNA, BEN, BOT, CHANNEL, GUILD

__all__ = ["made_postgres", "postgres", "url"]

PROMISED_SECONDS = 30.0
"""How long the other process may take, on a machine that is busy; it is told within two seconds."""
NOW = datetime.now(UTC)


class Engine:
    """An engine with a summary of what was said."""

    def __init__(self) -> None:
        self.summaries = {CHANNEL: [CANARY]}

    def forget_person(self, user_id: int) -> None:
        self.summaries.clear()

    async def settled(self) -> None: ...


class Process:
    """What holds words in one process, beside its calls."""

    def __init__(self, store: SqlStore, folder: JobFolder) -> None:
        engine: Any = Engine()
        self.store = store
        self.engine = engine
        self.outbox = Outbox(store)
        self.notes, self.untold = AnalysisNotes(), UntoldWork()
        self.budget = Budget(Decimal(1), Decimal(1), lambda *_: Decimal(0), lambda: NOW)
        self.erasure = Erasure(store, shared_holders(engine, self.outbox))
        minutes = KeptMinutes(folder)
        self.erasure.register(self.notes, self.untold, AnalysisNotesOnDisk(folder), FailedPodcasts(folder), minutes)
        preferences: Any = SimpleNamespace(load=lambda: asyncio.sleep(0))
        self.retention = Retention(store, preferences, self.erasure, lambda _: None, lambda: NOW)

    def fill(self) -> None:
        for entry in (line(0), line(1, to=ANNA), charge()):
            self.outbox.add(GUILD, CHANNEL, entry)
        self.untold.begin("key", {ANNA})
        self.untold.keep("key", CANARY, len(CANARY))
        self.notes.begin("key", {ANNA})
        self.notes.write("key", [CANARY])
        self.budget.book(charge())

    def sings(self) -> bool:
        words = (self.engine.summaries, *(vars(part) for part in (self.outbox, self.notes, self.untold, self.budget)))
        return any(CANARY in found for part in words for found in held(part, set()) if isinstance(found, str))

    def names_anna(self) -> bool:
        return str(ANNA) in repr(
            [vars(part) for part in (self.outbox._entries, self.notes, self.untold, self.budget._purses)]
        )


def line(number: int, speaker: int = ANNA, to: int | None = None) -> Message:
    words = f"{CANARY} {number} " * (1 + number % 40)
    if to is None:
        return Message("user", speaker, "Anna", words, NOW)
    return Message("assistant", BOT, "Kikite", words, NOW, audio_id=f"audio {CANARY}", asked_by=(to,))


def charge() -> Charge:
    return Charge(NOW, GUILD, CHANNEL, (ANNA,), "reply", "m", Usage(), Decimal("0.25"))


@asynccontextmanager
async def process(url: str, folder: JobFolder) -> AsyncIterator[Process]:
    store = await SqlStore.open(url)
    made = Process(store, folder)
    following = asyncio.create_task(made.retention.run())
    try:
        yield made
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await store.aclose()


async def stored(store: SqlStore) -> Iterator[str]:
    """Return every value of every table."""
    async with store._engine.connect() as connection:
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        rows = [(await connection.execute(text(f'SELECT * FROM "{table}"'))).all() for table in tables]
    return iter([str(value) for table in rows for row in table for value in row])


def files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("large", [False, True], ids=["small file", "large file"])
async def test_whoever_is_forgotten_is_nowhere(
    url: str, tmp_path: Path, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(change_feed.POLL_SECONDS, "sqlite", 0.1)
    if large:
        monkeypatch.setattr(deletion, "VACUUM_MAX_BYTES", 0)
    folder = JobFolder(tmp_path / "jobs")
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(process(url, folder))
        there = await stack.enter_async_context(process(url, folder))
        await asyncio.sleep(0.5)  # both follow the news
        lines = [line(number) if number % 3 else line(number, to=ANNA) for number in range(600)]
        others = [Message("user", BEN, "Ben", f"something else {number}", NOW) for number in range(300)]
        for start in range(0, 600, 60):
            await here.store.remember(
                GUILD, CHANNEL, [*lines[start : start + 60], *others[start // 2 : start // 2 + 30]]
            )
        await here.store.charge([charge() for _ in range(3)])
        await here.store.consent(GUILD, ANNA, True)
        await here.store.set(Setting(GUILD, None, "voice", "sage", ANNA, NOW))
        PodcastFolder(folder, Plan("t", [CANARY], "", ["sage"], "ogg", 9, user_id=ANNA, paused=True)).save()
        AnalysisNotesOnDisk(folder).write("key", [CANARY])
        talk = numbered([line(0), line(1, to=ANNA), others[0]], UTC)
        claims = (Claim("decision", CANARY, (1,)), Claim("decision", "else", (3,)), Claim("subject", CANARY, ()))
        posted = PostedMinutes(Minutes(tuple(talk), claims, 0), GUILD, CHANNEL, 1, 2, "en", "", time.time() + 99)
        await KeptMinutes(folder).keep(posted)
        for full in (here, there):
            full.fill()
            assert full.sings()
        assert CANARY.encode() in files(tmp_path)

        read, exported = list[Any](), there.store._exported
        monkeypatch.setattr(there.store, "_exported", lambda row: read.append(exported(row)) or read[-1])
        export = asyncio.create_task(export_json(there.store, ANNA))
        while not read:  # until it is being written
            await asyncio.sleep(0.001)
        await here.erasure.forget_person(ANNA)
        assert CANARY in await export, "who asked for it before gets it"
        del export
        assert not here.sings()
        assert not here.names_anna()
        assert CANARY.encode() not in files(tmp_path), "pages, log, podcasts and notes"
        async with asyncio.timeout(PROMISED_SECONDS):
            while there.sings() or there.names_anna():
                await asyncio.sleep(0.02)
        running = [asyncio.create_task(full.outbox.run()) for full in (here, there)]
        for full in (here, there):
            full.outbox.close()
        await asyncio.gather(*running)
        assert not any(CANARY in value for value in await stored(here.store))
        assert CANARY.encode() not in files(tmp_path)
        kept = await there.store.export(ANNA)
        assert [kept[name] for name in ("messages", "answers", "consents", "charges", "settings_changed")] == [[]] * 5
        assert len((await there.store.export(BEN))["messages"]) == 300
        await there.budget.load(GUILD, there.store)
        assert there.budget.left(GUILD, ANNA) == 0, "but no budget is refilled"
