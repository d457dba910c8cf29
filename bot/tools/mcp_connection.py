"""The connection to one server of tools. This is the only place that knows the SDK; it has a process of its own.

The SDK binds a connection to the task that opened it: only that task may close it, and when the server goes away that
task may get a CancelledError that nobody asked for. It has no timeouts, and never reconnects. So one task owns one
connection, does nothing else, and ends with its process, which is started anew (mcp_server.py).
"""

import json
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Self

from mcp import Client, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.message import SessionMessage
from mcp.types import PARSE_ERROR, ErrorData, JSONRPCError, ToolListChangedNotification, jsonrpc_message_adapter
from pydantic import ValidationError

from bot.tools.servers_file import ServerEntry

MAX_LISTED_PAGES = 20
MAX_MCP_EVENT_BYTES = 64 << 20
"""Of one message over HTTP."""
_ID_FIRST = re.compile(r'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d{1,18})\b')
_ID_LAST = re.compile(r'"id"\s*:\s*(\d{1,18})\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*\Z')
_ID_CHARACTERS = 200
"""In which an id stands that ends a message."""


@asynccontextmanager
async def connected(
    entry: ServerEntry, changed: Callable[[], None], started: Callable[[], None]
) -> AsyncIterator[Client]:
    """Start or reach a server. A command gets no variables of the bot's own but PATH, HOME and the like.

    `changed` is called when the server says that its list of tools is another now; `started` once its process runs.
    """

    async def take(message: object) -> None:
        if isinstance(message, ToolListChangedNotification):
            changed()

    @asynccontextmanager
    async def readable(transport: Any) -> AsyncIterator[Any]:
        async with transport as (read, write):
            started()
            yield _ReadableAnswers(read), write

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
            transport = streamable_http_client(entry.url, http_client=http, max_sse_event_size=MAX_MCP_EVENT_BYTES)
        yield await stack.enter_async_context(Client(readable(transport), message_handler=take))


class _ReadableAnswers:
    """What a server sends, each message as the SDK reads it.

    Of one that it cannot read, the SDK only tells its log, and whoever asked would wait for ever.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def receive(self) -> Any:
        return readable_answer(await self._stream.receive())

    async def aclose(self) -> None:
        await self._stream.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        return readable_answer(await self._stream.__anext__())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def readable_answer(item: Any) -> Any:
    """Return a message, or for an answer that could not be read the best that can be made of it."""
    if not isinstance(item, ValidationError):
        return item
    message: Any = None
    found: re.Match[str] | None = None
    for error in item.errors(include_url=False):
        message = error["input"]
        if error["type"] == "json_invalid":
            text = message if isinstance(message, str) else bytes(message).decode("utf-8", "replace")
            try:
                message = json.loads(text)  # half a character, as the text of an emoji that was cut, is no fault here
            except (ValueError, RecursionError):
                found = _ID_FIRST.match(text) or _ID_LAST.search(text, max(0, len(text) - _ID_CHARACTERS))
        if isinstance(message, dict) and "id" in message:
            break
    if not isinstance(message, dict):
        message = {"id": int(found[1])} if found else {}
    number = message.get("id")
    if isinstance(number, float) and number.is_integer():
        message["id"] = number = int(number)
    if isinstance(number, bool) or not isinstance(number, int | str) or "method" in message:
        return item
    with suppress(ValueError):
        whole = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")
        return SessionMessage(jsonrpc_message_adapter.validate_json(whole, by_name=False))
    unread = ErrorData(code=PARSE_ERROR, message="the answer cannot be read")
    return SessionMessage(JSONRPCError(jsonrpc="2.0", id=number, error=unread))


async def listed(client: Client) -> list[Any]:
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


async def news(client: Client, changed: Callable[[], None]) -> None:
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


def is_gone(error: BaseException) -> bool:
    """Return whether the connection is lost for good."""
    code = _code(error)
    return code in (-32000, -32600) or "closed" in type(error).__name__.lower()


def is_unread(error: BaseException) -> bool:
    """Return whether an answer came that cannot be read."""
    return _code(error) == PARSE_ERROR


def _code(error: BaseException) -> Any:
    return getattr(getattr(error, "error", None), "code", None) or getattr(error, "code", None)


def name_of(error: BaseException, entry: ServerEntry) -> str:
    """Return why a server cannot be used, for people."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    if isinstance(error, OSError) and not isinstance(error, ConnectionError) and entry.command:
        return f"its command cannot be started ({type(error).__name__})"
    if is_gone(error) or "ConnectError" in type(error).__name__:
        return "its command ended" if entry.command else "nobody answers at its url"
    return str(error)[:120] if isinstance(error, ConnectionError) and str(error) else type(error).__name__
