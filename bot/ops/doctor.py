"""`doctor`: checks everything that a call needs, and says how to fix what is missing. It spends no IDENTIFY."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from email.utils import parsedate_to_datetime
from importlib.metadata import version

import aiohttp
import discord
from discord.gateway import DiscordVoiceWebSocket, DiscordWebSocket
from discord.http import Route
from discord.voice_state import VoiceConnectionState, has_dave

from bot.config import Settings
from bot.errors import ConfigError, LoginError, StartError
from bot.forms.secret_forms import WHERE_TO_GET
from bot.ops import checks, model_checks
from bot.ops.doctor_report import DoctorReport, Finding, Status
from bot.ops.log import Redactor
from bot.ops.tool_checks import tool_servers

DOCTOR_TIMEOUT_SECONDS = 22.0
"""Time for all checks; one without an answer by then fails."""
CANCEL_TIMEOUT_SECONDS = 1.0
"""Time for late checks to end after they are cancelled."""
SERVERS_TIMEOUT_SECONDS = 15.0
"""Time for checking one server after the other."""
SERVERS_AT_ONCE = 5
"""Servers to check at the same time."""
MAX_CLOCK_SKEW_SECONDS = 30.0
"""Allowed error of the clock."""
INVITE_PERMISSIONS = discord.Permissions(352157290318848)
"""Permissions in the invite link."""
CALL_PERMISSIONS = ("view_channel", "connect", "speak", "use_voice_activation", "send_messages")
"""Permissions without which a call in a voice channel does not work."""
NEEDED_SETTINGS = {
    "discord": {"discord_token", "discord_api_base"},
    "model": {
        *("openai_api_key", "openai_base_url", "openai_model", "engine", "dialect", "prices"),
        *("transcribe_model", "transcribe_base_url", "transcribe_api_key"),
        *("text_model", "text_base_url", "text_api_key", "speech_model", "speech_base_url", "speech_api_key"),
        "local_models_dir",
    },
    "store": {"database_url", "store_key"},
}
"""Settings without which a check cannot be made."""
SKIPPED_CHECKS = {
    "discord": ("token", "intents", "identify budget", "permissions"),
    "clock": ("clock",),
    "model": ("model",),
    "store": ("store", "disk", "encryption key"),
}
"""What is not looked at then."""
PINNED_NAMES = {
    VoiceConnectionState: ("_connect_websocket", "_execute_transition", "_recover_from_invalid_commit", "can_encrypt"),
    DiscordVoiceWebSocket: ("poll_event", "received_binary_message", "discover_ip", "from_connection_state"),
    DiscordWebSocket: ("received_message", "log_receive"),
    discord.VoiceClient: ("create_connection_state",),
}
"""Names of discord.py that voice/link/connection.py and chat/event_guard.py use; their tests know them all."""


class NotDiscord(discord.DiscordException):
    """Something other than Discord answers at DISCORD_API_BASE."""


async def examine(
    settings: Settings,
    tls: ssl.SSLContext,
    error: ConfigError | None = None,
    *,
    live: bool = False,
    within: float = DOCTOR_TIMEOUT_SECONDS,
) -> DoctorReport:
    """Run all checks in at most `within` seconds; with `live` the model speaks one word, which costs money.

    `error` says which settings cannot be used; what needs them is skipped.
    """
    wrong = error.names if error else set[str]()
    before = [*(_faults(error) if error else checks.configuration(settings)), *_library()]
    before += [checks.opus_library(settings), await checks.http_port(settings)]
    looks = {
        "udp": checks.udp(settings),
        "discord": _discord(settings, tls),
        "model": model_checks.model(settings, tls, live=live),
        "store": checks.store(settings),
        "tools": tool_servers(settings),
    }
    for name, needed in NEEDED_SETTINGS.items():
        if missing := needed & wrong:
            looks[name] = _left_out(name, missing)
    if "discord_api_base" in wrong:
        looks["clock"] = _left_out("clock", {"discord_api_base"})
    elif "discord_token" in wrong:
        looks["clock"] = _without_token(settings, tls)
    found: dict[str, list[Finding]] = {name: [] for name in looks}
    tasks = {name: asyncio.create_task(_look(found[name], findings)) for name, findings in looks.items()}
    done, late = await asyncio.wait(tasks.values(), timeout=within)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=CANCEL_TIMEOUT_SECONDS)
    for name, task in tasks.items():
        if task in done:
            task.result()
        else:
            hint = "Check the network and DNS."
            found[name].append(Finding(name, Status.FAIL, f"no answer within {within:.0f} s", hint))
    redact = Redactor.of(settings)  # addresses may hold passwords
    findings = (*before, *(finding for some in found.values() for finding in some))
    return DoctorReport(
        tuple(replace(finding, detail=redact(finding.detail), hint=redact(finding.hint)) for finding in findings),
        unanswered=bool(late),
    )


async def _look(found: list[Finding], findings: AsyncIterator[Finding]) -> None:
    """Keep each finding at once: it counts even if the rest takes too long."""
    async for finding in findings:
        found.append(finding)  # noqa: PERF401 (one at a time)


def _faults(error: ConfigError) -> Iterator[Finding]:
    """Name each fault and where to get what is missing; what to do about the others stands once, at the first."""
    for number, fault in enumerate(error.faults):
        name = fault.replace(":", " ").split()[0].lower()
        hint = WHERE_TO_GET.get(name, "" if number else error.default_hint)
        yield Finding("configuration", Status.FAIL, fault, hint)


async def invite(settings: Settings, tls: ssl.SSLContext) -> str:
    """Return the invite link with all permissions that the bot can use. Raises LoginError and StartError."""
    try:
        async with asyncio.timeout(DOCTOR_TIMEOUT_SECONDS), _client(settings, tls) as client:
            return _invite((await client.application_info()).id)
    except discord.LoginFailure as error:
        raise LoginError("the login was refused (401)") from error
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        raise StartError(f"{type(error).__name__} from {settings.discord_api_base}") from error


def _invite(application_id: int) -> str:
    return discord.utils.oauth_url(
        application_id, permissions=INVITE_PERMISSIONS, scopes=("bot", "applications.commands")
    )


def _library() -> Iterator[Finding]:
    """Check discord.py and its part of DAVE."""
    found = f"discord.py {version('discord.py')}"
    needed = ((owner, name) for owner, names in PINNED_NAMES.items() for name in names)
    gone = [f"{owner.__name__}.{name}" for owner, name in needed if not hasattr(owner, name)]
    if gone:
        hint = "Install the discord.py that pyproject.toml pins."
        yield Finding("discord.py", Status.FAIL, f"{found} lacks {', '.join(gone)}", hint)
    else:
        yield Finding("discord.py", Status.OK, f"{found}, all internals that the bot needs are there")
    if not has_dave:
        hint = "Discord only lets end-to-end encrypted clients into calls: install davey."
        yield Finding("dave", Status.FAIL, "davey can't be imported", hint)
        return
    # A property that uses no instance.
    protocol = VoiceConnectionState.max_dave_protocol_version.fget(None)  # type: ignore[attr-defined]
    yield Finding("dave", Status.OK, f"davey {version('davey')}, protocol version {protocol}")


async def _discord(settings: Settings, tls: ssl.SSLContext) -> AsyncIterator[Finding]:
    """Check the token, the application and the servers."""
    try:
        async with _client(settings, tls) as client:
            async for finding in _logged_in(settings, tls, client):
                yield finding
    except discord.LoginFailure:
        hint = "Copy a new one from the developer portal (Bot, Reset Token) into DISCORD_TOKEN."
        yield Finding("token", Status.FAIL, "Discord rejected it", hint)
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        detail = f"{settings.discord_api_base}: {type(error).__name__}"
        hint = "Check the network, DISCORD_API_BASE and SSL_CERT_FILE."
        yield Finding("discord", Status.FAIL, detail, hint)


async def _left_out(name: str, missing: set[str]) -> AsyncIterator[Finding]:
    """Name the checks that settings are missing for."""
    for check in SKIPPED_CHECKS[name]:
        yield Finding(check, Status.SKIP, f"set {min(missing).upper()} first")


async def _without_token(settings: Settings, tls: ssl.SSLContext) -> AsyncIterator[Finding]:
    """Check what Discord tells everybody."""
    try:
        yield await _clock(settings, tls)
    except (aiohttp.ClientError, OSError) as error:
        hint = "Check the network, DISCORD_API_BASE and SSL_CERT_FILE."
        yield Finding("discord", Status.FAIL, f"{settings.discord_api_base}: {type(error).__name__}", hint)
        yield Finding("clock", Status.SKIP, "Discord can't be reached")


async def _logged_in(settings: Settings, tls: ssl.SSLContext, client: discord.Client) -> AsyncIterator[Finding]:
    about = await client.application_info()
    yield Finding("token", Status.OK, f"application {about.id}")
    yield _intents(settings, about.flags)
    yield await _identifies(settings, client)
    yield await _clock(settings, tls)
    servers = [server.id async for server in client.fetch_guilds(limit=None)]
    if not servers:
        yield Finding("servers", Status.WARN, "the bot isn't in any server yet", f"Invite it: {_invite(about.id)}")
    clock = asyncio.get_running_loop().time
    until, looked = clock() + SERVERS_TIMEOUT_SECONDS, 0
    while looked < len(servers) and clock() < until:
        some = servers[looked : looked + SERVERS_AT_ONCE]
        for findings in await asyncio.gather(*(_server(client, server) for server in some)):
            for finding in findings:
                yield finding
        looked += len(some)
    if looked < len(servers):
        yield Finding("servers", Status.SKIP, f"only {looked} were checked in time")


def _intents(settings: Settings, flags: discord.ApplicationFlags) -> Finding:
    if not settings.read_text:
        return Finding("intents", Status.OK, "no privileged intent is needed")
    if flags.gateway_message_content or flags.gateway_message_content_limited:
        return Finding("intents", Status.OK, "Message Content is on, as READ_TEXT needs")
    hint = "Turn on Message Content in the developer portal (Bot), or set READ_TEXT=false."
    return Finding("intents", Status.FAIL, "READ_TEXT needs the Message Content intent, which is off", hint)


async def _identifies(settings: Settings, client: discord.Client) -> Finding:
    data = await client.http.request(Route("GET", "/gateway/bot"))
    limit = data["session_start_limit"]
    needed = settings.shards_per_process or settings.shard_count or data["shards"]
    detail = f"{limit['remaining']} of {limit['total']} left today; each start uses {needed}"
    if limit["remaining"] < needed:
        hint = f"Wait {limit['reset_after'] / 3_600_000:.1f} h: past the limit, Discord resets the token."
        return Finding("identify budget", Status.FAIL, detail, hint)
    if limit["remaining"] < limit["total"] / 4:
        return Finding("identify budget", Status.WARN, detail, "The bot keeps restarting: check its log.")
    return Finding("identify budget", Status.OK, detail)


async def _clock(settings: Settings, tls: ssl.SSLContext) -> Finding:
    connector = aiohttp.TCPConnector(ssl=tls)
    url = settings.discord_api_base + "/gateway"
    async with aiohttp.ClientSession(connector=connector) as session, session.get(url) as response:
        stamp = response.headers.get("Date")
    if stamp is None:
        return Finding("clock", Status.SKIP, "Discord sent no time")
    off = time.time() - parsedate_to_datetime(stamp).timestamp()
    if abs(off) > MAX_CLOCK_SKEW_SECONDS:
        hint = "Set this machine's clock (NTP): commands would fail and times would be wrong."
        return Finding("clock", Status.WARN, f"{off:+.0f} s off Discord's", hint)
    return Finding("clock", Status.OK, f"within {MAX_CLOCK_SKEW_SECONDS:.0f} s of Discord's")


async def _server(client: discord.Client, server_id: int) -> list[Finding]:
    """Check the permissions in a server and its voice channels."""
    assert client.user is not None
    server = await client.fetch_guild(server_id)
    me = await server.fetch_member(client.user.id)
    check = f"permissions in server {server_id}"
    missing = _missing(me.guild_permissions, [name for name, wanted in INVITE_PERMISSIONS if wanted])
    if missing:
        hint = "Grant them to the bot's role in Server Settings, or invite the bot again (python -m bot invite)."
        return [Finding(check, Status.WARN, f"missing: {', '.join(missing)}", hint)]
    found = [Finding(check, Status.OK, "all that the invite link asks for are granted")]
    for channel in await server.fetch_channels():
        if isinstance(channel, discord.VoiceChannel):
            lacking = _missing(channel.permissions_for(me), CALL_PERMISSIONS)
            if lacking:
                hint = "To use the bot there, allow them for its role in the channel's permissions."
                where = f"permissions in channel {channel.id}"
                found.append(Finding(where, Status.WARN, f"missing: {', '.join(lacking)}", hint))
    return found


def _missing(granted: discord.Permissions, wanted: Sequence[str]) -> list[str]:
    return [] if granted.administrator else [name for name in wanted if not getattr(granted, name)]


@asynccontextmanager
async def _client(settings: Settings, tls: ssl.SSLContext) -> AsyncIterator[discord.Client]:
    """Log in over REST only."""
    Route.BASE = settings.discord_api_base
    client = discord.Client(intents=discord.Intents.none(), max_ratelimit_timeout=30.0)
    client.http.connector = aiohttp.TCPConnector(limit=0, ssl=tls)
    try:
        try:
            await client.login(settings.discord_token.get_secret_value())
        except (KeyError, TypeError) as error:  # discord.py assumes that whatever answers is Discord
            raise NotDiscord from error
        yield client
    finally:
        await client.close()
