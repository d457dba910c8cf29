"""The checks of `doctor` on this machine and the store. None of them changes anything."""

import asyncio
import errno
import os
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from bot.config import Settings
from bot.errors import BotError, ConfigError, StoreError
from bot.ops import shard_slots
from bot.ops.doctor_report import Finding, Status
from bot.store.inspection import schema, sealed, sqlite_file
from bot.store.seal import Seal
from bot.voice import opus

MIN_FREE_DISK_BYTES = 200 * 2**20
"""With less free disk the database soon stops."""
FIRST_VOICE_PORT = 50_000
"""First port of Discord's voice servers."""
LIVENESS_SECONDS = 2.0
"""Time for a running bot to answer."""
UDP_REFUSAL_SECONDS = 0.5
"""Time for the network to reject a datagram."""


def configuration(settings: Settings) -> Iterator[Finding]:
    """Check settings that are valid one by one but may not fit together."""
    sound = True
    for check in (_layout, _seal):
        try:
            check(settings)
        except ConfigError as error:
            sound = False
            yield from (Finding("configuration", Status.FAIL, fault, error.hint) for fault in error.faults)
    if settings.ssl_cert_file and not settings.ssl_cert_file.is_file():
        sound = False
        hint = "Correct the path, or remove the setting: only the system's certificate authorities are trusted."
        yield Finding("configuration", Status.WARN, "SSL_CERT_FILE names no file", hint)
    if sound:
        yield Finding("configuration", Status.OK, "every setting can be used")


def _layout(settings: Settings) -> None:
    if shard_slots.layout(settings) and settings.shards_per_process:
        shard_slots.dsn(settings.database_url)


def _seal(settings: Settings) -> Seal:
    return Seal.of(settings.store_key.get_secret_value() if settings.store_key else None)


def opus_library(settings: Settings) -> Finding:
    try:
        library = opus.load(settings.opus_library)
    except BotError as error:
        return Finding("libopus", Status.FAIL, str(error), error.hint)
    version = "" if library.version.endswith("unknown") else f": {library.version}"
    return Finding("libopus", Status.OK, f"{library.source}{version} ({library.path})")


async def http_port(settings: Settings) -> Finding:
    """Check that the port of health and metrics is free, or that a running bot has it."""
    host, port = settings.http_host, settings.http_port
    if port is None:
        return Finding("http port", Status.OK, "off: HTTP_PORT is not set (health checks and metrics)")
    try:
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and await _alive(host, port):
            return Finding("http port", Status.OK, f"{port} is used by a running bot")
        hint = "Set HTTP_PORT to a free port (1024 or higher) and HTTP_HOST to an address of this machine."
        return Finding("http port", Status.FAIL, f"{host}:{port} can't be used ({error.strerror})", hint)
    server.close()
    await server.wait_closed()
    return Finding("http port", Status.OK, f"{port} is free")


async def _alive(host: str, port: int) -> bool:
    """Whether a bot answers at a port."""
    address = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host
    timeout = aiohttp.ClientTimeout(total=LIVENESS_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"http://{address}:{port}/metrics") as page,
        ):
            return "kikite_" in await page.text()
    except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError):
        return False


class _Echo(asyncio.DatagramProtocol):
    """Notes whether the network rejects a datagram."""

    def __init__(self) -> None:
        self.refused: asyncio.Future[OSError] = asyncio.get_running_loop().create_future()

    def error_received(self, exc: Exception) -> None:
        if isinstance(exc, OSError) and not self.refused.done():
            self.refused.set_result(exc)


async def udp(settings: Settings) -> AsyncIterator[Finding]:
    """Send a datagram towards Discord: this finds a network without a route, or a firewall that rejects.

    It does not find one that drops silently: voice servers answer only clients in a call.
    """
    host, loop = urlsplit(settings.discord_api_base).hostname or "", asyncio.get_running_loop()
    trouble: OSError | None
    own = ""
    try:
        transport, echo = await loop.create_datagram_endpoint(
            _Echo, remote_addr=(host, FIRST_VOICE_PORT), family=socket.AF_INET
        )
        try:
            own = transport.get_extra_info("sockname")[0]
            transport.sendto(bytes(1))
            done, _ = await asyncio.wait((echo.refused,), timeout=UDP_REFUSAL_SECONDS)
            trouble = echo.refused.result() if done else None
        finally:
            transport.close()
    except OSError as error:
        trouble = error
    if isinstance(trouble, socket.gaierror):
        yield Finding("udp", Status.SKIP, f"{host} can't be found (DNS)")
        return
    if trouble is None or isinstance(
        trouble, ConnectionRefusedError
    ):  # the host itself refuses: the datagram got there
        detail = f"a datagram left from {own}; only a call can show whether replies (UDP 50000–65535) come back"
        yield Finding("udp", Status.OK, detail)
        return
    hint = "Voice uses UDP ports 50000–65535: allow outgoing UDP and its replies (firewall, container network)."
    yield Finding("udp", Status.FAIL, f"outgoing UDP doesn't work ({trouble.strerror or 'unknown host'})", hint)


async def store(settings: Settings) -> AsyncIterator[Finding]:
    """Check the database, its disk, its schema, and whether the key opens its contents."""
    try:
        if file := sqlite_file(settings.database_url):
            disk = _disk(file)
            yield disk
            if disk.status is Status.FAIL:
                return
        state = await schema(settings.database_url)
    except ConfigError as error:
        yield Finding("configuration", Status.FAIL, str(error), error.hint)
        return
    except StoreError as error:
        hint = "Check DATABASE_URL: is the server running, the password right, the file intact?"
        yield Finding("store", Status.FAIL, f"the database doesn't work ({error})", hint)
        return
    kind = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(state.kind, state.kind)
    if state.current is not None and state.current >= state.head:
        newer = f", from a newer version of the bot; this one knows {state.head}" if state.current > state.head else ""
        yield Finding("store", Status.OK, f"{kind}, schema {state.current}{newer}")
    else:
        hint = "The next start brings it up to date, or `python -m bot migrate` now."
        now = f"schema {state.current}, will be {state.head}" if state.current else "empty: the bot has not run yet"
        detail = f"{kind}, {now}"
        yield Finding("store", Status.WARN if state.current else Status.OK, detail, hint)
    if shard_slots.postgres(settings.database_url):
        yield await _slots(settings)
    with suppress(ConfigError):  # `configuration` reports it
        yield await _key(settings, stored=state.current is not None)


async def _slots(settings: Settings) -> Finding:
    try:
        held = await shard_slots.taken(settings.database_url)
        return Finding("slots", Status.OK, f"{held} of {len(shard_slots.layout(settings))} taken")
    except ConfigError as error:
        return Finding("slots", Status.SKIP, str(error), error.hint)
    except StoreError as error:
        hint = "PostgreSQL must be 14 or newer and let a session set its own timeouts (no PgBouncer in between)."
        return Finding("slots", Status.FAIL, str(error), hint)


async def _key(settings: Settings, stored: bool) -> Finding:
    seal = _seal(settings)
    try:
        opened = stored and await sealed(settings.database_url, seal)
    except StoreError as error:
        return Finding("encryption key", Status.FAIL, str(error), error.hint)
    if seal.key is None:
        hint = "To encrypt them, set STORE_KEY to the output of `openssl rand -base64 32`."
        return Finding("encryption key", Status.WARN, "STORE_KEY is not set: transcripts are stored unencrypted", hint)
    proof = "it decrypts what is stored" if opened else "nothing is encrypted yet"
    return Finding("encryption key", Status.OK, f"transcripts are encrypted with key {seal.key}; {proof}")


def _disk(file: Path) -> Finding:
    folder = next(parent for parent in file.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK) or (file.exists() and not os.access(file, os.W_OK)):
        hint = "Let the bot's user write into the folder that DATABASE_URL names."
        return Finding("disk", Status.FAIL, f"{folder} cannot be written", hint)
    free = shutil.disk_usage(folder).free
    hint = "" if free >= MIN_FREE_DISK_BYTES else "Make room: the database is about to stand still."
    return Finding("disk", Status.WARN if hint else Status.OK, f"{free / 10**9:.1f} GB free", hint)
