"""Which shards of the main gateway have a session, and so take commands. Public names of discord.py only."""

import asyncio
import functools
from types import TracebackType
from typing import Any, Final, Self

import discord

_EVENTS: Final = (("shard_connect", True), ("shard_resumed", True), ("shard_disconnect", False))
"""Of discord.py, each with whether a session stands after it."""


class GatewaySessions:
    """Follows one client, for all its calls. A context manager: its end stops that."""

    def __init__(self) -> None:
        self._lost: dict[int, float] = {}
        "shards without a session, as far as was heard -> since when (event loop clock)"
        self._listening: list[asyncio.Task[Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._listening:
            task.cancel()

    def follow(self, client: discord.Client) -> None:
        """Listen to the client from now on, unless that was begun."""
        if self._listening or not isinstance(client, discord.AutoShardedClient):
            return
        for event, stands in _EVENTS:
            # Listens for good: `_note` never takes an event for the one waited for.
            waiting = client.wait_for(event, check=functools.partial(self._note, stands))
            self._listening.append(asyncio.ensure_future(waiting))

    def stands(self, shard_id: int) -> bool:
        """Whether the shard takes commands: a new connection does only from READY or RESUMED on.

        Discord closes it with 4003 for a command before that, so asking again and again keeps it from coming back.
        """
        return shard_id not in self._lost

    def away_seconds(self, shard_id: int) -> float:
        """For how long the shard has had no session; 0: it has one."""
        now = asyncio.get_running_loop().time()
        return now - self._lost.get(shard_id, now)

    def _note(self, stands: bool, shard_id: int) -> bool:
        if stands:
            self._lost.pop(shard_id, None)
        else:
            self._lost.setdefault(shard_id, asyncio.get_running_loop().time())
        return False
