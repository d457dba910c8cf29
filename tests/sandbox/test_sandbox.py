"""The whole of it: an unmodified discord.py client logs in, is spoken to, and answers."""

import discord
import pytest

from bot.sandbox.invocation import Refused
from bot.sandbox.server import Sandbox
from tests.sandbox.bot import Bot, running


def commands(bot: Bot) -> None:
    @bot.tree.command(description="Say hello")
    async def hello(interaction: discord.Interaction, name: str, loud: bool = False) -> None:
        await interaction.response.send_message(f"Hello {name}{'!' if loud else ''}", ephemeral=loud)

    @bot.tree.command(description="Think for a while")
    async def think(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.edit_original_response(content="thought")
        await interaction.followup.send("and more")


@pytest.mark.parametrize("http", [False, True], ids=["tls", "plain"])
async def test_log_in_command_messages_and_voice(http: bool) -> None:
    async with Sandbox.open(http=http) as sandbox, running(sandbox, prepare=commands) as bot:
        guild = bot.get_guild(sandbox.guild.id)
        assert guild is not None
        assert [channel.name for channel in guild.channels] == ["general", "Lounge", "Den", "Stage"]
        anna = sandbox.add_user("Anna")

        outcome = await sandbox.command(anna, "hello", {"name": "you", "loud": True})
        assert (outcome.content, outcome.ephemeral) == ("Hello you!", True)
        outcome = await (await sandbox.command(anna, "think")).settled()
        assert (outcome.content, outcome.deferred, outcome.ephemeral) == ("thought", True, True)

        channel = guild.get_channel(sandbox.general.id)
        assert isinstance(channel, discord.TextChannel)
        sent = await channel.send("one")
        await sent.edit(content="two")
        more, message = sandbox.messages(sandbox.general.id)
        assert more.content == "and more"
        assert [revision.content for revision in message.revisions] == ["one", "two"]

        await guild.change_voice_state(channel=guild.voice_channels[0], self_deaf=True)
        _, _, after = await bot.until("voice_state_update")
        assert after.channel == guild.voice_channels[0]
        assert after.self_deaf


async def test_a_client_refuses_what_it_does_not_show() -> None:
    async with Sandbox.open() as sandbox, running(sandbox, prepare=commands):
        anna = sandbox.add_user("Anna")
        for name, options in [
            ("nothing", {}),
            ("hello", {}),
            ("hello", {"name": 3}),
            ("hello", {"name": "you", "more": 1}),
        ]:
            with pytest.raises(Refused):
                await sandbox.command(anna, name, options)
