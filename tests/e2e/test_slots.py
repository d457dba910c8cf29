"""Four processes, one PostgreSQL, a Discord with eight shards: exactly one process serves each server."""

import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from sandbox import clips
from sandbox.model.behaviour import Speak
from sandbox.model.server import ModelServer
from sandbox.server import Sandbox
from tests.e2e import process
from tests.e2e.conftest import Harness, until
from tests.e2e.process import BotProcess, environment
from tests.e2e.test_conversation import said, sentence
from tests.store import conftest as stores

postgres = stores.postgres
OUT = 48_000
SHARDS = 8


@pytest.fixture
async def many(tmp_path: Path) -> AsyncIterator[Harness]:
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox.open())
        sandbox.knobs.shards = SHARDS
        sandbox.knobs.max_concurrency = SHARDS
        sandbox.knobs.identify_spacing = 5.0  # per bucket, as on Discord: taking over a slot must respect it
        model = await stack.enter_async_context(ModelServer.open(first_audio=0.1))
        yield Harness(sandbox, model, tmp_path)


@asynccontextmanager
async def worker(harness: Harness, url: str, **more: str) -> AsyncIterator[BotProcess]:
    """Run one of the processes."""
    env = environment(harness.sandbox, harness.model, harness.folder)
    env |= {"DATABASE_URL": url, "SHARD_COUNT": str(SHARDS), "SHARDS_PER_PROCESS": "3", "TMPDIR": str(harness.folder)}
    async with process.running(env | more, harness.folder) as bot:
        yield bot


def served(harness: Harness) -> Counter[int]:
    """Return the number of connected sessions of each shard."""
    sessions = harness.sandbox.parts.hub.sessions.values()
    return Counter(session.shard[0] for session in sessions if session.connection is not None)


def whole(harness: Harness) -> bool:
    return served(harness) == Counter(range(SHARDS))


def owner_of(bots: list[BotProcess], guild_id: int) -> BotProcess:
    shard = (guild_id >> 22) % SHARDS
    [owner] = [bot for bot in bots if any(shard in claim["shards"] for claim in bot.events("slot_claimed"))]
    return owner


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_each_server_has_one_process_through_a_kill_a_freeze_and_a_drain(
    many: Harness,
    postgres: Callable[[], str],
) -> None:
    harness, url = many, postgres()
    harness.model.default = Speak.clip("bot-rice")
    async with AsyncExitStack() as stack:
        bots = [await stack.enter_async_context(worker(harness, url)) for _ in range(4)]
        await until(lambda: whole(harness), 90)
        [spare] = [bot for bot in bots if not bot.events("slot_claimed")]
        await until(lambda: spare.events("spare"))
        assert (await spare.get("/livez"))[0] == 200
        assert (await spare.get("/readyz"))[0] == 503
        assert await spare.get("/readyz?spare=ok") == (200, "spare\n")
        owner = owner_of(bots, harness.sandbox.guild.id)
        await owner.ready()
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await said(harness, "bot-rice")

        # Killed: the spare takes over its servers and its calls with their history.
        killed = time.monotonic()
        owner.signal(signal.SIGKILL)
        await owner.ended()
        bots.remove(owner)
        await until(lambda: any("back" in line.lower() for line in harness.lines()), 60)
        print(f"killed: its call was back after {time.monotonic() - killed:.1f} s")
        await until(lambda: whole(harness), 60)
        await anna.say(clips.load("anna-quickest", OUT))
        await said(harness, "bot-rice", turns=2)
        assert sentence("anna-cook") in str(harness.model.chats[-1].body["messages"])
        second = owner_of(bots, harness.sandbox.guild.id)
        assert second is spare

        # Frozen: the database frees its slot, a new spare claims it, and the frozen process ends when it wakes.
        third = await stack.enter_async_context(worker(harness, url))
        await until(lambda: third.events("spare"), 60)
        second.signal(signal.SIGSTOP)
        await until(lambda: third.events("slot_claimed"), 60)
        await third.ready()
        second.signal(signal.SIGCONT)
        assert await second.ended(10) == 75
        bots.remove(second)
        bots.append(third)
        assert owner_of(bots, harness.sandbox.guild.id) is third
        await until(lambda: whole(harness), 30)

        # Drained: one command ends all of them.
        env = environment(harness.sandbox, harness.model, harness.folder) | {"DATABASE_URL": url}
        assert (await process.run(env, harness.folder, "drain")).code == 0
        for bot in bots:
            assert await bot.ended(60) == 0
        assert not any("Traceback" in line for bot in bots for line in bot.lines)
    assert harness.sandbox.gateway.identified_too_soon == 0


async def test_a_slot_needs_postgresql_and_a_count(harness: Harness) -> None:
    env = environment(harness.sandbox, harness.model, harness.folder)
    for more, words in (
        ({"SHARDS_PER_PROCESS": "1"}, "SHARD_COUNT"),
        ({"SHARDS_PER_PROCESS": "1", "SHARD_COUNT": "2"}, "PostgreSQL"),
    ):
        result = await process.run(env | more, harness.folder)
        assert result.code == 78
        assert words in result.err
        assert "Traceback" not in result.err
