"""The connection to one server of tools. This is the only place that knows the SDK, and it is imported once needed.

The SDK binds a connection to the task that opened it: only that task may close it, and when the server goes away that
task may get a CancelledError that nobody asked for. It has no timeouts, and never reconnects. So one task owns one
connection, does nothing else, and is started anew by whoever watches it (mcp_server.py).
"""

import importlib
import json
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from bot.tools.servers_file import ServerEntry

if TYPE_CHECKING:
    from mcp import Client

MAX_LISTED_PAGES = 20
_importing = threading.Lock()
"""Two threads that import one package at once may see it half done."""


def import_sdk() -> None:
    """Import what `connected` needs; from any thread."""
    with _importing:
        for name in ("mcp.client.streamable_http", "mcp.shared._httpx_utils", "mcp.types"):
            importlib.import_module(name)


@asynccontextmanager
async def connected(entry: ServerEntry, changed: Callable[[], None]) -> AsyncIterator["Client"]:
    """Start or reach a server. A command gets no variables of the bot's own but PATH, HOME and the like.

    `changed` is called when the server says that its list of tools is another now.
    """
    from mcp import Client, StdioServerParameters, stdio_client
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared._httpx_utils import create_mcp_http_client
    from mcp.types import ToolListChangedNotification

    async def take(message: object) -> None:
        if isinstance(message, ToolListChangedNotification):
            changed()

    async with AsyncExitStack() as stack:
        if entry.command:
            parameters = StdioServerParameters(
                command=entry.command, args=list(entry.args), env=dict(entry.env) or None, cwd=entry.cwd
            )
            # What servers write there may quote what people said.
            nowhere = stack.enter_context(open(os.devnull, "w"))  # noqa: SIM115, ASYNC230 (the stack closes it; it is no disk)
            transport = stdio_client(parameters, errlog=nowhere)
        else:
            http = await stack.enter_async_context(create_mcp_http_client(headers=dict(entry.headers)))
            transport = streamable_http_client(entry.url, http_client=http)
        yield await stack.enter_async_context(Client(transport, message_handler=take))


async def listed(client: "Client") -> list[Any]:
    """Return what a server says of its tools: objects with name, description, input_schema and annotations."""
    found: list[Any] = []
    cursor: str | None = None
    for _ in range(MAX_LISTED_PAGES):
        page = await client.list_tools(cursor=cursor, cache_mode="refresh")
        found += page.tools
        cursor = page.next_cursor
        if not cursor:
            break
    return found


async def news(client: "Client", changed: Callable[[], None]) -> None:
    """Call `changed` for each word that the list is another now, where the server's protocol has it asked for.

    Until cancelled, or until the server sends nothing more: then only looking again helps.
    """
    with suppress(Exception):  # whatever a server makes of this: its tools can be used without
        async with client.listen(tools_list_changed=True) as events:
            async for _ in events:
                changed()


def told(result: Any) -> tuple[str, bool]:
    """Return the text of a result, and whether it tells of a failure. What is no text is named, not shown."""
    parts: list[str] = []
    for block in result.content:
        kind = getattr(block, "type", "")
        if kind == "text":
            parts.append(block.text)
        elif kind == "resource" and isinstance(text := getattr(block.resource, "text", None), str):
            parts.append(text)
        elif kind == "resource_link":
            parts.append(" ".join(filter(None, (block.title or block.name, str(block.uri), block.description))))
        else:
            parts.append(f"[{kind or 'something'}, which cannot be shown here]")
    structured = getattr(result, "structured_content", None)
    if structured is not None and not any(getattr(block, "type", "") == "text" for block in result.content):
        parts.append(json.dumps(structured, ensure_ascii=False))  # the text is only there for older clients
    return "\n".join(parts) or "[nothing]", bool(result.is_error)
