"""The person in the browser: a sandbox person whose microphone and loudspeaker are live streams."""

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from sandbox.guild.entities import User
from sandbox.people.person import FRAME_BYTES, FRAME_SAMPLES, FRAME_SECONDS, TRAILING_SILENCE_FRAMES, Person
from sandbox.playground.loudspeaker import Loudspeaker
from sandbox.voice import rtp

if TYPE_CHECKING:
    from sandbox.server import Sandbox

SPEECH_END_SECONDS = 0.06
"""Seconds without a frame that end a talkspurt. Silence frames follow."""


class BrowserPerson(Person):
    """Speaks through `send_frame`, one frame at a time. Received audio goes to a Loudspeaker instead of a Recorder."""

    def __init__(self, sandbox: "Sandbox", user: User, loudspeaker: Loudspeaker) -> None:
        super().__init__(sandbox, user, "davey")
        self.loudspeaker = loudspeaker
        self.counts: Counter[str] = Counter()
        "frames by result: sent, no key, not in a channel, out of order"
        self._loop = asyncio.get_running_loop()
        self._frame_number = -1
        self._base_timestamp = 0
        self._silence_timer: asyncio.TimerHandle | None = None

    def start_page(self) -> None:
        """Start a new page: its frame numbers start at 0, while the RTP timestamp continues."""
        self._base_timestamp = self._timestamp + round((self._loop.time() - self._spoke_at) * 50 + 1) * FRAME_SAMPLES
        self._frame_number = -1

    def send_frame(self, number: int, pcm: bytes) -> bool:
        """Send 20 ms of s16le mono 48 kHz at once. Returns False if it was not sent.

        `number` counts all frames of the microphone, including the silent ones that the page does not send.
        """
        client = self.client
        if client is None or len(pcm) != FRAME_BYTES or number <= self._frame_number:
            self.counts["not in a channel" if client is None else "out of order"] += 1
            return False
        if self._silence_timer is None:
            self._encoder.reset()
            client.speaking()
        else:
            self._silence_timer.cancel()
        self._frame_number = number
        self._timestamp = self._base_timestamp + number * FRAME_SAMPLES & 0xFFFFFFFF
        sent = client.send(self._encoder.encode(pcm), self._timestamp)
        self.counts["sent" if sent else "no key"] += 1
        self._spoke_at = self._loop.time()
        self._silence_timer = self._loop.call_later(SPEECH_END_SECONDS, self._send_silence, TRAILING_SILENCE_FRAMES)
        return sent

    def _send_silence(self, left: int) -> None:
        """Send the silence frames that end a talkspurt, one every 20 ms."""
        self._silence_timer = None
        if self.client is None or left == 0:
            return
        self._frame_number += 1  # a frame of the page with this number would come too late, so it is dropped
        self._timestamp = self._base_timestamp + self._frame_number * FRAME_SAMPLES & 0xFFFFFFFF
        self.client.send(rtp.SILENCE, self._timestamp)
        self._silence_timer = self._loop.call_later(FRAME_SECONDS, self._send_silence, left - 1)

    async def hang_up(self) -> None:
        """Close the voice connection without telling the main gateway. Idempotent."""
        if self._silence_timer is not None:
            self._silence_timer.cancel()
            self._silence_timer = None
        await super().hang_up()

    def _hear(self, user_id: int, packet: rtp.SealedPacket, sound: bytes, at: float) -> None:
        self.loudspeaker.push(user_id, packet, sound, at)


class SpeakOnlyPerson(Person):
    """A person who only speaks. Received audio is not kept."""

    def _hear(self, user_id: int, packet: rtp.SealedPacket, sound: bytes, at: float) -> None:
        pass
