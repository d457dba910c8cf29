"""What the main gateway says in no form that anybody knows: counted, and passed over unless a session needs it."""

import asyncio
import inspect
import json
import math
import zlib
from collections import Counter
from typing import Any, cast

import discord
import pytest
from discord import shard
from discord.gateway import DiscordWebSocket

from bot.chat import event_guard


class State:
    """As much of a client's state."""

    def __init__(self, parsers: dict[str, Any]) -> None:
        self.parsers = parsers


class Client:
    """As much of a client as the guard and a connection look at."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self._connection = State({"READY": self.heard.append, "MESSAGE_CREATE": self.heard.append})


class Socket(event_guard._GuardedSocket):
    """One without a network."""

    async def send_as_json(self, data: Any) -> None: ...

    async def close(self, code: int = 4000) -> None: ...


@pytest.fixture
async def gateway(monkeypatch: pytest.MonkeyPatch) -> tuple[Socket, Client, Counter[str]]:
    monkeypatch.setattr("discord.shard.DiscordWebSocket", DiscordWebSocket)
    client, counts = Client(), Counter[str]()
    state = cast("Any", client._connection)
    event_guard.guard_events(cast("discord.Client", client), counts)
    socket = Socket(cast("Any", None), loop=asyncio.get_running_loop())
    socket.shard_id, socket._connection, socket._discord_parsers = 0, state, state.parsers
    socket._dispatch = lambda *_: None
    socket._max_heartbeat_timeout = 60.0
    return socket, client, counts


def message(op: int, data: Any, event: str | None = None) -> str:
    return json.dumps({"op": op, "t": event, "s": None, "d": data})


@pytest.mark.parametrize(
    "text",
    [
        *(message(0, data, "RESUMED") for data in (None, [], "x")),
        message(0, 1, "MESSAGE_CREATE").replace('"MESSAGE_CREATE"', "[]"),
        "[]",
        "null",
        "{",
        "",
    ],
)  # fmt: skip
async def test_what_is_passed_over(gateway: tuple[Socket, Client, Counter[str]], text: str) -> None:
    socket, client, counts = gateway
    await socket.received_message(text)
    assert counts == {"unreadable": 1}
    await socket.received_message(message(0, {"content": "heartbeat_interval"}, "MESSAGE_CREATE"))
    assert client.heard == [{"content": "heartbeat_interval"}]
    assert counts == {"unreadable": 1}


BEATS = [0, -1, 1, 1e12, math.nan, math.inf, "1", None, [], True]


@pytest.mark.parametrize(
    "needed",
    [
        *(message(10, data) for data in (None, {}, [], "x", *({"heartbeat_interval": beat} for beat in BEATS))),
        *(message(0, data, "READY") for data in (None, {}, {"session_id": "x"})),
        zlib.compress(b"{}")[:2] + b"not compressed\x00\x00\xff\xff",
    ],
)
async def test_what_needs_a_new_connection(gateway: tuple[Socket, Client, Counter[str]], needed: str | bytes) -> None:
    socket, _, counts = gateway
    with pytest.raises(ConnectionError):  # which discord.py knows, and connects again after a while
        await socket.received_message(needed)
    assert counts == {"unreadable": 1}


async def test_a_hello_as_discord_sends_it_starts_the_heartbeat(
    gateway: tuple[Socket, Client, Counter[str]],
) -> None:
    socket, _, counts = gateway
    await socket.received_message(message(10, {"heartbeat_interval": 41_250, "_trace": ["[]"]}))
    pulse = socket._keep_alive
    assert pulse is not None
    assert pulse.interval == 41.25
    pulse.stop()
    pulse.join()
    assert not counts


def test_discord_py_is_what_the_guard_was_written_for() -> None:
    """When this fails after raising the pin: see in discord/gateway.py and shard.py what took the names' place."""
    handles = inspect.getsource(DiscordWebSocket.received_message)
    assert handles.index("decompress(msg)") < handles.index("self.log_receive(msg)") < handles.index("_from_json(msg)")
    assert "DiscordWebSocket.from_client(" in inspect.getsource(shard.Shard)
    for name in ("_connection", "_keep_alive"):
        assert f"self.{name}" in inspect.getsource(DiscordWebSocket)
