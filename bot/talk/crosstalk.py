"""Finds what somebody's microphone picked up of another person's voice, from a loudspeaker or across a table.

Such an utterance is one that another person just said, a little later, and holds nothing else. Most clients cancel it;
one that does not would put words into the wrong mouth. No clock, no asyncio.
"""

from collections import deque
from collections.abc import Iterable

import numpy as np

from bot.audio import HEAR_RATE, seconds
from bot.talk.echo_delay import find_delay
from bot.talk.echo_model import EchoModel, likeness
from bot.talk.echo_spectrum import BAND_WINDOW_SAMPLES, MAX_TAIL_STEPS, Bands, coarse_bands, reverberation_of
from bot.talk.played import REFERENCE_RATE, Samples
from bot.types import Utterance

CROSSTALK_OUTCOME = "crosstalk"
"""Outcome of an utterance that is another person's voice."""
KEPT_SECONDS, MAX_KEPT_UTTERANCES, MAX_UNLIKE_PAIRS = 3.0, 8, 32
"""How long after its end an utterance is still looked for in others, how many are, and how many are known not to be."""
MAX_COPY_DELAY_SECONDS, MAX_COPY_LEAD_SECONDS = 0.9, 0.15
"""How much later crosstalk comes than the voice itself, and how much earlier the network can make it seem."""
CLEARLY_LATER_SECONDS, CLEARLY_LOUDER = 0.05, 4.0
"""What comes this much later is the copy; of two at one time the one of a quarter of the power, 6 dB, or less."""
SAME_RECORDING_LIKENESS, SAME_RECORDING_POWER = 0.9, 0.5
"""Waves so alike, at such a power or more, came through no loudspeaker: two people play one recording."""
MAX_END_SECONDS = 0.8
"""How much longer than the voice its crosstalk sounds: the rest is somebody's own words."""
COMPARED_SECONDS = 3.0
"""Of an utterance, for the delay."""
SURE_CROSSTALK_STRENGTH, MIN_CROSSTALK_LIKENESS = 25.0, 0.5
"""Strength of the delay (echo_delay.py), and likeness of the spectrograms of the whole."""
MAX_UNLIKE_STRENGTH, MIN_UNLIKE_SECONDS = 12.0, 0.6
"""What is less like another voice than this, for so long, is no copy however it goes on. A copy has 90 by then."""
OWN_WINDOW_SHARE, MAX_OWN_WINDOWS = 0.25, 0.02
"""A window with this share of power beyond the other voice is one's own; this share of them still is crosstalk."""
AUDIBLE_RATIO, MIN_LEVEL_CHANGE = 1e-3, 0.15
"""Of the loudest window's power (-30 dB), and the median change of its logarithm: speech changes by more than 0.3."""
_REFERENCE_BYTES, _PAIR_SCALE = 4, np.float32(1 / 65536)
"""Of an utterance's sound for one sample at 8 kHz, and what makes the sum of the two samples in it -1 … 1."""


class Crosstalk:
    """What everyone in a call said lately. Call `is_copy` for what ends, then `note` it if it is none."""

    def __init__(self) -> None:
        self._said: deque[Utterance] = deque(maxlen=MAX_KEPT_UTTERANCES)
        self._unlike: deque[tuple[int, int]] = deque(maxlen=MAX_UNLIKE_PAIRS)
        "ids of utterances that were compared, and of the voices that are not in them"

    def note(self, utterance: Utterance) -> None:
        self._said.append(utterance)

    def forget(self, user_id: int) -> None:
        """Drop a person's sound."""
        self._said = deque((one for one in self._said if one.user_id != user_id), MAX_KEPT_UTTERANCES)

    def expire(self, now: float) -> None:
        """Drop what is too old to be heard again."""
        while self._said and now > _end(self._said[0]) + KEPT_SECONDS:
            self._said.popleft()

    def is_copy(self, utterance: Utterance, growing: Iterable[Utterance]) -> bool:
        """Whether an utterance is another person's voice and nothing else; `growing` are those that are still open."""
        others = [one for one in (*self._said, *growing) if one.user_id != utterance.user_id]
        return any(self._copies(utterance, one) for one in others if _within(utterance, one))

    def _copies(self, copy: Utterance, voice: Utterance) -> bool:
        if (copy.id, voice.id) in self._unlike:
            return False
        heard = _samples(copy.pcm, 0, len(copy.pcm) // _REFERENCE_BYTES)
        late, early = (round(limit * REFERENCE_RATE) for limit in (MAX_COPY_DELAY_SECONDS, MAX_COPY_LEAD_SECONDS))
        # The voice on the copy's time, from the longest delay before its start.
        begins = round((copy.started_at - voice.started_at) * REFERENCE_RATE) - late
        said = _samples(voice.pcm, begins, late + len(heard) + early)
        compared = min(len(heard), round(COMPARED_SECONDS * REFERENCE_RATE))
        found = find_delay(heard[:compared], said[: late + early + compared])
        if found.strength < SURE_CROSSTALK_STRENGTH:
            enough = compared >= MIN_UNLIKE_SECONDS * REFERENCE_RATE and _end(copy) <= _end(voice)
            if enough and found.strength < MAX_UNLIKE_STRENGTH:
                self._unlike.append((copy.id, voice.id))
            return False
        place = late + early - found.samples
        source = said[place : place + len(heard)]
        delay = (late - place) / REFERENCE_RATE
        louder = float(np.square(source).sum()) >= CLEARLY_LOUDER * float(np.square(heard).sum())
        return (
            (delay >= CLEARLY_LATER_SECONDS or louder) and not _untouched(heard, source) and _explained(heard, source)
        )


def _within(copy: Utterance, voice: Utterance) -> bool:
    """Whether an utterance can be a copy of another by its times alone."""
    began_in = voice.started_at - MAX_COPY_LEAD_SECONDS <= copy.started_at < _end(voice)
    return began_in and _end(copy) <= _end(voice) + MAX_END_SECONDS


def _untouched(heard: Samples, source: Samples) -> bool:
    """Whether a sound has its source's very wave, about as loud."""
    heard_power, source_power = (float(np.square(sound).sum()) for sound in (heard, source))
    alike = float(heard @ source) >= SAME_RECORDING_LIKENESS * (heard_power * source_power) ** 0.5
    return alike and SAME_RECORDING_POWER <= heard_power / source_power <= 1 / SAME_RECORDING_POWER


def _explained(heard: Samples, source: Samples) -> bool:
    """Whether a sound is like its source everywhere, and holds nothing else."""
    size = BAND_WINDOW_SAMPLES * MAX_TAIL_STEPS
    for at in range(0, len(heard), size):
        count = min(len(heard) - at, size) // BAND_WINDOW_SAMPLES * BAND_WINDOW_SAMPLES
        if count < 10 * BAND_WINDOW_SAMPLES:  # a rest that tells nothing
            return at > 0
        a, b = coarse_bands(heard[at : at + count], source[at : at + count])
        if _steady(a):
            return False
        reverberation, _ = reverberation_of(b, 2)
        expected = b + reverberation
        if likeness(a, b, expected) < MIN_CROSSTALK_LIKENESS:
            return False
        own = [share > OWN_WINDOW_SHARE for share in EchoModel(a, expected).unexplained(a, expected)]
        if sum(own) > MAX_OWN_WINDOWS * len(own):
            return False
    return True


def _steady(heard: Bands) -> bool:
    """Whether a sound hardly changes: a hum or a tone is like any other, wherever it comes from."""
    powers = heard.sum(axis=1)
    levels = np.log(powers[powers > powers.max() * AUDIBLE_RATIO])
    return float(np.median(np.abs(levels - np.median(levels)))) < MIN_LEVEL_CHANGE


def _samples(pcm: bytes, begins: int, length: int) -> Samples:
    """Return a stretch of s16le mono 16 kHz at 8 kHz, -1 … 1, with silence where there is no sound."""
    part = np.zeros(length, np.float32)
    first, last = max(0, begins), min(len(pcm) // _REFERENCE_BYTES, begins + length)
    if first < last:
        samples = np.frombuffer(pcm[first * _REFERENCE_BYTES : last * _REFERENCE_BYTES], "<i2").astype(np.float32)
        part[first - begins : last - begins] = (samples[::2] + samples[1::2]) * _PAIR_SCALE
    return part


def _end(utterance: Utterance) -> float:
    end = utterance.started_at + seconds(utterance.pcm, HEAR_RATE)
    return end if utterance.ended_at is None else utterance.ended_at
