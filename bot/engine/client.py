"""The one long-lived connection pool to the model's server."""

import ssl

import httpx2
from openai import AsyncOpenAI

HTTP_TIMEOUT = httpx2.Timeout(connect=3, read=10, write=10, pool=2)
CONNECTION_LIMITS = httpx2.Limits(max_connections=400, max_keepalive_connections=100, keepalive_expiry=120)
"""Idle connections live for 120 s: the default of 5 s costs a handshake after every pause. 400 connections serve 100
calls with one reply and three transcriptions each."""


def build_client(api_key: str, base_url: str, ssl_context: ssl.SSLContext | None = None) -> AsyncOpenAI:
    """Build the client that all engines share; close it with `await client.close()`.

    The client does not retry: the engine decides which request may be sent again. `ssl_context` is for a server whose
    certificate the system does not trust.
    """
    http = httpx2.AsyncClient(
        verify=ssl_context if ssl_context is not None else True,
        timeout=HTTP_TIMEOUT,
        limits=CONNECTION_LIMITS,
        follow_redirects=True,
    )
    return AsyncOpenAI(api_key=api_key, base_url=base_url, max_retries=0, timeout=HTTP_TIMEOUT, http_client=http)


def idle_connections(client: AsyncOpenAI) -> int:
    """Return the number of open idle connections; 0 if httpx2 renamed the private attributes that hold them."""
    try:
        transport = client._client._transport_for_url(client.base_url)
        return sum(one.is_idle() and not one.has_expired() for one in transport._pool.connections)  # pyright: ignore[reportAttributeAccessIssue]
    except AttributeError:
        return 0
