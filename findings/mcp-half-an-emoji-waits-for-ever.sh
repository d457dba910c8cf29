#!/bin/sh
# mcp 2.3.0 (Python), stdio: a server written with @modelcontextprotocol/sdk 1.32.2 cuts a text in the middle of an emoji,
# as `text.slice(0, 1000)` does. JSON.stringify writes the half that is left as "\ud83c", which is a valid JSON text
# (RFC 8259 section 7 and 8.2, ECMA-404), and the client in JavaScript returns the result. The client in Python drops the
# whole message, with a line in its log: the call is never answered. The default has no timeout: it waits for ever, and
# with one the tool seems slow. The connection stays usable. Over HTTP, by its source, the call ends with an error.
# Guess before looking: an error for that call at once, or U+FFFD in place of the half, as Python's json would allow.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mcp==2.3.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @modelcontextprotocol/sdk@1.32.2 zod@4.6.7 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >server.mjs <<'JS'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
const server = new McpServer({ name: 'cutter', version: '1' });
const story = 'The moon 🌕 is far.';
for (const [name, length] of [['before', 9], ['amid', 10], ['after', 11]])
  server.registerTool(name, {}, async () => ({ content: [{ type: 'text', text: story.slice(0, length) }] }));
await server.connect(new StdioServerTransport());
JS
cat >client.mjs <<'JS'
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
const client = new Client({ name: 'c', version: '1' });
await client.connect(new StdioClientTransport({ command: 'node', args: ['server.mjs'] }));
for (const name of ['before', 'amid', 'after'])
  console.log('JavaScript', name, JSON.stringify((await client.callTool({ name })).content[0].text));
await client.close();
JS
node client.mjs
cat >client.py <<'PY'
import asyncio
import logging
import sys

from mcp import Client, StdioServerParameters

WAIT = 10.0


async def main() -> int:
    logging.disable()
    waits = []
    async with Client(StdioServerParameters(command="node", args=["server.mjs"])) as client:
        for name in ("before", "amid", "after"):
            try:
                async with asyncio.timeout(WAIT):
                    print("Python", name, repr((await client.call_tool(name)).content[0].text))
            except TimeoutError:
                waits.append(name)
                print("Python", name, f"no answer within {WAIT:.0f} s")
            except Exception as error:
                print("Python", name, "error:", error)
    return waits != ["amid"]


sys.exit(asyncio.run(main()))
PY
venv/bin/python client.py
