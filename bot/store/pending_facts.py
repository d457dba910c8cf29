"""Facts that wait for the store: who agreed to be heard, and where calls run. Only the newest of each counts."""

from bot.ports import Store


class PendingFacts:
    """A queue whose owner bounds it (bot/store/outbox.py)."""

    def __init__(self) -> None:
        self.consents: dict[tuple[int, int], bool] = {}
        "(server, person) -> their last answer"
        self.calls: dict[int, int | None] = {}
        "server -> the channel of its running call, or None"

    def __len__(self) -> int:
        return len(self.consents) + len(self.calls)

    def consents_of(self, guild_id: int) -> dict[int, bool]:
        """Return the consents of a server."""
        return {user_id: agreed for (guild, user_id), agreed in self.consents.items() if guild == guild_id}

    def forget(self, user_id: int) -> None:
        """Drop a person's consents."""
        self.consents = {key: agreed for key, agreed in self.consents.items() if key[1] != user_id}

    def clear(self) -> None:
        self.consents.clear()
        self.calls.clear()

    async def write(self, store: Store) -> None:
        """Write all of them; each stays until it is written. Raises StoreError."""
        while self.consents:
            (guild_id, user_id), agreed = next(iter(self.consents.items()))
            await store.consent(guild_id, user_id, agreed)
            self.consents.pop((guild_id, user_id), None)
        while self.calls:
            guild_id, channel_id = next(iter(self.calls.items()))
            await write_call(store, guild_id, channel_id)
            self.calls.pop(guild_id, None)


async def write_call(store: Store, guild_id: int, channel_id: int | None) -> None:
    """Write where a server's call runs; None: nowhere. Raises StoreError."""
    if channel_id is None:
        await store.call_ended(guild_id)
    else:
        await store.call_started(guild_id, channel_id)
