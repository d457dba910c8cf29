"""The last look at samples before people hear them: bytes that were misread as samples are loud noise; pure.

Floats, 24-bit or byte-swapped samples, half a sample's offset, compressed bytes and text, all read as s16le, have marks
that sound from a voice, an instrument or a crowd never has, at any level:

* neighbours have nothing to do with each other, at a level above any applause, and every value is as likely as another;
* samples at even and at odd places differ in kind (or at every third or fourth place);
* another reading of the same bytes is far smoother;
* every byte is a printable letter.
"""

import numpy as np
import numpy.typing as npt

from bot.engine.samples import G711_SAMPLES, Encoding

GUARD_WINDOW_SAMPLES = 1024
"""43 ms at 24 kHz."""
MIN_GUARDED_DBFS = -20.0
"""Quieter noise harms nobody."""
MIN_ROUGHNESS = 0.75
"""Energy of the differences by energy of the samples: 2 for white noise, below 0.1 for most speech."""
MIN_DOUBTFUL_ROUGHNESS = 0.1
"""A smoother curve is read rightly."""
MIN_FLATNESS = 0.15
"""Of the spectrum: a pure tone may be as rough as noise."""
MAX_QUIET_DBFS = -50.0
MIN_ONSET_DBFS = -14.0
MIN_UNIFORM_DBFS = -10.0
"""Equally likely values have -4.8 dBFS."""
MAX_UNIFORM_KURTOSIS = 2.35
"""1.8 for equally likely values; 3 for applause, wind and hiss; more for voices."""
MAX_CLIPPED_SHARE = 0.02
"""Of samples at the ends of the range: sound that was turned up too far is rough and loud, too."""
MIN_PHASE_RATIO = 8.0
"""Between the energies of samples, or of changes, at the places 0, 1, … modulo 2, 3 and 4."""
MAX_SMOOTHER_SHARE = 0.2
"""Roughness of another reading, by that of this one."""
MAX_EVEN_SPREAD = 0.3
"""Deviation of the samples' sizes by their mean: 0.75 for noise, more for speech."""
MIN_UNEVEN_SPREAD = 0.5
MAX_QUIETER_SHARE = 0.003
"""Energy of another reading, by that of this one."""
MIN_NEAR_ENDS_SHARE = 0.8
MAX_FLOAT_SAMPLE = 64.0
MISREAD_WINDOWS_IN_A_ROW = 2
_WINDOW_BYTES = GUARD_WINDOW_SAMPLES * 2

_Samples = npt.NDArray[np.float64]


class SoundGuard:
    """Takes s16le mono samples, and lets pass what is sound. Doubtful samples wait until the next ones tell."""

    def __init__(self) -> None:
        self.tripped = False
        "these were no samples: nothing passes any more"
        self._held = bytearray()
        "not passed yet"
        self._unjudged = bytearray()
        "the last of what was fed, less than a window"
        self._begun = False
        "a window was judged"
        self._doubtful = 0
        "windows in a row that look misread"
        self._misread = False
        "the last of them does"
        self._quiet = True
        "the window before was silence"

    def feed(self, pcm: bytes) -> bytes:
        """Return the samples that may sound now."""
        if self.tripped:
            return b""
        self._held += pcm
        self._unjudged += pcm
        while len(self._unjudged) >= _WINDOW_BYTES and not self.tripped:
            self._judge(bytes(self._unjudged[:_WINDOW_BYTES]))
            del self._unjudged[:_WINDOW_BYTES]
        kept = self._doubtful * _WINDOW_BYTES + len(self._unjudged) if self._doubtful or not self._begun else 0
        return self._pass(len(self._held) - kept)

    def end(self) -> bytes:
        """Return the samples that still wait: no more will come."""
        if not self.tripped and not self._begun and len(self._unjudged) >= _WINDOW_BYTES // 4:
            self._judge(bytes(self._unjudged))
        self.tripped = self.tripped or self._misread
        return self._pass(len(self._held))

    def _judge(self, window: bytes) -> None:
        self._begun = True
        self._misread = is_misread(window)
        # Where noise begins after silence, a window may have too little of it to tell: the next one will.
        power = _power(window)
        doubtful = self._misread or (self._quiet and _is_loud_noise(window, power))
        self._doubtful = self._doubtful + 1 if doubtful else 0
        self._quiet = power < 10 ** (MAX_QUIET_DBFS / 10)
        self.tripped = self._misread and self._doubtful >= MISREAD_WINDOWS_IN_A_ROW

    def _pass(self, size: int) -> bytes:
        if self.tripped:
            self._held.clear()
            return b""
        passed = bytes(self._held[: max(0, size)])
        del self._held[: max(0, size)]
        return passed


def is_misread(window: bytes) -> bool:
    """Whether these bytes are no s16le mono samples, or were not such before."""
    samples = np.frombuffer(window, "<i2").astype(np.float64) / 32768.0
    mean = float(np.add.reduce(samples)) / samples.size
    samples -= mean
    power = float(np.dot(samples, samples)) / samples.size
    if mean**2 + power < 10 ** (MIN_GUARDED_DBFS / 10):
        return False
    if _is_text(window):
        return True
    rough = roughness(samples)
    if _is_quieter_in_8_bits(window, mean**2 + power):
        return True
    if rough < MIN_DOUBTFUL_ROUGHNESS:
        return False
    if _is_smoother_otherwise(window, rough) or _is_stuffed(window) or _is_at_the_ends(window):
        return True
    if rough < MIN_ROUGHNESS:
        return False
    return _flatness(samples) > MIN_FLATNESS and (
        _is_uniform(samples, power, window)
        or _differs_by_place(samples)
        or _are_exponents(window)
        or _are_floats(window, rough)
    )


def _power(window: bytes) -> float:
    samples = np.frombuffer(window, "<i2").astype(np.float64) / 32768.0
    return float(np.dot(samples, samples)) / samples.size


def _is_loud_noise(window: bytes, power: float) -> bool:
    if power < 10 ** (MIN_ONSET_DBFS / 10):
        return False
    samples = np.frombuffer(window, "<i2").astype(np.float64)
    samples -= samples.mean()
    return roughness(samples) > MIN_ROUGHNESS and _flatness(samples) > MIN_FLATNESS


def roughness(samples: _Samples) -> float:
    changes = samples[1:] - samples[:-1]
    power = float(np.dot(samples, samples))
    return float(np.dot(changes, changes)) / power if power else 0.0


def _flatness(samples: _Samples) -> float:
    """Return the spectral flatness: near 0.6 for noise in one window, near 0 for tones."""
    powers = np.abs(np.fft.rfft(samples * np.hanning(samples.size))) ** 2 + 1e-12
    return float(np.exp(np.log(powers).mean()) / powers.mean())


def _is_text(window: bytes) -> bool:
    if not window.isascii():  # nearly always
        return False
    octets = np.frombuffer(window, np.uint8)
    return bool((((octets >= 0x20) & (octets < 0x7F)) | (octets == 0x0A) | (octets == 0x0D)).all())


def _is_uniform(samples: _Samples, power: float, window: bytes) -> bool:
    if power < 10 ** (MIN_UNIFORM_DBFS / 10) or _clipped_share(window) > MAX_CLIPPED_SHARE:
        return False
    return float((samples**4).mean()) / power**2 < MAX_UNIFORM_KURTOSIS


def _clipped_share(window: bytes) -> float:
    raw = np.frombuffer(window, "<i2")
    return float(((raw >= raw.max()) | (raw <= raw.min())).mean())


def _differs_by_place(samples: _Samples) -> bool:
    for places in (2, 3, 4):
        rows = samples[: samples.size // places * places].reshape(-1, places)
        energies = (rows**2).mean(axis=0)
        if energies.max() > MIN_PHASE_RATIO * max(float(energies.min()), 1e-12):
            return True
    return False


def _in_8_bits(window: bytes) -> tuple[_Samples, ...]:
    octets = np.frombuffer(window, np.uint8)
    return (octets - 128.0) / 128, G711_SAMPLES[Encoding.ULAW][octets], G711_SAMPLES[Encoding.ALAW][octets]


_ENERGIES_IN_8_BITS = np.square(np.stack(_in_8_bits(bytes(range(256))), axis=1))
"""Of each byte in each reading."""


def _is_quieter_in_8_bits(window: bytes, power: float) -> bool:
    """Whether the bytes are almost silence when they are read as 8 bits or G.711."""
    energies = np.bincount(np.frombuffer(window, np.uint8), minlength=256) @ _ENERGIES_IN_8_BITS
    return bool(energies.min() < MAX_QUIETER_SHARE * power * len(window))


def _is_smoother_otherwise(window: bytes, rough: float) -> bool:
    """Whether the bytes make a smooth curve when they are swapped, shifted by one, or read as 8 bits or G.711."""
    others = np.frombuffer(window, ">i2"), np.frombuffer(window[1:-1], "<i2"), *_in_8_bits(window)
    return any(
        roughness(values - values.mean()) < MAX_SMOOTHER_SHARE * rough
        for values in (other.astype(np.float64) for other in others)
    )


def _are_exponents(window: bytes) -> bool:
    """Whether each second sample has about the same size, and the others have not: the upper halves of floats."""
    sizes = np.abs(np.frombuffer(window, "<i2").astype(np.float64)).reshape(-1, 2)
    even, odd = sizes.std(axis=0) / np.maximum(sizes.mean(axis=0), 1.0)
    return bool(min(even, odd) < MAX_EVEN_SPREAD and max(even, odd) > MIN_UNEVEN_SPREAD)


def _are_floats(octets: bytes, rough: float) -> bool:
    values = np.frombuffer(octets[: len(octets) // 4 * 4], "<f4")
    if not np.isfinite(values).all() or np.abs(values).max() > MAX_FLOAT_SAMPLE:
        return False
    wide = values.astype(np.float64)
    return roughness(wide - wide.mean()) < MAX_SMOOTHER_SHARE * rough


def _is_at_the_ends(window: bytes) -> bool:
    """Whether the samples jump between the ends of the range without touching them: 8 bits around 0x80."""
    raw = np.frombuffer(window, "<i2").astype(np.int32)
    near, at = np.abs(raw) > 0x7D00, (raw >= 0x7FFF) | (raw <= -0x7FFF)
    return bool(near.mean() > MIN_NEAR_ENDS_SHARE and at.mean() < MAX_CLIPPED_SHARE and np.unique(raw).size > 2)


def _is_stuffed(window: bytes) -> bool:
    """Whether each second sample is zero and the others make a smooth curve: 32 bits that hold 16."""
    samples = np.frombuffer(window, "<i2").astype(np.float64)
    even, odd = samples[::2], samples[1::2]
    return any(
        not zeros.any() and roughness(others - others.mean()) < MIN_ROUGHNESS
        for zeros, others in ((even, odd), (odd, even))
    )
