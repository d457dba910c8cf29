"""Whether somebody speaks over the echo of the bot's voice: what their windows have beyond it."""

from collections import deque
from collections.abc import Sequence

import numpy as np

from bot.talk.echo_model import EchoModel
from bot.talk.echo_spectrum import BANDS, JUDGED_STEP, NO_TAIL, Powers, reverberation_of
from bot.talk.echo_surplus import EchoSurplus

VOICE_SHARE, VOICE_SMOOTHING, MAX_SHARE = 0.075, 0.4, 0.185
"""Share of the power that no echo explains, smoothed over about four frames, from which on the person speaks; the most
that counts of one window: alone, none is a voice, in a lively room an echo has such windows, too."""
VOICE_SURPLUS, SHARE_WEIGHT = 0.028, 0.1
"""The same of the surplus of single frequencies and a part of that share: a voice quieter than the echo has little."""

PEAK_JUDGEMENTS = 4
"""Judgements that are remembered: 0.64 s."""


class SpeechOverEcho:
    """One person, from the beginning of a stretch of echo."""

    def __init__(self, tail: Powers = NO_TAIL) -> None:
        """`tail`: the reverberation that there is already."""
        self._tail = tail
        self._share = 0.0
        self._surplus = EchoSurplus()
        self._peaks: deque[float] = deque(maxlen=PEAK_JUDGEMENTS)
        "the surplus of single frequencies at the last judgements"

    def expect(self) -> None:
        """Let one window of a voice do from here on."""
        self._share = max(self._share, VOICE_SHARE)

    def judge(self, model: EchoModel, heard: Powers, ways: Sequence[Powers]) -> bool:
        """Return whether there is a voice in the next windows; `ways` are what may have been played at their time."""
        played = np.maximum.reduce(ways) if len(ways) > 1 else ways[0]
        lively, self._tail = reverberation_of(played, JUDGED_STEP, self._tail)
        self._surplus.add(heard, played + lively)
        count, bands = len(heard), np.concatenate((heard, played, lively)) @ BANDS
        most = 0.0
        for share in model.judge(bands[:count], bands[count : 2 * count], bands[2 * count :]):
            self._share += VOICE_SMOOTHING * (min(share, MAX_SHARE) - self._share)
            most = max(most, self._share)
        self._peaks.append(self._surplus.measure(model.noise))
        return most > VOICE_SHARE or self.stands_out

    @property
    def peak(self) -> float:
        """The most that single frequencies had beyond the echo of late; 0 if nothing was judged yet."""
        return max(self._peaks, default=0.0)

    @property
    def stands_out(self) -> bool:
        """Whether the windows judged last have more at single frequencies than the echo."""
        return bool(self._peaks) and self._peaks[-1] + SHARE_WEIGHT * self._share > VOICE_SURPLUS
