#!/bin/sh
# discord.py 2.7.1: a 429 in plain text that came through a proxy (with a Via header, as everything of Discord's has) ends
# in HTTPException from the bot's own requests, but in TypeError from interactions and webhooks: their client looks for
# retry_after in the text. `except discord.HTTPException` around a followup does not catch it.
# Guess before looking: the same HTTPException with status 429 from both.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check discord.py==2.7.1 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
cat >limited.py <<'PY'
import asyncio

import aiohttp
import discord
from discord.http import Route


async def serve(reader, writer):
    login = b"/users/@me" in await reader.readuntil(b"\r\n\r\n")
    status, kind, body = ("200 OK", "application/json", b"{}") if login else ("429 Too Many Requests", "text/plain", b"slow")
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nVia: 1.1 proxy\r\nRetry-After: 1\r\n"
    writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
    await writer.drain()
    writer.close()


async def raised(request):
    try:
        await request
    except (discord.HTTPException, TypeError) as error:
        return type(error).__name__
    return "nothing"


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    Route.BASE = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = discord.Client(intents=discord.Intents.none())
    await client._async_setup_hook()
    await client.http.static_login("token")
    print("bot:", await raised(client.http.request(Route("GET", "/channels/1"))))
    async with aiohttp.ClientSession() as session:
        webhook = discord.Webhook.partial(1, "token", session=session)
        print("webhook:", await raised(webhook.send("hello")))
    await client.http.close()
    server.close()


asyncio.run(main())
PY
venv/bin/python limited.py | tee seen
[ "$(cat seen)" = "bot: HTTPException
webhook: TypeError" ]
