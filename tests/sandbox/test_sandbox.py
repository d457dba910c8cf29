"""The whole sandbox: an unmodified discord.py client logs in, gets commands and messages, and answers."""

import asyncio

import discord
import pytest

from sandbox.guild.invocation import Refused
from sandbox.people.outcome import NoAnswer
from sandbox.server import Sandbox
from tests.sandbox.plain_bot import Bot, running


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
        more = await sandbox.posted(sandbox.general.id, lambda message: message.content == "and more")

        channel = guild.get_channel(sandbox.general.id)
        assert isinstance(channel, discord.TextChannel)
        sent = await channel.send("one")
        await sent.edit(content="two")
        first, message = sandbox.messages(sandbox.general.id)
        assert first is more
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


async def test_two_shards_of_one_client() -> None:
    async with Sandbox.open() as sandbox:
        sandbox.knobs.shards = 2
        while len({(guild.id >> 22) % 2 for guild in sandbox.world.guilds.values()}) < 2:
            sandbox.add_guild("Another")
        async with running(sandbox, prepare=commands) as bot:
            assert sandbox.gateway.identified == 2
            assert {guild.id for guild in bot.guilds} == set(sandbox.world.guilds)
            assert (await sandbox.command(sandbox.add_user("Anna"), "hello", {"name": "you"})).content == "Hello you"


async def test_a_slow_discord_still_answers_in_order() -> None:
    async with Sandbox.open() as sandbox, running(sandbox, prepare=commands) as bot:
        sandbox.knobs.gateway_delay = sandbox.knobs.rest_delay = 0.05
        anna = sandbox.add_user("Anna")
        outcome = await sandbox.command(anna, "hello", {"name": "you"})
        assert outcome.content == "Hello you"
        for text in "abc":
            await sandbox.write(anna, sandbox.general.id, f"<@{sandbox.bot.id}> {text}")
        await bot.until("message", lambda message: message.content.endswith("c"))
        assert [message.content[-1] for (message,) in bot.heard("message")][-3:] == ["a", "b", "c"]


async def test_a_slower_discord_loses_the_interaction() -> None:
    async with Sandbox.open() as sandbox, running(sandbox, prepare=commands) as bot:
        failed: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

        async def on_error(_: discord.Interaction, error: Exception) -> None:
            failed.set_result(error)

        bot.tree.on_error = on_error
        sandbox.knobs.rest_delay, sandbox.knobs.response_window = 0.2, 0.1
        with pytest.raises(NoAnswer):
            await sandbox.command(sandbox.add_user("Anna"), "hello", {"name": "you"})
        cause = (await failed).__cause__
        assert isinstance(cause, discord.NotFound)
        assert cause.code == 10062


async def test_a_muted_connection_is_noticed_by_its_client() -> None:
    async with Sandbox.open() as sandbox:
        sandbox.knobs.heartbeat_interval = 0.4
        async with running(sandbox, heartbeat_timeout=1.0) as bot:
            sandbox.gateway.mute_all()
            await bot.until("resumed")


async def test_names_presence_and_voice_messages() -> None:
    async with Sandbox.open() as sandbox, running(sandbox) as bot:
        sandbox.moderator.rename(sandbox.guild, sandbox.bot, "聞き手")
        _, after = await bot.until("member_update")
        assert after.display_name == "聞き手"
        await bot.change_presence(activity=discord.Game("with words"), status=discord.Status.idle)
        anna = sandbox.add_user("Anna")
        await sandbox.write(anna, sandbox.direct(anna).id, attachments=[("v.ogg", b"OggS")], voice_seconds=2.0)
        [message] = await bot.until("message")
        assert message.flags.voice
        assert message.attachments[0].duration == 2.0
        assert await message.attachments[0].read() == b"OggS"
        [session] = sandbox.parts.hub.sessions.values()
        assert session.presence["status"] == "idle"
