"""The checks of `doctor` apart from Discord: this machine, the model, the store. None of them changes anything."""

import asyncio
import os
import shutil
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from bot.config import Settings
from bot.engine.dialects import dialect_of
from bot.engine.open import Engines, open_engines
from bot.errors import BotError, ConfigError, StoreError, Unreachable
from bot.ops import shard_slots
from bot.ops.doctor_report import Finding, Status
from bot.ports import Engine
from bot.store.inspection import schema, sealed, sqlite_file
from bot.store.seal import Seal
from bot.types import AudioDelta, ReplyRequest, RoomContext, Turn, Typed
from bot.voice import opus

MIN_FREE_DISK_BYTES = 200 * 2**20
"""With less free disk the database soon stops."""
FIRST_VOICE_PORT = 50_000
"""First port of Discord's voice servers."""
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
    return Finding("libopus", Status.OK, f"{library.source}: {library.version} ({library.path})")


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
    if trouble is None or isinstance(
        trouble, ConnectionRefusedError
    ):  # the host itself refuses: the datagram got there
        detail = f"leaves by {own} and is not refused; whether answers come back (UDP 50000-65535) only a call shows"
        yield Finding("udp", Status.OK, detail)
        return
    hint = "Voice is UDP to ports 50000 to 65535: give this machine (or container) a network, and let them out."
    yield Finding("udp", Status.FAIL, f"no way out for UDP ({trouble.strerror or 'unknown host'})", hint)


async def model(settings: Settings, tls: ssl.SSLContext, *, live: bool) -> AsyncIterator[Finding]:
    """Check the key and the models; `live` asks for one spoken word, which costs a fraction of a cent."""
    sound = True
    try:
        async with open_engines(settings, tls) as engines:
            async for finding in _models(engines, settings):
                sound &= finding.status is not Status.FAIL
                yield finding
            if live and sound:
                yield await _live(settings, engines.reply)
    except BotError as error:
        # The hint for people in a call does not help the operator.
        unreachable = isinstance(error, Unreachable)
        hint = "Check OPENAI_BASE_URL, the network and SSL_CERT_FILE." if unreachable else error.hint
        yield Finding("model", Status.FAIL, f"{error.code}: {settings.openai_base_url}", hint)


async def _models(engines: Engines, settings: Settings) -> AsyncIterator[Finding]:
    """Check each model. A server of one's own may list a part of what it offers: speaches asks Ollama for words."""
    states = {name: await engines.check(name) for name in engines.models}
    own = not dialect_of(settings.openai_base_url).official
    lists_hub_names = own and "/" in settings.transcribe_model and states[settings.transcribe_model].available
    for name, state in states.items():
        if not state.available and lists_hub_names and name != settings.transcribe_model:
            hint = f"`doctor --live` tells whether it answers. If not: `ollama pull {name}`, or check OPENAI_MODEL."
            yield Finding("model", Status.WARN, f"{name} is not listed by this server", hint)
        elif not state.available:
            hint = "Check OPENAI_MODEL, TRANSCRIBE_MODEL and TEXT_MODEL, and what the key's account may use."
            if own:
                hint = f"Pull it (speaches: curl -X POST {settings.openai_base_url}/models/{name}), or check its name."
            yield Finding("model", Status.FAIL, f"{name} is not available", hint)
        elif state.shutdown_date:
            ended = state.shutdown_date <= datetime.now(UTC).date()
            detail = f"{name} {'was' if ended else 'will be'} shut down on {state.shutdown_date}"
            yield Finding("model", Status.FAIL if ended else Status.WARN, detail, "Choose another model.")
        else:
            yield Finding("model", Status.OK, f"{name} is there")


async def _live(settings: Settings, engine: Engine) -> Finding:
    began = time.monotonic()
    turn = Turn(1, 0, (), 0.0, (Typed(0, "Say only: yes.", 0.0),))
    room = RoomContext("Kikite", "doctor", {0: "Doctor"}, datetime.now(UTC), voice=settings.voice, max_seconds=2.0)
    async for event in engine.reply(ReplyRequest(turn, (), room)):
        if isinstance(event, AudioDelta):
            return Finding("model live", Status.OK, f"spoke after {time.monotonic() - began:.1f} s")
    return Finding("model live", Status.FAIL, "it answered without sound", "Choose an audio chat model.")


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
        hint = "Check DATABASE_URL: is the server up, the password right, the file sound?"
        yield Finding("store", Status.FAIL, f"the database does not serve ({error})", hint)
        return
    if state.current == state.head:
        yield Finding("store", Status.OK, f"{state.kind}, schema {state.current}")
    else:
        hint = "The next start brings it up to date, or `python -m bot migrate` now."
        detail = f"{state.kind}, schema {state.current or 'empty'}, to become {state.head}"
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
        hint = "Set STORE_KEY to 32 random bytes in base64, as `openssl rand -base64 32` makes."
        return Finding("encryption key", Status.WARN, "STORE_KEY is not set: words are stored as they are", hint)
    proof = "it opens what is stored" if opened else "nothing is sealed yet"
    return Finding("encryption key", Status.OK, f"words are sealed with the key {seal.key}; {proof}")


def _disk(file: Path) -> Finding:
    folder = next(parent for parent in file.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK) or (file.exists() and not os.access(file, os.W_OK)):
        hint = "Let the bot's user write into the folder that DATABASE_URL names."
        return Finding("disk", Status.FAIL, f"{folder} cannot be written", hint)
    free = shutil.disk_usage(folder).free
    hint = "" if free >= MIN_FREE_DISK_BYTES else "Make room: the database is about to stand still."
    return Finding("disk", Status.WARN if hint else Status.OK, f"{free / 2**20:.0f} MB free", hint)
