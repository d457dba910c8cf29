"""What a call begins with, and what people take back before it has begun."""

import asyncio
from collections.abc import Callable, Mapping, Set
from typing import Self

from bot.call.call import Call
from bot.call.services import Services
from bot.errors import StoreError
from bot.ports.holder import Holder
from bot.privacy.consent import ConsentNotes
from bot.privacy.erasure import Erasure
from bot.types import Message

MAX_HISTORY_LINES = 200
"""Loaded when a call begins."""


class Beginning(Holder):
    """A call that is about to begin; an async context manager that keeps others from beginning in the same server.

    It may have read what people take back while it reads more, so it notes that for the call.
    """

    def __init__(self, services: Services, notes: ConsentNotes, erasure: Erasure, lock: asyncio.Lock) -> None:
        self.consents: dict[int, bool] = {}
        self.history: list[Message] = []
        self._failure: StoreError | None = None
        "why it knows less than it should"
        self._gone: set[int] = set()
        "people who withdrew or were forgotten meanwhile"
        self._taken_back: list[Callable[[Holder], object]] = []
        self._services = services
        self._notes = notes
        self._erasure = erasure
        self._lock = lock

    async def __aenter__(self) -> Self:
        await self._lock.acquire()
        self._erasure.register(self)
        return self

    async def __aexit__(self, *failure: object) -> None:
        self._erasure.release(self)
        self._lock.release()

    async def agree(self, guild_id: int, user_id: int) -> None:
        """Who asks for the call agrees to be heard, unless they took that back meanwhile."""
        if user_id not in self._gone:
            self.consents[user_id] = True
            await self._notes.save(guild_id, user_id, True)

    async def load(self, guild_id: int, channel_id: int) -> None:
        """Read what is known of the people and the channel, as far as the store works."""
        store, outbox = self._services.store, self._services.outbox
        try:
            self.consents = await self._notes.load(guild_id) | self.consents
            self.history = self._with_pending(channel_id, await store.history(channel_id, MAX_HISTORY_LINES))
            self._services.spellings.load(channel_id, await store.gleanings(channel_id, MAX_HISTORY_LINES))
            await outbox.call(guild_id, channel_id)
        except StoreError as error:
            self._failure = error
            self.consents = self._notes.pending(guild_id) | self.consents
            self.history = self.history or self._with_pending(channel_id, [])
        await self._services.budget.load(guild_id, store)

    def begun(self, call: Call) -> None:
        """Take back from the call, too, what people took back, and let it tell what could not be read."""
        for take in self._taken_back:
            take(call.holdings)
        if self._failure:
            call.display.memory_failed(self._failure)

    def _with_pending(self, channel_id: int, stored: list[Message]) -> list[Message]:
        """Return a channel's history with the lines that an earlier call could not write yet."""
        lines = {message.id: message for message in (*stored, *self._services.outbox.pending_lines(channel_id))}
        return sorted(lines.values(), key=lambda message: message.at)

    # A holder's promises

    def forget_person(self, user_id: int) -> None:
        self._gone.add(user_id)
        self._taken_back.append(lambda holder: holder.forget_person(user_id))

    def withdraw(self, guild_id: int, user_id: int) -> Mapping[int, Set[str]]:
        self._gone.add(user_id)
        self._taken_back.append(lambda holder: holder.withdraw(guild_id, user_id))
        return {}

    def clear_channel(self, channel_id: int) -> None:
        self._taken_back.append(lambda holder: holder.clear_channel(channel_id))

    def drop_lines(self, channel_id: int, line_ids: Set[str]) -> None:
        self._taken_back.append(lambda holder: holder.drop_lines(channel_id, line_ids))

    def correct(self, channel_id: int, before: Message, after: Message) -> None:
        self._taken_back.append(lambda holder: holder.correct(channel_id, before, after))
