"""/privacy: what is heard, who agreed, and how to stop it. Only the caller sees the answers."""

from discord import app_commands

from bot.chat import acts
from bot.chat.host import Interaction


class Privacy(app_commands.Group):
    def __init__(self) -> None:
        super().__init__(name="privacy", description="What I hear of you, and your say in it", guild_only=True)

    @app_commands.command(description="What I hear, where it goes and how long it stays")
    async def about(self, interaction: Interaction) -> None:
        settings = interaction.client.settings
        words = interaction.client.words_to(interaction)
        kept = (
            words("privacy kept", days=settings.retention_days) if settings.retention_days else words("privacy unkept")
        )
        text = words("privacy about", kept=kept, model=settings.openai_model)
        await interaction.response.send_message(text, ephemeral=True, suppress_embeds=True)

    @app_commands.command(description="Let me hear you in this server's voice channels")
    async def consent(self, interaction: Interaction) -> None:
        await acts.agree(interaction)

    @app_commands.command(description="Stop hearing me in this server's voice channels")
    async def withdraw(self, interaction: Interaction) -> None:
        await acts.withdraw(interaction)
