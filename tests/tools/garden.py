"""A server of tools for the tests, written with the SDK: over stdio, or with a port as argument over HTTP."""

import os
import sys
import time
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.types import CallToolResult, ImageContent, ResourceLink, ToolAnnotations

garden = MCPServer("garden")


@garden.tool(annotations=ToolAnnotations(read_only_hint=True))
def look_around(where: str = "here") -> str:
    """Says what grows somewhere."""
    return f"roses {where}"


@garden.tool(annotations=ToolAnnotations(read_only_hint=False, destructive_hint=True))
def open_gate() -> str:
    """Opens the gate."""
    return "open"


@garden.tool()
def water_plants(litres: int) -> str:
    """Waters the plants."""
    return f"{litres} l"


@garden.tool(name="count.the plants 数")
def count() -> str:
    """Has a name that models do not take."""
    return "7"


@garden.tool()
def boom() -> str:
    """Fails."""
    raise RuntimeError("a secret")


@garden.tool()
def novel() -> str:
    """Tells a lot."""
    return "x" * 5_000_000


@garden.tool()
def sleep(seconds: float) -> str:
    """Takes its time."""
    time.sleep(seconds)
    return "awake"


@garden.tool()
async def plant(context: Context) -> str:
    """Grows one more tool."""
    garden.add_tool(lambda: "apples", name="tree", description="Bears fruit.")
    await context.notify_tools_changed()
    await context.session.send_tool_list_changed()
    return "planted"


@garden.tool()
def harvest() -> CallToolResult:
    """Has no words."""
    basket: list[Any] = [
        ImageContent(type="image", data="AAAA", mime_type="image/png"),
        ResourceLink(type="resource_link", name="cellar", uri="garden://cellar"),
    ]
    return CallToolResult(content=basket, structured_content={"apples": 3})


@garden.tool()
def die() -> str:
    """Ends the server."""
    os._exit(3)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        garden.run(transport="streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        garden.run()
