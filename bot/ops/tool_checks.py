"""The check of `doctor` for the servers of tools: each is started, asked for its tools, and ended again."""

import asyncio
from collections.abc import AsyncIterator

from bot.config import Settings
from bot.errors import ConfigError
from bot.ops.doctor_report import Finding, Status
from bot.tools.listed_tools import MAX_SERVER_TOOLS
from bot.tools.mcp_server import MCP_CLOSE_SECONDS, McpServer, McpServers
from bot.tools.servers_file import read_servers

SERVER_WAIT_SECONDS = 25.0
MAX_NAMED_TOOLS = 12


async def tool_servers(settings: Settings) -> AsyncIterator[Finding]:
    """Say of each server of TOOLS_FILE which tools it has, or why it has none."""
    if settings.tools_file is None:
        return
    try:
        entries = await asyncio.to_thread(read_servers, settings.tools_file)
    except ConfigError as error:
        for fault in error.faults:
            yield Finding("tools", Status.FAIL, fault, error.hint)
        return
    servers = McpServers(entries)
    running = asyncio.create_task(servers.run(), name="tool_servers")
    try:
        await servers.settled(SERVER_WAIT_SECONDS)
        for server in servers.servers:
            yield _finding(server)
    finally:
        running.cancel()
        await asyncio.wait([running], timeout=MCP_CLOSE_SECONDS)


def _finding(server: McpServer) -> Finding:
    name = f"{server.entry.name}: "
    fault = server.fault if server.ready.is_set() else f"no answer within {SERVER_WAIT_SECONDS:.0f} s"
    if fault:
        hint = (
            "Try its command in a terminal."
            if server.entry.command
            else "Check its url, and that the server is running."
        )
        return Finding("tools", Status.WARN, name + fault, hint)
    if unknown := server.entry.rules.keys() - server.listed:
        hint = "Compare the names in TOOLS_FILE."
        return Finding("tools", Status.WARN, f"{name}there is no tool {', '.join(sorted(unknown))}", hint)
    if len(server.listed) > MAX_SERVER_TOOLS:
        hint = 'Name in TOOLS_FILE those that you need: they come first. "allow": "nobody" leaves one out.'
        return Finding(
            "tools", Status.WARN, f"{name}of its {len(server.listed)} tools {MAX_SERVER_TOOLS} can be used", hint
        )
    shown = [f"{tool.name} ({tool.right}{', asks first' if tool.confirm else ''})" for tool in server.tools]
    more = f" and {len(shown) - MAX_NAMED_TOOLS} more" if len(shown) > MAX_NAMED_TOOLS else ""
    return Finding("tools", Status.OK, name + (", ".join(shown[:MAX_NAMED_TOOLS]) + more or "no tools"))
