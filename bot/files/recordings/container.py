"""Opens an untrusted recording with FFmpeg, which PyAV contains, and turns its errors into ours."""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeAlias

import av
import av.error
from av.container import InputContainer

from bot.errors import AbsurdAudio, BadAudio, NotAudio, TruncatedAudio
from bot.files.recordings import bare_frames, headless, id3, riff

Source: TypeAlias = bytes | Path
_DEMUXERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,avr,caf,dsf,dss,dts,dv,eac3,epaf,flac,flv,gsm,iff,ircam,loas,matroska,mlp,"
    "mov,mp3,mpc,mpc8,mpeg,mpegts,mxf,nistsphere,nut,ogg,pvf,qcp,rm,shn,sox,swf,tak,truehd,tta,voc,w64,wav,wtv,wv,"
    "wve,webm,mp4,m4a"
)
"""Demuxers allowed for untrusted files. Playlists are excluded, because they open the files they name."""
OPEN_OPTIONS = {"format_whitelist": _DEMUXERS, "analyzeduration": "5000000", "probesize": "5000000"}
_SAMPLE_RATES_HZ = range(4_000, 384_001)
_DSD_RATES_HZ = range(352_800, 3_072_001)
"""FFmpeg's rates for DSD, a bit a sample: an eighth of what the format calls its rate."""
_DSD_CODECS = ("dsd", "dst")
_CHANNEL_COUNTS = range(1, 65)
_HEAD_BYTES = 1 << 16
"""Enough for the header of a WAV file, including any tags before its sound."""
_FIRST_PACKETS = 4
_GSM_FRAME_BYTES, _GSM_SIGNATURE, _LEAST_GSM_FRAMES = 33, 0xD, 50
"""Bare frames of GSM 06.10 have no header but four bits of each frame, so a second of them is asked for."""


@contextmanager
def opened(source: Source) -> Iterator[InputContainer]:
    """Open a recording or a film. Errors of FFmpeg within the block become BadAudio; a subclass says why."""
    head = head_of(source)
    form = "gsm" if _is_gsm(head) else None
    try:
        with _container(source, form) as container:
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


def readable(source: Source, name: str) -> Source:
    """Return a recording as FFmpeg reads it right."""
    head = head_of(source)
    with bytes_of(source) as file:
        tags = id3.foreign_bytes(file)
    if tags:
        source = _bytes(source)[tags:]
        head = head_of(source)
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if header := headless.header_for(name, head, size, lambda: _is_known(source, head)):
        return header + _bytes(source)
    return riff.mended(_bytes(source)) if riff.misread(head) else source


def _bytes(source: Source) -> bytes:
    return source if isinstance(source, bytes) else source.read_bytes()


def _container(source: Source, form: str | None = None) -> InputContainer:
    file: str | BinaryIO = str(source) if isinstance(source, Path) else io.BytesIO(source)
    return av.open(file, mode="r", format=form, container_options=OPEN_OPTIONS, metadata_errors="replace")


def _is_known(source: Source, head: bytes) -> bool:
    """Whether FFmpeg knows what a file is, and not by the chance that makes it find frames in any noise."""
    try:
        with _container(source) as container:
            if (form := container.format.name) not in bare_frames.FORMS:
                return form != "gsm"  # which FFmpeg takes silence of A-law for
            packets = [bytes(packet) for packet in islice(container.demux(audio=0), _FIRST_PACKETS) if packet.size]
            return bool(packets) and all(bare_frames.frame_bytes(form, packet) == len(packet) for packet in packets)
    except (av.error.FFmpegError, ValueError, EOFError, OSError, OverflowError):
        return _unopened(head) is not NotAudio


def _is_gsm(head: bytes) -> bool:
    starts = head[::_GSM_FRAME_BYTES]
    return len(starts) >= _LEAST_GSM_FRAMES and all(byte >> 4 == _GSM_SIGNATURE for byte in starts)


def _check(stream: av.AudioStream) -> None:
    """Raise AbsurdAudio for values that no recorder writes. The decoder handles a missing rate."""
    context = stream.codec_context
    if context is None:
        raise NotAudio("an unknown codec")
    rates = _DSD_RATES_HZ if context.name.startswith(_DSD_CODECS) else _SAMPLE_RATES_HZ
    if context.sample_rate and context.sample_rate not in rates:
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
