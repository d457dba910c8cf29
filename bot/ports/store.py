"""What is asked of the store."""

from collections.abc import AsyncGenerator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Protocol

from bot.types import (
    Charge,
    Forgotten,
    Message,
    News,
    Setting,
)


class Store(Protocol):
    """What is remembered. Every method raises StoreUnavailable when the database cannot serve."""

    async def history(self, channel_id: int, limit: int) -> list[Message]:
        """Return the newest `limit` messages of a channel, oldest first."""
        ...

    async def remember(self, guild_id: int, channel_id: int, messages: Sequence[Message]) -> None:
        """Append messages, all or none."""
        ...

    async def clear(self, channel_id: int) -> int:
        """Forget a channel's history and return how many messages went."""
        ...

    async def drop(self, channel_id: int, message_ids: AbstractSet[str]) -> int:
        """Forget some lines of a channel and return how many went."""
        ...

    async def charge(self, charges: Sequence[Charge]) -> None:
        """Book charges, all or none."""
        ...

    async def charges(self, guild_id: int, since: datetime) -> list[Charge]:
        """Return what a server spent since then, oldest first."""
        ...

    async def consents(self, guild_id: int) -> dict[int, bool]:
        """Return who agreed (True) or withdrew (False); people never asked are absent."""
        ...

    async def consent(self, guild_id: int, user_id: int, agreed: bool) -> None: ...

    async def call_started(self, guild_id: int, channel_id: int) -> None:
        """Note that a call is on, so that a restart finds it."""
        ...

    async def call_ended(self, guild_id: int) -> None: ...

    async def calls(self) -> dict[int, int]:
        """Return the calls that were on: guild -> channel."""
        ...

    async def settings(self) -> list[Setting]:
        """Return what servers and channels want otherwise than the environment says."""
        ...

    async def set(self, setting: Setting) -> None:
        """Keep a setting in place of the one of that name; every process learns of it."""
        ...

    async def unset(self, guild_id: int, channel_id: int | None, *names: str) -> int:
        """Drop these settings, or (no names) all, of a server (channel None) or channel; return how many went."""
        ...

    async def export(self, user_id: int) -> dict[str, Any]:
        """Return all that is kept of a person, as JSON has it: messages, answers to them, consents, …"""
        ...

    async def forget(self, user_id: int, *, again: bool = False) -> Forgotten:
        """Delete a person's words, the answers to them and consents, and name them in no ledger.

        The other processes learn of it.

        `again` is for those: it deletes words and names that they wrote since, and tells nobody.
        """
        ...

    async def expire(self, guild_id: int, before: datetime, limit: int, *, idle_only: bool = False) -> int:
        """Delete at most `limit` lines said before then, and names in charges that old; return how many of both went.

        `idle_only` spares the channel of a call that is on, and the charges.
        """
        ...

    async def guilds(self) -> AbstractSet[int]:
        """Return the servers of which anything is kept."""
        ...

    async def departed(self, guild_id: int, at: datetime) -> datetime:
        """Note that the bot is no longer in a server, and return since when."""
        ...

    async def returned(self, guild_id: int) -> None:
        """Note that the bot is in a server."""
        ...

    async def purge(self, guild_id: int) -> None:
        """Delete all that is kept of a server."""
        ...

    async def tidy(self, now: datetime, limit: int) -> int:
        """Seal at most `limit` lines with the newest key, drop old news, leave no deleted bytes in the file.

        Return how many lines were sealed.
        """
        ...

    def watch(self) -> AsyncGenerator[News]:
        """Yield what other processes change from now on, until closed. Raises StoreUnavailable, then call it again."""
        ...

    async def aclose(self) -> None: ...
