"""The person in the browser: a sandbox person whose microphone and ears are streams."""

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from sandbox.guild.entities import User
from sandbox.people.person import FRAME, FRAME_BYTES, SILENCE_FRAMES, TICK, Person
from sandbox.playground.loudspeaker import Loudspeaker
from sandbox.voice import rtp

if TYPE_CHECKING:
    from sandbox.server import Sandbox

PAUSE = 0.06
"""Seconds without a frame after which a stretch of speech is over, and silence frames are sent."""


class BrowserPerson(Person):
    """Its microphone is fed frame by frame with `voice`; what it hears goes to a Loudspeaker instead of a recording."""

    def __init__(self, sandbox: "Sandbox", user: User, loudspeaker: Loudspeaker) -> None:
        super().__init__(sandbox, user, "davey")
        self.loudspeaker = loudspeaker
        self.counts: Counter[str] = Counter()
        "sent, no key, not in a channel, out of order"
        self._loop = asyncio.get_running_loop()
        self._number = -1
        self._base = 0
        self._ending: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """A page takes over: its frames are numbered anew, RTP time goes on."""
        self._base = self._timestamp + round((self._loop.time() - self._spoke_at) * 50 + 1) * FRAME
        self._number = -1

    def voice(self, number: int, pcm: bytes) -> bool:
        """Say 20 ms, s16le mono 48 kHz, at once; `number` counts the microphone's frames, spoken or not.

        False: it was not sent.
        """
        client = self.client
        if client is None or len(pcm) != FRAME_BYTES or number <= self._number:
            self.counts["not in a channel" if client is None else "out of order"] += 1
            return False
        if self._ending is None:
            self._encoder.reset()
            client.speaking()
        else:
            self._ending.cancel()
        self._number = number
        self._timestamp = self._base + number * FRAME & 0xFFFFFFFF
        sent = client.send(self._encoder.encode(pcm), self._timestamp)
        self.counts["sent" if sent else "no key"] += 1
        self._spoke_at = self._loop.time()
        self._ending = self._loop.call_later(PAUSE, self._fall_silent, SILENCE_FRAMES)
        return sent

    def _fall_silent(self, left: int) -> None:
        """Send the silence frames that end a stretch of speech, one each 20 ms."""
        self._ending = None
        if self.client is None or left == 0:
            return
        self._number += 1  # frames of the page that come too late for their place are dropped
        self._timestamp = self._base + self._number * FRAME & 0xFFFFFFFF
        self.client.send(rtp.SILENCE, self._timestamp)
        self._ending = self._loop.call_later(TICK, self._fall_silent, left - 1)

    async def hang_up(self) -> None:
        """Drop the voice connection without a word to the main gateway. Idempotent."""
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        await super().hang_up()

    def _hear(self, user_id: int, packet: rtp.SealedPacket, sound: bytes, at: float) -> None:
        self.loudspeaker.take(user_id, packet, sound, at)


class Guest(Person):
    """A person who only speaks: what they hear is not kept."""

    def _hear(self, user_id: int, packet: rtp.SealedPacket, sound: bytes, at: float) -> None:
        pass
