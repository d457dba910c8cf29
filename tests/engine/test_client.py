import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from bot.engine.client import build_client, idle_connections
from bot.engine.model_check import ModelState, check_model
from bot.errors import Unreachable
from sandbox.tls import Authority

MODEL = json.dumps({"id": "m", "object": "model", "created": 1, "owned_by": "us"}).encode()


@pytest.fixture
async def authority() -> AsyncIterator[Authority]:
    authority = Authority()
    yield authority
    authority.close()


@pytest.fixture
async def url(authority: Authority) -> AsyncIterator[str]:
    """A server over TLS whose certificate nobody knows but this test; it knows one model."""
    headers = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(MODEL)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(headers + MODEL)
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=authority.server_context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


async def test_a_server_of_ones_own(url: str, authority: Authority):
    client = build_client("key", url, authority.client_context)
    assert await check_model(client, "m") == ModelState(available=True)
    assert idle_connections(client) == 1
    assert await check_model(client, "m") == ModelState(available=True)
    assert idle_connections(client) == 1, "it was used again"
    await client.close()


async def test_a_stranger_is_not_trusted(url: str):
    client = build_client("key", url)
    with pytest.raises(Unreachable):
        await check_model(client, "m")
    await client.close()


async def test_nobody_there(unused_tcp_port: int):
    client = build_client("key", f"http://127.0.0.1:{unused_tcp_port}/v1")
    with pytest.raises(Unreachable):
        await check_model(client, "m")
    await client.close()
