"""The one way to erase, to withdraw and to put right: every holder of a person's words first, then the store.

The store tells the other processes what was erased.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Set
from contextlib import AsyncExitStack
from typing import Any

import structlog

from bot.errors import StoreError
from bot.ports import Store
from bot.ports.holder import Holder
from bot.types import Forgotten, Message, News

log = structlog.get_logger(__name__)


class Erasure:
    """Erases in one process. Holders register while they exist."""

    def __init__(self, store: Store, holders: Iterable[Holder] = ()) -> None:
        self._store = store
        self._holders = list(holders)

    @property
    def holders(self) -> tuple[Holder, ...]:
        return tuple(self._holders)

    def register(self, *holders: Holder) -> None:
        self._holders += holders

    def release(self, *holders: Holder) -> None:
        """No longer ask holders that have nothing left."""
        self._holders = [one for one in self._holders if one not in holders]

    async def forget_person(self, user_id: int) -> Forgotten:
        """Erase a person everywhere, and return what the store had of them. Raises StoreError.

        A holder that fails keeps nobody in the others and in the store; what it raised comes after.
        """
        try:
            await self._forget_held(user_id)
        finally:
            gone = await self._store.forget(user_id)
        return gone

    async def withdraw(self, guild_id: int, user_id: int) -> None:
        """Drop, at once, what is heard and not yet written of a person in a server."""
        dropped = [holder.withdraw(guild_id, user_id) for holder in self.holders]
        await self._settled()
        try:
            for channel_id, line_ids in (item for lines in dropped for item in lines.items()):
                await self._store.drop(channel_id, line_ids)
        except StoreError as error:
            # What waited is dropped all the same; what was just being written may be there.
            log.warning("withdrawn_lines_not_deleted", guild=guild_id, reason=str(error))

    async def clear_channel(self, channel_id: int) -> int:
        """Erase a channel's lines, and return how many the store had. Raises StoreError."""
        try:
            await self._clear_held(channel_id)
        finally:
            gone = await self._store.clear(channel_id)
        return gone

    async def drop_lines(self, channel_id: int, line_ids: Set[str]) -> int:
        """Erase some lines of a channel, and return how many the store had. Raises StoreError."""
        try:
            await self._erase_held(lambda holder: holder.drop_lines(channel_id, line_ids))
        finally:
            gone = await self._store.drop(channel_id, line_ids)
        return gone

    async def correct(self, guild_id: int, channel_id: int, before: Message, after: Message) -> None:
        """Replace a line everywhere. Raises StoreError, and then nothing has changed unless the line waited."""
        stored = await self._store.correct(guild_id, channel_id, after)
        for holder in self.holders:
            holder.correct(channel_id, before, after)
        await self._settled()
        if not stored:  # it may have been on its way
            await self._store.correct(guild_id, channel_id, after)

    async def repeat(self, news: News) -> None:
        """Erase here what another process erased. Raises StoreError."""
        match news.kind:
            case "forgotten":
                try:
                    await self._forget_held(news.subject)
                finally:
                    # This process may have written lines after the other one deleted them.
                    await self._store.forget(news.subject, again=True)
            case "cleared":
                await self._clear_held(news.subject)
            case _:
                pass

    async def _forget_held(self, user_id: int) -> None:
        def forget(holder: Holder) -> None:
            if not holder.reads_disk:
                holder.forget_person(user_id)

        on_disk = [holder for holder in self.holders if holder.reads_disk]
        try:
            await self._erase_held(forget)
        finally:  # a job that was cancelled writes nothing more
            await _all_done(asyncio.to_thread(holder.forget_person, user_id) for holder in on_disk)

    async def _clear_held(self, channel_id: int) -> None:
        await self._erase_held(lambda holder: holder.clear_channel(channel_id))

    async def _erase_held(self, erase: Callable[[Holder], None]) -> None:
        """Have every holder erase at once, before anything more is said, and wait until none is writing."""
        async with AsyncExitStack() as each:  # goes on when one raises, from the last to the first
            each.push_async_callback(self._settled)
            for holder in reversed(self.holders):
                each.callback(erase, holder)

    async def _settled(self) -> None:
        """Return when no holder is writing to the store what it has just dropped."""
        await _all_done(holder.settled() for holder in self.holders)


async def _all_done(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Wait for all of it; only then raise what some of it raised."""
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if outcome is not None:
            raise outcome
