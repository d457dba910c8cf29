"""/privacy: what the bot hears and keeps, consent, export and erasure. Only the caller sees the answers."""

import asyncio
from urllib.parse import urlsplit

import discord
from discord import app_commands, ui

from bot.chat import actions, escape, rights
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
        super().__init__(name="privacy", description="What I hear of you, and your say in it", guild_only=True)

    @app_commands.command(description="What I hear, where it goes and how long it stays")
    async def about(self, interaction: Interaction) -> None:
        host = interaction.client
        assert interaction.guild_id is not None
        words = host.words_to(interaction)
        days = host.preferences.of(interaction.guild_id, None).retention_days
        kept = words("privacy kept", days=days) if days else words("privacy unkept")
        models = {"model": host.settings.openai_model, "transcriber": host.settings.transcribe_model}
        text = words("privacy about", kept=kept, **models)
        voice = interaction.guild.voice_client if interaction.guild else None
        seen = isinstance(voice, discord.VoiceClient) and not rights.may(interaction.user, Action.LOOK, voice.channel)
        if isinstance(voice, discord.VoiceClient) and voice.voice_privacy_code and seen:
            text += "\n" + words("privacy code", digits=f"`{_grouped(voice.voice_privacy_code)}`")
        server = urlsplit(host.settings.openai_base_url).hostname or ""
        more = More(host, words, words("privacy more", server=escape.escape(server)))
        await interaction.response.send_message(text, view=more, ephemeral=True, suppress_embeds=True)

    @app_commands.command(description="Take along all that I keep of you, as JSON")
    async def export(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        host = interaction.client
        kept = await export_json(host.services.store, interaction.user.id)
        limit = interaction.filesize_limit
        file = await asyncio.to_thread(lambda: exported_file("kept-of-you.json", kept, limit))
        await interaction.followup.send(host.words_to(interaction)("privacy exported"), file=file, ephemeral=True)

    @app_commands.command(description="Have me forget you: your words, your consent, your name in every bill")
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

    @app_commands.command(description="Let me hear you in this server's voice channels")
    async def consent(self, interaction: Interaction) -> None:
        await actions.agree(interaction)

    @app_commands.command(description="Stop hearing me in this server's voice channels")
    async def withdraw(self, interaction: Interaction) -> None:
        await actions.withdraw(interaction)


def _grouped(code: str) -> str:
    """Return a privacy code in groups of five digits, as Discord shows it."""
    return " ".join(code[start : start + 5] for start in range(0, len(code), 5))
