"""/memory through Discord's own machinery."""

import gzip
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import discord
import pytest

from bot.chat import leftovers
from bot.chat.file_export import exported_file
from bot.types import Message
from sandbox.guild.entities import User
from tests.chat.quiet_bot import QuietBot, quiet_bot, until

pytestmark = pytest.mark.e2e
THEN = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
async def quiet() -> AsyncIterator[QuietBot]:
    async with quiet_bot() as opened:
        yield opened


async def remember(quiet: QuietBot, count: int) -> None:
    messages = [
        Message(role="user", speaker_id=1, speaker="Ada", text=f"line *{n}*", at=THEN + timedelta(seconds=n))
        for n in range(count)
    ]
    await quiet.store.remember(quiet.sandbox.guild.id, quiet.sandbox.lounge.id, messages)


def manager(quiet: QuietBot) -> User:
    permission = discord.Permissions(manage_guild=True).value
    role = quiet.sandbox.world.add_role(quiet.sandbox.guild, "Managers", permission)
    return quiet.sandbox.add_user("Mia", [role])


async def test_show_turns_pages(quiet: QuietBot) -> None:
    await remember(quiet, 120)
    ada = await quiet.enter("Ada")
    outcome = await (await quiet.sandbox.command(ada, "memory show")).settled()
    assert outcome.ephemeral
    assert r"**Ada** line \*0\*" in outcome.text
    assert "page 1 of" in outcome.text
    message = outcome.message
    assert message is not None
    back, on = (button["custom_id"] for button in message.components[0]["components"])
    outcome = await quiet.sandbox.click(ada, message, on)
    assert "page 2 of" in quiet.sandbox.message(message.id).content
    await quiet.sandbox.click(ada, message, back)
    assert "page 1 of" in quiet.sandbox.message(message.id).content


async def test_show_says_when_there_is_nothing(quiet: QuietBot) -> None:
    ada = await quiet.enter("Ada")
    outcome = await (await quiet.sandbox.command(ada, "memory show")).settled()
    assert outcome.content == f"There is no history for <#{quiet.sandbox.lounge.id}>."


async def test_export_gives_markdown_and_json(quiet: QuietBot) -> None:
    await remember(quiet, 3)
    ada = await quiet.enter("Ada")
    outcome = await (await quiet.sandbox.command(ada, "memory export")).settled()
    markdown, data = outcome.attachments
    assert markdown.data.decode().splitlines()[0] == "# Lounge"
    assert r"- 2026-11-01 12:00:02 **Ada** line \*2\*" in markdown.data.decode()
    assert [row["text"] for row in json.loads(data.data)] == ["line *0*", "line *1*", "line *2*"]


@pytest.mark.parametrize(("limit", "name"), [(300, "kept.json"), (299, "kept.json.gz")])
def test_what_is_too_long_for_a_message_is_zipped(limit: int, name: str) -> None:
    file = exported_file("kept.json", "聞" * 100, limit)
    assert file.filename == name
    data = file.fp.read()
    assert (gzip.decompress(data) if name.endswith(".gz") else data).decode() == "聞" * 100


async def test_clear_asks_first(quiet: QuietBot) -> None:
    await remember(quiet, 3)
    mia = manager(quiet)
    for button, expected, left in ((1, "Nothing was changed.", 3), (0, ": 3", 0)):
        outcome = await quiet.sandbox.command(mia, "memory clear", {"channel": quiet.sandbox.lounge.id})
        assert "can't be undone" in outcome.content
        assert outcome.message is not None
        choice = outcome.components[0]["components"][button]["custom_id"]
        await quiet.sandbox.click(mia, outcome.message, choice)
        shown = quiet.sandbox.message(outcome.message.id)
        await until(lambda shown=shown, expected=expected: expected in shown.content)
        assert not shown.components
        assert len(await quiet.store.history(quiet.sandbox.lounge.id, 10)) == left


async def test_a_button_from_before_a_restart_says_so(quiet: QuietBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "ORPHAN_SECONDS", 0.2)
    await remember(quiet, 3)
    mia = manager(quiet)
    outcome = await quiet.sandbox.command(mia, "memory clear", {"channel": quiet.sandbox.lounge.id})
    assert outcome.message is not None
    views = quiet.client._connection._view_store._views
    await until(lambda: set(views) - {None})
    views.clear()
    pressed = await quiet.sandbox.click(mia, outcome.message, outcome.components[0]["components"][0]["custom_id"])
    await until(lambda: pressed.followups)
    [told] = pressed.followups
    assert (told.ephemeral, "restarted" in told.content) == (True, True)
    assert not quiet.sandbox.message(outcome.message.id).components
    assert len(await quiet.store.history(quiet.sandbox.lounge.id, 10)) == 3


async def test_only_managers_clear(quiet: QuietBot) -> None:
    ada = await quiet.enter("Ada")
    outcome = await quiet.sandbox.command(ada, "memory clear")
    assert "Manage Server" in outcome.content


async def test_a_channel_one_may_not_enter_keeps_its_memory(quiet: QuietBot) -> None:
    await remember(quiet, 3)
    eve = quiet.sandbox.add_user("Eve")
    denied = discord.Permissions(view_channel=True).value
    quiet.sandbox.moderator.overwrite(quiet.sandbox.lounge, eve, deny=denied)
    outcome = await (await quiet.sandbox.command(eve, "memory show", {"channel": quiet.sandbox.lounge.id})).settled()
    assert "you can't see it" in outcome.content
