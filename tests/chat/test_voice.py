"""/voice mine: the choice, where it is kept, and what goes with its owner."""

import json
from collections.abc import AsyncIterator

import pytest

from bot.chat.cooldown import Cooldowns
from tests.chat.quiet_bot import QuietBot, quiet_bot

pytestmark = pytest.mark.e2e


@pytest.fixture
async def quiet() -> AsyncIterator[QuietBot]:
    async with quiet_bot() as opened:
        yield opened


async def test_a_voice_is_chosen_kept_and_given_up(quiet: QuietBot) -> None:
    ada, guild, own = quiet.sandbox.add_user("Ada"), quiet.sandbox.guild.id, quiet.client.preferences.own_voices

    async def mine(**options: str) -> str:
        quiet.client.cooldowns = Cooldowns()
        outcome = await quiet.sandbox.command(ada, "voice mine", options)
        assert outcome.ephemeral
        return outcome.content

    assert "wasn't reading" in await mine(name="off")
    assert "in the voice `" in await mine()
    suggested = own.of(guild, ada.id)
    assert suggested and suggested != quiet.client.preferences.of(guild, None).voice
    assert "`sage`" in await mine(name="sage")
    assert "`sage`" in await mine()  # what is chosen stays
    assert "valid" in await mine(name="no such voice!")
    assert own.of(guild, ada.id) == "sage"
    assert own.of(guild, ada.id + 1) == own.of(guild + 1, ada.id) == ""
    await quiet.client.preferences.load()  # as after a restart, or a change by another process
    assert own.of(guild, ada.id) == "sage"
    assert "no longer" in await mine(name="Off")
    await quiet.client.preferences.load()
    assert own.of(guild, ada.id) == ""


async def test_voices_are_offered(quiet: QuietBot) -> None:
    ada = quiet.sandbox.add_user("Ada")
    for typed, offered in (("co", ["coral"]), ("of", ["off"])):
        outcome = await quiet.sandbox.autocomplete(ada, "voice mine", "name", {"name": typed})
        assert [choice["value"] for choice in outcome.choices] == offered


async def test_it_is_exported_and_forgotten_with_its_owner(quiet: QuietBot) -> None:
    ada, ben = quiet.sandbox.add_user("Ada"), quiet.sandbox.add_user("Ben")
    guild, own = quiet.sandbox.guild.id, quiet.client.preferences.own_voices
    for user, voice in ((ada, "sage"), (ben, "coral")):
        await quiet.sandbox.command(user, "voice mine", {"name": voice})
    [kept] = (await quiet.store.export(ada.id))["settings_changed"]
    assert (kept["name"], kept["value"], kept["guild_id"]) == ("own_voice", "sage", str(guild))
    json.dumps(kept)
    await quiet.calls.erasure.forget_person(ada.id)
    assert own.of(guild, ada.id) == "" and own.of(guild, ben.id) == "coral"
    assert [setting.value for setting in await quiet.store.settings()] == ["coral"]
    await quiet.client.preferences.load()
    assert own.of(guild, ada.id) == "" and own.of(guild, ben.id) == "coral"
