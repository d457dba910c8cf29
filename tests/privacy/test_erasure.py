"""Whoever is forgotten is in no holder any more, and every class that holds words is asked to forget."""

import importlib
import inspect
import pkgutil
from collections import deque
from collections.abc import Iterator, Set
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import bot
from bot.app import build
from bot.call.beginning import Beginning
from bot.call.captions import Captions
from bot.call.holdings import Holdings
from bot.jobs.analysis_notes import AnalysisNotes, AnalysisNotesOnDisk
from bot.jobs.job_folder import JobFolder
from bot.jobs.podcast_folder import FailedPodcasts, Plan, PodcastFolder
from bot.jobs.untold import UntoldWork
from bot.ports.engine import Engine
from bot.ports.holder import Holder
from bot.privacy.erasure import Erasure
from bot.types import Charge, Message, News, Usage
from tests.chat.quiet_bot import settings_for
from tests.fake_call import FakeCall, fake_call
from tests.fakes import ANNA, BEN

CANARY = "the canary sings"
CANARY_NAME = "Canarissa"
PARTS = {
    "Summing": "EngineMemory",
    "Summaries": "EngineMemory",
}
"""Classes that forget for a registered holder."""


def held(thing: object, seen: set[int]) -> Iterator[str | bytes]:
    """Yield every text that hangs on an object of the product."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    match thing:
        case str() | bytes():
            yield thing
        case dict():
            for part in (*thing.keys(), *thing.values()):
                yield from held(part, seen)
        case list() | tuple() | set() | frozenset() | deque():
            for part in thing:
                yield from held(part, seen)
        case _ if type(thing).__module__.startswith("bot."):
            slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
            for name in (*getattr(thing, "__dict__", {}), *slots):
                yield from held(getattr(thing, name, None), seen)
        case _:
            pass


def sings(holder: object) -> bool:
    return any(CANARY in text or CANARY_NAME in text for text in held(holder, set()) if isinstance(text, str))


def on_disk(folder: Path) -> bool:
    return any(CANARY in file.read_text() for file in folder.rglob("*.json"))


def fill(fake: FakeCall, folder: Path) -> dict[str, Holder]:
    """Have every holder but the call keep the canary of Anna."""
    notes, disk = AnalysisNotes(), AnalysisNotesOnDisk(JobFolder(folder))
    fake.erasure.register(notes, disk, FailedPodcasts(JobFolder(folder)))
    untold = UntoldWork()
    fake.erasure.register(untold)
    untold.begin("key", {ANNA}, talk=True)
    untold.keep("key", CANARY, len(CANARY))
    notes.begin("key", {ANNA})
    notes.write("key", [CANARY])
    disk.write("key", [CANARY])
    plan = Plan("t", [CANARY], "", ["sage"], "ogg", 9, user_id=ANNA, paused=True)
    PodcastFolder(JobFolder(folder), plan).save()
    line = Message("user", ANNA, "Anna", CANARY, datetime.now(UTC))
    answer = Message("assistant", 99, "Kikite", CANARY, datetime.now(UTC), asked_by=(ANNA,))
    for entry in (line, answer, Charge(line.at, 5, 7, (ANNA,), "reply", "m", Usage(), None)):
        fake.services.outbox.add(5, 7, entry)
    fake.services.spellings.correct(7, line, replace(line, text=CANARY_NAME, edited=True))
    fake.services.budget.book(Charge(line.at, 5, 7, (ANNA,), "reply", "m", Usage(), None))
    found = {type(holder).__name__: holder for holder in fake.erasure.holders}
    assert {name for name, holder in found.items() if sings(holder)} == {
        "Holdings",
        "Captions",
        "AnalysisNotes",
        "UntoldWork",
        "PendingWrites",
        "Spellings",
    }
    assert on_disk(folder)
    return found


@pytest.mark.looptime
async def test_no_holder_keeps_a_word_of_whoever_is_forgotten(tmp_path: Path) -> None:
    async with fake_call(ANNA, BEN, answering="always") as fake:
        fake.transcriber.words.append(CANARY)
        await fake.says(ANNA, 1.0, then=5.0)
        fake.call.ask(ANNA, CANARY)  # which waits
        holders = fill(fake, tmp_path)
        await fake.erasure.forget_person(ANNA)
        assert [name for name, holder in holders.items() if sings(holder)] == []
        assert not on_disk(tmp_path)
        assert not fake.services.outbox.pending_lines(7)
        assert "forget" in fake.store.asked


class Broken(Holder):
    def __init__(self, where: str) -> None:
        self.where, self.reads_disk = where, where == "disk"

    def forget_person(self, user_id: int) -> None:
        if self.where != "writing":
            raise TimeoutError

    def clear_channel(self, channel_id: int) -> None:
        raise TimeoutError

    def drop_lines(self, channel_id: int, line_ids: Set[str]) -> None:
        raise TimeoutError

    async def settled(self) -> None:
        if self.where == "writing":
            raise TimeoutError


@pytest.mark.looptime
@pytest.mark.parametrize("where", ["memory", "disk", "writing"])
@pytest.mark.parametrize("here", [True, False], ids=["forgotten here", "in another process"])
async def test_a_holder_that_fails_keeps_nobody_elsewhere(where: str, here: bool, tmp_path: Path) -> None:
    async with fake_call(ANNA) as fake:
        fake.erasure.register(Broken(where))
        holders = fill(fake, tmp_path)
        forgotten = fake.erasure.forget_person(ANNA) if here else fake.erasure.repeat(News("forgotten", 0, ANNA))
        with pytest.raises(TimeoutError):
            await forgotten
        assert [name for name, holder in holders.items() if sings(holder)] == []
        assert not on_disk(tmp_path)
        assert "forget" in fake.store.asked


@pytest.mark.looptime
@pytest.mark.parametrize("how", ["clear", "drop"])
async def test_a_holder_that_fails_keeps_no_line_elsewhere(how: str) -> None:
    async with fake_call(ANNA) as fake:
        after = Lines()
        fake.erasure.register(Broken("memory"), after)
        channel_id = fake.venue.channel_id
        clear, drop = fake.erasure.clear_channel, fake.erasure.drop_lines
        with pytest.raises(TimeoutError):
            await (clear(channel_id) if how == "clear" else drop(channel_id, {"line"}))
        assert after.gone
        assert how in fake.store.asked


class Lines(Holder):
    gone = False

    def clear_channel(self, channel_id: int) -> None:
        self.gone = True

    def drop_lines(self, channel_id: int, line_ids: Set[str]) -> None:
        self.gone = True


@pytest.mark.looptime
@pytest.mark.parametrize("how", ["clear", "drop"])
async def test_no_holder_keeps_a_line_that_was_cleared_or_dropped(how: str, tmp_path: Path) -> None:
    async with fake_call(ANNA, answering="always") as fake:
        fake.transcriber.words.append(CANARY)
        await fake.says(ANNA, 1.0, then=5.0)
        holders = fill(fake, tmp_path)
        if how == "clear":
            await fake.erasure.clear_channel(7)
        else:
            pending = {line.id for line in fake.services.outbox.pending_lines(7)}
            await fake.erasure.drop_lines(7, pending | {line.id for line in fake.call.record.messages})
        assert fake.call.record.messages == ()
        assert not fake.services.outbox.pending_lines(7)
        assert not fake.services.spellings.of(7)
        assert not sings(holders["UntoldWork"])


@pytest.mark.looptime
async def test_no_holder_keeps_the_words_that_a_line_had_before_it_was_put_right(tmp_path: Path) -> None:
    async with fake_call(ANNA, answering="always") as fake:
        fake.transcriber.words += [CANARY, "later"]
        await fake.says(ANNA, 1.0, then=5.0)
        holders = fill(fake, tmp_path)
        said = (*fake.call.record.messages, *fake.services.outbox.pending_lines(7))
        for line in (one for one in said if CANARY in one.text):
            await fake.erasure.correct(5, 7, line, replace(line, text="no bird", edited=True))
        assert sings(holders["AnalysisNotes"]), "of recordings, which nobody put right"
        for name in ("Holdings", "PendingWrites", "UntoldWork"):
            assert not any(CANARY in text for text in held(holders[name], set()) if isinstance(text, str))
        assert fake.call.record.messages[0].text == "no bird"
        await fake.says(ANNA, 1.0, then=5.0)
        assert fake.engine.requests[-1].history[0].text == "no bird"
        assert fake.engine.requests[-1].history[0].edited
        assert CANARY_NAME not in fake.transcriber.names[-1], "it stands in its line no more"


@pytest.mark.looptime
async def test_a_call_is_reached_while_it_lives_and_not_after() -> None:
    async with fake_call() as fake:
        call = fake.call
        assert call.holdings in fake.erasure.holders
        await fake.calls.leave(fake.venue.guild_id)
        assert call.holdings not in fake.erasure.holders


def product_classes() -> set[type]:
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(bot.__path__, "bot.")
        if "migrations" not in found.name and not found.name.endswith("__main__")
    ]
    return {
        kind
        for module in modules
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__.startswith("bot.")
    }


async def test_every_class_that_forgets_is_registered(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    async with build(settings) as app:
        _ = app.client.jobs, app.client.untold
        registered = {type(holder) for holder in app.calls.erasure.holders} | {Holdings, Captions, Beginning}
        await app.client.jobs.aclose()
    forgetting = {
        kind for kind in product_classes() if {"forget_person", "clear_channel", "drop_lines"} & set(vars(kind))
    } - {Holder, Erasure, Engine}
    assert {kind.__name__ for kind in forgetting - registered} == PARTS.keys()
    assert set(PARTS.values()) <= {kind.__name__ for kind in registered}


def _settings(folder: Path) -> Any:
    class Nowhere:
        token = "none"
        api_base = "http://127.0.0.1:9/api/v10"

    database = f"sqlite+aiosqlite:///{folder}/bot.db"
    nowhere: Any = Nowhere()
    return settings_for(nowhere, database_url=database, openai_base_url="http://127.0.0.1:9/v1", http_port=None)
