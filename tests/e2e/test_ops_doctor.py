"""Broken set-ups, and what `doctor` says about each."""

import asyncio
import base64
import errno
import json
import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from bot.config import Settings
from bot.ops import checks, doctor, shard_slots
from bot.ops.doctor_report import DoctorReport, Status
from bot.store.repository import SqlStore
from bot.types import Message
from sandbox.guild.entities import Kind
from sandbox.guild.knobs import MESSAGE_CONTENT_INTENT
from sandbox.model.server import ModelServer
from tests.e2e import process
from tests.e2e.conftest import Harness
from tests.e2e.process import environment
from tests.store import conftest as stores

postgres = stores.postgres

KEY = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
WRONG = "MTE1NzQxNzI0NzQzNTI4NjE.GhXyZa.abcdefghijklmnopqrstuvwxyz0123456789AB"


CHECKS = {
    "configuration", "token", "intents", "permissions", "identify budget", "libopus", "dave", "discord.py", "udp",
    "model", "store", "clock", "disk", "encryption key", "http port",
}  # fmt: skip
"""The checks that always run, whatever is broken."""


async def examined(harness: Harness, live: bool = False, **more: Any) -> DoctorReport:
    settings: Settings = harness.settings(**{"store_key": KEY, **more})
    return await doctor.examine(settings, harness.sandbox.authority.client_context, live=live, within=10.0)


def failing(report: DoctorReport) -> dict[str, str]:
    """Return the failed checks with their detail, after checking that each has a hint."""
    found = [finding for finding in report.findings if finding.status in (Status.FAIL, Status.WARN)]
    assert all(finding.hint for finding in found)
    return {finding.check: finding.detail for finding in found}


async def test_a_sound_set_up_has_nothing_to_say_and_spends_no_identify(harness: Harness) -> None:
    report = await examined(harness, live=True)
    assert failing(report) == {}
    assert report.exit_code == 0
    sound = {finding.check for finding in report.findings if finding.status is Status.OK}
    assert sound >= CHECKS - {"permissions"} | {"model live", f"permissions in server {harness.sandbox.guild.id}"}
    assert harness.sandbox.gateway.identified == 0
    assert not (harness.folder / "bot.db").exists()


async def test_without_a_key_it_warns_that_words_lie_open(harness: Harness) -> None:
    report = await examined(harness, store_key=None)
    assert failing(report) == {"encryption key": "STORE_KEY is not set: transcripts are stored unencrypted"}
    assert report.exit_code == 0


def _narrow(harness: Harness) -> None:
    sandbox = harness.sandbox
    sandbox.moderator.overwrite(sandbox.lounge, sandbox.bot, deny=1 << 21)


def _spend(harness: Harness) -> None:
    harness.sandbox.gateway.identified = 1000


def _bare(harness: Harness) -> None:
    guild = harness.sandbox.guild
    for role in guild.roles.values():
        role.permissions &= ~(1 << 20)


def _locked(harness: Harness) -> None:
    (harness.folder / "file").write_text("not a folder")


def _broken(harness: Harness) -> None:
    (harness.folder / "bot.db").write_bytes(b"this is no database" * 100)


async def _sealed(harness: Harness) -> None:
    store = await SqlStore.open(f"sqlite+aiosqlite:///{harness.folder}/bot.db", KEY)
    await store.remember(1, 2, [Message("user", 3, "Anna", "a canary word", datetime.now(UTC))])
    await store.aclose()


async def test_the_key_opens_what_is_stored_or_it_is_said(harness: Harness) -> None:
    await _sealed(harness)
    other = base64.b64encode(bytes(32)).decode()
    for key, status, words, code in (
        (KEY, Status.OK, "it decrypts what is stored", 0),
        (f"{other},{KEY}", Status.OK, "it decrypts what is stored", 0),
        (other, Status.FAIL, "not in STORE_KEY", 74),
        (None, Status.FAIL, "not in STORE_KEY", 74),
    ):
        report = await examined(harness, store_key=key)
        [found] = [finding for finding in report.findings if finding.check == "encryption key"]
        assert (found.status, report.exit_code) == (status, code)
        assert words in found.detail
        assert KEY not in str(report)


def _nothing(harness: Harness) -> None:
    pass


@pytest.mark.parametrize(
    ("breaks", "more", "check", "words", "code"),
    [
        (_nothing, {"discord_token": WRONG}, "token", "rejected", 77),
        (_nothing, {"discord_api_base": "https://127.0.0.1:1/api/v10"}, "discord", "127.0.0.1:1", 69),
        (_nothing, {"read_text": True}, "intents", "READ_TEXT", 1),
        (_narrow, {}, "permissions in channel", "speak", 0),
        (_bare, {}, "permissions in server", "connect", 0),
        (_spend, {}, "identify budget", "0 of 1000", 1),
        (_nothing, {"opus_library": "/nowhere/libopus.so"}, "libopus", "OPUS_LIBRARY", 1),
        (_nothing, {"openai_api_key": "sk-wrong"}, "model", "model_auth", 1),
        (_nothing, {"openai_base_url": "http://127.0.0.1:1/v1"}, "model", "unreachable", 1),
        (_nothing, {"openai_base_url": "http://k:secretpart@127.0.0.1:1/v1"}, "model", "unreachable", 1),
        (_nothing, {"openai_model": "no-such-model"}, "model", "not available", 1),
        (_broken, {}, "store", "doesn't work", 74),
        (_locked, {"database_url": "sqlite+aiosqlite:///{folder}/file/bot.db"}, "disk", "cannot be written", 74),
        (_nothing, {"database_url": "postgresql+asyncpg://k:secretpart@127.0.0.1:1/k"}, "store", "doesn't work", 74),
        (_nothing, {"store_key": "a passphrase"}, "configuration", "STORE_KEY", 78),
        (_nothing, {"ssl_cert_file": "/nowhere/ca.pem"}, "configuration", "SSL_CERT_FILE", 0),
        (_nothing, {"shards_per_process": 1}, "configuration", "SHARD_COUNT", 78),
        (_nothing, {"shards_per_process": 1, "shard_count": 2}, "configuration", "PostgreSQL", 78),
    ],
    ids=[
        "wrong token", "discord away", "intent off", "channel closed", "role without rights", "identifies spent",
        "no opus", "wrong key", "model away", "password in an address", "no such model", "database broken",
        "folder closed", "database away", "bad store key", "no authorities", "no shard count",
        "shards without PostgreSQL",
    ],
)  # fmt: skip
async def test_a_broken_set_up_is_named(
    harness: Harness, breaks: Callable[[Harness], None], more: dict[str, Any], check: str, words: str, code: int
) -> None:
    breaks(harness)
    filled: dict[str, Any] = {
        name: value.format(folder=harness.folder) if isinstance(value, str) else value for name, value in more.items()
    }
    report = await examined(harness, False, **filled)
    found = failing(report)
    [name] = [name for name in found if name.startswith(check)]
    assert words in found[name]
    assert report.exit_code == code
    assert len(found) <= 2  # the cause, without its consequences
    shown = json.dumps(report.as_json())
    for secret in (WRONG, "secretpart", "sk-wrong", harness.model.key, harness.sandbox.token):
        assert secret not in shown


async def test_a_web_page_where_an_api_should_be_is_named(harness: Harness, httpserver: HTTPServer) -> None:
    """As Discord's own site has for a base without its /api/v10."""
    httpserver.expect_request(re.compile(".*")).respond_with_data("<html>", content_type="text/html")
    base = httpserver.url_for("/").rstrip("/")
    found = failing(await examined(harness, discord_api_base=base, openai_base_url=base))
    assert found == {"discord": f"{base}: NotDiscord", "model": f"unreachable: {base}"}
    result = await process.run(
        environment(harness.sandbox, harness.model, harness.folder) | {"DISCORD_API_BASE": base}, harness.folder
    )
    assert result.code == 69
    assert "Traceback" not in result.err
    assert f"not Discord that answers at {base}" in result.err


async def test_slots_are_counted_on_postgresql(harness: Harness, postgres: Callable[[], str]) -> None:
    url, stop = postgres(), asyncio.Event()
    async with shard_slots.claimed(url, shard_slots.ranges(4, 2), stop, stop.set):
        report = await examined(harness, database_url=url, shards_per_process=2, shard_count=4)
    assert failing(report) == {}
    [found] = [finding.detail for finding in report.findings if finding.check == "slots"]
    assert found == "1 of 2 taken"


async def test_the_intent_that_is_on_is_fine(harness: Harness) -> None:
    harness.sandbox.knobs.privileged = MESSAGE_CONTENT_INTENT
    assert failing(await examined(harness, read_text=True)) == {}


async def test_stage_channels_and_text_channels_need_no_speech(harness: Harness) -> None:
    sandbox = harness.sandbox
    for kind in (Kind.STAGE, Kind.TEXT):
        channel = sandbox.add_channel(kind.name, kind)
        sandbox.moderator.overwrite(channel, sandbox.bot, deny=1 << 21)
    assert failing(await examined(harness)) == {}


async def test_what_does_not_answer_is_not_waited_for(harness: Harness) -> None:
    harness.sandbox.knobs.rest_delay = 0.8
    settings = harness.settings()
    report = await doctor.examine(settings, harness.sandbox.authority.client_context, within=0.3)
    assert "discord" in failing(report)
    assert report.exit_code == 69
    await asyncio.sleep(0.8)  # until the sandbox has answered


async def test_a_network_that_lets_no_datagram_out_is_named(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse = OSError(errno.EPERM, "Operation not permitted")  # a local firewall's error

    class Firewalled(socket.socket):
        def send(self, data: Any, flags: int = 0, /) -> int:
            raise refuse if self.type is socket.SOCK_DGRAM else AssertionError

    monkeypatch.setattr(socket, "socket", Firewalled)
    findings = [finding async for finding in checks.udp(harness.settings())]
    monkeypatch.undo()
    [finding] = findings
    assert finding.status is Status.FAIL
    assert "not permitted" in finding.detail


async def test_json_comes_in_time_though_no_name_is_resolved(harness: Harness) -> None:
    """A resolver that does not answer blocks threads, which must not block the process's exit."""
    stuck = "import socket, time; socket.getaddrinfo = lambda *_, **__: time.sleep(300);"
    quick = "from bot.ops import doctor; doctor.examine.__kwdefaults__['within'] = 5.0;"
    command = "import sys; sys.argv = ['kikite', 'doctor', '--json']; from bot.cli.main import main; main()"
    code = f"{stuck} {quick} {command}"
    env = environment(harness.sandbox, harness.model, harness.folder)
    env |= {"DISCORD_API_BASE": "https://discord.invalid/api/v10", "OPENAI_BASE_URL": "https://model.invalid/v1"}
    result = await process.python(env, harness.folder, "-c", code, seconds=60)
    document = json.loads(result.out)
    assert result.code == document["exit_code"] == 69
    failed = {finding["check"]: finding["detail"] for finding in document["findings"] if finding["status"] == "fail"}
    assert failed.keys() == {"udp", "discord", "model"}
    assert "no answer within" in failed["udp"] and "no answer within" in failed["discord"]
    assert (
        "no answer within" in failed["model"] or "unreachable" in failed["model"]
    )  # the client's own limit is as near
    assert "store" in {finding["check"] for finding in document["findings"] if finding["status"] == "ok"}


async def test_json_is_one_document_with_an_invalid_configuration_too(harness: Harness) -> None:
    env = {"VAD": "psychic", "LOG_LEVEL": "DEBUG"} | _loopback(harness)
    broken = await process.run(env, harness.folder, "doctor", "--json")
    document = json.loads(broken.out)
    assert broken.code == document["exit_code"] == 78
    assert not document["ok"]
    faults = [finding["detail"] for finding in document["findings"] if finding["status"] == "fail"]
    assert [fault.split(":")[0].split(" ")[0] for fault in faults] == ["DISCORD_TOKEN", "OPENAI_API_KEY", "VAD"]
    assert "psychic" not in broken.out + broken.err
    assert {finding["check"] for finding in document["findings"]} >= CHECKS


def _loopback(harness: Harness) -> dict[str, str]:
    """Return where Discord is, and nothing else."""
    env = environment(harness.sandbox, harness.model, harness.folder)
    return {name: env[name] for name in ("DISCORD_API_BASE", "SSL_CERT_FILE")}


async def test_without_settings_it_looks_at_what_needs_none(harness: Harness) -> None:
    result = await process.run(_loopback(harness), harness.folder, "doctor", "--json")
    document = json.loads(result.out)
    assert result.code == 78
    by_check = {finding["check"]: finding for finding in reversed(document["findings"])}
    for check in ("discord.py", "dave", "libopus", "udp", "clock", "disk", "store", "http port"):
        assert by_check[check]["status"] == "ok", by_check[check]
    for check in ("token", "intents", "permissions", "model"):
        assert by_check[check]["status"] == "skip", by_check[check]
    table = (await process.run(_loopback(harness), harness.folder, "doctor")).out
    assert table.replace(" ", "").replace("\n", "").count("discord.com/developers/applications") == 1
    assert table.index("developers/app") < table.index("libopus"), "where the token comes from stands first"


async def test_the_port_of_health_is_free_or_a_bot_s_own(harness: Harness) -> None:
    async def look(port: int, host: str = "127.0.0.1") -> tuple[Status, str]:
        found = await checks.http_port(harness.settings(http_host=host, http_port=port))
        return found.status, found.detail

    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert (await look(port))[0] is Status.FAIL
    assert await look(port) == (Status.OK, f"{port} is free")
    assert (await look(port, "192.0.2.1"))[0] is Status.FAIL
    env = environment(harness.sandbox, harness.model, harness.folder)
    async with process.running(env, harness.folder) as bot:
        await bot.ready()
        assert await look(bot.port) == (Status.OK, f"{bot.port} is used by a running bot")


@pytest.mark.parametrize(
    ("command", "needs", "code", "said"),
    [
        (("invite",), ("DISCORD_TOKEN", "DISCORD_API_BASE", "SSL_CERT_FILE"), 0, "scope=bot+applications.commands"),
        (("migrate",), ("DATABASE_URL",), 0, "up to date"),
        (("forget-user", "5"), ("DATABASE_URL",), 0, "0 messages"),
        (("export-user", "5"), ("DATABASE_URL",), 0, '"messages": []'),
        (("drain",), ("DATABASE_URL",), 78, "PostgreSQL"),
        (("invite",), ("OPENAI_API_KEY",), 78, "DISCORD_TOKEN is missing"),
    ],
)
async def test_each_command_asks_only_for_what_it_needs(
    harness: Harness, command: tuple[str, ...], needs: tuple[str, ...], code: int, said: str
) -> None:
    env = environment(harness.sandbox, harness.model, harness.folder)
    asked = {name: env[name] for name in needs} | {"VAD": "psychic", "CUE": "maybe"}
    result = await process.run(asked, harness.folder, *command)
    assert result.code == code, result.err
    assert said in result.out + result.err
    assert "OPENAI" not in result.err
    assert "VAD" not in result.err


async def test_the_table_the_link_and_the_schema_as_commands(harness: Harness) -> None:
    env = environment(harness.sandbox, harness.model, harness.folder)
    table = await process.run(env, harness.folder, "doctor")
    assert table.code == 0, table.out + table.err
    assert "identify budget" in table.out
    link = await process.run(env, harness.folder, "invite")
    application = harness.sandbox.world.application_id
    assert f"client_id={application}" in link.out
    assert "permissions=352157290318848" in link.out
    assert "scope=bot+applications.commands" in link.out
    assert (await process.run(env | {"DISCORD_TOKEN": WRONG}, harness.folder, "invite")).code == 77
    assert (await process.run(env, harness.folder, "migrate")).code == 0
    assert (harness.folder / "data" / "bot.db").exists()


async def test_each_server_is_checked_by_itself(harness: Harness) -> None:
    async with ModelServer.open(key="sk-other", dialect="speaches", first_audio=0.1) as other:
        roles: dict[str, Any] = {"transcribe_base_url": other.base_url, "text_model": "gpt-5-mini"}
        assert failing(await examined(harness, True, **roles, transcribe_api_key=other.key)) == {}
        assert len(other.transcriptions) == 1 and not harness.model.transcriptions  # the live check tried it there
        found = failing(await examined(harness, **roles, transcribe_api_key="sk-wrong"))
        assert found == {"model": f"model_auth: {other.base_url} (TRANSCRIBE_MODEL)"}
        away = await examined(harness, False, **roles, text_base_url="http://127.0.0.1:1/v1")
        [text] = [one for one in away.findings if "127.0.0.1:1/" in one.detail]
        assert text.detail == "unreachable: http://127.0.0.1:1/v1 (TEXT_MODEL)" and "TEXT_BASE_URL" in text.hint
        other.missing.add("/audio/transcriptions")
        found = failing(await examined(harness, True, **roles, transcribe_api_key=other.key))
        assert found == {"transcription live": "model_unavailable: gpt-transcribe on 127.0.0.1"}


async def test_a_cascade_is_checked_role_by_role(harness: Harness) -> None:
    cascade: dict[str, Any] = {"engine": "cascade"}
    report = await examined(harness, True, **cascade)
    told = {finding.detail.split(" ")[0] for finding in report.findings if finding.check == "model"}
    assert told == {"gpt-transcribe", "gpt-5-mini", "gpt-4o-mini-tts"}  # and not the audio model, which is not used
    assert {one.status for one in report.findings if "live" in one.check} == {Status.OK}
    assert harness.model.speeches and len(harness.model.transcriptions) == 1
    harness.model.missing.add("/audio/speech")
    report = await examined(harness, True, **cascade)
    [live] = [one for one in report.findings if one.check == "model live"]
    assert live.status is Status.FAIL and live.hint


async def test_a_server_that_lists_no_models_is_tried(harness: Harness) -> None:
    """As several programs that only speak, or only write down, do."""
    async with ModelServer.open(key="sk-other", dialect="llama.cpp", first_audio=0.1) as other:
        other.missing.update(("/models", "/models/espeak", "/models/whisper"))
        roles: dict[str, Any] = {"engine": "cascade", "speech_base_url": other.base_url, "speech_model": "espeak"}
        roles |= {"transcribe_base_url": other.base_url, "transcribe_model": "whisper"}
        roles |= {"speech_api_key": other.key, "transcribe_api_key": other.key}
        report = await examined(harness, True, **roles)
        assert not [one for one in report.findings if one.status is Status.FAIL]
        unlisted = [one for one in report.findings if "does not list" in one.detail]
        assert [(one.status, "SPEECH_BASE_URL" in one.hint) for one in unlisted] == [
            (Status.WARN, False),
            (Status.WARN, True),
        ]
        assert {one.status for one in report.findings if "live" in one.check} == {Status.OK}
    harness.model.missing.update(("/models", "/models/gpt-audio-1.5"))
    [found] = [one for one in (await examined(harness)).findings if "no models at" in one.detail]
    assert found.status is Status.FAIL and "end in /v1" in found.hint
