"""What one link sends: its playbacks, after the speaking flag that Discord requires before the first packet."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from bot.types import Sent
from bot.voice.opus import OPUS_SILENCE
from bot.voice.send.pacer import Pacer
from bot.voice.send.playback import FrameEncoder, OpusPlayback

MAX_SENT_FRAMES = 100
"""Frames kept until `played` is called: 2 s, longer than any tick is late."""


class Sender:
    """Feeds one lane of the pacer.

    The pacer's thread calls `send`, which seals and sends a packet, and asks `connected` and `sealable`: while either
    is false nothing is taken, so a reply later continues where it was. `speak` raises and lowers the speaking flag
    (voice gateway op 5). `sealable`: what is sent now is sealed for those who listen; before that it would go out
    unencrypted, and nobody would hear it.
    """

    def __init__(
        self,
        pacer: Pacer,
        new_encoder: Callable[[], FrameEncoder],
        *,
        send: Callable[[bytes], None],
        speak: Callable[[bool], Awaitable[None]],
        connected: Callable[[], bool],
        sealable: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` is the call's."""
        self._new_encoder = new_encoder
        self._send = send
        self._speak = speak
        self._connected = connected
        self._sealable = sealable
        self._clock = clock
        self._played: deque[Sent] = deque(maxlen=MAX_SENT_FRAMES)
        self._lane = pacer.add(self)
        # The newest first; the one before may still have closing silence to send.
        self._playbacks: tuple[OpusPlayback, ...] = ()
        self._underruns = 0
        self._truncated = 0
        self._flag_up = False
        self._flag_task: asyncio.Task[None] | None = None

    def play(self) -> OpusPlayback:
        """Open a new playback, and cut one that is still open."""
        self.cut()
        playback = OpusPlayback(self._new_encoder(), self._update_flag)
        self._keep(playback, *self._playbacks[:1])
        return playback

    def cut(self) -> None:
        """Cut what is playing."""
        for playback in self._playbacks:
            playback.cut()

    def pump(self) -> None:
        """Encode ahead, and keep the speaking flag up to date; called each tick."""
        if not self._playbacks and not self._flag_up:
            return
        for playback in self._playbacks:
            playback.pump()
        if self._playbacks and self._playbacks[0].sounding:
            # The closing silence of the one before comes too late.
            self._keep(*self._playbacks[:1])
        self._keep(*(playback for playback in self._playbacks if not playback.over))
        self._update_flag()

    async def close(self) -> None:
        self.cut()
        self._lane.close()
        if self._flag_task is not None:
            self._flag_task.cancel()
            await asyncio.gather(self._flag_task, return_exceptions=True)

    def take(self) -> bytes | None:
        """Return the next packet (see pacer.PacketSource)."""
        if self._flag_up and self._connected() and self._sealable():
            for playback in self._playbacks:
                packet = playback.take()
                if packet is not None:
                    if packet != OPUS_SILENCE:
                        self._played.append(Sent(self._clock(), playback.taken))
                    return packet
        return None

    def send(self, packet: bytes, /) -> None:
        self._send(packet)

    def played(self) -> Sequence[Sent]:
        """Return the frames that were sent since the last call, oldest first."""
        return [self._played.popleft() for _ in range(len(self._played))]

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
        """Silence frames sent because an answer came too slowly."""
        return self._underruns + sum(playback.underruns for playback in self._playbacks)

    @property
    def truncated(self) -> int:
        """Playbacks that were fed more than they may play."""
        return self._truncated + sum(playback.dropped_bytes > 0 for playback in self._playbacks)

    def _keep(self, *playbacks: OpusPlayback) -> None:
        """Keep only these playbacks, and the counts of the others."""
        gone = [playback for playback in self._playbacks if playback not in playbacks]
        self._underruns += sum(playback.underruns for playback in gone)
        self._truncated += sum(playback.dropped_bytes > 0 for playback in gone)
        self._playbacks = playbacks

    def _update_flag(self) -> None:
        """Match the flag and the lane to what there is to send."""
        if not self._connected():
            # A new connection starts with the flag down.
            self._flag_up = False
            return
        sounding = any(playback.sounding for playback in self._playbacks)
        if sounding and self._flag_up:
            if self._lane.due is None:
                self._lane.wake()
        elif sounding != self._flag_up and self._flag_task is None:
            self._flag_task = asyncio.create_task(self._set_flag(sounding), name="speaking flag")

    async def _set_flag(self, up: bool) -> None:
        try:
            await self._speak(up)
            self._flag_up = up
        finally:
            self._flag_task = None
        self._update_flag()
