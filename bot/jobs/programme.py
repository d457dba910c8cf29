"""Spoken parts -> one programme: trimmed, faded, levelled and encoded, one part at a time, in memory.

Takes CPU: call it in a thread.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np

from bot.audio import SPEAK_RATE
from bot.jobs import loudness
from bot.jobs.encoder import ChapterMark, FileEncoder
from bot.jobs.splitting import faded, file_ends, pauses_in
from bot.jobs.true_peak import MAX_TRUE_PEAK, played

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
_MAX_ENCODINGS = 5
"""How often a programme is encoded whose true peak is too high or whose loudness is off."""
_LOUDNESS_TRIES = 3
"""How often its loudness is corrected: the tries behind are for its peaks."""
_MAX_LOUDNESS_ERROR = 10 ** (0.7 / 20)
_SPARE_FACTOR = 10 ** (-0.3 / 20)
"""Codecs overshoot differently each time."""
_RESERVED_BYTES = 60_000
"""For the summary, and for the rest of the request that uploads the files."""

Load = Callable[[int], bytes]
"""Returns a part by its number, as s16le mono 24 kHz."""


@dataclass(frozen=True, slots=True)
class FinishedFile:
    """In memory, because what is sealed on disk must not lie there openly in its last form."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Programme:
    files: tuple[FinishedFile, ...]
    "several when one would exceed the size limit"
    chapters: tuple[ChapterMark, ...]
    seconds: float


def join(load: Load, chapters: Sequence[tuple[str, int]], container: str, limit: int, title: str) -> Programme:
    """Make files of at most `limit` bytes. `chapters`: titles and numbers of parts, in order."""
    starts: list[float] = []
    gains: list[float] = []
    pauses: list[float] = []
    meter = loudness.Meter(SPEAK_RATE)
    length = 0
    number = 0
    # First level each part, so that both voices are equally loud; then the whole, with its limiter.
    for _, count in chapters:
        starts.append(length / SPEAK_RATE)
        for _ in range(count):
            pcm = _trimmed(load(number))
            gains.append(loudness.gain_to(loudness.TARGET_LUFS, loudness.measure([pcm], SPEAK_RATE)))
            pauses += [length / SPEAK_RATE + pause for pause in pauses_in(pcm)]
            length += len(pcm) // 2 + round(PART_PAUSE_SECONDS * SPEAK_RATE)
            pauses.append(length / SPEAK_RATE - PART_PAUSE_SECONDS / 2)
            number += 1
        length += round((CHAPTER_PAUSE_SECONDS - PART_PAUSE_SECONDS) * SPEAK_RATE)
    seconds = length / SPEAK_RATE
    for piece in loudness.levelled(_pieces(load, chapters, gains), 1.0, SPEAK_RATE):
        meter.feed(piece)
    trim = loudness.gain_to(loudness.TARGET_LUFS, meter.integrated)
    ends = [*starts[1:], seconds]
    marks = [ChapterMark(name, start, end) for (name, _), start, end in zip(chapters, starts, ends, strict=True)]
    rate, _ = fitting(seconds, container, limit)
    most = _room(limit) * 8 / (rate * _CONTAINER_OVERHEAD_FACTOR)
    encoding = _Encoding(container, rate, title, file_ends(seconds, most, starts[1:], pauses))
    ceiling = loudness.PEAK_CEILING
    files: list[FinishedFile] = []
    for attempt in range(_MAX_ENCODINGS):
        pieces = _pieces(load, chapters, [gain * trim for gain in gains])
        files = encoding.write(loudness.levelled(pieces, 1.0, SPEAK_RATE, ceiling), marks)
        found = played([file.data for file in files])
        missing = loudness.gain_to(loudness.TARGET_LUFS, found.loudness) if attempt < _LOUDNESS_TRIES else 1.0
        if found.peak <= MAX_TRUE_PEAK and max(missing, 1 / missing) <= _MAX_LOUDNESS_ERROR:
            break
        trim *= missing
        ceiling *= MAX_TRUE_PEAK / found.peak * _SPARE_FACTOR
    return Programme(tuple(files), tuple(marks), seconds)


def fitting(seconds: float, container: str, limit: int) -> tuple[int, int]:
    """Return the bit rate and the number of files that a programme needs."""
    room = _room(limit)
    for rate in BIT_RATES[container]:
        if seconds * rate / 8 * _CONTAINER_OVERHEAD_FACTOR <= room:
            return rate, 1
    lowest = BIT_RATES[container][-1]
    return lowest, max(1, -int(-(seconds * lowest / 8 * _CONTAINER_OVERHEAD_FACTOR) // room))


def _room(limit: int) -> int:
    return max(limit - _RESERVED_BYTES, limit // 2)


@dataclass(frozen=True, slots=True)
class _Encoding:
    """How the files of a programme are written."""

    container: str
    rate: int
    "bits per second"
    title: str
    ends: Sequence[float]
    "of the files, in seconds"

    def write(self, pieces: Iterator[bytes], marks: Sequence[ChapterMark]) -> list[FinishedFile]:
        """Write all files. Each cut is faded on both sides."""
        files: list[FinishedFile] = []
        start, held, count = 0.0, b"", len(self.ends)
        for number, end in enumerate(self.ends):
            own = [
                ChapterMark(mark.title, max(0.0, mark.start - start), min(mark.end, end) - start)
                for mark in marks
                if mark.start < end and mark.end > start
            ]
            name = f"podcast.{self.container}" if count == 1 else f"podcast-{number + 1}.{self.container}"
            tags = {"title": self.title if count == 1 else f"{self.title} ({number + 1}/{count})"}
            first, last = number == 0, number == count - 1
            wanted = round(end * SPEAK_RATE) - round(start * SPEAK_RATE)
            made = BytesIO()
            with FileEncoder(made, SPEAK_RATE, self.container, None, self.rate, own, tags) as encoder:
                at = 0
                while last or at < wanted:
                    piece = held or next(pieces, None)
                    if piece is None:
                        break
                    piece, held = (piece, b"") if last else (piece[: (wanted - at) * 2], piece[(wanted - at) * 2 :])
                    encoder.write(faded(piece, at, wanted, first=first, last=last))
                    at += len(piece) // 2
            files.append(FinishedFile(name, made.getvalue()))
            start = end
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
