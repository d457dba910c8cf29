"""The processes that use servers of tools, as the bot sees them: started, reached, ended (server_child.py)."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from typing import Any

from bot.children import child_environment
from bot.tools.server_wire import MAX_REPORT_BYTES, wire_line
from bot.tools.servers_file import ServerEntry

TOOLS_COMMAND = (sys.executable, "-I", "-m", "bot.tools.server_child")
READ_CPU_SECONDS = 5.0
"""That one answer may take its reader; 20 MB of text take one and a half."""
SDK_LOAD_SECONDS = 60.0
"""In which the SDK is loaded."""
MCP_CLOSE_SECONDS = 5.0
_NEEDED_VARIABLES = ("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""Of the bot's: what the SDK gives the servers that it starts, and what it needs to reach others."""
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class ServerProcesses:
    """Starts them."""

    def __init__(self, command: Sequence[str] = TOOLS_COMMAND) -> None:
        self._command = (*command, str(READ_CPU_SECONDS))
        self._starting = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None

    async def aclose(self) -> None:
        """Have no more started; those that run end by themselves."""
        async with self._starting:
            self._leave()
            if self._process is not None:
                with suppress(ProcessLookupError):
                    self._process.kill()  # it may still be loading
                await self._process.wait()

    @asynccontextmanager
    async def opened(self, entry: ServerEntry) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Have a server used for the block. Raises OSError."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(await self._template(), [b"+"], [theirs.fileno()])
            except BaseException as error:
                ours.close()
                if isinstance(error, OSError):
                    self._leave()
                raise
        reader, writer = await asyncio.open_connection(sock=ours, limit=MAX_REPORT_BYTES)
        try:
            writer.write(wire_line(server=asdict(entry) | {"rules": {}}))
            yield reader, writer
        finally:
            with suppress(OSError, TimeoutError):
                writer.write_eof()
                async with asyncio.timeout(MCP_CLOSE_SECONDS):
                    while await reader.read(MAX_REPORT_BYTES):
                        pass
            writer.close()

    async def _template(self) -> socket.socket:
        async with self._starting:
            if self._control is not None and self._process is not None and self._process.returncode is None:
                return self._control
            self._leave()
            self._control, theirs = socket.socketpair()
            with theirs:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    stdin=theirs.fileno(),
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.DEVNULL,
                    env=child_environment() | _needed(os.environ),
                    start_new_session=True,
                )
            self._control.setblocking(False)
            async with asyncio.timeout(SDK_LOAD_SECONDS):
                if not await asyncio.get_running_loop().sock_recv(self._control, 1):
                    raise ConnectionError("it ended")
            return self._control

    def _leave(self) -> None:
        if self._control is not None:
            self._control.close()
        self._control = None


def _needed(environment: Any) -> dict[str, str]:
    names = (*_NEEDED_VARIABLES, *_PROXY_VARIABLES, *map(str.upper, _PROXY_VARIABLES))
    return {name: environment[name] for name in names if name in environment}
