"""The sound of one answer: base64 in, what can be played out, at most as long as allowed."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from bot.audio import SPEAK_RATE, seconds
from bot.engine.base64_stream import Base64Stream
from bot.engine.declared_format import declared_format
from bot.engine.leading_silence import LeadingSilence
from bot.engine.samples import SampleFormat
from bot.engine.sound_stream import SoundStream

SOUND_SLICE_CHARACTERS = 1 << 14
"""Of base64, decoded at once: the event loop breathes in between."""
MAX_UNPLAYED_SECONDS = 600.0
"""Sound that arrives is counted, for the bill, up to this."""


class AnswerSound:
    """`close` it."""

    def __init__(self, rate: int, longest: float) -> None:
        """`rate` of headerless samples in Hz; `longest` in seconds."""
        self.seconds = 0.0
        "that were passed on"
        self.received = 0.0
        "seconds that the server sent, silence and noise included"
        self._longest = longest
        self._base64 = Base64Stream()
        self._stream = SoundStream(SampleFormat(rate=rate))
        self._silence = LeadingSilence()

    @property
    def fault(self) -> str:
        """Why it cannot be played; empty: it can."""
        return self._stream.fault

    @property
    def garbled(self) -> int:
        """Parts that were not base64."""
        return self._base64.garbled

    @property
    def full(self) -> bool:
        """Whether it has its greatest length."""
        return self._longest - self.seconds < 0.001

    @property
    def busy(self) -> bool:
        """Whether `end` has more."""
        return self._stream.busy

    def feed(self, data: str, fields: Mapping[str, Any]) -> Iterator[bytes]:
        """Yield s16le mono 24 kHz, nothing after a slice that gave nothing; `fields` stand beside the data.

        What is beyond the greatest length is not decoded: a few bytes of silence may stand for hours.
        """
        for at in range(0, len(data), SOUND_SLICE_CHARACTERS):
            if self.full or self.received >= MAX_UNPLAYED_SECONDS:
                return
            if at:
                yield b""
            raw = self._base64.feed(data[at : at + SOUND_SLICE_CHARACTERS], whole=at == 0)
            if at == 0:
                known = self._stream.plain_format
                self._stream.plain_format = declared_format(fields, self._base64.media_type, known)
            yield from self._playable(self._stream.feed(raw, whole=at == 0))

    def end(self) -> Iterator[bytes]:
        """Yield the rest; call it again while `busy`."""
        if raw := self._base64.end():
            yield from self._playable(self._stream.feed(raw, whole=False))
        yield from self._playable(self._stream.end())

    def close(self) -> None:
        """Stop decoding."""
        self._stream.close()

    def _playable(self, pcm: bytes) -> Iterator[bytes]:
        self.received = min(MAX_UNPLAYED_SECONDS, self.received + seconds(pcm, SPEAK_RATE))
        pcm = self._silence.feed(pcm)
        if self._longest < math.inf:
            pcm = pcm[: round((self._longest - self.seconds) * SPEAK_RATE) * 2]
        if pcm:
            self.seconds += seconds(pcm, SPEAK_RATE)
            yield pcm
