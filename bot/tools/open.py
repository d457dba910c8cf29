"""TOOLS_FILE and the built-in tools -> the registry, with its servers running."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.tools.builtin import BuiltinTools
from bot.tools.mcp_server import MCP_CLOSE_SECONDS, McpServers
from bot.tools.registry import ToolRegistry
from bot.tools.servers_file import read_servers


@asynccontextmanager
async def open_tools(
    builtin: BuiltinTools, file: Path | None, counts: Counter[str] | None = None, settle: float = 0.0
) -> AsyncIterator[ToolRegistry]:
    """Start the servers, and end them afterwards; `settle` is how many seconds to wait until each was tried.

    Raises ConfigError when the file cannot be used.
    """
    entries = await asyncio.to_thread(read_servers, file) if file else ()
    servers = McpServers(entries, (tool.name for tool in builtin.all()))
    running = asyncio.create_task(servers.run(), name="tool_servers")
    try:
        if settle:
            await servers.settled(settle)
        yield ToolRegistry(builtin.all, servers.all, counts=counts)
    finally:
        running.cancel()
        await asyncio.wait([running], timeout=2 * MCP_CLOSE_SECONDS)
