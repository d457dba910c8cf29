"""Transport compression of the main gateway: one stream per connection, flushed after every message."""

import zlib
from typing import Protocol

from sandbox.guild.fault import RestFault

_ZSTD_MAGIC = bytes.fromhex("28b52ffd")
_ZSTD_HEADER = bytes([0x00, 0x58])
"""No checksum, no content size, no dictionary; window of 2 MiB (RFC 8878 section 3.1.1.1)."""
_ZSTD_BLOCK_BYTES = 1 << 17


class StreamCompressor(Protocol):
    def encode(self, text: str) -> bytes | str:
        """Return the websocket message for `text`: bytes are sent as binary."""
        ...


class Plain:
    def encode(self, text: str) -> bytes | str:
        return text


class ZlibStream:
    """Each message ends with the sync marker 00 00 FF FF."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj()

    def encode(self, text: str) -> bytes | str:
        return self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH)


class ZstdStream:
    """One endless frame of raw blocks: valid Zstandard without a compressor (RFC 8878 section 3.1.1.2)."""

    def __init__(self) -> None:
        self._started = False

    def encode(self, text: str) -> bytes | str:
        data = text.encode()
        parts = [] if self._started else [_ZSTD_MAGIC, _ZSTD_HEADER]
        self._started = True
        for start in range(0, len(data), _ZSTD_BLOCK_BYTES):
            block = data[start : start + _ZSTD_BLOCK_BYTES]
            parts += [(len(block) << 3).to_bytes(3, "little"), block]
        return b"".join(parts)


def encoder(name: str | None) -> StreamCompressor:
    """Return a new encoder for the `compress` parameter of the gateway's address."""
    if name is None:
        return Plain()
    if name == "zlib-stream":
        return ZlibStream()
    if name == "zstd-stream":
        return ZstdStream()
    raise RestFault(400, 0, "400: Bad Request")
