"""Streamed base64 with cuts anywhere, odd bytes and WAV headers in the middle -> whole PCM samples."""

import binascii
import re
from base64 import b64decode

from bot.audio import SPEAK_RATE
from bot.engine.resample import Resampler

_BASE64_PADDING = re.compile("=+")
_MAX_WAV_HEADER_BYTES = 4096
"""A longer "header" counts as sound."""


class Base64Stream:
    """Decodes base64 that may be cut at any character and padded at the end of any part."""

    def __init__(self) -> None:
        self._rest = ""
        self.garbled = 0
        "parts that were not base64"

    def feed(self, text: str) -> bytes:
        """Return the bytes that are complete now."""
        *ended, open_end = _BASE64_PADDING.split(self._rest + text)
        whole = len(open_end) // 4 * 4
        self._rest = open_end[whole:]
        return b"".join([*map(self._decode, ended), self._decode(open_end[:whole])])

    def end(self) -> bytes:
        """Return the remaining bytes, if the end lacks its padding."""
        rest, self._rest = self._rest, ""
        return self._decode(rest)

    def _decode(self, text: str) -> bytes:
        try:
            return b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            self.garbled += 1
            return b""


class PcmStream:
    """Bytes of a sound stream -> s16le mono 24 kHz in whole samples."""

    def __init__(self, rate: int = SPEAK_RATE) -> None:
        self._rest = b""
        self._channels = 1
        self._rate = rate
        self._resampler: Resampler | None = None

    def feed(self, part: bytes) -> bytes:
        """Return the samples that are complete now."""
        data = self._rest + part
        self._rest = b""
        # Headers come at the start of a part. PCM that starts with these four bytes is next to impossible.
        if data.startswith(b"RIFF") or (len(data) < 4 and b"RIFF".startswith(data)):
            start = self._read_header(data)
            if start is None:
                self._rest = data
                return b""
            data = data[start:]
        width = 2 * self._channels
        whole = len(data) // width * width
        self._rest = data[whole:]
        return self._convert(data[:whole])

    def _read_header(self, data: bytes) -> int | None:
        """Return where the samples begin; 0 if this is not a header, None while it is incomplete."""
        if len(data) >= 12 and data[8:12] != b"WAVE":
            return 0
        at = 12
        while at + 8 <= len(data) and at < _MAX_WAV_HEADER_BYTES:
            name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
            if name == b"data":
                return at + 8
            if name == b"fmt " and at + 16 <= len(data):
                self._channels = max(1, int.from_bytes(data[at + 10 : at + 12], "little"))
                self._rate = int.from_bytes(data[at + 12 : at + 16], "little") or self._rate
            at += 8 + size + size % 2
        return None if at < _MAX_WAV_HEADER_BYTES else 0

    def _convert(self, data: bytes) -> bytes:
        if self._channels == 1 and self._rate == SPEAK_RATE:
            return data
        if self._resampler is None or self._resampler.source != (self._rate, self._channels):
            self._resampler = Resampler(self._rate, self._channels)
        return self._resampler.feed(data)
