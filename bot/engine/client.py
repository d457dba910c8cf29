"""The one long-lived client of the model's server."""

import ssl
from functools import partial
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2
from openai import AsyncOpenAI

from bot.addresses import is_private
from bot.engine.dialects import in_own_network
from bot.engine.transport import ModelTransport, socket_options

HTTP_TIMEOUT = httpx2.Timeout(connect=3, read=10, write=10, pool=2)
DEADLINE_TIMEOUT = httpx2.Timeout(connect=3, read=None, write=10, pool=2)
"""Of a request with a deadline of its own: a slow server of one's own may send nothing for longer than 10 s."""
CONNECTION_LIMITS = httpx2.Limits(max_connections=400, max_keepalive_connections=100, keepalive_expiry=120)
"""Idle connections live for 120 s: the default of 5 s costs a handshake after every pause. 400 connections serve 100
calls with one reply and three transcriptions each."""


def build_client(api_key: str, base_url: str, ssl_context: ssl.SSLContext | None = None) -> AsyncOpenAI:
    """Build the client that all engines share; close it with `await client.close()`.

    The client does not retry: the engine decides which request may be sent again. `ssl_context` is for a server whose
    certificate the system does not trust.
    """
    verify = ssl_context if ssl_context is not None else httpx2.create_ssl_context()
    make = partial(
        httpx2.AsyncHTTPTransport,
        verify=verify,
        limits=CONNECTION_LIMITS,
        proxy=_proxy(base_url),
        socket_options=socket_options(),
    )
    http = httpx2.AsyncClient(
        transport=ModelTransport(make, may_hedge=not in_own_network(base_url), hedges_unknown=not is_private(base_url)),
        timeout=HTTP_TIMEOUT,
        follow_redirects=True,
        # A compressed answer saves nothing on base64, and a hostile one grows a thousandfold.
        headers={"Accept-Encoding": "identity"},
    )
    return AsyncOpenAI(api_key=api_key, base_url=base_url, max_retries=0, timeout=HTTP_TIMEOUT, http_client=http)


def transport_of(client: AsyncOpenAI) -> ModelTransport | None:
    """Return the transport of a client that `build_client` built; None: somebody else did."""
    transport = getattr(client._client, "_transport", None)
    return transport if isinstance(transport, ModelTransport) else None


def idle_connections(client: AsyncOpenAI) -> int:
    """Return the number of open idle connections."""
    transport = transport_of(client)
    return transport.idle_connections if transport else 0


def silent_for(client: AsyncOpenAI) -> float:
    """Return the seconds since the server answered anything."""
    transport = transport_of(client)
    return transport.silent_for if transport else 0.0


def _proxy(url: str) -> str | None:
    """Return the proxy that the environment names for this address (HTTPS_PROXY, ALL_PROXY, NO_PROXY)."""
    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return proxy if proxy and not proxy_bypass(parts.hostname or "") else None
