"""Decodes any audio file to PCM with PyAV: for what people in the sandbox say, and to check what the bot sends.

It is independent of the bot's own decoder on purpose: a different decoder judges what the bot makes.
"""

import io
from pathlib import Path

import av
from av.error import FFmpegError

from bot.errors import BadAudio

DEFAULT_DECODE_RATE = 48_000
MAX_DECODED_SECONDS = 600
"""Longer recordings are cut to this length, because a person who says a file must finish."""


def to_pcm(source: Path | bytes, rate: int = DEFAULT_DECODE_RATE, max_seconds: float = MAX_DECODED_SECONDS) -> bytes:
    """Decode an audio file, or the first audio track of a video, to mono s16le at `rate` samples per second.

    Raises BadAudio if it cannot be read or contains no audio.
    """
    limit = int(max_seconds * rate) * 2
    out = bytearray()
    try:
        with av.open(str(source) if isinstance(source, Path) else io.BytesIO(source), mode="r") as container:
            if not container.streams.audio:
                raise BadAudio("no audio track")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
            for frame in container.decode(container.streams.audio[0]):
                for piece in resampler.resample(frame):
                    out += bytes(piece.planes[0])[: piece.samples * 2]
                if len(out) >= limit:
                    break
            else:
                for piece in resampler.resample(None):
                    out += bytes(piece.planes[0])[: piece.samples * 2]
    except (FFmpegError, ValueError, EOFError, OSError) as error:
        raise BadAudio(type(error).__name__) from error
    if not out:
        raise BadAudio("no sound in it")
    return bytes(out[:limit])


def resample(pcm: bytes, source: int, target: int) -> bytes:
    """Resample mono s16le from `source` to `target` samples per second."""
    if source == target or not pcm:
        return pcm
    resampler = av.AudioResampler(format="s16", layout="mono", rate=target)
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
    frame.sample_rate = source
    frame.planes[0].update(pcm.ljust(frame.planes[0].buffer_size, b"\0"))
    pieces = [*resampler.resample(frame), *resampler.resample(None)]
    return b"".join(bytes(piece.planes[0])[: piece.samples * 2] for piece in pieces)
