"""Sample rates and frame sizes, and the little PCM processing outside the codec.

PCM is `bytes`, s16le, mono, everywhere. Input is 16 kHz (what neural VADs and the model expect), output is 24 kHz (what
the model streams). libopus converts both to Discord's 48 kHz.
"""

import io
import math
import wave
from functools import cache

import numpy as np

from bot.errors import BadAudio

FRAME_MS = 20
FRAME_SECONDS = FRAME_MS / 1000
HEAR_RATE = 16_000
HEAR_BYTES = HEAR_RATE * FRAME_MS // 1000 * 2
"""Bytes of one input frame: 320 samples."""
SPEAK_RATE = 24_000
SPEAK_BYTES = SPEAK_RATE * FRAME_MS // 1000 * 2
"""Bytes of one output frame: 480 samples."""
RTP_RATE = 48_000
RTP_STEP = RTP_RATE * FRAME_MS // 1000
"""Timestamp units between two packets of 20 ms (RFC 7587 section 4.1: always at 48 kHz)."""
SILENCE_DBFS = -96.0
"""Level of an empty or all-zero signal: the floor of 16 bits."""


def seconds(pcm: bytes | memoryview, rate: int) -> float:
    """Return the length of mono s16le `pcm` at `rate` samples per second."""
    return len(pcm) / (2 * rate)


def clock(seconds: float) -> str:
    """Return a duration or position for people to read: 1:05, or 1:02:05."""
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def dbfs(pcm: bytes) -> float:
    """Return the RMS level of `pcm` in dB relative to full scale, at least SILENCE_DBFS."""
    samples = np.frombuffer(pcm, dtype="<i2")
    if not samples.size:
        return SILENCE_DBFS
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return max(SILENCE_DBFS, 10 * math.log10(power / 32768.0**2)) if power else SILENCE_DBFS


def at_hear_rate(pcm: bytes) -> bytes:
    """Return s16le mono 24 kHz at 16 kHz: three samples become two, each the mean of its neighbourhood."""
    samples = np.frombuffer(pcm[: len(pcm) // 6 * 6], "<i2").reshape(-1, 3).astype(np.int32)
    first = (2 * samples[:, 0] + samples[:, 1]) // 3
    second = (samples[:, 1] + 2 * samples[:, 2]) // 3
    return np.stack((first, second), axis=1).astype("<i2").tobytes()


@cache
def earcon() -> bytes:
    """Return the soft two-note "thinking" cue: s16le mono 24 kHz, 0.3 s, about -30 dBFS."""
    time = np.arange(int(0.15 * SPEAK_RATE)) / SPEAK_RATE
    fade = np.minimum(1.0, np.minimum(time / 0.02, (0.15 - time) / 0.06))
    notes = [np.sin(2 * np.pi * pitch * time) * fade for pitch in (523.25, 659.26)]
    return (np.concatenate(notes) * 1600).astype("<i2").tobytes()


def to_wav(pcm: bytes, rate: int) -> bytes:
    """Wrap mono s16le `pcm` in a RIFF/WAVE file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return out.getvalue()


def from_wav(data: bytes) -> tuple[bytes, int]:
    """Return the PCM and the rate of a 16-bit mono WAV file.

    Raises BadAudio for anything else.
    """
    try:
        with wave.open(io.BytesIO(data), "rb") as file:
            if file.getnchannels() != 1 or file.getsampwidth() != 2:
                raise BadAudio("not 16-bit mono")
            return file.readframes(file.getnframes()), file.getframerate()
    except (wave.Error, EOFError) as error:
        raise BadAudio(str(error) or "not a WAV file") from error
