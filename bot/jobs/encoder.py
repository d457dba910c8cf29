"""PCM -> files that phones and browsers play, with chapters, written piece by piece. Also computes waveforms.

Takes CPU: call it in a thread.
"""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np

CODECS = {"ogg": "libopus", "mp3": "libmp3lame"}
"""Container -> codec, for the containers that people can choose."""
MAX_WAVEFORM_VALUES = 256
"""Discord's limit for the waveform of a voice message."""
_WAVEFORM_STEP_SECONDS = 0.1
_MILLISECOND = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class ChapterMark:
    title: str
    start: float
    "seconds"
    end: float


class FileEncoder:
    """Writes s16le mono into a file. Use it as a context manager: the file is complete when the context ends."""

    def __init__(
        self,
        out: BinaryIO,
        rate: int,
        container: str = "ogg",
        codec: str | None = None,
        bit_rate: int = 32_000,
        chapters: Sequence[ChapterMark] = (),
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """`rate` is the PCM's, in Hz. Chapters are given here, because ffmpeg writes ogg chapters at the start only."""
        import av  # takes 18 MiB, so only in a process that writes a file

        self._file = av.open(out, mode="w", format=container)
        codec = codec or CODECS[container]
        stream = self._file.add_stream(codec, rate=rate, bit_rate=bit_rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        self._stream = stream
        context = self._stream.codec_context
        formats = context.codec.audio_formats
        self._rate = rate
        self._written = 0
        "samples"
        self._resampler = av.AudioResampler(
            format=formats[0].name if formats else "s16",
            layout="mono",
            rate=rate,
            frame_size=context.frame_size or 1024,
        )
        self._file.metadata.update(metadata or {})
        if container == "ogg":
            self._file.metadata.update(_chapter_comments(chapters))
        elif chapters:
            self._file.set_chapters([_chapter(number, chapter) for number, chapter in enumerate(chapters)])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                for frame in (*self._resampler.resample(None), None):
                    self._file.mux(self._stream.encode(frame))
        finally:
            self._file.close()

    def write(self, pcm: bytes) -> None:
        """Append s16le mono: a whole number of samples."""
        if not pcm:
            return
        import av

        frame = av.AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
        frame.sample_rate = self._rate
        # Without a time, FFmpeg counts the encoder's delay into the length that an Ogg tells.
        frame.time_base, frame.pts = Fraction(1, self._rate), self._written
        self._written += frame.samples
        frame.planes[0].update(pcm.ljust(frame.planes[0].buffer_size, b"\0"))
        for part in self._resampler.resample(frame):
            self._file.mux(self._stream.encode(part))


def encode(pcm: bytes, rate: int, container: str = "ogg", codec: str | None = None, bit_rate: int = 32_000) -> bytes:
    """Encode s16le mono as a file: `"ogg"` (Opus), `"mp3"`, or any container and codec that ffmpeg has."""
    out = io.BytesIO()
    with FileEncoder(out, rate, container, codec, bit_rate) as encoder:
        encoder.write(pcm)
    return out.getvalue()


def waveform(pieces: Iterable[bytes], rate: int, seconds: float) -> bytes:
    """Return the peaks of s16le mono sound of about `seconds`, 0 to 255 each, at most MAX_WAVEFORM_VALUES of them."""
    steps = max(1, min(MAX_WAVEFORM_VALUES, int(seconds / _WAVEFORM_STEP_SECONDS)))
    per_step = max(1, -(-int(seconds * rate) // steps))
    peaks = np.zeros(steps)
    at = 0
    for piece in pieces:
        samples = np.abs(np.frombuffer(piece, "<i2").astype(np.float32))
        if samples.size:
            places = np.minimum((at + np.arange(samples.size)) // per_step, steps - 1)
            np.maximum.at(peaks, places, samples)
            at += samples.size
    loudest = peaks.max()
    return (peaks / loudest * 255).astype(np.uint8).tobytes() if loudest else bytes(steps)


def waveform_text(pcm: bytes, rate: int) -> str:
    """Return a voice message's waveform in base64, as Discord expects it."""
    return base64.b64encode(waveform([pcm], rate, len(pcm) / (2 * rate))).decode("ascii")


def _chapter_comments(chapters: Sequence[ChapterMark]) -> dict[str, str]:
    """Return chapters as Vorbis comments: FFmpeg's muxer rounds those from half a second up to the next second."""
    found: dict[str, str] = {}
    for number, chapter in enumerate(chapters):
        seconds, milliseconds = divmod(round(chapter.start * 1000), 1000)
        minutes, seconds = divmod(seconds, 60)
        found[f"CHAPTER{number:03}"] = f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{milliseconds:03}"
        found[f"CHAPTER{number:03}NAME"] = chapter.title
    return found


def _chapter(number: int, chapter: ChapterMark) -> Any:  # PyAV's TypedDict for it is private
    return {
        "id": number,
        "start": round(chapter.start * 1000),
        "end": round(chapter.end * 1000),
        "time_base": _MILLISECOND,
        "metadata": {"title": chapter.title},
    }
