"""The processes that use servers of tools: `python -m bot.tools.server_child CPU_SECONDS` loads the SDK and forks them.

What a server sends can take its reader a minute or gigabytes, also with few bytes: in a process of its own that costs
the server, and no call is heard worse. For each server the bot sends a byte with the descriptor of a socket, on which
it tells the entry and the calls, and hears tools and results, all of them short. It closes that to end the server.
"""

import asyncio
import gc
import json
import logging
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from bot.children import adopt_orphans, end_children
from bot.tools.listed_tools import listed_tool
from bot.tools.mcp_connection import connected, is_gone, is_unread, listed, name_of, news, told
from bot.tools.server_wire import MAX_ORDER_BYTES, wire_line
from bot.tools.servers_file import ServerEntry
from bot.tools.tool import shortened

CALL_SECONDS = 20.0
LIST_SECONDS = 30.0
RELIST_SECONDS = 60.0
"""Between two looks at a server's list; one that says that it changed is asked at once."""
MIN_RELIST_SECONDS = 0.5
MAX_LISTED_TOOLS = 1_024
SERVER_END_SECONDS = 5.0
MORE_MEMORY_BYTES = 512 << 20
"""Of address space, beyond what it has when it begins to read."""


class ServerConnection:
    """One server, from its start to its end."""

    def __init__(self, entry: ServerEntry, writer: asyncio.StreamWriter, cpu_seconds: float) -> None:
        """`cpu_seconds`: when something takes this process longer, a signal ends it, also amid a library's call."""
        self._entry = entry
        self._writer = writer
        self._cpu_seconds = cpu_seconds
        self._client: Any = None
        self._changed = asyncio.Event()
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._calls: dict[int, asyncio.Task[None]] = {}
        self._told: list[bytes] | None = None

    def tell(self, **content: Any) -> None:
        self._writer.write(wire_line(**content))
        self._renew()

    def _renew(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, self._cpu_seconds)

    async def own(self) -> None:
        """Open the connection, and close it: all of it here, as the SDK wants. Returns only by an error."""
        self._renew()
        async with connected(self._entry, self._changed.set, limit_memory) as client:
            self._client = client
            self._tell_tools(await listed(client))
            watching = [
                asyncio.create_task(self._look_again(), name="tool_list"),
                asyncio.create_task(news(client, self._changed.set), name="tool_news"),
            ]
            try:
                await self._gone
            finally:
                for task in (*watching, *self._calls.values()):
                    task.cancel()

    async def hear(self, reader: asyncio.StreamReader) -> None:
        """Do what the bot orders until it closes the connection."""
        while order := parsed(await reader.readline()):
            self._renew()
            if "cancel" in order:
                if task := self._calls.get(order["cancel"]):
                    task.cancel()
                continue
            number = order["call"]
            use = self._use(number, order["name"], order["arguments"])
            self._calls[number] = task = asyncio.create_task(use, name="tool_call")
            task.add_done_callback(lambda _, number=number: self._calls.pop(number))

    async def _use(self, number: int, name: str, arguments: dict[str, Any]) -> None:
        text, failed = "The tool's server failed.", True
        try:
            text, failed = told(await self._client.call_tool(name, arguments, read_timeout_seconds=CALL_SECONDS))
        except asyncio.CancelledError:
            text = "The tool's server went away."  # the turn goes on, unless it was the turn that ended it
            raise
        except Exception as error:  # four families of them, and those of libraries below
            if is_unread(error):
                text = "What the tool's server answered cannot be read."
            elif is_gone(error):
                text = "The tool's server went away."
            self._note(error)
        finally:
            self.tell(result=number, text=shortened(text), failed=failed)

    async def _look_again(self) -> None:
        """Follow the server's list."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), RELIST_SECONDS)
            await asyncio.sleep(MIN_RELIST_SECONDS)
            self._changed.clear()
            try:
                async with asyncio.timeout(LIST_SECONDS):
                    self._tell_tools(await listed(self._client))
            except Exception as error:  # as above
                self.tell(unlisted=type(error).__name__)
                self._note(error)

    def _note(self, error: Exception) -> None:
        if is_gone(error) and not self._gone.done():
            self._gone.set_exception(ConnectionError("the server went away"))

    def _tell_tools(self, found: list[Any]) -> None:
        """Tell all tools, unless they are the same as before."""
        self._renew()
        tools = [tool for one in found if (tool := listed_tool(one)) is not None][:MAX_LISTED_TOOLS]
        lines = [wire_line(tool=asdict(tool)) for tool in tools]
        if lines != self._told:
            self._told = lines
            self._writer.writelines([*lines, wire_line(listed=len(lines))])


def parsed(line: bytes) -> dict[str, Any]:
    """Return an order; empty: there are no more."""
    return json.loads(line) if line.endswith(b"\n") else {}


async def serve(channel: socket.socket, cpu_seconds: float) -> None:
    """Use one server until the bot closes the channel, or the server is lost."""
    reader, writer = await asyncio.open_connection(sock=channel, limit=MAX_ORDER_BYTES)
    order = parsed(await reader.readline())
    if not order:
        return
    connection = ServerConnection(ServerEntry(**order["server"]), writer, cpu_seconds)
    owner = asyncio.create_task(connection.own(), name="tool_server")
    hearing = asyncio.create_task(connection.hear(reader), name="tool_orders")
    await asyncio.wait([owner, hearing], return_when=asyncio.FIRST_COMPLETED)
    hearing.cancel()
    if not owner.done():
        owner.cancel()
        await asyncio.wait([owner], timeout=SERVER_END_SECONDS)
    # A CancelledError there is the SDK's word for a lost connection.
    error = owner.exception() if owner.done() and not owner.cancelled() else None
    connection.tell(lost=name_of(error, connection._entry) if error else "the connection was lost")
    with suppress(OSError):
        await writer.drain()


def limit_memory() -> None:
    """From here on, for this process alone: a server that is started inherits limits."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, ValueError):  # no such file but on Linux
        with open("/proc/self/statm", encoding="ascii") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        most = resource.getrlimit(resource.RLIMIT_AS)[1]
        wanted = now + MORE_MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))


def _become_server(control: socket.socket, descriptor: int, cpu_seconds: float) -> None:
    """Fork once more, and when the process that reads has ended, by whatever, end what it leaves behind."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        adopt_orphans()
        reader = os.fork()
        if not reader:
            _read_server(control, descriptor, cpu_seconds)
        os.close(descriptor)
        while os.wait()[0] != reader:
            pass
        end_children()
    finally:
        os._exit(0)


def _read_server(control: socket.socket, descriptor: int, cpu_seconds: float) -> None:
    try:
        os.set_inheritable(descriptor, False)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, control.fileno())
        os.close(null)
        logging.disable()  # what the SDK would write there, nobody reads
        asyncio.run(serve(socket.socket(fileno=descriptor), cpu_seconds))
    finally:
        os._exit(0)


def main() -> None:
    cpu_seconds = float(sys.argv[1])
    control = socket.socket(fileno=0)
    gc.collect()
    gc.freeze()  # so that a collection in a process does not copy all pages
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.send(b"+")
    while True:
        byte, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not byte:
            return  # the processes hear the same, each on its own socket
        with suppress(OSError):  # without a process the socket ends here, which the bot takes for a lost server
            if not os.fork():
                _become_server(control, descriptors[0], cpu_seconds)
        for descriptor in descriptors:
            os.close(descriptor)


if __name__ == "__main__":
    main()
