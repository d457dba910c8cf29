"""The way of a sound from somebody's loudspeaker back into their microphone: delay, room, and a canceller's residue.

The room is convolved block by block of 20 ms, in the frequency domain (uniformly partitioned overlap-save): to
transform its whole response for each frame takes up to seven times as long.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.audio import RTP_RATE

Samples = NDArray[np.float32]

FRAME_SAMPLES_48K = RTP_RATE // 50
REVERBERATION_SECONDS = 0.45
"""Time in which the sound of the "room" decays by 60 dB (RT60)."""
DIRECT_TO_REVERBERANT_DB = 3.0
"""Energy of the direct sound relative to the reverberation of the "room"."""
HOLE_FRAMES, SOUND_FRAMES = (4, 15), (6, 40)
"""Shortest and longest stretch for which a canceller removes all, and lets some pass: 80 to 300 ms, 120 to 800 ms."""
FILTER_LEAD_SAMPLES = RTP_RATE // 200
"""Samples kept before the direct sound: 5 ms."""
RESIDUE_BAND_HZ = (350, 3200)
RESIDUE_CLIP_RATIO = 1.5
"""Limit of a residue's samples relative to its recent RMS: it is distorted."""


@dataclass(frozen=True, slots=True)
class EchoConditions:
    """What a loudspeaker, a room and a client do to the sound they return."""

    delay: float = 0.18
    "seconds from the arrival of a sound until it leaves again"
    level: float = -15.0
    "dB of what is returned, relative to what was heard"
    room: bool = False
    "whether there is reverberation and colour"
    canceller: bool = False
    "whether it is what an echo canceller lets through: band-limited, with holes, clipped"
    noise: float = -96.0
    "dBFS of the noise of the microphone"
    seed: int = 1


class EchoPath:
    """Takes what a person hears and returns what their microphone picks up of it, frame by frame (20 ms, 48 kHz)."""

    def __init__(self, conditions: EchoConditions) -> None:
        self.conditions = conditions
        self._random = np.random.default_rng(conditions.seed)
        blocks = _blocks(_response(conditions, self._random))
        self._sounding = np.flatnonzero(blocks.any(axis=1))
        "the blocks of the response that are not silent: its delay is"
        self._responses = np.fft.rfft(blocks[self._sounding], 2 * FRAME_SAMPLES_48K)
        self._spectra = np.zeros((len(blocks), FRAME_SAMPLES_48K + 1), np.complex64)
        "a ring of the frames that were heard, each with the one before"
        self._frame = np.zeros(FRAME_SAMPLES_48K, np.float32)
        "the newest of them"
        self._count = 0
        self._passes = True
        "whether a canceller lets the sound through now"
        self._left = 0
        "frames until that changes"
        self._level = 1e-4
        "recent RMS of the residue"

    def push(self, frame: Samples) -> Samples:
        """Return the next frame of the microphone, in -1 to 1, for a frame that was heard."""
        both = np.concatenate((self._frame, frame)).astype(np.float32)
        self._frame = both[FRAME_SAMPLES_48K:]
        self._spectra[self._count % len(self._spectra)] = np.fft.rfft(both)
        heard = self._spectra[(self._count - self._sounding) % len(self._spectra)]
        out = np.fft.irfft(np.einsum("bf,bf->f", heard, self._responses))[FRAME_SAMPLES_48K:].astype(np.float32)
        self._count += 1
        if self.conditions.canceller:
            out = self._residue(out)
        noise = self._random.standard_normal(FRAME_SAMPLES_48K) * 10 ** (self.conditions.noise / 20)
        return (out + noise).astype(np.float32)

    def _residue(self, frame: Samples) -> Samples:
        if self._left == 0:
            self._passes = not self._passes
            self._left = int(self._random.integers(*(SOUND_FRAMES if self._passes else HOLE_FRAMES)))
        self._left -= 1
        level = float(np.sqrt(np.mean(np.square(frame))))
        self._level = max(level, 0.95 * self._level, 1e-5)
        limit = RESIDUE_CLIP_RATIO * self._level
        return np.clip(frame, -limit, limit) * (1.0 if self._passes else 0.0)


def _blocks(response: Samples) -> Samples:
    """Return the response in rows of a frame's length, the last one padded."""
    rows = -(-len(response) // FRAME_SAMPLES_48K)
    return np.pad(response, (0, rows * FRAME_SAMPLES_48K - len(response))).reshape(rows, -1)


def _response(conditions: EchoConditions, random: np.random.Generator) -> Samples:
    """Return the impulse response, delay included."""
    delay = max(0, round(conditions.delay * RTP_RATE) - FILTER_LEAD_SAMPLES)
    tail = round(REVERBERATION_SECONDS * RTP_RATE) if conditions.room else 1
    response = np.zeros(tail)
    response[0] = 1.0
    if conditions.room:
        times = np.arange(1, tail) / RTP_RATE
        decay = random.standard_normal(tail - 1) * 10 ** (-3 * times / REVERBERATION_SECONDS)
        response[1:] = decay * 10 ** (-DIRECT_TO_REVERBERANT_DB / 20) / np.sqrt(np.sum(np.square(decay)))
    spectrum = np.fft.rfft(response, 2 * tail + RTP_RATE // 50)
    hertz = np.fft.rfftfreq(2 * tail + RTP_RATE // 50, 1 / RTP_RATE)
    if conditions.room:  # a small loudspeaker: little bass, a bump at 1.5 kHz
        spectrum *= 1 / (1 + (180 / np.maximum(hertz, 1)) ** 2) * (1 + 0.8 * np.exp(-(((hertz - 1500) / 600) ** 2)))
    if conditions.canceller:
        low, high = RESIDUE_BAND_HZ
        spectrum *= 1 / (1 + (low / np.maximum(hertz, 1)) ** 4) / (1 + (hertz / high) ** 4)
    # The filters have no phase: what they put before the direct sound must not wrap around to the end.
    shaped = np.roll(np.fft.irfft(spectrum), FILTER_LEAD_SAMPLES)[: tail + 2 * FILTER_LEAD_SAMPLES]
    shaped = shaped / np.sqrt(np.sum(np.square(shaped))) * 10 ** (conditions.level / 20)
    return np.concatenate((np.zeros(delay), shaped)).astype(np.float32)
