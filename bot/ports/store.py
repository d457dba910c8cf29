"""What the other rooms need from the store."""

from collections.abc import AsyncGenerator, Callable, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from bot.types import (
    Charge,
    Forgotten,
    Hold,
    Message,
    News,
    Setting,
    Usage,
)


class Store(Protocol):
    """The database. Every method raises StoreUnavailable when the database cannot serve."""

    async def history(self, channel_id: int, limit: int) -> list[Message]:
        """Return the newest `limit` messages of a channel, oldest first."""
        ...

    async def search(self, channel_id: int, words: Sequence[str], limit: int) -> list[Message]:
        """Return the newest `limit` lines of a channel in which all of these words stand, oldest first."""
        ...

    async def said_near(self, guild_id: int, at: datetime, limit: int) -> dict[int, list[Message]]:
        """Return what people said in a server from ten minutes before `at` on, by channel: the first `limit` lines."""
        ...

    async def remember(self, guild_id: int, channel_id: int, messages: Sequence[Message]) -> None:
        """Append messages, all or none."""
        ...

    async def clear(self, channel_id: int) -> int:
        """Delete a channel's history; return how many messages that was."""
        ...

    async def drop(self, channel_id: int, message_ids: AbstractSet[str]) -> int:
        """Delete some lines of a channel; return how many that was."""
        ...

    async def correct(self, guild_id: int, channel_id: int, message: Message) -> bool:
        """Replace the words of a line, and mark it as edited; False: it is not stored."""
        ...

    async def gleanings(self, channel_id: int, limit: int, words: Sequence[str] = ()) -> list[Message]:
        """Return what was gleaned from a channel's lines (`glean`), oldest first: of the newest `limit`, those in which
        all of these words stand.
        """
        ...

    async def glean(self, guild_id: int, channel_id: int, gleaning: Message, instead_of: str = "") -> None:
        """Keep what was gleaned from lines, in the place of an earlier gleaning: it goes when one of its lines does.

        A summary (role assistant) rests on all lines from `at` to `expires_at`, and on what those in `asked_by` said;
        names put right (role user, one a line of `text`) on the line with the id `audio_id`.
        """
        ...

    async def charge(self, charges: Sequence[Charge]) -> None:
        """Store charges, all or none; of those who were `forgotten` only hashes."""
        ...

    async def charges(self, guild_id: int, since: datetime) -> list[Charge]:
        """Return the charges of a server since then, oldest first."""
        ...

    async def hold(self, hold: Hold, price: Callable[[str, Usage], Decimal]) -> bool:
        """Hold money back if nothing is over its cap, with what other processes hold; return whether it is held.

        `price` gives the US dollars that a charge without a known price counts for, by model and usage.
        """
        ...

    async def renew(self, hold: Hold) -> None:
        """Hold as much as this says from now on, unless the hold is over. Nothing is checked."""
        ...

    async def release(self, hold_ids: Sequence[str]) -> None:
        """End holds; the ones of an ended process end by themselves."""
        ...

    async def purse_key(self, day: date) -> bytes | None:
        """Return the key of a day's nameless purses (bot.types.purse_owner); None: nobody was forgotten that day."""
        ...

    async def consents(self, guild_id: int) -> dict[int, bool]:
        """Return who agreed (True) or withdrew (False); people who were never asked are absent."""
        ...

    async def consent(self, guild_id: int, user_id: int, agreed: bool) -> None: ...

    async def call_started(self, guild_id: int, channel_id: int) -> None:
        """Store that a call is open, so that a restart finds it."""
        ...

    async def call_ended(self, guild_id: int) -> None: ...

    async def calls(self) -> dict[int, int]:
        """Return the calls that were open: guild -> channel."""
        ...

    async def settings(self) -> list[Setting]:
        """Return the settings of all servers and channels."""
        ...

    async def set(self, setting: Setting) -> None:
        """Store a setting, replacing the one of that name; every process learns of it."""
        ...

    async def unset(self, guild_id: int, channel_id: int | None, *names: str) -> int:
        """Delete these settings, or all without names, of a server (channel None) or channel; return how many."""
        ...

    async def export(self, user_id: int) -> dict[str, Any]:
        """Return everything stored about a person, for JSON: messages, answers to them, consents, …"""
        ...

    async def forget(self, user_id: int, *, again: bool = False) -> Forgotten:
        """Delete a person's words, the answers to them and consents, and remove them from charges.

        Of today's charges a nameless hash stays until the day is over, so that a cap cannot be emptied.

        The other processes learn of it. They call this with `again`, which deletes words and names that they wrote
        since, and notifies nobody.
        """
        ...

    async def expire(self, guild_id: int, before: datetime, limit: int, *, idle_only: bool = False) -> int:
        """Delete at most `limit` lines from before then, and names in charges that old; return how many of both.

        `idle_only` leaves out the channel of an open call, and the charges.
        """
        ...

    async def guilds(self) -> AbstractSet[int]:
        """Return the servers that have any data."""
        ...

    async def departed(self, guild_id: int, at: datetime) -> datetime:
        """Store that the bot is no longer in a server; return since when."""
        ...

    async def returned(self, guild_id: int) -> None:
        """Store that the bot is in a server again."""
        ...

    async def purge(self, guild_id: int) -> None:
        """Delete all data of a server."""
        ...

    async def tidy(self, now: datetime, limit: int) -> int:
        """Seal at most `limit` lines with the newest key, delete old news, and clear deleted bytes from the file.

        Return how many lines were sealed.
        """
        ...

    def watch(self) -> AsyncGenerator[News]:
        """Yield the changes of other processes from now on, until closed. After StoreUnavailable, call it again."""
        ...

    async def aclose(self) -> None: ...
