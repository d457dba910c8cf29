"""What one link sends: its playbacks, behind the speaking flag that Discord wants raised before the first packet."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.voice.send.pacer import Pacer
from bot.voice.send.playback import FrameEncoder, OpusPlayback


class Sender:
    """Feeds one lane of the pacer.

    `send` seals and sends a packet, in the pacer's thread; `connected` and `keyed` are asked there too: while either is
    not, nothing is taken, so a reply goes on where it stood. `speak` raises and lowers the speaking flag (voice gateway
    op 5). `keyed`: what is sent now is sealed for those who listen; before that it would go out in the clear, unheard.
    """

    def __init__(
        self,
        pacer: Pacer,
        new_encoder: Callable[[], FrameEncoder],
        *,
        send: Callable[[bytes], None],
        speak: Callable[[bool], Awaitable[None]],
        connected: Callable[[], bool],
        keyed: Callable[[], bool] = lambda: True,
    ) -> None:
        self._new_encoder = new_encoder
        self._send = send
        self._speak = speak
        self._connected = connected
        self._keyed = keyed
        self._lane = pacer.add(self)
        # The newest first; the one before it may still have its closing silence to send.
        self._playbacks: tuple[OpusPlayback, ...] = ()
        self._underruns = 0
        self._raised = False
        self._signal: asyncio.Task[None] | None = None

    def play(self) -> OpusPlayback:
        """Open a new playback; one that is still open is cut."""
        self.cut()
        playback = OpusPlayback(self._new_encoder(), self._follow)
        self._keep(playback, *self._playbacks[:1])
        return playback

    def cut(self) -> None:
        """Cut what is playing."""
        for playback in self._playbacks:
            playback.cut()

    def pump(self) -> None:
        """Encode ahead, and keep the speaking flag true; called each tick."""
        for playback in self._playbacks:
            playback.pump()
        if self._playbacks and self._playbacks[0].sounding:
            # Whatever closing silence the one before has left comes too late.
            self._keep(*self._playbacks[:1])
        self._keep(*(playback for playback in self._playbacks if not playback.over))
        self._follow()

    async def close(self) -> None:
        self.cut()
        self._lane.close()
        if self._signal is not None:
            self._signal.cancel()
            await asyncio.gather(self._signal, return_exceptions=True)

    def take(self) -> bytes | None:
        """Return the next packet (see pacer.Sender)."""
        if self._raised and self._connected() and self._keyed():
            for playback in self._playbacks:
                packet = playback.take()
                if packet is not None:
                    return packet
        return None

    def send(self, packet: bytes, /) -> None:
        self._send(packet)

    @property
    def sent(self) -> int:
        """Packets sent."""
        return self._lane.sent

    @property
    def failed(self) -> int:
        """Packets that could not be sealed or sent."""
        return self._lane.failed

    @property
    def skipped(self) -> int:
        """Steps of 20 ms in which nothing could be sent because the process stood still."""
        return self._lane.skipped

    @property
    def underruns(self) -> int:
        """Times an answer came too slowly to play on."""
        return self._underruns + sum(playback.underruns for playback in self._playbacks)

    def _keep(self, *playbacks: OpusPlayback) -> None:
        self._underruns += sum(playback.underruns for playback in self._playbacks if playback not in playbacks)
        self._playbacks = playbacks

    def _follow(self) -> None:
        """Bring flag and lane in line with what there is to send."""
        if not self._connected():
            # A new connection begins with the flag down.
            self._raised = False
            return
        sounding = any(playback.sounding for playback in self._playbacks)
        if sounding and self._raised:
            if self._lane.due is None:
                self._lane.wake()
        elif sounding != self._raised and self._signal is None:
            self._signal = asyncio.create_task(self._flag(sounding), name="speaking flag")

    async def _flag(self, up: bool) -> None:
        try:
            await self._speak(up)
            self._raised = up
        finally:
            self._signal = None
        self._follow()
