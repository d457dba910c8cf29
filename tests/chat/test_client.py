"""Logging in, keeping the commands in sync, and saying so when it cannot be."""

import json
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest

from bot.chat import requests
from bot.chat.command_sync import canonical
from bot.chat.i18n import LOCALES_FOLDER
from bot.errors import LoginError, StartError
from sandbox.guild.knobs import Failure
from sandbox.server import Sandbox
from tests.chat.quiet_bot import client_for, quiet_bot, settings_for

pytestmark = pytest.mark.e2e
SNAPSHOT = Path(__file__).with_name("commands.json")


async def test_commands_are_written_once_per_change() -> None:
    async with Sandbox.open(http=True) as sandbox:
        registry = sandbox.parts.registry
        for writes in (1, 1):  # the second start finds them as they should be
            async with quiet_bot(sandbox=sandbox):
                assert registry.writes == writes
        registry.overwrite(None, [{"name": "old", "description": "from an older version"}])
        async with quiet_bot(sandbox=sandbox):
            assert registry.writes == 3
            assert "old" not in {command["name"] for command in sandbox.commands()}


async def test_a_development_server_has_them_for_itself() -> None:
    async with quiet_bot(dev=True) as quiet:
        assert {"join", "leave"} <= {command["name"] for command in quiet.sandbox.commands(quiet.sandbox.guild.id)}
        assert quiet.sandbox.commands() == []


async def test_the_payload_is_the_one_that_was_reviewed() -> None:
    """After a change that is meant: run `./dev python -m tests.generated`, and review what it wrote."""
    async with quiet_bot() as quiet:
        payload = canonical(quiet.sandbox.commands())
    assert payload == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


async def test_every_text_of_the_payload_is_localised() -> None:
    languages = {"en", *(file.stem for file in Path(LOCALES_FOLDER).glob("*.po"))}
    locales = {locale.value for locale in discord.Locale if locale.value.split("-")[0] in languages}
    assert locales >= {"en-US", "en-GB", "ja"}
    async with quiet_bot() as quiet:
        for command in canonical(quiet.sandbox.commands()):
            for part in walk(command):
                if "description" in part:
                    texts = part["description_localizations"]
                    assert texts.keys() == locales, part["name"]
                    assert texts["en-US"] == texts["en-GB"] == part["description"]


def walk(command: dict[str, Any]) -> list[dict[str, Any]]:
    return [command, *(deeper for option in command.get("options", ()) for deeper in walk(option))]


async def test_a_refused_token_is_a_login_error() -> None:
    async with quiet_bot() as quiet:
        client = client_for(settings_for(quiet.sandbox), quiet.calls, quiet.services)
        with pytest.raises(LoginError):
            await client.start("wrong")
        await client.close()


async def test_an_unreachable_discord_is_a_start_error() -> None:
    async with quiet_bot() as quiet:
        client = client_for(
            settings_for(quiet.sandbox, discord_api_base="http://127.0.0.1:9/api/v10"), quiet.calls, quiet.services
        )
        with pytest.raises(StartError, match=r"127\.0\.0\.1:9"):
            await client.start(quiet.sandbox.token)
        await client.close()


@pytest.mark.parametrize("asked", ["GET /users/@me", "GET .*/commands", "PUT .*/commands", "GET /gateway"])
async def test_what_hangs_at_the_start_is_asked_again(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "REQUEST_TIMEOUT", aiohttp.ClientTimeout(sock_read=1.0))
    async with Sandbox.open(http=True) as sandbox:
        hung = Failure(asked, times=requests.START_ATTEMPTS - 1, seconds=600.0)
        sandbox.knobs.failures.append(hung)
        async with quiet_bot(sandbox=sandbox):
            assert hung.times == 0


async def test_a_discord_that_never_answers_ends_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "REQUEST_TIMEOUT", aiohttp.ClientTimeout(sock_read=0.2))
    async with quiet_bot() as quiet:
        hung = Failure("/users/@me", times=99, seconds=600.0)
        quiet.sandbox.knobs.failures.append(hung)
        client = client_for(settings_for(quiet.sandbox), quiet.calls, quiet.services)
        with pytest.raises(StartError, match="Timeout"):
            await client.start(quiet.sandbox.token)
        assert 99 - hung.times == requests.START_ATTEMPTS
        await client.close()


async def test_read_text_needs_its_intent() -> None:
    async with quiet_bot() as quiet:
        client = client_for(settings_for(quiet.sandbox, read_text=True), quiet.calls, quiet.services)
        with pytest.raises(StartError) as caught:
            await client.start(quiet.sandbox.token)
        assert "READ_TEXT" in caught.value.hint
        await client.close()
