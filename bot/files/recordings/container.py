"""Opens an untrusted recording with FFmpeg, which PyAV contains, and turns its errors into ours."""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeAlias

import av
import av.error
from av.container import InputContainer

from bot.errors import AbsurdAudio, BadAudio, NotAudio, TruncatedAudio
from bot.files.recordings import riff

Source: TypeAlias = bytes | Path
_DEMUXERS = (
    "aac,ac3,aiff,amr,asf,au,avi,caf,eac3,flac,flv,matroska,mov,mp3,mpeg,mpegts,ogg,tta,voc,w64,wav,wv,"
    "matroska,webm,mp4,m4a"
)
"""Demuxers allowed for untrusted files. Playlists are excluded, because they open the files they name."""
_OPEN_OPTIONS = {"format_whitelist": _DEMUXERS, "analyzeduration": "5000000", "probesize": "5000000"}
_SAMPLE_RATES_HZ = range(4_000, 384_001)
_CHANNEL_COUNTS = range(1, 65)
_HEAD_BYTES = 1 << 16
"""Enough for the header of a WAV file, including any tags before its sound."""


@contextmanager
def opened(source: Source) -> Iterator[InputContainer]:
    """Open a recording or a film. Errors of FFmpeg within the block become BadAudio; a subclass says why."""
    head = head_of(source)
    file: str | BinaryIO = str(source) if isinstance(source, Path) else io.BytesIO(source)
    if riff.misread(head):
        file = io.BytesIO(riff.mended(source if isinstance(source, bytes) else source.read_bytes()))
    try:
        with av.open(file, mode="r", container_options=_OPEN_OPTIONS, metadata_errors="replace") as container:
            if not container.streams.audio:
                raise NotAudio("no audio track")
            for stream in container.streams.audio:
                _check(stream)
            yield container
    except (av.error.InvalidDataError, av.error.EOFError, av.error.ArgumentError) as error:
        raise _unopened(head)(type(error).__name__) from error
    except (av.error.FFmpegError, ValueError, EOFError, OSError, OverflowError) as error:
        raise BadAudio(type(error).__name__) from error


@contextmanager
def bytes_of(source: Source) -> Iterator[BinaryIO]:
    """Open the bytes of a file for looking at its structure."""
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        yield file


def head_of(source: Source) -> bytes:
    """Return the first bytes of a file."""
    if isinstance(source, bytes):
        return source[:_HEAD_BYTES]
    with source.open("rb") as file:
        return file.read(_HEAD_BYTES)


def _check(stream: av.AudioStream) -> None:
    """Raise AbsurdAudio for values that no recorder writes. The decoder handles a missing rate."""
    context = stream.codec_context
    if context is None:
        raise NotAudio("an unknown codec")
    if context.sample_rate and context.sample_rate not in _SAMPLE_RATES_HZ:
        raise AbsurdAudio(f"{context.sample_rate} Hz")
    if context.channels not in _CHANNEL_COUNTS and context.channels:
        raise AbsurdAudio(f"{context.channels} channels")


def _unopened(head: bytes) -> type[BadAudio]:
    """Return the error for a file that cannot be opened; it differs for files that begin like a recording."""
    if head[4:8] == b"ftyp":
        return TruncatedAudio  # the index is at the end of the file
    if head[8:16] == b"WAVEfmt " and len(head) >= 28:
        channels, rate = struct.unpack_from("<HI", head, 22)
        if channels not in _CHANNEL_COUNTS or rate not in _SAMPLE_RATES_HZ:
            return AbsurdAudio
    known = head.startswith((b"OggS", b"fLaC", b"\x1aE\xdf\xa3", b"ID3")) or head[8:12] == b"WAVE"
    return BadAudio if known else NotAudio
