"""Answers longer than a message, leafed through by their reader; and questions that are asked twice."""

from collections.abc import Awaitable, Callable, Sequence

import discord
from discord import ui

from bot.chat.error_messages import answer
from bot.chat.host import Host, Interaction
from bot.chat.i18n import Words

PATIENCE = 600.0
"""Seconds the buttons work; an ephemeral answer is gone before long anyway."""


def paginate(rows: Sequence[str], limit: int = 1_800) -> list[str]:
    """Put rows on pages of at most `limit` characters, none cut in two unless it is longer than a page."""
    pages: list[str] = []
    for row in rows:
        row = row if len(row) <= limit else row[: limit - 1] + "…"
        if pages and len(pages[-1]) + 1 + len(row) <= limit:
            pages[-1] += "\n" + row
        else:
            pages.append(row)
    return pages


class _View(ui.View):
    """A view of one answer, that only its reader sees; what fails is told like everywhere."""

    def __init__(self, host: Host) -> None:
        super().__init__(timeout=PATIENCE)
        host.views.add(self)

    async def on_error(self, interaction: discord.Interaction, error: Exception, item: object, /) -> None:
        assert isinstance(interaction.client, Host)
        await answer(interaction, interaction.client.words_to(interaction), error)


class PagedMessage(_View):
    """Two buttons under a page. `send` it as the answer to an interaction."""

    def __init__(self, host: Host, words: Words, pages: Sequence[str]) -> None:
        super().__init__(host)
        self._words = words
        self._pages = pages
        self._at = 0
        self._show()

    @property
    def text(self) -> str:
        number = self._words("pages number", page=self._at + 1, pages=len(self._pages))
        return f"{self._pages[self._at]}\n-# {number}" if len(self._pages) > 1 else self._pages[0]

    async def send(self, interaction: Interaction) -> None:
        """Answer the interaction, ephemerally."""
        if len(self._pages) > 1:
            await interaction.followup.send(self.text, view=self, ephemeral=True)
        else:
            await interaction.followup.send(self.text, ephemeral=True)

    @ui.button(label="◀")
    async def back(self, interaction: discord.Interaction, _: ui.Button["PagedMessage"]) -> None:
        await self._turn(interaction, -1)

    @ui.button(label="▶")
    async def on(self, interaction: discord.Interaction, _: ui.Button["PagedMessage"]) -> None:
        await self._turn(interaction, 1)

    async def _turn(self, interaction: discord.Interaction, step: int) -> None:
        self._at = min(max(self._at + step, 0), len(self._pages) - 1)
        self._show()
        await interaction.response.edit_message(content=self.text, view=self)

    def _show(self) -> None:
        self.back.disabled = self._at == 0
        self.on.disabled = self._at == len(self._pages) - 1


class Confirm(_View):
    """Asks before something is done that cannot be undone; `act` does it and gives the sentence to show."""

    def __init__(self, host: Host, words: Words, act: Callable[[], Awaitable[str]]) -> None:
        super().__init__(host)
        self._words = words
        self._act = act
        self.yes.label = words("button delete")
        self.no.label = words("button cancel")

    @ui.button(style=discord.ButtonStyle.danger)
    async def yes(self, interaction: discord.Interaction, _: ui.Button["Confirm"]) -> None:
        self.stop()
        await interaction.response.defer()
        await interaction.edit_original_response(content=await self._act(), view=None)

    @ui.button()
    async def no(self, interaction: discord.Interaction, _: ui.Button["Confirm"]) -> None:
        self.stop()
        await interaction.response.edit_message(content=self._words("nothing done"), view=None)
