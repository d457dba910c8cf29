"""Work that takes minutes, as people see it: a message with progress and a Cancel button, and the result at the end."""

from collections.abc import Callable, Sequence

import discord
from discord import ui

from bot.chat import permissions
from bot.chat.errors import Refusal, answer
from bot.chat.host import Host, Interaction
from bot.chat.i18n import Words
from bot.chat.pace import Paced

GAP = 2.5
"""Seconds between two edits of the progress."""
FRESH = 13 * 60.0
"""Seconds an interaction's own token is used; Discord takes it for 15 minutes."""

_PLACES = (discord.TextChannel, discord.Thread, discord.VoiceChannel, discord.StageChannel)


class Post:
    """A message that shows how far some work is; it outlives the interaction that asked for it, and a restart."""

    def __init__(
        self, host: Host, channel: object, message_id: int, interaction: Interaction | None, view: ui.View | None
    ) -> None:
        """`interaction` is None after a restart."""
        self.view = view
        self._channel = channel if isinstance(channel, discord.abc.Messageable) else None
        self._message_id = message_id
        self._interaction = interaction
        self._text = ""
        self._shown = ""
        self._pace = Paced(self._edit, GAP, "progress")

    def show(self, text: str) -> None:
        """Show how far it is, soon."""
        self._text = text
        self._pace.poke()

    async def end(self, text: str, files: Sequence[discord.File] = ()) -> None:
        """Say how it ended, without a button; with files, in a message of its own that has them all.

        Raises discord.HTTPException when they could not be posted.
        """
        self.view = None
        self._text = text
        if files:
            if self._fresh is not None:
                await self._fresh.followup.send(text, files=files, suppress_embeds=True)
            elif self._channel is not None:
                await self._channel.send(text, files=files, suppress_embeds=True)
        self._pace.poke()
        await self._pace.idle()

    def cancel(self) -> None:
        self._pace.cancel()

    @property
    def _fresh(self) -> Interaction | None:
        found = self._interaction
        if found is None or (discord.utils.utcnow() - found.created_at).total_seconds() > FRESH:
            return None
        return found

    async def _edit(self) -> None:
        if self._text == self._shown and self.view is not None:
            return
        self._shown = self._text
        if self._fresh is not None:
            await self._fresh.edit_original_response(content=self._text, view=self.view)
        elif isinstance(
            self._channel, discord.TextChannel | discord.Thread | discord.VoiceChannel | discord.StageChannel
        ):
            await self._channel.get_partial_message(self._message_id).edit(content=self._text, view=self.view)


class CancelView(ui.View):
    """The Cancel button, for whoever asked and for moderators; it works after a restart too."""

    def __init__(self, host: Host, words: Words, owner_id: int, name: str, cancel: Callable[[], None]) -> None:
        """`name` tells this work from all others."""
        super().__init__(timeout=None)
        self._owner_id = owner_id
        self._cancel = cancel
        button: ui.Button[CancelView] = ui.Button(label=words("button cancel"), custom_id=f"kikite:cancel:{name}")
        button.callback = self._pressed
        self.add_item(button)
        host.views.add(self)

    async def _pressed(self, interaction: discord.Interaction) -> None:
        if interaction.user.id != self._owner_id and not permissions.may_moderate(interaction.permissions):
            raise Refusal("refusal not_yours")
        await interaction.response.defer()
        self.stop()
        self._cancel()

    async def on_error(self, interaction: discord.Interaction, error: Exception, item: object, /) -> None:
        assert isinstance(interaction.client, Host)
        await answer(interaction, interaction.client.words_to(interaction), error)
