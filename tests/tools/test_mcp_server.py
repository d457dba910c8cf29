"""A real server of tools, written with the SDK: started, asked, lost, started again, ended."""

import asyncio
import json
import math
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.errors import ConfigError
from bot.ports import Asking
from bot.tools import mcp_server, server_process
from bot.tools.builtin import BuiltinTools
from bot.tools.listed_tools import MAX_SERVER_TOOLS, ListedTool, listed_tool, offered_name, tools_of
from bot.tools.mcp_server import McpServer, McpServers
from bot.tools.open import open_tools
from bot.tools.registry import ToolRegistry
from bot.tools.servers_file import ServerEntry, ToolRule, read_servers
from bot.tools.tool import MAX_RESULT_CHARACTERS
from bot.types import Standing, ToolCall
from tests.fakes import ANNA
from tests.tools.make import place

GARDEN, UNRULY = Path(__file__).with_name("garden.py"), Path(__file__).with_name("unruly.py")
pytestmark = pytest.mark.e2e


def written(folder: Path, servers: Any) -> Path:
    path = folder / "tools.json"
    path.write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
    return path


def stdio(**more: Any) -> dict[str, Any]:
    return {"command": sys.executable, "args": [str(GARDEN)]} | more


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine under load takes half a minute to import the SDK twice."""
    monkeypatch.setattr(server_process, "SDK_LOAD_SECONDS", 120.0)
    monkeypatch.setattr(mcp_server, "START_SECONDS", 120.0)


async def until(condition: Callable[[], Any], seconds: float = 120.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)


@asynccontextmanager
async def garden(folder: Path, **more: Any) -> AsyncIterator[tuple[McpServer, ToolRegistry]]:
    servers = McpServers(read_servers(written(folder, {"garden": stdio(**more)})))
    running = asyncio.create_task(servers.run())
    try:
        await until(servers.all)
        assert servers.servers[0].fault == ""
        yield servers.servers[0], ToolRegistry(servers.all)
    finally:
        running.cancel()
        await asyncio.wait([running], timeout=10)


async def test_its_tools_their_rights_and_results(tmp_path: Path) -> None:
    rules = {"water_plants": {"confirm": True, "allow": ["42"]}, "die": {"allow": "nobody"}}
    async with garden(tmp_path, tools=rules) as (_, registry):
        tools = registry.all()
        counted = offered_name("count.the plants 数", "garden", ())
        assert {name: tool.right for name, tool in tools.items()} == {
            "look_around": "everyone", "open_gate": "managers", "water_plants": "roles", counted: "everyone",
            "boom": "everyone", "novel": "everyone", "sleep": "everyone", "plant": "everyone",
            "harvest": "everyone",
        }  # fmt: skip
        assert [name for name, tool in tools.items() if not tool.acts] == ["look_around"]
        assert tools["water_plants"].confirm
        here = place()
        here.standings = {ANNA: Standing(roles=frozenset({42}))}
        asking = Asking(here, (ANNA,))

        async def use(name: str, within: float = 10.0, **arguments: Any) -> tuple[str, str]:
            result, use = await registry.use(ToolCall("1", name, json.dumps(arguments)), asking, within)
            return use.outcome, result.text

        assert await use("look_around", where="there") == ("done", "roses there")
        assert await use("water_plants", litres=3) == ("done", "3 l")
        assert await use(counted) == ("done", "7")
        assert (await use("open_gate"))[0] == "refused"
        assert (await use("die"))[0] == "unknown"
        _, text = await use("harvest")
        assert text == '[image, which cannot be shown here]\ncellar garden://cellar\n{"apples": 3}'
        assert await use("plant") == ("done", "planted")
        await until(lambda: "tree" in registry.all())
        assert await use("tree") == ("done", "apples")
        outcome, text = await use("boom")
        assert outcome == "failed"
        assert "secret" not in text
        assert (await use("water_plants", litres="many"))[0] == "failed"
        outcome, text = await use("novel")
        assert (outcome, len(text) < MAX_RESULT_CHARACTERS + 100) == ("done", True)
        assert (await use("sleep", 1.0, seconds=30))[0] == "late"
        outcomes = await asyncio.gather(*(use("look_around") for _ in range(10)))
        assert {outcome for outcome, _ in outcomes} == {"done"}


LOST, UNREAD = "The tool's server went away.", "What the tool's server answered cannot be read."


async def test_whatever_a_server_answers_the_turn_learns_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no limit of time here: what is told came by itself."""
    monkeypatch.setattr(server_process, "READ_CPU_SECONDS", 1.0)
    started = tmp_path / "started"
    async with garden(tmp_path, args=[str(UNRULY), "5000000", str(started)]) as (server, registry):
        asking = Asking(place(), (ANNA,))

        async def use(name: str, arguments: str = "{}") -> tuple[str, str]:
            result, use = await registry.use(ToolCall("1", name, arguments), asking, math.inf)
            return use.outcome, result.text

        outcome, text = await use("large")
        assert (outcome, text.partition("\n")) == ("done", ("x" * 8_000, "\n", "[cut: 5000000 characters in all]"))
        assert await use("half_a_character", r'{"of": "\ud83d"}') == ("done", "cut ?")
        assert await use("number_as_float") == ("done", "seven")
        for name in ("broken_off", "id_at_the_end", "no_result"):
            assert await use(name) == ("failed", UNREAD)
        assert await use("long_to_check") == ("failed", LOST)
        await until(lambda: server.fault)
        assert server.fault == mcp_server.READER_ENDED
        await until(lambda: not server.fault and server.tools)
        assert await use("half_a_character") == ("done", "cut ?")
        if sys.platform == "linux":  # which tells who was left behind
            first, _ = started.read_text(encoding="ascii").split()
            await until(lambda: not Path(f"/proc/{first}").exists())


def test_the_process_that_reads_has_so_much_memory_and_no_more() -> None:
    tried = "from bot.tools.server_child import limit_memory\nbytearray(1 << 30)\nlimit_memory()\nbytearray(1 << 30)"
    done = subprocess.run([sys.executable, "-c", tried], stderr=subprocess.PIPE, text=True, check=False)
    assert done.stderr.endswith("line 4, in <module>\nMemoryError\n")


async def test_a_server_that_dies_comes_back(tmp_path: Path) -> None:
    async with garden(tmp_path) as (server, registry):
        asking = Asking(place(), (ANNA,))
        _, used = await registry.use(ToolCall("1", "die", "{}"), asking, 10)
        assert used.outcome == "failed"
        await until(lambda: server.fault)
        await until(lambda: not server.fault and server.tools)
        result, _ = await registry.use(ToolCall("1", "look_around", "{}"), asking, 10)
        assert result.text == "roses here"


async def test_servers_that_cannot_be_reached_hold_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_server, "START_SECONDS", 3.0)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}/mcp"
    servers_of_all_kinds = {
        "missing": {"command": "no-such-program"},
        "deaf": {"url": nowhere},
        "silent": {"command": sys.executable, "args": ["-ISc", "input(); input()"]},
        "short": {"command": sys.executable, "args": ["-ISc", ""]},
        "wild": {"command": sys.executable, "args": ["-ISc", "print('what Anna said'); input(); input()"]},
    }
    file = written(tmp_path, servers_of_all_kinds)
    async with open_tools(BuiltinTools(None, lambda: None), file, settle=120.0) as registry:  # pyright: ignore[reportArgumentType]
        assert list(registry.all()) == ["clock"]
    servers = McpServers(read_servers(file))
    running = asyncio.create_task(servers.run())
    await servers.settled(120)
    assert {server.entry.name: server.fault for server in servers.servers} == {
        "missing": "its command cannot be started (FileNotFoundError)",
        "deaf": "nobody answers at its url",
        "silent": "no answer within 3 s",
        "short": "its command ended",
        "wild": "no answer within 3 s",
    }
    running.cancel()
    await asyncio.wait([running])


@pytest.mark.long
async def test_a_server_over_http_that_is_started_anew_is_used_again(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def start() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, str(GARDEN), str(port), stderr=asyncio.subprocess.DEVNULL, env=dict(os.environ)
        )

    first = await start()
    servers = McpServers(read_servers(written(tmp_path, {"garden": {"url": f"http://127.0.0.1:{port}/mcp"}})))
    running = asyncio.create_task(servers.run())
    registry = ToolRegistry(servers.all)
    asking = Asking(place(), (ANNA,))
    await until(lambda: "look_around" in registry.all())
    result, _ = await registry.use(ToolCall("1", "look_around", "{}"), asking, 10)
    assert result.text == "roses here"
    under_way = asyncio.create_task(registry.use(ToolCall("1", "sleep", '{"seconds": 60}'), asking, 30))
    await asyncio.sleep(1.0)
    first.kill()
    await first.wait()
    result, used = await under_way
    assert used.outcome == "failed", "a lost server ends the use, and not the turn"
    second = await start()

    async def works() -> bool:
        return (await registry.use(ToolCall("1", "look_around", "{}"), asking, 5))[1].outcome == "done"

    async with asyncio.timeout(60):
        while not await works():
            await asyncio.sleep(0.5)
    running.cancel()
    await asyncio.wait([running])
    second.kill()
    await second.wait()


@pytest.mark.parametrize(
    ("servers", "fault"),
    [
        ([], "mcpServers"),
        ({"a": {}}, "either a command or a url"),
        ({"a": {"command": "x", "url": "http://y"}}, "either a command or a url"),
        ({"a": {"url": "ftp://y"}}, "http://"),
        ({"a": {"command": "x", "args": "y"}}, "args"),
        ({"a": {"command": "x", "env": {"K": 1}}}, "env"),
        ({"a": {"command": "x", "tool": {}}}, "unknown key"),
        ({"a": {"command": "x", "tools": {"t": {"allow": "admins"}}}}, "allow must be"),
        ({"a": {"command": "x", "tools": {"t": {"confirm": "yes"}}}}, "confirm must be"),
        ({"a": {"url": "http://y", "type": "sse"}}, "sse"),
    ],
)
def test_faults_of_the_file_are_named(tmp_path: Path, servers: Any, fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_servers(written(tmp_path, servers))
    assert fault in "\n".join(caught.value.faults)


def test_the_file_is_read(tmp_path: Path) -> None:
    tools = {"t": {"allow": [7, "8"]}, "u": {"confirm": True}, "v": {"allow": "nobody"}}
    entries = read_servers(written(tmp_path, {"a": stdio(tools=tools), "b": {"url": "http://y/mcp", "type": "http"}}))
    assert entries[0].rules == {
        "t": ToolRule(frozenset({7, 8})),
        "u": ToolRule(None, confirm=True),
        "v": ToolRule(off=True),
    }
    assert entries[1].url == "http://y/mcp"
    assert "secret" not in repr(read_servers(written(tmp_path, {"a": stdio(env={"KEY": "secret"})})))
    (tmp_path / "bad.json").write_text("{\n oops", encoding="utf-8")
    with pytest.raises(ConfigError):
        read_servers(tmp_path / "bad.json")
    with pytest.raises(ConfigError):
        read_servers(tmp_path / "missing.json")


@pytest.mark.parametrize("name", ["a.b", "空 庭", "x" * 200, "", "..."])
def test_names_that_models_do_not_take(name: str) -> None:
    made = offered_name(name, "s", ())
    assert made.replace("_", "").replace("-", "").isalnum()
    assert made.isascii()
    assert len(made) <= 64
    assert offered_name(name, "other", ()) != made


def listing(*names: str, **more: Any) -> list[ListedTool]:
    """What a server lists."""
    base = {"description": "", "title": None, "annotations": None, "input_schema": {"type": "object"}}
    found = [listed_tool(SimpleNamespace(name=name, **(base | more))) for name in names]
    return [tool for tool in found if tool]


async def _unused(name: str, arguments: object, asking: object) -> str:
    return name


def test_a_name_stays_with_its_tool_whichever_servers_are_there() -> None:
    servers = McpServers([ServerEntry("one"), ServerEntry("two")], ["clock"])

    def names(*up: tuple[int, str]) -> list[str]:
        for server in servers.servers:
            server.tools = ()
        for number, tool in up:
            server = servers.servers[number]
            server.tools = (*server.tools, *tools_of(server.entry, listing(tool), lambda name: partial(_unused, name)))
        return [tool.name for tool in servers.all()]

    assert names((0, "search")) == [], "not before each was tried"
    servers._open = True
    assert names((1, "search"), (0, "search"), (0, "clock")) == ["search", "one_clock", "two_search"]
    assert names((1, "search")) == ["two_search"], "also while the other is away"
    one, two = names((0, "x" * 80), (1, "x" * 80))
    assert one != two
    assert max(len(one), len(two)) <= 64


def test_of_many_tools_those_that_the_file_names_are_sure() -> None:
    entry = ServerEntry("one", rules={"tool150": ToolRule("managers"), "tool0": ToolRule(off=True)})
    listed = listing(*(f"tool{number}" for number in range(200)))
    found = [tool.name for tool in tools_of(entry, listed, lambda name: partial(_unused, name))]
    assert (len(found), found[0], found[1]) == (MAX_SERVER_TOOLS, "tool150", "tool1")


@pytest.mark.parametrize(
    "schema", [{"type": "array"}, {"properties": {"a": {"description": "x" * 9000}}}, None, {"type": ["object"]}]
)
def test_parameters_that_servers_of_models_refuse(schema: Any) -> None:
    [tool] = tools_of(ServerEntry("one"), listing("a", input_schema=schema), lambda name: partial(_unused, name))
    assert tool.spec.parameters == {"type": "object", "properties": {}}
