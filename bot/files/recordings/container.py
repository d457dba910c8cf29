"""Checks of the header of an untrusted recording, before its sound is decoded."""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import av.error
from av.container import InputContainer

from bot.errors import AbsurdAudio, AudioTooLarge, AudioTooLong, BadAudio, EmptyAudio, NotAudio, TruncatedAudio
from bot.files.recordings.facts import RECORDING_LIMITS, Limits

_DEMUXERS = (
    "aac,ac3,aiff,amr,asf,au,avi,caf,eac3,flac,flv,matroska,mov,mp3,mpeg,mpegts,ogg,tta,voc,w64,wav,wv,"
    "matroska,webm,mp4,m4a"
)
"""Demuxers allowed for untrusted files. Playlists are excluded, because they open the files they name."""
_OPEN_OPTIONS = {"format_whitelist": _DEMUXERS, "analyzeduration": "5000000", "probesize": "5000000"}
_SAMPLE_RATES_HZ = range(4_000, 384_001)
_CHANNEL_COUNTS = range(1, 65)
_MAX_CLAIMED_SECONDS = 12 * 3600.0
"""A header that claims more does not know the length: recorders that write to a pipe do this."""
_DURATION_SLACK_SECONDS = 1.0
"""How much shorter the sound may be than its header says, because encoders pad and players accept that."""
_DURATION_SLACK_SHARE = 0.05
_HEAD_BYTES = 1 << 16
"""Enough for the header of a WAV file, including any tags before its sound."""
_STREAMED_WAV_BYTES = 0x7FFF_0000
"""Recorders that write to a pipe claim at least this size."""


@dataclass(frozen=True, slots=True)
class Track:
    """The first audio track of an open file."""

    container: InputContainer
    stream: av.AudioStream
    claimed: float | None
    "seconds that the header claims; None: no usable claim"

    def check(self, length: float) -> None:
        """Raise TruncatedAudio when `length` seconds are less than the header claims."""
        if self.claimed is not None and length < self.claimed - max(
            _DURATION_SLACK_SECONDS, self.claimed * _DURATION_SLACK_SHARE
        ):
            raise TruncatedAudio(f"{length:.1f} s of {self.claimed:.1f} s")


@contextmanager
def opened(source: bytes | Path, limits: Limits = RECORDING_LIMITS) -> Iterator[Track]:
    """Open a recording or a film. Errors of PyAV within the block become BadAudio."""
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    if not size:
        raise EmptyAudio("no bytes")
    if size > limits.size:
        raise AudioTooLarge(f"{size} bytes")
    file = str(source) if isinstance(source, Path) else io.BytesIO(source)
    try:
        with av.open(file, mode="r", container_options=_OPEN_OPTIONS, metadata_errors="replace") as container:
            if not container.streams.audio:
                raise NotAudio("no audio track")
            stream = container.streams.audio[0]
            _check(stream)
            yield Track(container, stream, _riff_seconds(_head(source)) or _claimed(container, stream))
    except (av.error.InvalidDataError, av.error.EOFError, av.error.ArgumentError) as error:
        raise _unopened(_head(source))(type(error).__name__) from error
    except (av.error.FFmpegError, ValueError, EOFError, OSError, OverflowError, MemoryError) as error:
        raise BadAudio(type(error).__name__) from error


def length(source: bytes | Path, limits: Limits = RECORDING_LIMITS) -> float:
    """Return the seconds of a recording, from its packets: a hundredth of the work of decoding.

    Raises BadAudio (a subclass says why) for faults that show without decoding.
    """
    with opened(source, limits) as track:
        first: int | None = None
        last = total = count = 0
        for packet in track.container.demux(track.stream):
            count += packet.size > 0
            total += packet.duration or 0
            if packet.pts is not None:
                first = packet.pts if first is None else first
                last = max(last, packet.pts + (packet.duration or 0))
        if not count:
            raise EmptyAudio("no sound on the track")
        tick = float(track.stream.time_base or 0)
        seconds = (total if first is None else max(total, last - first)) * tick
        if seconds > limits.longest:
            raise AudioTooLong(f"{seconds:.0f} s")
        if seconds:  # packets of some codecs do not state their length; then decoding checks it
            track.check(seconds)
        return seconds


def _check(stream: av.AudioStream) -> None:
    """Raise AbsurdAudio for values that no recorder writes. The decoder handles a missing rate."""
    context = stream.codec_context
    if context is None:
        raise NotAudio("an unknown codec")
    if context.sample_rate and context.sample_rate not in _SAMPLE_RATES_HZ:
        raise AbsurdAudio(f"{context.sample_rate} Hz")
    if context.channels not in _CHANNEL_COUNTS and context.channels:
        raise AbsurdAudio(f"{context.channels} channels")


def _claimed(container: InputContainer, stream: av.AudioStream) -> float | None:
    """Return the seconds that the header claims, or None when it makes no usable claim."""
    if stream.duration and stream.time_base:
        length = float(stream.duration * stream.time_base)
    elif container.duration:
        length = container.duration / av.time_base
    else:
        return None
    return length if 0 < length < _MAX_CLAIMED_SECONDS else None


def _head(source: bytes | Path) -> bytes:
    if isinstance(source, bytes):
        return source[:_HEAD_BYTES]
    with source.open("rb") as file:
        return file.read(_HEAD_BYTES)


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


def _riff_seconds(head: bytes) -> float | None:
    """Return the seconds that a WAV header claims, because ffmpeg uses the file's size instead."""
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    at, rate = 12, 0
    while at + 8 <= len(head):
        name, size = struct.unpack_from("<4sI", head, at)
        if name == b"fmt " and at + 20 <= len(head):
            (rate,) = struct.unpack_from("<I", head, at + 16)  # bytes per second
        elif name == b"data":
            return (
                size / rate if rate and 0 < size < _STREAMED_WAV_BYTES and size / rate < _MAX_CLAIMED_SECONDS else None
            )
        at += 8 + size + size % 2
    return None
