"""One server of tools: kept running, asked for its tools, and used, each within a time of our own."""

import asyncio
import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import structlog

from bot.ports import Asking
from bot.tools.listed_tools import ListedTool, ToolNames, tools_of
from bot.tools.server_process import MCP_CLOSE_SECONDS, ServerProcesses
from bot.tools.server_wire import MAX_ORDER_BYTES, wire_line
from bot.tools.servers_file import ServerEntry
from bot.tools.tool import Run, Tool, ToolFailed

log = structlog.get_logger("tools")

START_SECONDS = 30.0
"""To start a server and list its tools; a package runner may have to download it first."""
FIRST_TRY_SECONDS = 10.0
"""How long the tools of other servers wait for one that is slow to start."""
RETRY_SECONDS = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Between two attempts; the last goes on for ever."""
STEADY_SECONDS = 60.0
"""A connection that held so long was good: the next attempt comes soon again."""
READER_ENDED = "the process that reads its answers ended"
MAX_CALLS_AT_ONCE = 32
"""Of one server."""
MAX_FAILURE_CHARACTERS = 2_000


class ServerLost(Exception):
    """A server cannot be used; the message says why, for people."""


class McpServer:
    """`run` it in a task of its own; cancelling that task ends the server."""

    def __init__(self, entry: ServerEntry, processes: ServerProcesses) -> None:
        self.entry = entry
        self.fault = "not started yet"
        "why it cannot be used; empty: it can"
        self.ready = asyncio.Event()
        "set after the first attempt, whatever came of it"
        self.tools: tuple[Tool, ...] = ()
        self.listed: frozenset[str] = frozenset()
        "names of its tools, as it calls them"
        self._processes = processes
        self._writer: asyncio.StreamWriter | None = None
        self._calls: dict[int, asyncio.Future[tuple[str, bool]]] = {}
        self._numbers = itertools.count()

    async def run(self) -> None:
        """Keep the server at hand; returns only when cancelled."""
        attempt = 0
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            owner = asyncio.create_task(self._own(), name=f"tools:{self.entry.name}")
            try:
                await asyncio.wait([owner])
            finally:
                if not owner.done():
                    owner.cancel()
                    await asyncio.wait([owner], timeout=MCP_CLOSE_SECONDS)
                if owner.done():
                    self.fault = _fault(owner)
            self.tools = ()
            self.ready.set()
            attempt = 0 if loop.time() - begun > STEADY_SECONDS else attempt
            pause = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]
            log.warning("tool_server_lost", server=self.entry.name, reason=self.fault, again_in=pause)
            attempt += 1
            await asyncio.sleep(pause)

    async def _own(self) -> None:
        """Have the server used, and hear what comes of it. Returns only by an error."""
        async with self._processes.opened(self.entry) as (reader, self._writer):
            start = asyncio.get_running_loop().time() + START_SECONDS
            found: list[ListedTool] = []
            try:
                while True:
                    async with asyncio.timeout_at(start if self.fault else None):
                        line = await reader.readline()
                    if not line.endswith(b"\n"):
                        raise ServerLost(READER_ENDED)
                    self._hear(json.loads(line), found)
                    await asyncio.sleep(0)  # many lines may have come at once
            finally:
                self._writer = None
                for result in self._calls.values():
                    if not result.done():
                        result.set_exception(ToolFailed("The tool's server went away."))
                self._calls.clear()

    def _hear(self, said: dict[str, Any], found: list[ListedTool]) -> None:
        if "tool" in said:
            found.append(ListedTool(**said["tool"]))
        elif "listed" in said:
            self._take(found)
            found.clear()
            if self.fault:
                self.fault = ""
                self.ready.set()
                log.info("tool_server_ready", server=self.entry.name, tools=len(self.tools))
        elif "result" in said:
            result = self._calls.pop(said["result"], None)
            if result and not result.done():
                result.set_result((said["text"], said["failed"]))
        elif "unlisted" in said:
            log.info("tool_list_unknown", server=self.entry.name, error=said["unlisted"])
        else:
            raise ServerLost(said["lost"])

    def _take(self, found: Iterable[ListedTool]) -> None:
        """Take what the server lists."""
        found = list(found)
        self.listed = frozenset(one.name for one in found)
        self.tools = tuple(tools_of(self.entry, found, self._run))

    def _run(self, name: str) -> Run:
        async def run(arguments: Mapping[str, Any], asking: Asking) -> str:
            text, failed = await self._call(name, arguments)
            if failed:
                raise ToolFailed(text[:MAX_FAILURE_CHARACTERS])
            return text

        return run

    async def _call(self, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        if self.fault or self._writer is None:
            raise ToolFailed("The tool's server is not there now.")
        if len(self._calls) >= MAX_CALLS_AT_ONCE:
            raise ToolFailed("The tool's server is busy.")
        number = next(self._numbers)
        order = wire_line(call=number, name=name, arguments=arguments)
        if len(order) > MAX_ORDER_BYTES:
            raise ToolFailed("The arguments are too long.")
        self._writer.write(order)
        self._calls[number] = result = asyncio.get_running_loop().create_future()
        try:
            return await result
        finally:
            if self._calls.pop(number, None) and self._writer:
                self._writer.write(wire_line(cancel=number))


class McpServers:
    """All servers of TOOLS_FILE; `run` them together."""

    def __init__(self, entries: Iterable[ServerEntry], reserved: Iterable[str] = ()) -> None:
        """`reserved` are names that no tool of theirs may have."""
        self._processes = ServerProcesses()
        self.servers = tuple(McpServer(entry, self._processes) for entry in entries)
        self._names = ToolNames(reserved)
        self._named: dict[str, tuple[tuple[Tool, ...], list[Tool]]] = {}
        "server -> its tools, and these under names of their own"
        self._open = False
        "each server was tried, or had its time"

    def all(self) -> Iterable[Tool]:
        """Return the tools of the servers that are there, each under a name of its own.

        There are none until each server was tried: the order of the file decides on names, not who is up first.
        """
        return [tool for server in self.servers for tool in self._of(server)] if self._open else []

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for server in self.servers:
                    group.create_task(server.run(), name=f"tool_server:{server.entry.name}")
                await self.settled(FIRST_TRY_SECONDS)
        finally:
            await self._processes.aclose()

    def _of(self, server: McpServer) -> list[Tool]:
        tools, named = self._named.get(server.entry.name, ((), []))
        if tools is not server.tools:
            names = ((tool, self._names.of(server.entry.name, tool.name)) for tool in server.tools)
            named = [replace(tool, spec=replace(tool.spec, name=name)) for tool, name in names]
            self._named[server.entry.name] = server.tools, named
        return named

    async def settled(self, seconds: float) -> None:
        """Wait until each server was tried once, but not longer."""
        waits = [asyncio.ensure_future(server.ready.wait()) for server in self.servers]
        if waits:
            await asyncio.wait(waits, timeout=seconds)
            for wait in waits:
                wait.cancel()
        self._open = True


def _fault(owner: asyncio.Task[None]) -> str:
    error = None if owner.cancelled() else owner.exception()
    if isinstance(error, TimeoutError):
        return f"no answer within {START_SECONDS:.0f} s"
    return str(error) if isinstance(error, ServerLost) else READER_ENDED
