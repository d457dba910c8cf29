"""Another process locks the database: the conversation continues, and no line is lost or stored twice."""

import signal
import sqlite3
from contextlib import closing

import pytest

from sandbox import clips
from tests.e2e import process
from tests.e2e.conftest import Harness, until
from tests.e2e.process import environment
from tests.e2e.test_conversation import said, sentence

OUT = 48_000


@pytest.mark.long  # in virtual time: tests/store/test_outbox.py
async def test_locked_it_talks_on_writes_later_and_still_ends_in_time(harness: Harness) -> None:
    file = harness.folder / "data" / "bot.db"
    async with process.running(environment(harness.sandbox, harness.model, harness.folder), harness.folder) as bot:
        await bot.ready()
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            stored = lambda: other.execute("SELECT role, text FROM messages ORDER BY at").fetchall()  # noqa: E731
            other.execute("BEGIN IMMEDIATE")
            await anna.say(clips.load("anna-cook", OUT))
            await said(harness, "bot-heard", 1)
            await until(lambda: any("⚠️" in line for line in harness.lines()))
            left = await harness.sandbox.command(anna.user, "leave", {}, channel_id=harness.lounge.id)
            await until(lambda: harness.sandbox.bot.id not in harness.sandbox.guild.voice_states)
            assert stored() == []
            other.execute("ROLLBACK")
            await left.settled()
            await until(lambda: len(stored()) == 2, 60)
            assert stored() == [("user", sentence("anna-cook")), ("assistant", sentence("bot-heard"))]
            assert other.execute("SELECT count(*) FROM calls").fetchone() == (0,)
            await harness.join(anna)
            other.execute("BEGIN IMMEDIATE")
            bot.signal(signal.SIGTERM)
            assert await bot.ended(30) == 0
            other.execute("ROLLBACK")
        assert not any("Traceback" in line for line in bot.lines)
