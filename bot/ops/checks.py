"""What `doctor` looks at besides Discord: this machine, the model, the store. Nothing here changes anything."""

import os
import shutil
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.config import Settings
from bot.engine.client import build_client
from bot.engine.models import check_model
from bot.engine.openai_audio import OpenAIEngine
from bot.errors import BotError, ConfigError, StoreError
from bot.ops.findings import Finding, Status
from bot.store.checkup import schema, sqlite_file
from bot.store.seal import Seal
from bot.types import AudioDelta, ReplyRequest, RoomContext, Turn, Typed
from bot.voice import opus

DISK_LEAST = 200 * 2**20
"""Free bytes below which a database soon stands still."""


def machine(settings: Settings) -> Iterator[Finding]:
    """Look at what needs nobody's answer."""
    try:
        library = opus.load(settings.opus_library)
        yield Finding("libopus", Status.OK, f"{library.source}: {library.version} ({library.path})")
    except BotError as error:
        yield Finding("libopus", Status.FAIL, str(error), error.hint)
    yield _key(settings)
    yield _udp(settings)


def _key(settings: Settings) -> Finding:
    if settings.store_key is None:
        hint = "Set STORE_KEY to 32 random bytes in base64, as `openssl rand -base64 32` makes."
        return Finding("encryption key", Status.WARN, "STORE_KEY is not set: words are stored as they are", hint)
    try:
        seal = Seal.of(settings.store_key.get_secret_value())
    except ConfigError as error:
        return Finding("configuration", Status.FAIL, str(error), error.hint)
    return Finding("encryption key", Status.OK, f"words are sealed with the key {seal.key}")


def _udp(settings: Settings) -> Finding:
    """Only a call shows whether a firewall lets voice through; that the system has a way out is seen here."""
    host = urlsplit(settings.discord_api_base).hostname or ""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((socket.gethostbyname(host), 50_000))
            own = probe.getsockname()[0]
    except OSError as error:
        hint = "Voice is UDP to ports 50000 to 65535: give this machine (or container) a network."
        return Finding("udp", Status.FAIL, f"no way out for UDP ({error.strerror or 'unknown host'})", hint)
    return Finding("udp", Status.OK, f"leaves by {own}; a firewall must let UDP 50000-65535 out")


async def model(settings: Settings, tls: ssl.SSLContext, *, live: bool) -> list[Finding]:
    """Look at the key and the models; `live` asks for one spoken word, which costs a fraction of a cent."""
    client = build_client(settings.openai_api_key.get_secret_value(), settings.openai_base_url, tls)
    findings: list[Finding] = []
    try:
        async for finding in _models(settings, client):
            findings.append(finding)  # noqa: PERF401 (what was found before an error counts)
        if live and all(finding.status is not Status.FAIL for finding in findings):
            findings.append(await _live(settings, client))
    except BotError as error:
        findings.append(Finding("model", Status.FAIL, f"{error.code}: {settings.openai_base_url}", error.hint))
    finally:
        await client.close()
    return findings


async def _models(settings: Settings, client: Any) -> AsyncIterator[Finding]:
    for name in filter(None, (settings.openai_model, settings.transcribe_model, settings.text_model)):
        state = await check_model(client, name)
        if not state.available:
            hint = "Check OPENAI_MODEL, TRANSCRIBE_MODEL and TEXT_MODEL, and what the key's account may use."
            yield Finding("model", Status.FAIL, f"{name} is not available", hint)
        elif state.shutdown_date:
            ended = state.shutdown_date <= datetime.now(UTC).date()
            detail = f"{name} {'was' if ended else 'will be'} shut down on {state.shutdown_date}"
            yield Finding("model", Status.FAIL if ended else Status.WARN, detail, "Choose another model.")
        else:
            yield Finding("model", Status.OK, f"{name} is there")


async def _live(settings: Settings, client: Any) -> Finding:
    engine, began = OpenAIEngine(client, model=settings.openai_model), time.monotonic()
    turn = Turn(1, 0, (), 0.0, (Typed(0, "Say only: yes.", 0.0),))
    room = RoomContext("Kikite", "doctor", {0: "Doctor"}, datetime.now(UTC), voice=settings.voice, max_seconds=2.0)
    try:
        async for event in engine.reply(ReplyRequest(turn, (), room)):
            if isinstance(event, AudioDelta):
                return Finding("model live", Status.OK, f"spoke after {time.monotonic() - began:.1f} s")
        return Finding("model live", Status.FAIL, "it answered without sound", "Choose an audio chat model.")
    finally:
        await engine.aclose()


async def store(settings: Settings) -> list[Finding]:
    """Look at the database, its schema and its disk."""
    try:
        file = sqlite_file(settings.database_url)
        found = [_disk(file)] if file else []
        if any(finding.status is Status.FAIL for finding in found):
            return found
        state = await schema(settings.database_url)
    except ConfigError as error:
        return [Finding("configuration", Status.FAIL, str(error), error.hint)]
    except StoreError as error:
        hint = "Check DATABASE_URL: is the server up, the password right, the file sound?"
        return [Finding("store", Status.FAIL, f"the database does not serve ({error})", hint)]
    if state.current == state.head:
        return [*found, Finding("store", Status.OK, f"{state.kind}, schema {state.current}")]
    hint = "The next start brings it up to date, or `python -m bot migrate` now."
    detail = f"{state.kind}, schema {state.current or 'empty'}, to become {state.head}"
    return [*found, Finding("store", Status.WARN if state.current else Status.OK, detail, hint)]


def _disk(file: Path) -> Finding:
    folder = next(parent for parent in file.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK) or (file.exists() and not os.access(file, os.W_OK)):
        hint = "Let the bot's user write into the folder that DATABASE_URL names."
        return Finding("disk", Status.FAIL, f"{folder} cannot be written", hint)
    free = shutil.disk_usage(folder).free
    hint = "" if free >= DISK_LEAST else "Make room: the database is about to stand still."
    return Finding("disk", Status.WARN if hint else Status.OK, f"{free / 2**20:.0f} MB free", hint)
