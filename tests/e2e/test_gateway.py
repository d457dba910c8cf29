"""Failures of the main gateway: the bot reconnects to the address that REST names, and people can continue."""

import asyncio
from typing import Any, cast

import pytest
import structlog

from tests.e2e.conftest import Harness, until


async def test_a_new_session_starts_at_the_address_that_rest_names(harness: Harness) -> None:
    async with harness.bot(shard_count=2):
        anna = await harness.sandbox.person("Anna")
        identified = harness.sandbox.gateway.identified
        harness.sandbox.gateway.send_all(9, False)
        await until(lambda: harness.sandbox.gateway.identified >= identified + 2, 30)
        outcome = await harness.join(anna)
        assert outcome.ephemeral
        await until(
            lambda: not {task for task in asyncio.all_tasks() if "_delay" in str(task.get_coro())}
        )  # discord.py's


async def test_events_that_nobody_can_read_end_nothing(harness: Harness) -> None:
    server = str(harness.sandbox.guild.id)
    unreadable: list[object] = [None, [], {}, {"guild_id": server}, {"guild_id": server, "id": "x", "channel_id": "1"}]
    async with harness.bot() as running:
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        [socket] = harness.sandbox.gateway.sockets
        parsers = running.client._connection.parsers
        for event in set(parsers) - {"READY", "RESUMED"}:
            for data in unreadable:
                if event.startswith("GUILD_") and isinstance(data, dict):
                    continue  # readable enough to say that the server is gone
                socket.push({"op": 0, "t": event, "s": None, "d": data})
        await until(lambda: running.client.services.counters.gateway["unreadable"] >= len(parsers))
        ben = await harness.sandbox.person("Ben")
        await ben.join(harness.lounge.id)
        outcome = await harness.sandbox.command(ben.user, "call status", {}, channel_id=harness.lounge.id)
        await outcome.settled()
        assert outcome.ephemeral
        assert harness.sandbox.gateway.sockets == [socket]


async def test_messages_that_nobody_can_read_end_nothing_and_a_new_connection_follows_where_one_is_needed(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("discord.backoff.ExponentialBackoff.delay", lambda _backoff: 0.0)
    monkeypatch.setattr("bot.ops.identify_limit.IDENTIFY_SPACING_SECONDS", 0.0)
    async with harness.bot() as running:
        gateway, counts = harness.sandbox.gateway, running.client.services.counters.gateway
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        [socket] = gateway.sockets
        for message in ({"op": 0, "t": "RESUMED", "s": None, "d": None}, [], None):
            socket.push(cast("dict[str, Any]", message))
        await until(lambda: counts["unreadable"] == 3)
        assert gateway.sockets == [socket]
        identified = gateway.identified
        socket.push({"op": 10, "t": None, "s": None, "d": None})
        await until(lambda: gateway.identified > identified)
        assert counts["unreadable"] == 4
        await until(lambda: counts["identified"] == 2)
        ben = await harness.sandbox.person("Ben")
        await ben.join(harness.lounge.id)
        outcome = await harness.sandbox.command(ben.user, "call status", {}, channel_id=harness.lounge.id)
        await outcome.settled()
        assert outcome.ephemeral
        await until(lambda: not {task for task in asyncio.all_tasks() if "_delay" in str(task.get_coro())})


async def test_two_bots_of_one_token_that_do_not_know_of_each_other_are_named(harness: Harness) -> None:
    other = f"sqlite+aiosqlite:///{harness.folder}/other.db"
    with structlog.testing.capture_logs() as logs:
        async with harness.bot(), harness.bot(database_url=other):
            ben = await harness.sandbox.person("Ben")
            outcome = await harness.sandbox.command(ben.user, "privacy about", {}, channel_id=harness.lounge.id)
            assert (await outcome.settled()).ephemeral
            await until(lambda: any(line["event"] == "answered_elsewhere" for line in logs))
    assert [line for line in logs if line["event"] == "answered_elsewhere" and "DISCORD_TOKEN" in line["hint"]]
