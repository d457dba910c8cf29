"""A recording of any format -> PCM, piece by piece. PyAV contains ffmpeg.

Takes CPU: call it in a thread.
"""

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
import av.error

from bot.audio import HEAR_RATE, SPEAK_RATE
from bot.errors import AudioTooLong, BadAudio, EmptyAudio, NotAudio
from bot.files.recording_header import RECORDING_LIMITS, Limits, Track, length, opened

__all__ = ["RECORDING_LIMITS", "Limits", "Part", "length", "parts", "read", "to_pcm", "wav"]

MAX_QUESTION_RECORDING_SECONDS = 600.0
"""Limit for a recording that comes with a question, because its tokens cost money."""
_MAX_UNREADABLE_SHARE = 0.5
"""When more of its packets cannot be decoded, a file is not a recording."""
_MIN_PIECE_BYTES = 1 << 16
"""Smallest piece of PCM that is yielded, except for the last."""


def read(source: bytes | Path, rate: int = HEAR_RATE, limits: Limits = RECORDING_LIMITS) -> Iterator[bytes]:
    """Decode a recording, or the first audio track of a film, piece by piece to s16le mono.

    Raises BadAudio (a subclass says why). A truncated or too long recording yields its readable pieces first.
    """
    with opened(source, limits) as track:
        yield from _decode(track, rate, limits)


def to_pcm(data: bytes | Path, rate: int = HEAR_RATE, longest: float = MAX_QUESTION_RECORDING_SECONDS) -> bytes:
    """Decode the first `longest` seconds of a recording to s16le mono. Raises BadAudio."""
    limit = int(longest * rate) * 2
    pcm = bytearray()
    for piece in read(data, rate):
        pcm += piece
        if len(pcm) >= limit:
            break
    return bytes(pcm[:limit])


def wav(source: bytes | Path, out: BinaryIO, rate: int = SPEAK_RATE, limits: Limits = RECORDING_LIMITS) -> None:
    """Convert a recording to a mono 16-bit WAV file, piece by piece. `out` must be seekable. Raises BadAudio."""
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        for piece in read(source, rate, limits):
            file.writeframesraw(piece)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a long recording."""

    start: float
    "seconds"
    pcm: memoryview
    "s16le mono; valid until the next part is requested"
    last: bool


def parts(
    source: bytes | Path, seconds: float, overlap: float, rate: int = HEAR_RATE, limits: Limits = RECORDING_LIMITS
) -> Iterator[Part]:
    """Cut a recording into parts of `seconds`. Each begins with the last `overlap` seconds of the one before.

    All parts share one buffer, so memory does not grow with the recording. Raises BadAudio.
    """
    kept = int(overlap * rate) * 2
    buffer = memoryview(bytearray(int(seconds * rate) * 2))
    size, start = 0, 0.0
    for piece in read(source, rate, limits):
        rest = memoryview(piece)
        while len(rest) > len(buffer) - size:
            fitting = len(buffer) - size
            buffer[size:], rest = rest[:fitting], rest[fitting:]
            yield Part(start, buffer, last=False)
            buffer[:kept] = bytes(buffer[len(buffer) - kept :])
            start += (len(buffer) - kept) / (2 * rate)
            size = kept
        buffer[size : size + len(rest)] = rest
        size += len(rest)
    yield Part(start, buffer[:size], last=True)


def _decode(track: Track, rate: int, limits: Limits) -> Iterator[bytes]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
    pieces = _Pieces(limits.seconds * rate)
    for packet in track.container.demux(track.stream):
        try:
            frames = packet.decode()
        except (av.error.InvalidDataError, av.error.PatchWelcomeError):
            pieces.bad += 1
            continue
        pieces.good += 1
        for frame in frames:
            if not isinstance(frame, av.AudioFrame) or frame.sample_rate <= 0:
                continue
            if (frame.sample_rate, frame.layout.nb_channels, frame.format.name) != pieces.shape:
                # Chained streams may change their format in the middle, and a resampler accepts only one.
                if pieces.shape is not None:
                    yield from pieces.take(resampler.resample(None))
                    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
                pieces.shape = (frame.sample_rate, frame.layout.nb_channels, frame.format.name)
            frame.pts = None
            yield from pieces.take(resampler.resample(frame))
    if pieces.shape is not None:
        yield from pieces.take(resampler.resample(None))
    yield from pieces.rest()
    if not pieces.samples:
        raise EmptyAudio("no sound on the track") if not pieces.bad else NotAudio(f"{pieces.bad} unreadable packets")
    if pieces.bad > pieces.good * _MAX_UNREADABLE_SHARE / (1 - _MAX_UNREADABLE_SHARE) + 1:
        raise BadAudio(f"{pieces.bad} unreadable packets of {pieces.bad + pieces.good}")
    track.check(pieces.samples / rate)


class _Pieces:
    """Counts what was decoded so far, and collects the PCM that is not yielded yet."""

    def __init__(self, longest: float) -> None:
        self.samples = 0
        self.good = 0
        self.bad = 0
        "packets that could not be decoded"
        self.shape: tuple[int, int, str] | None = None
        "rate, channels and format of the last frame"
        self._longest = longest
        self._held = bytearray()

    def take(self, frames: list[av.AudioFrame]) -> Iterator[bytes]:
        for frame in frames:
            self._held += memoryview(frame.planes[0])[: frame.samples * 2]
            self.samples += frame.samples
            if self.samples > self._longest:
                yield from self.rest()
                raise AudioTooLong(f"more than {self._longest:.0f} samples")
            if len(self._held) >= _MIN_PIECE_BYTES:
                yield from self.rest()

    def rest(self) -> Iterator[bytes]:
        if self._held:
            yield bytes(self._held)
            self._held.clear()
