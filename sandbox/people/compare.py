"""How much of one recording is found in another."""

import numpy as np
from numpy.typing import NDArray

SEGMENT_SECONDS = 0.8
"Short enough to follow a shifted pause, long enough to match nowhere else in speech"
QUIET_SEGMENT_RATIO = 0.02
"Segments quieter than this share of the loudest one (amplitude) are ignored"

Signal = NDArray[np.float64]


def correlation(a: bytes, b: bytes, rate: int, *, drift: float = 2.0) -> float:
    """Return how well `b` (heard) contains `a` (said), 1 for perfectly; both s16le mono at `rate`.

    `a` is cut into segments. Each is searched by normalised cross-correlation at most `drift` seconds from the place
    where the whole of `a` fits best: pauses of another length do not lower the score, another order does. Segments are
    weighted by their energy.
    """
    step = max(1, rate // 16_000)  # speech is below 8 kHz
    said, heard = _coarse(_signal(a), step), _coarse(_signal(b), step)
    rate //= step
    size = int(SEGMENT_SECONDS * rate)
    if not said.any() or not heard.any():
        return 0.0
    reach = int(drift * rate)
    margin = reach + len(said)
    heard = np.pad(heard, margin)
    place = _best(_coarse(said, 4), _coarse(heard, 4))[0] * 4  # coarse; the segments refine it
    segments = [(at, said[at : at + size]) for at in range(0, len(said), size)]
    loudest = max(float(np.sqrt(np.mean(part**2))) for _, part in segments)
    total = weight = 0.0
    for at, part in segments:
        energy = float(part @ part)
        if np.sqrt(energy / len(part)) < QUIET_SEGMENT_RATIO * loudest:
            continue
        start = max(0, place + at - reach)
        score = _best(part, heard[start : place + at + len(part) + reach])[1]
        total += energy * score
        weight += energy
    return total / weight


def _signal(pcm: bytes) -> Signal:
    return np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype="<i2").astype(np.float64)


def _coarse(signal: Signal, step: int) -> Signal:
    """Average every `step` samples: crude, but the same for both signals."""
    return signal[: len(signal) // step * step].reshape(-1, step).mean(axis=1)


def _best(needle: Signal, hay: Signal) -> tuple[int, float]:
    """Return where `needle` fits best in `hay`, and the normalised correlation there."""
    if len(hay) < len(needle):
        hay = np.pad(hay, (0, len(needle) - len(hay)))
    size = 1 << (len(hay) - 1).bit_length()  # the wrapped part lies past the last valid place
    products = np.fft.irfft(np.fft.rfft(hay, size) * np.conj(np.fft.rfft(needle, size)), size)
    products = products[: len(hay) - len(needle) + 1]
    running = np.concatenate(([0.0], np.cumsum(hay**2)))
    energy = running[len(needle) :] - running[: -len(needle)]
    own = float(needle @ needle)
    # A window far quieter than the needle cannot match; without this floor rounding noise would win.
    scores = products / np.sqrt(own * np.maximum(energy, 1e-4 * own) + 1e-9)
    at = int(np.argmax(scores))
    return at, float(scores[at])
