"""What each person may spend by their roles: the caps of `/settings access`."""

from decimal import Decimal

import discord

from bot.chat.host import Host
from bot.chat.rights import standing_of

MAX_SEEN_ASKERS = 10_000
"""People whose roles are remembered: discord.py knows only of those in a voice channel."""


class RoleCaps:
    """The caps of people, by the roles that they were last seen with."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._seen: dict[tuple[int, int], frozenset[int]] = {}

    def note(self, member: discord.abc.User) -> None:
        """Remember the roles that an interaction brought along."""
        if isinstance(member, discord.Member):
            key = member.guild.id, member.id
            self._seen.pop(key, None)
            self._seen[key] = standing_of(member).roles
            if len(self._seen) > MAX_SEEN_ASKERS:
                del self._seen[next(iter(self._seen))]

    def of(self, guild_id: int, user_id: int) -> Decimal:
        """Return the US dollars that a person may spend a day in a server; 0: no cap.

        The highest cap of their roles stands for the server's cap per person; the operator's stays above both.
        """
        preferences = self._host.preferences
        access, usual = preferences.of(guild_id, None).access, preferences.caps(guild_id).person
        if not access.caps:
            return usual
        guild = self._host.get_guild(guild_id)
        member = guild.get_member(user_id) if guild else None
        roles = standing_of(member).roles if member else self._seen.get((guild_id, user_id), frozenset[int]())
        wanted, limit = access.cap(roles), preferences.limit("budget_person")
        if wanted is None:
            return usual
        return min(wanted, limit) if wanted and limit else wanted or limit
