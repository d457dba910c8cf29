"""Which channels of a track are heard, decided by looking at them and not by the name of a layout.

Layouts lie: recorders put a microphone on the fourth of four channels, a film its speech on the centre beneath loud
effects, and a cable with swapped wires two microphones against each other, which cancel in a plain mix.
"""

import numpy as np

from bot.files.recordings.samples import Samples, power
from bot.files.recordings.speech import speech_share

_DEAD_DB = 45.0
"""A channel so much quieter than the loudest carries only what leaks."""
_ALIKE = 0.6
"""Correlation of channels that are one sound in stereo: any plain mix of them is right."""
_OPPOSED = -0.3
"""Correlation of a channel that takes another one away."""
_CHANNEL_SHARE_OF_BEST = 0.3
"""A channel with less speech than this share of the most speaking one is left out."""
_LEAST_SPEECH = 0.03
"""A share of speech that is not chance."""

Weights = tuple[float, ...]
"""For each channel, what of it goes into the mix; empty: the plain mix that FFmpeg makes."""


def weights(channels: Samples) -> Weights:
    """Return how to mix a track. `channels`: an excerpt, (channels, samples) at 16 kHz."""
    count = len(channels)
    powers = np.array([power(channel) for channel in channels])
    loudest = powers.max(initial=0.0)
    if loudest <= 0 or count == 1:
        return ()
    alive = [number for number in range(count) if powers[number] > loudest / 10 ** (_DEAD_DB / 10)]
    correlation = np.atleast_2d(np.corrcoef(channels[alive]))
    if len(alive) == count <= 2 and correlation.min() > _ALIKE:
        return ()
    shares = [speech_share(channels[number]) for number in alive] if len(alive) > 1 else [1.0]
    best = max(shares)
    kept = [place for place, share in enumerate(shares) if share >= best * _CHANNEL_SHARE_OF_BEST]
    if best < _LEAST_SPEECH:
        kept = list(range(len(alive)))
    reference = max(kept, key=lambda place: (shares[place], powers[alive[place]]))
    found = [0.0] * count
    for place in kept:
        sign = -1.0 if correlation[reference, place] < _OPPOSED else 1.0
        found[alive[place]] = sign / len(kept)
    return tuple(found)


def mixed(channels: Samples, mix: Weights) -> Samples:
    """Return the mix of a track's channels: mono."""
    return np.asarray(mix, np.float32) @ channels if mix else channels.mean(axis=0)
