"""Whether the main gateway can be asked about one server. Public names of discord.py only."""

import asyncio
import functools
from typing import Any, Final

import discord

_EVENTS: Final = (("shard_connect", True), ("shard_resumed", True), ("shard_disconnect", False))
"""Of discord.py, each with whether a session stands after it."""


class GatewayShard:
    """The connection of one server's shard; `release` it."""

    def __init__(self, client: discord.Client, shard_id: int) -> None:
        self._client = client
        self._shard_id = shard_id
        self._in_session = True
        "as far as was heard since we listen"
        self._listening: list[asyncio.Task[Any]] = []
        if isinstance(client, discord.AutoShardedClient):
            for event, stands in _EVENTS:
                # Listens for good: `_note` never takes an event for the one waited for.
                waiting = client.wait_for(event, check=functools.partial(self._note, stands))
                self._listening.append(asyncio.ensure_future(waiting))

    @property
    def connected(self) -> bool:
        """Whether its connection stands."""
        if not isinstance(self._client, discord.AutoShardedClient):
            return not self._client.is_closed()
        shard = self._client.get_shard(self._shard_id)
        return shard is not None and not shard.is_closed()

    @property
    def usable(self) -> bool:
        """Whether it takes commands: a new connection does only from READY or RESUMED on.

        Discord closes it with 4003 for a command before that, so asking again and again keeps it from coming back.
        """
        return self.connected and self._in_session

    def release(self) -> None:
        """Stop listening."""
        for task in self._listening:
            task.cancel()

    def _note(self, stands: bool, shard_id: int) -> bool:
        if shard_id == self._shard_id:
            self._in_session = stands
        return False
