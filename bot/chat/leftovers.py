"""Buttons and forms of a process that is gone: whoever uses one is told so, where Discord would only say "failed"."""

import asyncio

import discord

from bot.chat.host import Host
from bot.chat.requests import REQUEST_ERRORS

ORPHAN_SECONDS = 2.2
"""Whoever handles a button has answered, or deferred, by then (actions.py); Discord waits for 3 s."""
MAX_WATCHED_INTERACTIONS = 500
_LEFTOVER_KINDS = (discord.InteractionType.component, discord.InteractionType.modal_submit)


class Leftovers:
    """Watches each use of a button or form until somebody has answered it. `close` it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._watches: set[asyncio.Task[None]] = set()

    def watch(self, interaction: discord.Interaction) -> None:
        """Answer the use of a button or form if nobody else does."""
        if interaction.type not in _LEFTOVER_KINDS or len(self._watches) >= MAX_WATCHED_INTERACTIONS:
            return
        watch = asyncio.create_task(self._answer(interaction), name=f"leftover:{interaction.id}")
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)

    async def close(self) -> None:
        """Stop watching."""
        watches = list(self._watches)
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)

    async def _answer(self, interaction: discord.Interaction) -> None:
        await asyncio.sleep(ORPHAN_SECONDS)
        if interaction.response.is_done():
            return
        words = self._host.words_to(interaction)
        custom_id = str((interaction.data or {}).get("custom_id"))
        try:
            if interaction.type is discord.InteractionType.component and not custom_id.startswith("kikite:"):
                await interaction.response.edit_message(view=None)  # nobody handles these any more
                await interaction.followup.send(words("refusal leftover"), ephemeral=True)
            else:
                await interaction.response.send_message(words("refusal leftover"), ephemeral=True)
        except (discord.InteractionResponded, *REQUEST_ERRORS):
            return  # somebody has answered by now
