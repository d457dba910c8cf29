"""Asks before a job costs more than a little."""

import discord

from bot.chat import rights
from bot.chat.error_messages import send_error
from bot.chat.host import Host
from bot.chat.i18n import Words
from bot.chat.job_progress import check_cancel
from bot.chat.rights import Action, Telling


class PriceQuestion(discord.ui.View):
    """Asks whether to spend that much, for ten minutes. Only who asked may agree; moderators, too, may decline.

    `telling`: what the job tells of a channel; it must still be allowed when they agree.
    """

    def __init__(self, host: Host, words: Words, owner_id: int, telling: Telling | None = None) -> None:
        super().__init__(timeout=600)
        self.yes = False
        self._owner_id = owner_id
        self._telling = telling
        self.make.label = words("button make")
        self.leave.label = words("button cancel")
        host.views.add(self)

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        assert isinstance(interaction.client, Host)
        interaction.client.admit(interaction)
        return True

    @discord.ui.button(style=discord.ButtonStyle.primary)
    async def make(self, interaction: discord.Interaction, _: discord.ui.Button["PriceQuestion"]) -> None:
        rights.check(interaction.user, Action.SPEND, concerned=interaction.user.id == self._owner_id)
        assert isinstance(interaction.client, Host)
        if self._telling is not None:
            self._telling.check(interaction.user)
        interaction.client.check_access(interaction, "spend")
        self.yes = True
        self.stop()
        await interaction.response.defer()

    @discord.ui.button()
    async def leave(self, interaction: discord.Interaction, _: discord.ui.Button["PriceQuestion"]) -> None:
        check_cancel(interaction, self._owner_id)
        self.stop()
        await interaction.response.defer()

    async def on_error(self, interaction: discord.Interaction, error: Exception, item: object, /) -> None:
        assert isinstance(interaction.client, Host)
        await send_error(interaction, interaction.client.words_to(interaction), error)
