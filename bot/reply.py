"""One turn's answer, from the request to its last sound.

The sound may be held back: while the answer is only speculated, or while somebody has begun to speak again. A held
answer streams on unheard and sounds from its start once released; a cancelled one falls silent at once.
"""

import asyncio
from collections import deque
from contextlib import aclosing

from bot.audio import SPEAK_RATE, seconds
from bot.ports import Engine, Playback, VoiceLink
from bot.types import AudioDelta, Playout, ReplyDone, ReplyRequest, TextDelta

LONGEST = 120.0
"""Seconds of sound kept for one answer; the model is asked for less, this is the bound."""


class Reply:
    """What the engine streams for one turn, on its way to the loudspeaker."""

    def __init__(self, request: ReplyRequest, engine: Engine, link: VoiceLink, *, held: bool = False) -> None:
        self.request = request
        self.text = ""
        self.done: ReplyDone | None = None
        self.streamed = 0.0
        "seconds of sound that arrived"
        self.dropped = 0.0
        "seconds of sound beyond LONGEST"
        self._engine = engine
        self._link = link
        self._playback: Playback | None = None
        self._sound = bytearray()
        self._waiting: deque[bytes] = deque()
        self._released = asyncio.Event()
        if not held:
            self._released.set()

    @property
    def audible(self) -> bool:
        """Whether sound of the answer itself has gone to the loudspeaker."""
        return self._playback is not None and self.streamed > 0 and not self._waiting

    @property
    def held(self) -> bool:
        return not self._released.is_set()

    @property
    def played(self) -> float:
        """Seconds that went out."""
        return self._playback.played if self._playback else 0.0

    @property
    def sound(self) -> bytes:
        """All that arrived: s16le mono 24 kHz."""
        return bytes(self._sound)

    def release(self) -> None:
        """The floor is ours: let it sound."""
        self._released.set()
        self._flush()

    def hold(self) -> bool:
        """Keep back what is not sounding yet; return False when it sounds already."""
        if self.audible:
            return False
        self._released.clear()
        return True

    def cue(self, pcm: bytes) -> None:
        """Play the soft earcon that says: I am thinking."""
        if self._playback is None and not self.held:
            self._playback = self._link.play()
            self._playback.cue(pcm)

    def duck(self) -> None:
        if self._playback:
            self._playback.duck()

    def resume(self) -> None:
        if self._playback:
            self._playback.resume()

    def cut(self) -> Playout:
        """Fall silent now and say how much was heard."""
        if self._playback is None:
            return Playout(played=0.0, total=self.streamed, interrupted=True)
        return self._playback.cut()

    async def run(self) -> Playout:
        """Stream, play out and return how much was heard.

        Cancelling it is the whole of a barge-in; `cut` then tells how much was heard. Raises EngineError, which may
        come in the middle of the sound: what was heard stays heard.
        """
        try:
            async with aclosing(self._engine.reply(self.request)) as events:  # pyright: ignore[reportArgumentType]
                async for event in events:
                    match event:
                        case TextDelta(text):
                            self.text += text
                        case AudioDelta(pcm):
                            self._arrived(pcm)
                        case ReplyDone():
                            self.done = event
        except asyncio.CancelledError:
            self.cut()
            raise
        except BaseException:
            await self._play_out()
            raise
        return await self._play_out()

    def _arrived(self, pcm: bytes) -> None:
        room = LONGEST - self.streamed
        if seconds(pcm, SPEAK_RATE) > room:
            self.dropped += seconds(pcm, SPEAK_RATE)
            return
        self.streamed += seconds(pcm, SPEAK_RATE)
        self._sound += pcm
        self._waiting.append(pcm)
        self._flush()

    def _flush(self) -> None:
        if self.held or not self._waiting:
            return
        if self._playback is None:
            self._playback = self._link.play()
        while self._waiting:
            self._playback.feed(self._waiting.popleft())

    async def _play_out(self) -> Playout:
        try:
            if self.streamed:
                await self._released.wait()
                self._flush()
            if self._playback is None:
                return Playout(played=0.0, total=0.0, interrupted=False)
            self._playback.finish()
            return await self._playback.wait()
        except asyncio.CancelledError:
            self.cut()
            raise
