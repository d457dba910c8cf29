"""The ways in which samples are written down -> s16le mono; pure."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from bot.audio import SPEAK_RATE

MIN_SAMPLE_RATE_HZ = 4_000
MAX_SAMPLE_RATE_HZ = 384_000
MAX_CHANNELS = 32


class Encoding(Enum):
    """How a sample is written, little-endian."""

    INTEGER = "integer"
    "8 bits unsigned, more bits signed"
    FLOAT = "float"
    ALAW = "alaw"
    ULAW = "ulaw"


@dataclass(frozen=True, slots=True)
class SampleFormat:
    """What samples are; `usable` says whether they can be read."""

    encoding: Encoding = Encoding.INTEGER
    width: int = 2
    "bytes of one sample"
    channels: int = 1
    rate: int = SPEAK_RATE
    "Hz"

    @property
    def usable(self) -> bool:
        widths = {Encoding.INTEGER: (1, 2, 3, 4), Encoding.FLOAT: (4, 8)}.get(self.encoding, (1,))
        return (
            self.width in widths
            and 1 <= self.channels <= MAX_CHANNELS
            and MIN_SAMPLE_RATE_HZ <= self.rate <= MAX_SAMPLE_RATE_HZ
        )

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of each channel."""
        return self.width * self.channels

    @property
    def plain(self) -> bool:
        """Whether they are s16le mono already."""
        return self.encoding is Encoding.INTEGER and self.width == 2 and self.channels == 1


def _law_table(law: Encoding) -> npt.NDArray[np.float64]:
    """Return the samples in -1..1 that the 256 codes of ITU-T G.711 stand for."""
    codes = np.arange(256)
    codes = codes ^ (0x55 if law is Encoding.ALAW else 0xFF)
    sign = np.where(codes & 0x80, 1, -1) if law is Encoding.ALAW else np.where(codes & 0x80, -1, 1)
    segment, step = (codes >> 4) & 7, codes & 15
    if law is Encoding.ALAW:
        size = np.where(segment == 0, (step << 4) + 8, ((step << 4) + 0x108) << np.maximum(segment - 1, 0))
    else:
        size = (((step << 3) + 0x84) << segment) - 0x84
    return sign * size / 32768.0


G711_SAMPLES = {law: _law_table(law) for law in (Encoding.ALAW, Encoding.ULAW)}
"""The sample, in -1..1, of each of the 256 codes."""


def to_s16(data: bytes, format: SampleFormat) -> bytes:
    """Return s16le mono from whole frames of a usable format, at the same rate. The channels are averaged."""
    if format.plain:
        return data
    values = _values(data, format).reshape(-1, format.channels).mean(axis=1)
    return np.rint(np.clip(values, -1.0, 1.0) * 32767).astype("<i2").tobytes()


def _values(data: bytes, format: SampleFormat) -> npt.NDArray[np.float64]:
    """Return samples in about -1..1."""
    raw = np.frombuffer(data, np.uint8)
    match format.encoding:
        case Encoding.FLOAT:
            values = raw.view("<f4" if format.width == 4 else "<f8").astype(np.float64)
            return np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=-1.0)
        case Encoding.ALAW | Encoding.ULAW:
            return G711_SAMPLES[format.encoding][raw]
        case Encoding.INTEGER if format.width == 1:
            return (raw.astype(np.float64) - 128) / 128
        case Encoding.INTEGER if format.width == 3:
            wide = np.zeros((raw.size // 3, 4), np.uint8)
            wide[:, 1:] = raw.reshape(-1, 3)
            return wide.reshape(-1).view("<i4") / 2.0**31
        case Encoding.INTEGER:
            return raw.view(f"<i{format.width}") / 2.0 ** (8 * format.width - 1)
