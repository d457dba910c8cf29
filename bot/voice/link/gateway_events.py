"""What the main gateway says of us: the channel we are in, the voice server that is ours, that we were taken out."""

import asyncio
from collections.abc import Callable

from bot.voice.link.recovery import TOLD_WITHIN


class GatewayEvents:
    """The latest, for one link."""

    def __init__(self, channel_id: int, clock: Callable[[], float]) -> None:
        self.channel_id = channel_id
        self.fresh = False
        "we were told of a server that we have not connected to yet"
        self.awaiting_server = False
        "we were told to wait for one"
        self.removed = False
        "somebody took us out of the channel"
        self.leaving = False
        "we asked to leave, and it was not confirmed yet"
        self._clock = clock
        self._opened: tuple[str, str] | None = None
        "token and endpoint of the session that is open or being opened"
        self._told_at = float("-inf")
        self._stirred = asyncio.Event()

    async def more(self) -> None:
        """Wait until something is said."""
        self._stirred.clear()
        await self._stirred.wait()

    def stir(self) -> None:
        """Wake who waits for more."""
        self._stirred.set()

    def entering(self) -> None:
        """Forget what was said: the channel is asked for anew."""
        self.fresh = self.removed = False
        self._opened = None

    def opening(self, token: str, endpoint: str) -> None:
        """What we were told of is being used now."""
        self.fresh = self.awaiting_server = False
        self._opened = (token, endpoint)

    def closed(self) -> None:
        """No session is open any more: word of the same server is news."""
        self._opened = None

    def state(self, channel_id: int | None) -> bool:
        """Take our own VOICE_STATE_UPDATE; return whether the session that is open ends with it."""
        if channel_id is None:
            self.removed = self.removed or not self.leaving
            ends, self.leaving = not self.leaving, False
            return ends
        if channel_id == self.channel_id:
            return False
        self.channel_id = channel_id
        # The new server is named before or after this, but DAVE's group is named after the channel.
        self.fresh = self.fresh or self._clock() - self._told_at < TOLD_WITHIN
        return True

    def server(self, token: str | None, endpoint: str) -> bool:
        """Take VOICE_SERVER_UPDATE (endpoint "": none yet); return whether the session that is open ends with it."""
        if not endpoint or not token:
            self.awaiting_server = True
            return True
        if (token, endpoint) == self._opened:
            return False
        self.fresh = True
        self._told_at = self._clock()
        return True
