#!/bin/sh
# discord.py 2.7.1: a POST whose connection is reset is tried again, up to five times, but only where ECONNRESET is
# 54 or 10054, which is macOS and Windows. On Linux, where it is 104 and where bots run, the first reset is raised to the
# caller, while a 502 from the same place is waited out (1, 3, 5, 7 s). A bot loses a message on Linux that it posts on
# the developer's machine.
# Guess before looking: a reset is retried like a 502 on every system.
set -eu
[ "$(uname -s)" = Linux ] || { echo "about Linux only"; exit 0; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check discord.py==2.7.1 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
cat >reset.py <<'PY'
import asyncio
import socket
import struct

import discord
from discord.http import Route


class Api:
    """Fails the first request, by a reset or with 502, and answers the second."""

    def __init__(self, way):
        self.way, self.requests = way, 0

    async def serve(self, reader, writer):
        login = b"/users/@me" in await reader.readuntil(b"\r\n\r\n")
        self.requests += not login
        first = self.requests == 1 and not login
        if first and self.way == "reset":
            # SO_LINGER with 0 seconds: close() sends RST instead of FIN.
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return
        status, body = ("502 Bad Gateway", b"{}") if first else ("200 OK", b"{}")
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()


async def attempt(way):
    api = Api(way)
    server = await asyncio.start_server(api.serve, "127.0.0.1", 0)
    Route.BASE = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = discord.Client(intents=discord.Intents.none())
    await client._async_setup_hook()
    http = client.http
    await http.static_login("token")
    try:
        await http.request(Route("POST", "/channels/1/messages"))
        result = "answered"
    except OSError as error:
        result = f"{type(error).__name__} errno {error.errno}"
    await http.close()
    server.close()
    return f"{way}: {result} after {api.requests} request(s)"


async def main():
    print(await attempt("502"))
    print(await attempt("reset"))


asyncio.run(main())
PY
venv/bin/python reset.py | tee seen
grep -q "^502: answered after 2 request" seen
grep -q "^reset: ClientOSError errno 104 after 1 request" seen
