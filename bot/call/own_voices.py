"""The voices in which people have read aloud what they write: their own choice, in each server (/voice mine)."""

from collections.abc import Callable, Iterable
from datetime import datetime

from bot.ports import Store
from bot.ports.holder import Holder
from bot.types import OWN_VOICE_PREFIX, Setting, voice_owner


class OwnVoices(Holder):
    """Who wants that, and in which voice. The store keeps it among the settings, under a name of each person's own."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._voices: dict[tuple[int, int], str] = {}
        "server and person -> voice"

    def load(self, settings: Iterable[Setting]) -> list[Setting]:
        """Take the voices out of all that is set, and return the rest."""
        kept = list(settings)
        self._voices = {
            (setting.guild_id, owner): setting.value
            for setting in kept
            if (owner := voice_owner(setting.name)) is not None
        }
        return [setting for setting in kept if voice_owner(setting.name) is None]

    def of(self, guild_id: int, user_id: int) -> str:
        """Return the voice of somebody's written lines; empty: they are not read."""
        return self._voices.get((guild_id, user_id), "")

    async def choose(self, guild_id: int, user_id: int, voice: str) -> None:
        """Have what somebody writes read in a voice. Raises StoreUnavailable, and leaves all as it was."""
        name = f"{OWN_VOICE_PREFIX}{user_id}"
        await self._store.set(Setting(guild_id, None, name, voice, user_id, self._now()))
        self._voices[guild_id, user_id] = voice

    async def drop(self, guild_id: int, user_id: int) -> bool:
        """Read nothing more; False: nothing was read. It holds at once. Raises StoreUnavailable."""
        chosen = self._voices.pop((guild_id, user_id), "")
        await self._store.unset(guild_id, None, f"{OWN_VOICE_PREFIX}{user_id}")
        return bool(chosen)

    def forget_person(self, user_id: int) -> None:
        self._voices = {place: voice for place, voice in self._voices.items() if place[1] != user_id}
