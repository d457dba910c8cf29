"""A recording of any format -> PCM, piece by piece. PyAV contains ffmpeg.

Takes CPU: call it in a thread.
"""

from collections.abc import Iterator
from pathlib import Path

import av
import av.error

from bot.audio import HEAR_RATE
from bot.errors import AudioTooLong, BadAudio, EmptyAudio, NotAudio
from bot.files.recordings.container import Track, length, opened
from bot.files.recordings.facts import RECORDING_LIMITS, Limits, Part

__all__ = ["length", "parts", "read"]

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
            yield Part(start, False, buffer)
            buffer[:kept] = bytes(buffer[len(buffer) - kept :])
            start += (len(buffer) - kept) / (2 * rate)
            size = kept
        buffer[size : size + len(rest)] = rest
        size += len(rest)
    yield Part(start, True, buffer[:size])


def _decode(track: Track, rate: int, limits: Limits) -> Iterator[bytes]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
    pieces = _Pieces(limits.longest * rate)
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
