"""Any recording -> PCM, streamed; by PyAV, no ffmpeg to install. Files out are made in bot/jobs/encoder.py.

All of it takes CPU: call it in a thread.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import av.error
from av.container import InputContainer

from bot.audio import HEAR_RATE, to_wav
from bot.errors import AbsurdAudio, AudioTooLarge, AudioTooLong, BadAudio, EmptyAudio, NotAudio, TruncatedAudio
from bot.jobs.encoder import Encoder, encode

__all__ = ["LIMITS", "Encoder", "Limits", "Part", "encode", "parts", "read", "to_pcm", "wav"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a stranger's file is read."""

    size: int = 25_000_000
    "bytes"
    seconds: float = 1800.0
    "of sound"


LIMITS = Limits()
LONGEST = 600.0
"""Seconds of a recording that goes along with a question: its tokens are paid for."""
_FORMATS = (
    "aac,ac3,aiff,amr,asf,au,avi,caf,eac3,flac,flv,matroska,mov,mp3,mpeg,mpegts,ogg,tta,voc,w64,wav,wv,"
    "matroska,webm,mp4,m4a"
)
"""Demuxers let at a stranger's file; playlists are none of them, for they open what they name."""
_OPTIONS = {"format_whitelist": _FORMATS, "analyzeduration": "5000000", "probesize": "5000000"}
_RATES = range(4_000, 384_001)
_CHANNELS = range(1, 65)
_UNKNOWN = 12 * 3600.0
"""Seconds: a header that claims more says that it does not know (recorders that write to a pipe)."""
_SLACK = 1.0
"""Seconds by which the sound may be shorter than its header says; encoders pad, players do not mind."""
_SLACK_SHARE = 0.05
_BAD_SHARE = 0.5
"""Of the packets: with more of them unreadable it is noise and no recording."""
_HEAD = 1 << 16
"""Bytes in which a WAV file's header lies, whatever tags stand before its sound."""
_STREAMED = 0x7FFF_0000
"""Bytes: recorders that write to a pipe claim this or more."""
_CHUNK = 1 << 16
"""Bytes of PCM handed on at once, at least."""


def read(source: bytes | Path, rate: int = HEAR_RATE, limits: Limits = LIMITS) -> Iterator[bytes]:
    """Decode a recording, or the first audio track of a film, piece by piece to s16le mono.

    Raises BadAudio (a subclass says why), for a truncated or too long recording after the pieces that could be read.
    """
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    if not size:
        raise EmptyAudio("no bytes")
    if size > limits.size:
        raise AudioTooLarge(f"{size} bytes")
    try:
        yield from _decode(source, rate, limits)
    except (av.error.InvalidDataError, av.error.EOFError, av.error.ArgumentError) as error:
        raise _unopened(_head(source))(type(error).__name__) from error
    except (av.error.FFmpegError, ValueError, EOFError, OSError, OverflowError, MemoryError) as error:
        raise BadAudio(type(error).__name__) from error


def to_pcm(data: bytes | Path, rate: int = HEAR_RATE, longest: float = LONGEST) -> bytes:
    """Decode a recording to s16le mono, the first `longest` seconds of it. Raises BadAudio."""
    limit = int(longest * rate) * 2
    pcm = bytearray()
    for piece in read(data, rate):
        pcm += piece
        if len(pcm) >= limit:
            break
    return bytes(pcm[:limit])


def wav(data: bytes | Path, rate: int = 24_000) -> bytes:
    """Turn a recording into a mono 16-bit WAV file. Raises BadAudio."""
    return to_wav(to_pcm(data, rate, LIMITS.seconds), rate)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a long recording."""

    start: float
    "seconds"
    pcm: bytes
    "s16le mono"
    last: bool


def parts(
    source: bytes | Path, seconds: float, overlap: float, rate: int = HEAR_RATE, limits: Limits = LIMITS
) -> Iterator[Part]:
    """Cut a recording into stretches of `seconds`, each beginning with the last `overlap` seconds of the one before.

    Only one stretch is in memory at a time. Raises BadAudio.
    """
    whole, kept = int(seconds * rate) * 2, int(overlap * rate) * 2
    pcm, start = bytearray(), 0.0
    for piece in read(source, rate, limits):
        pcm += piece
        while len(pcm) > whole:
            yield Part(start, bytes(pcm[:whole]), last=False)
            start += (whole - kept) / (2 * rate)
            del pcm[: whole - kept]
    yield Part(start, bytes(pcm), last=True)


def _decode(source: bytes | Path, rate: int, limits: Limits) -> Iterator[bytes]:
    opened = str(source) if isinstance(source, Path) else io.BytesIO(source)
    with av.open(opened, mode="r", container_options=_OPTIONS, metadata_errors="replace") as container:
        if not container.streams.audio:
            raise NotAudio("no audio track")
        stream = container.streams.audio[0]
        _check(stream)
        claimed = _riff_seconds(_head(source)) or _claimed(container, stream)
        resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
        track = _Track(limits.seconds * rate)
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except (av.error.InvalidDataError, av.error.PatchWelcomeError):
                track.bad += 1
                continue
            track.good += 1
            for frame in frames:
                if not isinstance(frame, av.AudioFrame) or frame.sample_rate <= 0:
                    continue
                if (frame.sample_rate, frame.layout.nb_channels, frame.format.name) != track.shape:
                    # Chained streams may change their rate in the middle; a resampler does not bear that.
                    if track.shape is not None:
                        yield from track.take(resampler.resample(None))
                        resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
                    track.shape = (frame.sample_rate, frame.layout.nb_channels, frame.format.name)
                frame.pts = None
                yield from track.take(resampler.resample(frame))
        if track.shape is not None:
            yield from track.take(resampler.resample(None))
        yield from track.rest()
    if not track.samples:
        raise EmptyAudio("no sound on the track") if not track.bad else NotAudio(f"{track.bad} unreadable packets")
    if track.bad > track.good * _BAD_SHARE / (1 - _BAD_SHARE) + 1:
        raise BadAudio(f"{track.bad} unreadable packets of {track.bad + track.good}")
    length = track.samples / rate
    if claimed is not None and length < claimed - max(_SLACK, claimed * _SLACK_SHARE):
        raise TruncatedAudio(f"{length:.1f} s of {claimed:.1f} s")


class _Track:
    """What came of a track so far, and the pieces not handed on yet."""

    def __init__(self, longest: float) -> None:
        self.samples = 0
        self.good = 0
        self.bad = 0
        "packets that could not be decoded"
        self.shape: tuple[int, int, str] | None = None
        "of the last frame: rate, channels, format"
        self._longest = longest
        self._held = bytearray()

    def take(self, frames: list[av.AudioFrame]) -> Iterator[bytes]:
        for frame in frames:
            self._held += memoryview(frame.planes[0])[: frame.samples * 2]
            self.samples += frame.samples
            if self.samples > self._longest:
                yield from self.rest()
                raise AudioTooLong(f"more than {self._longest:.0f} samples")
            if len(self._held) >= _CHUNK:
                yield from self.rest()

    def rest(self) -> Iterator[bytes]:
        if self._held:
            yield bytes(self._held)
            self._held.clear()


def _check(stream: av.AudioStream) -> None:
    """Raise AbsurdAudio for a header no recorder writes; a missing rate is left to the decoder."""
    context = stream.codec_context
    if context is None:
        raise NotAudio("an unknown codec")
    if context.sample_rate and context.sample_rate not in _RATES:
        raise AbsurdAudio(f"{context.sample_rate} Hz")
    if context.channels not in _CHANNELS and context.channels:
        raise AbsurdAudio(f"{context.channels} channels")


def _claimed(container: InputContainer, stream: av.AudioStream) -> float | None:
    """Return the seconds that the header promises, None where it makes no promise worth holding it to."""
    if stream.duration and stream.time_base:
        length = float(stream.duration * stream.time_base)
    elif container.duration:
        length = container.duration / av.time_base
    else:
        return None
    return length if 0 < length < _UNKNOWN else None


def _head(source: bytes | Path) -> bytes:
    if isinstance(source, bytes):
        return source[:_HEAD]
    with source.open("rb") as file:
        return file.read(_HEAD)


def _unopened(head: bytes) -> type[BadAudio]:
    """Return the error for a file that is no recording, or one that begins like a recording and goes wrong."""
    if head[4:8] == b"ftyp":
        return TruncatedAudio  # its index stands at the end
    if head[8:16] == b"WAVEfmt " and len(head) >= 28:
        channels, rate = struct.unpack_from("<HI", head, 22)
        if channels not in _CHANNELS or rate not in _RATES:
            return AbsurdAudio
    known = head.startswith((b"OggS", b"fLaC", b"\x1aE\xdf\xa3", b"ID3")) or head[8:12] == b"WAVE"
    return BadAudio if known else NotAudio


def _riff_seconds(head: bytes) -> float | None:
    """Return the seconds a WAV header promises: ffmpeg goes by the file's size instead."""
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    at, rate = 12, 0
    while at + 8 <= len(head):
        name, size = struct.unpack_from("<4sI", head, at)
        if name == b"fmt " and at + 20 <= len(head):
            (rate,) = struct.unpack_from("<I", head, at + 16)  # bytes per second
        elif name == b"data":
            return size / rate if rate and 0 < size < _STREAMED and size / rate < _UNKNOWN else None
        at += 8 + size + size % 2
    return None
