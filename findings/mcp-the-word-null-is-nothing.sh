#!/bin/sh
# mcp 2.3.0 (Python), a tool of a server made with MCPServer: the text "null" that a client sends to a parameter of type `str
# | None`, as optional texts are declared, arrives as None: what was said is as if nothing were said, and a note, a name or a
# search for the word gets lost. Strings are read as JSON first where the type is not exactly `str`, so that a text that looks
# like a list is refused, too ("Input should be a valid string"). A parameter of type `str` gets both as they are.
# Guess before looking: a string that fits the declared type stays that string.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check mcp==2.3.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import asyncio
import logging

from mcp import Client
from mcp.server.mcpserver import MCPServer

logging.disable()
server = MCPServer("notes")


@server.tool()
def required(text: str) -> str:
    return repr(text)


@server.tool()
def optional(text: str | None = None) -> str:
    return repr(text)


async def main():
    seen = {}
    async with Client(server) as client:
        for tool in ("required", "optional"):
            for text in ("null", "Null", "12", "[1]"):
                answer = await client.call_tool(tool, {"text": text})
                seen[tool, text] = "refused" if answer.is_error else answer.content[0].text
                print(f"{tool}: the text {text} arrives as", seen[tool, text])
    assert all(seen["required", text] == repr(text) for text in ("null", "Null", "12", "[1]"))
    assert seen["optional", "null"] == "None" and seen["optional", "[1]"] == "refused"
    assert seen["optional", "Null"] == "'Null'" and seen["optional", "12"] == "'12'"


asyncio.run(main())
PY
