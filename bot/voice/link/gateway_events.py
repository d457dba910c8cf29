"""What the main gateway says about the bot: its channel, its voice server, and that somebody removed it."""

import asyncio
from collections.abc import Callable

from bot.voice.link.recovery import EXPLANATION_SECONDS


class GatewayEvents:
    """The latest events, for one link."""

    def __init__(self, channel_id: int, clock: Callable[[], float]) -> None:
        self.channel_id = channel_id
        self.server_ready = False
        "the main gateway named a server that we have not connected to yet"
        self.awaiting_server = False
        "the main gateway told us to wait for a server"
        self.inside = False
        "the main gateway counts the bot as in a channel, and we did not ask to leave since"
        self.removed = False
        "somebody took the bot out of the channel; this link does not enter again"
        self.leaving = False
        "we asked to leave, and the main gateway has not confirmed it"
        self._clock = clock
        self._current_server: tuple[str, str] | None = None
        "token and endpoint of the session that is open or being opened"
        self._server_named_at = float("-inf")
        self._changed = asyncio.Event()

    @property
    def decisive(self) -> bool:
        """Whether they decide what follows, whatever the connection does: another server, or no channel any more."""
        return self.server_ready or self.removed

    async def wait(self) -> None:
        """Wait for the next event."""
        self._changed.clear()
        await self._changed.wait()

    def notify(self) -> None:
        """Wake everybody who waits for an event."""
        self._changed.set()

    def entering(self) -> None:
        """Forget the servers that were named: we ask for the channel again."""
        self.server_ready = self.awaiting_server = False
        self._current_server = None

    def exiting(self, *, inside: bool) -> None:
        """Record that we ask to leave; `inside`: the main gateway counts us as in a channel, so it will confirm."""
        self.inside, self.leaving = False, inside

    def opening(self, token: str, endpoint: str) -> None:
        """Record that a session with this server is being opened."""
        self.server_ready = self.awaiting_server = False
        self.inside = True
        self._current_server = (token, endpoint)

    def closed(self) -> None:
        """Record that no session is open any more: the same server counts as new when named again."""
        self._current_server = None

    def voice_state(self, channel_id: int | None) -> bool:
        """Handle our own VOICE_STATE_UPDATE; return whether it ends the open session."""
        if channel_id is None:
            # Otherwise it confirms that we left, or is about a stay before this link's.
            removed = self.inside and not self.leaving
            self.removed = self.removed or removed
            self.inside = self.leaving = False
            return removed
        self.inside = True
        if channel_id == self.channel_id:
            self.leaving = False
            return False
        # While we wait for word that we left, a move is older than our wish to leave: that word is still to come.
        self.channel_id = channel_id
        # The new server is named before or after this event, but the DAVE group is named after the channel.
        self.server_ready = self.server_ready or self._clock() - self._server_named_at < EXPLANATION_SECONDS
        return True

    def voice_server(self, token: str | None, endpoint: str) -> bool:
        """Handle VOICE_SERVER_UPDATE (endpoint "": none yet); return whether it ends the open session."""
        if not endpoint or not token:
            self.awaiting_server = True
            return True
        if (token, endpoint) == self._current_server:
            return False
        self.server_ready = True
        self._server_named_at = self._clock()
        return True
