"""Sends each event to the sessions that subscribed to it."""

from collections.abc import Callable

from sandbox.guild.fault import Json
from sandbox.guild.session import GatewaySession

Render = Callable[[GatewaySession], Json]


class Hub:
    """The current sessions of the main gateway, by id."""

    def __init__(self) -> None:
        self.sessions: dict[str, GatewaySession] = {}

    def dispatch(self, event: str, data: Json | Render, guild_id: int | None) -> None:
        """Send an event of a guild (None: of direct messages) to every session whose intents include it.

        `data` may depend on the session: intents change what an event carries.
        """
        for session in self.sessions.values():
            if session.wants(event, guild_id):
                session.dispatch(event, data(session) if callable(data) else data)

    def tell(self, event: str, data: Json, guild_id: int | None) -> None:
        """Send an event that needs no intent to the guild's shard."""
        for session in self.sessions.values():
            if session.covers(guild_id):
                session.dispatch(event, data)
