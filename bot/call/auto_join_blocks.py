"""Where people sent the bot away: it does not join there by itself. The store keeps it: a restart must know."""

from collections.abc import Callable
from datetime import datetime

import structlog

from bot.errors import StoreError
from bot.ports import Store, Venue
from bot.types import AWAY_SETTING, Setting

log = structlog.get_logger(__name__)


class AutoJoinBlocks:
    """Servers that disconnected the bot, and channels where somebody asked it to leave. `load` before use."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._places: set[tuple[int, int | None]] = set()
        "server and channel; None: all of them"

    async def load(self) -> None:
        """Read the blocks of earlier processes; without a store there are none."""
        try:
            kept = await self._store.settings()
        except StoreError as error:
            log.warning("away_unknown", reason=str(error))
            return
        self._places |= {(note.guild_id, note.channel_id) for note in kept if note.name == AWAY_SETTING}

    def allowed(self, guild_id: int, channel_id: int) -> bool:
        """Return whether the bot may join a channel by itself."""
        return self._places.isdisjoint({(guild_id, None), (guild_id, channel_id)})

    async def block(self, guild_id: int, channel_id: int | None = None) -> None:
        """Stay out of a channel, or (None) a whole server. It holds at once, even if the store fails."""
        self._places.add((guild_id, channel_id))
        try:
            await self._store.set(Setting(guild_id, channel_id, AWAY_SETTING, "yes", None, self._now()))
        except StoreError as error:
            log.warning("away_not_kept", guild=guild_id, reason=str(error))

    async def removed(self, venue: Venue) -> None:
        """Somebody disconnected the bot. A deleted channel is not that."""
        if await venue.stands():
            await self.block(venue.guild_id)

    async def lift(self, guild_id: int, channel_id: int) -> None:
        """Everybody who sent it away has left the channel."""
        await self._lift({(guild_id, channel_id)})

    async def lift_all(self, guild_id: int) -> None:
        """Somebody in the server called the bot again."""
        await self._lift({place for place in self._places if place[0] == guild_id})

    async def _lift(self, places: set[tuple[int, int | None]]) -> None:
        for guild_id, channel_id in places & self._places:
            self._places.discard((guild_id, channel_id))
            try:
                await self._store.unset(guild_id, channel_id, AWAY_SETTING)
            except StoreError as error:
                log.warning("away_not_dropped", guild=guild_id, reason=str(error))
