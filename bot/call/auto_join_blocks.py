"""Where people sent the bot away, so that it does not come back by itself: kept, for a restart must know it too."""

from collections.abc import Callable
from datetime import datetime

import structlog

from bot.errors import StoreError
from bot.ports import Store
from bot.types import Setting

log = structlog.get_logger(__name__)

NAME = "away"
"""Of the note in the store's settings; bot/call/preferences.py passes it over."""


class AutoJoinBlocks:
    """Servers that put the bot out, and channels that it was asked to leave. `load` before use."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._places: set[tuple[int, int | None]] = set()
        "server and channel; None: all of them"

    async def load(self) -> None:
        """Read what earlier processes noted; without a store it begins anew."""
        try:
            kept = await self._store.settings()
        except StoreError as error:
            log.warning("away_unknown", reason=str(error))
            return
        self._places |= {(note.guild_id, note.channel_id) for note in kept if note.name == NAME}

    def allowed(self, guild_id: int, channel_id: int) -> bool:
        """Whether the bot may come there by itself."""
        return self._places.isdisjoint({(guild_id, None), (guild_id, channel_id)})

    async def block(self, guild_id: int, channel_id: int | None = None) -> None:
        """Stay away from a channel, or (None) a whole server. It holds at once, whatever becomes of the store."""
        self._places.add((guild_id, channel_id))
        try:
            await self._store.set(Setting(guild_id, channel_id, NAME, "yes", None, self._now()))
        except StoreError as error:
            log.warning("away_not_kept", guild=guild_id, reason=str(error))

    async def lift(self, guild_id: int, channel_id: int) -> None:
        """Those who sent it away have gone from a channel."""
        await self._forget({(guild_id, channel_id)})

    async def lift_all(self, guild_id: int) -> None:
        """Somebody of a server wants the bot again."""
        await self._forget({place for place in self._places if place[0] == guild_id})

    async def _forget(self, places: set[tuple[int, int | None]]) -> None:
        for guild_id, channel_id in places & self._places:
            self._places.discard((guild_id, channel_id))
            try:
                await self._store.unset(guild_id, channel_id, NAME)
            except StoreError as error:
                log.warning("away_not_dropped", guild=guild_id, reason=str(error))
