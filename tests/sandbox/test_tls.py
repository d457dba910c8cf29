"""The throw-away certificate authority."""

import ssl

import aiohttp
import pytest

from sandbox.server import Sandbox
from sandbox.tls import Authority


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_both_names_are_trusted(host: str) -> None:
    async with Sandbox.open() as sandbox:
        context = ssl.create_default_context(cafile=str(sandbox.ca_file))
        url = sandbox.api_base.replace("127.0.0.1", host) + "/gateway"
        async with aiohttp.ClientSession() as session, session.get(url, ssl=context) as response:
            assert response.status == 200


async def test_nobody_else_trusts_it() -> None:
    async with Sandbox.open() as sandbox, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(sandbox.api_base + "/gateway")


def test_a_strict_verifier_accepts_the_chain() -> None:
    authority = Authority()
    client, server = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context(cafile=str(authority.ca_file))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    theirs = authority.server_context.wrap_bio(client, server, server_side=True)
    ours = context.wrap_bio(server, client, server_hostname="127.0.0.1")
    for _ in range(4):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    authority.close()
    assert ours.getpeercert() is not None, "the handshake is over"


def test_closing_leaves_no_file() -> None:
    authority = Authority()
    assert authority.ca_file.exists()
    authority.close()
    assert not authority.ca_file.parent.exists()
