"""Tells one person something that nobody else sees.

Discord has no such message without an interaction, but whoever used a command or a button of the bot can be told more
for 15 minutes by its token (Discord: Receiving and Responding to Interactions, "Followup Messages").
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import discord
import structlog

from bot.chat.i18n import Words
from bot.chat.requests import REQUEST_ERRORS, within

log = structlog.get_logger(__name__)

TOKEN_SECONDS = 14 * 60
"""How long an interaction's token is used: a minute less than it lives."""
MAX_KEPT_INTERACTIONS = 1000
"""Newest interactions kept, one per person and server."""
WHISPER_TIMEOUT_SECONDS = 5.0


class Whispers:
    """How to reach each person in each server; of an interaction nothing is kept but its token and language."""

    def __init__(self, words_to: Callable[[discord.Interaction], Words]) -> None:
        """`words_to` gives the catalogue of the caller's language."""
        self._words_to = words_to
        self._newest: dict[tuple[int, int], tuple[datetime, discord.Webhook, Words]] = {}

    def note(self, interaction: discord.Interaction) -> None:
        """Remember an interaction."""
        if interaction.guild_id is None or interaction.type is discord.InteractionType.autocomplete:
            return
        key = (interaction.guild_id, interaction.user.id)
        self._newest.pop(key, None)
        until = interaction.created_at + timedelta(seconds=TOKEN_SECONDS)
        self._newest[key] = (until, interaction.followup, self._words_to(interaction))
        while len(self._newest) > MAX_KEPT_INTERACTIONS:
            del self._newest[next(iter(self._newest))]

    async def tell(self, guild_id: int, user_id: int, code: str) -> bool:
        """Tell a person a sentence of the catalogue; False: there is no way to do it privately."""
        until, followup, words = self._newest.get((guild_id, user_id), (None, None, None))
        if until is None or followup is None or words is None or discord.utils.utcnow() >= until:
            return False
        try:
            await within(WHISPER_TIMEOUT_SECONDS, followup.send(words(code), ephemeral=True, wait=True))
        except (*REQUEST_ERRORS, TimeoutError) as error:
            log.info("whisper_refused", guild_id=guild_id, error=type(error).__name__)
            return False
        return True
