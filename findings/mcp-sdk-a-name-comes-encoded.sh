#!/bin/sh
# @modelcontextprotocol/sdk 1.32.2 (npm), templates of resources: what `expand` of UriTemplate makes of a name, its `match`
# does not give back. "users://{name}/notes" for 花子 is users://%E8%8A%B1%E5%AD%90/notes (RFC 6570), and a server that is asked
# for that gets the name "%E8%8A%B1%E5%AD%90": it knows nobody of that name, or keeps notes under it. "a b" is "a%20b". Names
# of plain letters pass. A server with mcp 2.3.0 (Python) and the same template gets 花子.
# Guess before looking: 花子 from both.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mcp==2.3.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund @modelcontextprotocol/sdk@1.32.2 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >seen.mjs <<'JS'
import assert from 'assert';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import { UriTemplate } from '@modelcontextprotocol/sdk/shared/uriTemplate.js';

const TEMPLATE = 'users://{name}/notes';
const server = new McpServer({ name: 'notes', version: '1' });
server.registerResource('notes', new ResourceTemplate(TEMPLATE, { list: undefined }), {}, (uri, { name }) => ({
  contents: [{ uri: uri.href, text: name }],
}));
const client = new Client({ name: 'reader', version: '1' });
const [left, right] = InMemoryTransport.createLinkedPair();
await Promise.all([server.connect(left), client.connect(right)]);
const seen = {};
for (const name of ['Ann', '花子', 'a b']) {
  const uri = new UriTemplate(TEMPLATE).expand({ name });
  seen[name] = (await client.readResource({ uri })).contents[0].text;
  console.log(`${name} is asked for as ${uri}, and the server is told ${seen[name]}`);
}
assert.deepEqual(seen, { Ann: 'Ann', 花子: '%E8%8A%B1%E5%AD%90', 'a b': 'a%20b' });
JS
node seen.mjs
venv/bin/python - <<'PY'
import asyncio

from mcp import Client
from mcp.server.mcpserver import MCPServer

server = MCPServer("notes")


@server.resource("users://{name}/notes")
def notes(name: str) -> str:
    return name


async def main():
    async with Client(server) as client:
        told = (await client.read_resource("users://%E8%8A%B1%E5%AD%90/notes")).contents[0].text
    print("mcp (Python) is told", told)
    assert told == "花子"


asyncio.run(main())
PY
