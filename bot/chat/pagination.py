"""Answers with several pages, and questions that ask for confirmation."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import discord
from discord import ui

from bot.chat import actions, rights
from bot.chat.error_messages import send_error
from bot.chat.host import Host, Interaction
from bot.chat.i18n import Words
from bot.chat.rights import Action, Place

VIEW_TIMEOUT_SECONDS = 600.0
"""How long the buttons work; an ephemeral answer disappears after a while anyway."""


def paginate(rows: Sequence[str], limit: int = 1_800) -> list[str]:
    """Put rows on pages of at most `limit` characters. Rows stay whole; one longer than a page is cut off."""
    pages: list[str] = []
    for row in rows:
        row = row if len(row) <= limit else row[: limit - 1] + "…"
        if pages and len(pages[-1]) + 1 + len(row) <= limit:
            pages[-1] += "\n" + row
        else:
            pages.append(row)
    return pages


class EphemeralView(ui.View):
    """The buttons of an answer that only one person sees; an error is shown like that of a command."""

    def __init__(self, host: Host) -> None:
        super().__init__(timeout=VIEW_TIMEOUT_SECONDS)
        host.views.add(self)

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        assert isinstance(interaction.client, Host)
        interaction.client.admit(interaction)
        return True

    async def on_error(self, interaction: discord.Interaction, error: Exception, item: object, /) -> None:
        assert isinstance(interaction.client, Host)
        await send_error(interaction, interaction.client.words_to(interaction), error)


class PagedMessage(EphemeralView):
    """One page at a time, with buttons to turn it. `send` it as the answer to an interaction.

    Reading on takes the same right as the first page: minutes may have passed.
    """

    def __init__(
        self, host: Host, words: Words, pages: Sequence[str], action: Action, channel: Place | None = None
    ) -> None:
        super().__init__(host)
        self._action = action
        self._channel = channel
        self._words = words
        self._pages = pages
        self._page = 0
        self._update_buttons()

    @property
    def text(self) -> str:
        number = self._words("pages number", page=self._page + 1, pages=len(self._pages))
        return f"{self._pages[self._page]}\n-# {number}" if len(self._pages) > 1 else self._pages[0]

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
    async def forward(self, interaction: discord.Interaction, _: ui.Button["PagedMessage"]) -> None:
        await self._turn(interaction, 1)

    async def _turn(self, interaction: discord.Interaction, step: int) -> None:
        rights.check(interaction.user, self._action, self._channel)
        self._page = min(max(self._page + step, 0), len(self._pages) - 1)
        self._update_buttons()
        await interaction.response.edit_message(content=self.text, view=self)

    def _update_buttons(self) -> None:
        self.back.disabled = self._page == 0
        self.forward.disabled = self._page == len(self._pages) - 1


class Confirm(EphemeralView):
    """Asks before something that cannot be undone; `act` does it and returns the sentence to show.

    It gets the interaction of whoever pressed the button: minutes may have passed, and their rights changed.
    """

    def __init__(
        self, host: Host, words: Words, act: Callable[[discord.Interaction], Coroutine[Any, Any, str]]
    ) -> None:
        super().__init__(host)
        self._words = words
        self._act = act
        self.yes.label = words("button delete")
        self.no.label = words("button cancel")

    @ui.button(style=discord.ButtonStyle.danger)
    async def yes(self, interaction: discord.Interaction, _: ui.Button["Confirm"]) -> None:
        self.stop()
        done = await actions.surely(interaction, self._act(interaction))
        await interaction.edit_original_response(content=done, view=None)

    @ui.button()
    async def no(self, interaction: discord.Interaction, _: ui.Button["Confirm"]) -> None:
        self.stop()
        await interaction.response.edit_message(content=self._words("nothing done"), view=None)
