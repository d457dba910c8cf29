"""/privacy: what the bot hears and keeps, consent, export and erasure. Only the caller sees the answers."""

import asyncio

import discord
from discord import app_commands, ui

from bot.chat import actions, destinations, rights
from bot.chat.file_export import exported_file
from bot.chat.host import Host, Interaction
from bot.chat.i18n import Words
from bot.chat.pagination import Confirm, EphemeralView
from bot.chat.rights import Action
from bot.privacy.export import export_json


class More(EphemeralView):
    """A button for what remains after forgetting, and where."""

    def __init__(self, host: Host, words: Words, text: str) -> None:
        super().__init__(host)
        self._text = text
        self.show.label = words("button more")

    @ui.button(style=discord.ButtonStyle.secondary)
    async def show(self, interaction: discord.Interaction, _: ui.Button["More"]) -> None:
        await interaction.response.send_message(self._text, ephemeral=True, suppress_embeds=True)


class PrivacyCommands(app_commands.Group):
    def __init__(self) -> None:
        super().__init__(
            name="privacy", description="Your privacy: what the bot hears and stores, and your choices", guild_only=True
        )

    @app_commands.command(description="What the bot hears, where it goes and how long it is kept")
    async def about(self, interaction: Interaction) -> None:
        host = interaction.client
        assert interaction.guild_id is not None
        words = host.words_to(interaction)
        days = host.preferences.of(interaction.guild_id, None).retention_days
        kept = words("privacy kept", days=days) if days else words("privacy unkept")
        transcriber = destinations.transcriber(host.settings)
        models = {"model": destinations.answering(host.settings, words), "transcriber": transcriber}
        text = destinations.told("privacy about", host.settings, words, kept=kept)
        text += "\n" + destinations.destinations(host.settings, words)
        voice = interaction.guild.voice_client if interaction.guild else None
        seen = isinstance(voice, discord.VoiceClient) and not rights.may(interaction.user, Action.LOOK, voice.channel)
        if isinstance(voice, discord.VoiceClient) and voice.voice_privacy_code and seen:
            text += "\n" + words("privacy code", digits=f"`{_grouped(voice.voice_privacy_code)}`")
        writer = host.settings.text_model or models["model"]
        also = [
            words(f"privacy {what}", text=writer, **models) for what in ("captions", "interpreter", "minutes", "tools")
        ]
        rest = words("privacy more", elsewhere=destinations.kept_elsewhere(host.settings, words))
        more = More(host, words, "\n".join((rest, *also)))
        await interaction.response.send_message(text, view=more, ephemeral=True, suppress_embeds=True)

    @app_commands.command(description="Export everything the bot stores about you (JSON)")
    async def export(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        host = interaction.client
        kept = await export_json(host.services.store, interaction.user.id)
        limit = interaction.filesize_limit
        file = await asyncio.to_thread(lambda: exported_file("kept-of-you.json", kept, limit))
        await interaction.followup.send(host.words_to(interaction)("privacy exported"), file=file, ephemeral=True)

    @app_commands.command(description="Delete your data: your words, your consent and your name in cost records")
    async def forget(self, interaction: Interaction) -> None:
        host = interaction.client
        words = host.words_to(interaction)
        user_id = interaction.user.id

        async def forget(_: discord.Interaction) -> str:
            gone = await host.calls.erasure.forget_person(user_id)
            return words("privacy forgotten", lines=gone.messages, charges=gone.charges)

        await interaction.response.send_message(
            words("privacy forget?"), view=Confirm(host, words, forget), ephemeral=True
        )

    @app_commands.command(description="Let the bot hear you in this server")
    async def consent(self, interaction: Interaction) -> None:
        await actions.agree(interaction)

    @app_commands.command(description="Stop the bot from hearing you in this server")
    async def withdraw(self, interaction: Interaction) -> None:
        await actions.withdraw(interaction)


def _grouped(code: str) -> str:
    """Return a privacy code in groups of five digits, as Discord shows it."""
    return " ".join(code[start : start + 5] for start in range(0, len(code), 5))
