"""Spoken parts -> one programme: trimmed, faded, levelled and encoded, one part at a time.

Takes CPU: call it in a thread.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.audio import SPEAK_RATE
from bot.jobs import loudness
from bot.jobs.encoder import ChapterMark, FileEncoder

PART_PAUSE_SECONDS = 0.3
"""Silence between two parts."""
CHAPTER_PAUSE_SECONDS = 0.9
_FADE_SECONDS = 0.008
"""Fade at both ends of a part, because a hard edge clicks."""
_KEPT_EDGE_SECONDS = 0.06
"""Silence kept before and after the speech of a part."""
_SPEECH_THRESHOLD = 0.006
"""Share of full scale; quieter sound is not speech."""
_FRAME_SAMPLES = 240
BIT_RATES = {"ogg": (48_000, 40_000, 32_000, 24_000, 16_000), "mp3": (96_000, 64_000, 48_000, 40_000, 32_000)}
"""Bits per second, best first. Speech is still clear at the lowest."""
_CONTAINER_OVERHEAD_FACTOR = 1.06
"""Share that the container adds; it also covers encoders that exceed their bit rate slightly."""
_RESERVED_BYTES = 60_000
"""For the summary, and for the rest of the request that uploads the files."""

Load = Callable[[int], bytes]
"""Returns a part by its number, as s16le mono 24 kHz."""


@dataclass(frozen=True, slots=True)
class Programme:
    files: tuple[Path, ...]
    "several when one would exceed the size limit"
    chapters: tuple[ChapterMark, ...]
    seconds: float


def join(
    load: Load, chapters: Sequence[tuple[str, int]], out: Path, container: str, limit: int, title: str
) -> Programme:
    """Write files of at most `limit` bytes into `out`. `chapters`: titles and numbers of parts, in order."""
    starts: list[float] = []
    gains: list[float] = []
    meter = loudness.Meter(SPEAK_RATE)
    length = 0
    number = 0
    # First level each part, so that both voices are equally loud; then the whole, with its limiter.
    for _, count in chapters:
        starts.append(length / SPEAK_RATE)
        for _ in range(count):
            pcm = _trimmed(load(number))
            gains.append(loudness.gain_to(loudness.TARGET_LUFS, loudness.measure([pcm], SPEAK_RATE)))
            length += len(pcm) // 2 + round(PART_PAUSE_SECONDS * SPEAK_RATE)
            number += 1
        length += round((CHAPTER_PAUSE_SECONDS - PART_PAUSE_SECONDS) * SPEAK_RATE)
    seconds = length / SPEAK_RATE
    for piece in loudness.levelled(_pieces(load, chapters, gains), 1.0, SPEAK_RATE):
        meter.feed(piece)
    trim = loudness.gain_to(loudness.TARGET_LUFS, meter.integrated)
    ends = [*starts[1:], seconds]
    marks = [ChapterMark(name, start, end) for (name, _), start, end in zip(chapters, starts, ends, strict=True)]
    files = _encoded(load, chapters, [gain * trim for gain in gains], marks, out, container, limit, title)
    return Programme(tuple(files), tuple(marks), seconds)


def fitting(seconds: float, container: str, limit: int) -> tuple[int, int]:
    """Return the bit rate and the number of files that a programme needs."""
    room = max(limit - _RESERVED_BYTES, limit // 2)
    for rate in BIT_RATES[container]:
        if seconds * rate / 8 * _CONTAINER_OVERHEAD_FACTOR <= room:
            return rate, 1
    lowest = BIT_RATES[container][-1]
    return lowest, max(1, -int(-(seconds * lowest / 8 * _CONTAINER_OVERHEAD_FACTOR) // room))


def _encoded(
    load: Load,
    chapters: Sequence[tuple[str, int]],
    gains: Sequence[float],
    marks: Sequence[ChapterMark],
    out: Path,
    container: str,
    limit: int,
    title: str,
) -> list[Path]:
    seconds = marks[-1].end
    rate, count = fitting(seconds, container, limit)
    share = seconds / count
    pieces = loudness.levelled(_pieces(load, chapters, gains), 1.0, SPEAK_RATE)
    files: list[Path] = []
    held = b""
    for number in range(count):
        start, end = number * share, (number + 1) * share
        own = [
            ChapterMark(mark.title, max(0.0, mark.start - start), min(mark.end, end) - start)
            for mark in marks
            if mark.start < end and mark.end > start
        ]
        path = out / (f"podcast.{container}" if count == 1 else f"podcast-{number + 1}.{container}")
        tags = {"title": title if count == 1 else f"{title} ({number + 1}/{count})"}
        wanted = int(share * SPEAK_RATE) * 2
        with path.open("wb") as file, FileEncoder(file, SPEAK_RATE, container, None, rate, own, tags) as encoder:
            written = 0
            while number == count - 1 or written < wanted:
                piece = held or next(pieces, None)
                if piece is None:
                    break
                held = b""
                if number < count - 1 and written + len(piece) > wanted:
                    piece, held = piece[: wanted - written], piece[wanted - written :]
                encoder.write(piece)
                written += len(piece)
        files.append(path)
    return files


def _pieces(load: Load, chapters: Sequence[tuple[str, int]], gains: Sequence[float]) -> Iterator[bytes]:
    number = 0
    for _, count in chapters:
        for _ in range(count):
            samples = np.frombuffer(_trimmed(load(number)), "<i2").astype(np.float64) * gains[number]
            # A limiter brings samples that exceed 16 bits back; clipping them would distort.
            yield from _limited(samples)
            yield bytes(round(PART_PAUSE_SECONDS * SPEAK_RATE) * 2)
            number += 1
        yield bytes(round((CHAPTER_PAUSE_SECONDS - PART_PAUSE_SECONDS) * SPEAK_RATE) * 2)


def _limited(samples: np.ndarray) -> Iterator[bytes]:
    """Convert the amplified samples of a part to 16 bits, with a limiter of its own."""
    peak = float(np.abs(samples).max(initial=0.0))
    if peak <= 32767:
        yield np.rint(samples).astype("<i2").tobytes()
        return
    down = 32767 / peak
    yield from loudness.levelled([np.rint(samples * down).astype("<i2").tobytes()], 1 / down, SPEAK_RATE)


def _trimmed(pcm: bytes) -> bytes:
    """Remove the silence at both ends of a part, and fade it in and out."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    frames = len(samples) // _FRAME_SAMPLES
    if frames:
        peaks = np.abs(samples[: frames * _FRAME_SAMPLES].reshape(frames, _FRAME_SAMPLES)).max(axis=1)
        loud = np.flatnonzero(peaks > _SPEECH_THRESHOLD * 32768)
        if len(loud):
            keep = round(_KEPT_EDGE_SECONDS * SPEAK_RATE)
            samples = samples[max(0, loud[0] * _FRAME_SAMPLES - keep) : (loud[-1] + 1) * _FRAME_SAMPLES + keep]
    fade = min(round(_FADE_SECONDS * SPEAK_RATE), len(samples) // 2)
    if fade:
        ramp = np.linspace(0, 1, fade, endpoint=False, dtype=np.float32)
        samples = samples.copy()
        samples[:fade] *= ramp
        samples[-fade:] *= ramp[::-1]
    return np.rint(samples).astype("<i2").tobytes()
