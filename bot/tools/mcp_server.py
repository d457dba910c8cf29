"""One server of tools: kept running, asked for its tools, and used, each within a time of our own."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.ports import Asking
from bot.tools.listed_tools import ToolNames, tools_of
from bot.tools.servers_file import ServerEntry
from bot.tools.tool import Run, Tool, ToolFailed

log = structlog.get_logger("tools")

START_SECONDS = 30.0
"""To start a server and list its tools; a package runner may have to download it first."""
FIRST_TRY_SECONDS = 10.0
"""How long the tools of other servers wait for one that is slow to start."""
CALL_SECONDS = 20.0
MCP_CLOSE_SECONDS = 5.0
RETRY_SECONDS = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Between two attempts; the last goes on for ever."""
STEADY_SECONDS = 60.0
"""A connection that held so long was good: the next attempt comes soon again."""
MAX_WAITING_CALLS = 16
RELIST_SECONDS = 60.0
"""Between two looks at a server's list; one that says that it changed is asked at once."""
MIN_RELIST_SECONDS = 0.5


@dataclass(slots=True)
class _WaitingCall:
    name: str
    arguments: Mapping[str, Any]
    result: "asyncio.Future[tuple[str, bool]]"

    def fail(self, reason: str) -> None:
        """Tell the model why there is no result, unless there is one or nobody waits for it any more."""
        if not self.result.done():
            self.result.set_exception(ToolFailed(reason))


class McpServer:
    """`run` it in a task of its own; cancelling that task ends the server."""

    def __init__(self, entry: ServerEntry) -> None:
        self.entry = entry
        self.fault = "not started yet"
        "why it cannot be used; empty: it can"
        self.ready = asyncio.Event()
        "set after the first attempt, whatever came of it"
        self.tools: tuple[Tool, ...] = ()
        self.listed: frozenset[str] = frozenset()
        "names of its tools, as it calls them"
        self._calls: asyncio.Queue[_WaitingCall] = asyncio.Queue(MAX_WAITING_CALLS)

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
            # A CancelledError there is the SDK's word for a lost connection, not a wish of ours.
            error = None if owner.cancelled() else owner.exception()
            self.fault = _name_of(error, self.entry) if error else "the connection was lost"
            self.tools = ()
            self._fail_waiting()
            self.ready.set()
            attempt = 0 if loop.time() - begun > STEADY_SECONDS else attempt
            pause = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]
            log.warning("tool_server_lost", server=self.entry.name, reason=self.fault, again_in=pause)
            attempt += 1
            await asyncio.sleep(pause)

    async def _own(self) -> None:
        """Open the connection, use it for what comes, and close it: all of it here, as the SDK wants."""
        from bot.tools.mcp_connection import connected, import_sdk, listed, news, told

        await asyncio.to_thread(import_sdk)  # a second, in which nobody would be heard
        changed = asyncio.Event()
        async with asyncio.timeout(START_SECONDS) as starting, connected(self.entry, changed.set) as client:
            self._take(await listed(client))
            starting.reschedule(None)
            self.fault = ""
            self.ready.set()
            log.info("tool_server_ready", server=self.entry.name, tools=len(self.tools))
            running: dict[asyncio.Task[None], _WaitingCall] = {}
            broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            taking: asyncio.Task[_WaitingCall] | None = None

            async def use(call: _WaitingCall) -> None:
                try:
                    result = await client.call_tool(call.name, dict(call.arguments), read_timeout_seconds=CALL_SECONDS)
                    if not call.result.done():
                        call.result.set_result(told(result))
                except asyncio.CancelledError:
                    call.fail("The tool's server went away.")  # the turn goes on, unless it was the turn that ended it
                    raise
                except Exception as error:  # four families of them, and those of libraries below
                    call.fail("The tool's server failed.")
                    if _is_gone(error) and not broken.done():
                        broken.set_exception(ConnectionError("the server went away"))

            async def look_again() -> None:
                """Follow the server's list."""
                while True:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(changed.wait(), RELIST_SECONDS)
                    await asyncio.sleep(MIN_RELIST_SECONDS)
                    changed.clear()
                    try:
                        async with asyncio.timeout(START_SECONDS):
                            self._take(await listed(client))
                    except Exception as error:  # as above
                        log.info("tool_list_unknown", server=self.entry.name, error=type(error).__name__)
                        if _is_gone(error) and not broken.done():
                            broken.set_exception(ConnectionError("the server went away"))

            watching = [
                asyncio.create_task(look_again(), name=f"tool_list:{self.entry.name}"),
                asyncio.create_task(news(client, changed.set), name=f"tool_news:{self.entry.name}"),
            ]
            try:
                while True:
                    taking = asyncio.create_task(self._calls.get(), name=f"tool_calls:{self.entry.name}")
                    await asyncio.wait([taking, broken], return_when=asyncio.FIRST_COMPLETED)
                    if broken.done():
                        broken.result()
                    call = taking.result()
                    task = asyncio.create_task(use(call), name=f"tool:{self.entry.name}")
                    call.result.add_done_callback(lambda done, task=task: task.cancel() if done.cancelled() else None)
                    running[task] = call
                    task.add_done_callback(running.pop)
            finally:
                for watch in watching:
                    watch.cancel()
                if taking and not taking.cancel() and not taking.cancelled():
                    taking.result().fail("The tool's server went away.")
                for task, call in running.items():
                    task.cancel()
                    call.fail("The tool's server went away.")  # one that has not begun will not say so itself

    def _take(self, found: Iterable[Any]) -> None:
        """Take what the server lists."""
        found = list(found)
        self.listed = frozenset(one.name for one in found)
        self.tools = tuple(tools_of(self.entry, found, self._run))

    def _fail_waiting(self) -> None:
        while not self._calls.empty():
            self._calls.get_nowait().fail("The tool's server is not there now.")

    def _run(self, name: str) -> Run:
        async def run(arguments: Mapping[str, Any], asking: Asking) -> str:
            text, failed = await self._call(name, arguments)
            if failed:
                raise ToolFailed(text[:2_000])
            return text

        return run

    async def _call(self, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        if self.fault:
            raise ToolFailed("The tool's server is not there now.")
        result: asyncio.Future[tuple[str, bool]] = asyncio.get_running_loop().create_future()
        try:
            self._calls.put_nowait(_WaitingCall(name, arguments, result))
        except asyncio.QueueFull:
            raise ToolFailed("The tool's server is busy.") from None
        try:
            return await result
        finally:
            result.cancel()


class McpServers:
    """All servers of TOOLS_FILE; `run` them together."""

    def __init__(self, entries: Iterable[ServerEntry], reserved: Iterable[str] = ()) -> None:
        """`reserved` are names that no tool of theirs may have."""
        self.servers = tuple(McpServer(entry) for entry in entries)
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
        async with asyncio.TaskGroup() as group:
            for server in self.servers:
                group.create_task(server.run(), name=f"tool_server:{server.entry.name}")
            await self.settled(FIRST_TRY_SECONDS)

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


def _is_gone(error: BaseException) -> bool:
    code = getattr(getattr(error, "error", None), "code", None) or getattr(error, "code", None)
    return code in (-32000, -32600) or "closed" in type(error).__name__.lower()


def _name_of(error: BaseException, entry: ServerEntry) -> str:
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    if isinstance(error, TimeoutError):
        return f"no answer within {START_SECONDS:.0f} s"
    if isinstance(error, OSError) and not isinstance(error, ConnectionError) and entry.command:
        return f"its command cannot be started ({type(error).__name__})"
    if _is_gone(error) or "ConnectError" in type(error).__name__:
        return "its command ended" if entry.command else "nobody answers at its url"
    return str(error)[:120] if isinstance(error, ConnectionError) and str(error) else type(error).__name__
