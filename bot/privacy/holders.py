"""The holders that all calls share: what the engine remembers, what waits for the store."""

from collections.abc import Mapping, Set

from bot.ports import Engine
from bot.ports.holder import Holder
from bot.store.outbox import Outbox
from bot.types import Message


class EngineMemory(Holder):
    """The engine's summaries of what fell out of its window, so far as they are in memory."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def forget_person(self, user_id: int) -> None:
        self._engine.forget_person(user_id)

    def clear_channel(self, channel_id: int) -> None:
        self._engine.forget(channel_id)

    def drop_lines(self, channel_id: int, line_ids: Set[str]) -> None:
        self._engine.forget(channel_id)  # a summary does not show which lines it is made of

    def correct(self, channel_id: int, before: Message, after: Message) -> None:
        self._engine.forget(channel_id)

    async def settled(self) -> None:
        await self._engine.settled()


class PendingWrites(Holder):
    """What ended calls and jobs could not write yet."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def forget_person(self, user_id: int) -> None:
        self._outbox.forget(user_id)

    def withdraw(self, guild_id: int, user_id: int) -> Mapping[int, Set[str]]:
        return self._outbox.withdraw(guild_id, user_id)

    def clear_channel(self, channel_id: int) -> None:
        self._outbox.clear(channel_id)

    def drop_lines(self, channel_id: int, line_ids: Set[str]) -> None:
        self._outbox.drop(line_ids)

    def correct(self, channel_id: int, before: Message, after: Message) -> None:
        self._outbox.correct(after)

    async def settled(self) -> None:
        await self._outbox.settled()


def shared_holders(engine: Engine, outbox: Outbox) -> tuple[Holder, ...]:
    return EngineMemory(engine), PendingWrites(outbox)
