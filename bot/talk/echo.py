"""Keeps the bot from hearing itself: one person's frames in, the same without those that are only its echo.

A person on a loudspeaker returns what the bot says, 40 to 600 ms later. The first time, their sound is taken for
speech until it is found in what was played (`recognise`). From then on the delay and the gains of the echo are known:
while it must be there, frames are silenced unless they hold more than it explains, which is the person speaking over
it. No clock, no asyncio.
"""

from collections import deque
from collections.abc import Sequence

import numpy as np

from bot.audio import FRAME_SECONDS, HEAR_BYTES, RTP_STEP
from bot.talk.echo_delay import find_delay
from bot.talk.echo_model import (
    BAND_WINDOW_SAMPLES,
    REVERBERATION_FRAMES,
    EchoModel,
    bands,
    coarse_bands,
    likeness,
    with_tail,
)
from bot.talk.played import REFERENCE_FRAME_SAMPLES, PlayedSound, Samples
from bot.types import Frame

MAX_ECHO_DELAY_FRAMES = 36
"""Longest delay that is searched: 0.72 s."""
MAX_COMPARED_FRAMES = 25
"""Frames searched while somebody speaks: 0.5 s."""
MAX_WHOLE_FRAMES = 75
"""Frames searched when an utterance is over: 1.5 s."""
SEARCH_FRAMES = (8, 12, 16, 20, 25)
"""Frames of an utterance after which it is searched, as long as it may be an echo."""
SEARCH_STEP_FRAMES = 25
"""Frames after which somebody who returns the bot's voice is searched again: the delay may have jumped."""
MIN_COMPARED_FRAMES = 5
SURE_STRENGTH, LIKELY_STRENGTH, LIKELY_ECHO_LIKENESS = 40.0, 16.0, 0.4
"""Strength of a delay that alone shows an echo; the same if the spectrograms are this alike, too."""
SHORT_FRAMES, SHORT_STRENGTH = 10, 25.0
"""In fewer frames than this, chance is stronger."""
SUSPECT_STRENGTH, MAX_SUSPECT_FRAMES = 9.0, 16
"""Below this strength, or after this many frames, speech over the bot is no longer suspected to be an echo."""
MAX_NEW_UNEXPLAINED, MAX_YOUNG_UNEXPLAINED, MAX_CHANGED_UNEXPLAINED = 0.05, 0.02, 0.003
"""Share of the power that a new model may leave unexplained, for the sound to be only echo: where no echo was known,
in the first seconds of one, and where one is known for long but may have become louder."""
YOUNG_FRAMES = 100
"""Frames of echo that a model must have followed to be trusted: 2 s."""
KNOWN_DELAY_SAMPLES = 40
"""Found delays this close (5 ms) are the same."""
ALIGN_REACH_SAMPLES, ALIGN_STRENGTH = 640, 12.0
"""How far (80 ms) the delay may have moved from one answer to the next, and what shows that it has."""
ALIGN_FRAMES = 16
"""Frames that are compared for it."""
FIRST_ALIGN_FRAMES, ALIGN_INTERVAL_FRAMES = 12, 400
"""Frames of echo after which the delay is followed first, and then each time: clocks drift."""
ALIGNED, UNALIGNED = (0,), (-1, 0, 1)
"""Frames by which the delay may be off, before it was followed and after."""
MAX_TIMELINE_DRIFT_FRAMES = 10
"""A person's RTP time that moves this far from the time of arrival begins anew."""
JUDGED_FRAMES, JUDGED_STEP = 8, 2
"""Frames judged at once, by a window for every second: one transform of many costs hardly more than of one."""
VOICE_SHARE, VOICE_SMOOTHING = 0.08, 0.4
"""Share of the power that no echo explains, smoothed over about four frames, from which on the person speaks."""
VOICE_HOLD_FRAMES = 10
"""Frames that still pass after the last that was judged a voice: 0.2 s."""
AUDIBLE_POWER = 10 ** (-60 / 10)
"""Mean square of a frame that counts as an echo: -60 dBFS."""
_AUDIBLE_BAND_POWER = AUDIBLE_POWER * (3 / 8) * BAND_WINDOW_SAMPLES**2 / 2 / 4
"""The same in the loudest band, which has about a fourth of a voice's power."""
_MUTED_FRAME = bytes(HEAR_BYTES)
_HEARD_SCALE = np.float32(1 / 65536)
"""Of the sum of two samples to -1 … 1."""
_NO_TAIL = np.zeros(16, np.float32)


class EchoGate:
    """One person. `take` each tick's frames, then `recognise`."""

    def __init__(self, played: PlayedSound) -> None:
        self.echoed = 0.0
        "seconds of echo heard so far"
        self.suspicious = False
        "whether what this person says may be an echo, and it is too early to tell"
        self._played = played
        self._heard: deque[tuple[int, bytes]] = deque(maxlen=MAX_WHOLE_FRAMES + 1)
        "frame number and sound"
        self._anchor: int | None = None
        "number of the frame with RTP time 0"
        self._model: EchoModel | None = None
        "None: no echo was ever found"
        self._learned = 0
        "frames that the model has followed"
        self._delay = 0
        "samples at 8 kHz"
        self._tail = _NO_TAIL
        "reverberation at the last judged frame"
        self._expected = False
        "whether an echo must be there now"
        self._began = 0
        "first frame of this stretch of echo"
        self._moves = UNALIGNED
        "frames by which the delay may be off"
        self._align_at = 0
        "frame at which it is followed again"
        self._unjudged = 0
        self._score = 0.0
        self._voice_left = 0
        "frames that still pass as the person's voice"
        self._spoken = 0
        "frames of the open utterance"
        self._likely = True
        "whether the last search left it open that this is an echo"

    @property
    def known(self) -> bool:
        """Whether this person is known to return the bot's voice."""
        return self._model is not None

    @property
    def delay(self) -> float:
        """Seconds after which it comes back; 0 if it does not."""
        return self._delay / REFERENCE_FRAME_SAMPLES * FRAME_SECONDS

    @property
    def expected(self) -> bool:
        """Whether an echo must be there now."""
        return self._expected

    def take(self, frames: Sequence[Frame], now: float) -> Sequence[Frame]:
        """Return a tick's frames; what is only echo is silenced. `now`: seconds on the clock of PlayedSound."""
        arrived = round(now / FRAME_SECONDS)
        newest = frames[-1].timestamp // RTP_STEP
        if self._anchor is None or abs(arrived - newest - self._anchor) > MAX_TIMELINE_DRIFT_FRAMES:
            self._anchor = arrived - newest
            self._heard.clear()
        anchor = self._anchor
        return [self._pass(frame, frame.timestamp // RTP_STEP + anchor) for frame in frames]

    def recognise(self, speaking: bool, pausing: bool) -> bool:
        """Call after each tick: whether the open utterance, or the one that has just ended, is an echo after all.

        `speaking`: an utterance is open, or has just ended. `pausing`: it has just ended, or paused and may be asked
        about: look at all of it.
        """
        self.suspicious = False
        if not speaking or not self._heard or self._silent_for_long():
            self._spoken, self._likely = 0, True
            return False
        self._spoken += 1
        spoken = self._spoken
        due = self._likely and spoken in SEARCH_FRAMES
        due |= spoken == SEARCH_FRAMES[1] or (self.known and spoken % SEARCH_STEP_FRAMES == 0)
        found = False
        if spoken >= MIN_COMPARED_FRAMES and (due or pausing):
            found = self._search(min(spoken + 3, MAX_WHOLE_FRAMES if pausing else MAX_COMPARED_FRAMES))
        unsure = self._likely and spoken < MAX_SUSPECT_FRAMES and self._learned < YOUNG_FRAMES
        self.suspicious = unsure and not found
        return found

    def _silent_for_long(self) -> bool:
        newest = self._heard[-1][0]
        return newest - self._played.last_loud(newest) > MAX_ECHO_DELAY_FRAMES + REVERBERATION_FRAMES

    def _pass(self, frame: Frame, number: int) -> Frame:
        self._heard.append((number, frame.pcm))
        if self._model is None:
            return frame
        source = number - self._delay // REFERENCE_FRAME_SAMPLES
        if source - self._played.last_loud(source) > REVERBERATION_FRAMES:
            self._expected = False
            return frame
        if not self._expected:
            self._begin(number)
        self._unjudged += 1
        if self._unjudged >= JUDGED_FRAMES:
            self._judge(self._model, self._unjudged)
            self._unjudged = 0
        if self._voice_left:
            self._voice_left -= 1
            return frame
        return Frame(frame.user_id, frame.timestamp, _MUTED_FRAME, frame.concealed)

    def _begin(self, number: int) -> None:
        self._expected = True
        self._began, self._moves, self._align_at = number, UNALIGNED, number + FIRST_ALIGN_FRAMES
        self._unjudged = 0
        self._score = 0.0
        self._voice_left = 0
        self._tail = _NO_TAIL

    def _judge(self, model: EchoModel, count: int) -> None:
        """Decide about the newest frames: is there more than the echo?"""
        end = self._heard[-1][0] + 1
        if end >= self._align_at:
            self._align(end)
        heard, *ways = coarse_bands(
            self._window(end, count), *(self._played_window(end + moved, count, self._delay) for moved in self._moves)
        )
        expected, self._tail = with_tail(np.maximum.reduce(ways) if len(ways) > 1 else ways[0], self._tail, JUDGED_STEP)
        for share in model.unexplained(heard, expected):
            self._score += VOICE_SMOOTHING * (share - self._score)
            if self._score > VOICE_SHARE:
                self._voice_left = VOICE_HOLD_FRAMES
        if not self._voice_left:
            model.adapt(heard, expected)
            self._learned += count
            self.echoed += FRAME_SECONDS * JUDGED_STEP * int((heard.max(axis=1) > _AUDIBLE_BAND_POWER).sum())

    def _align(self, end: int) -> None:
        """Follow the delay: the way to a listener takes a little longer or shorter with every answer."""
        sound = self._window(end, ALIGN_FRAMES)
        size = len(sound) + 2 * ALIGN_REACH_SAMPLES
        first = max(0, self._delay - ALIGN_REACH_SAMPLES)
        found = find_delay(sound, self._played.samples(end * REFERENCE_FRAME_SAMPLES - first - size, size))
        if found.strength >= ALIGN_STRENGTH:
            self._delay = first + found.samples
            self._moves = ALIGNED
            self._align_at = end + ALIGN_INTERVAL_FRAMES
        else:
            self._align_at = end + 2 * (end - self._began)

    def _search(self, count: int) -> bool:
        """Look for the newest frames in all that was played of late, and adopt the echo that is found.

        Return whether the frames are nothing else.
        """
        end = self._heard[-1][0] + 1
        sound = self._window(end, count)
        size = len(sound) + MAX_ECHO_DELAY_FRAMES * REFERENCE_FRAME_SAMPLES
        found = find_delay(sound, self._played.samples(end * REFERENCE_FRAME_SAMPLES - size, size))
        self._likely = found.strength >= SUSPECT_STRENGTH
        if found.strength < (SHORT_STRENGTH if count < SHORT_FRAMES else LIKELY_STRENGTH):
            return False
        limit = MAX_NEW_UNEXPLAINED
        if self._model and self._expected and abs(found.samples - self._delay) <= KNOWN_DELAY_SAMPLES:
            # This echo is known, yet the sound was judged to be more: so it is, unless the gain has changed.
            young = self._learned < YOUNG_FRAMES
            if not young and count <= MAX_COMPARED_FRAMES:
                return False
            limit = MAX_YOUNG_UNEXPLAINED if young else MAX_CHANGED_UNEXPLAINED
        heard = bands(sound)
        played = bands(self._played_window(end, count + REVERBERATION_FRAMES, found.samples))
        expected, tail = with_tail(played, _NO_TAIL)
        expected = expected[-len(heard) :]
        sure = found.strength >= SURE_STRENGTH and count >= MAX_COMPARED_FRAMES
        if likeness(heard, played[-len(heard) :], expected) < (0 if sure else LIKELY_ECHO_LIKENESS):
            return False
        model = EchoModel(heard, expected)
        only = float(np.mean(model.unexplained(heard, expected))) < limit
        if limit < MAX_NEW_UNEXPLAINED and not only:
            return False
        self._begin(end)
        self._model, self._delay, self._learned = model, found.samples, 0
        self._moves, self._align_at, self._tail = ALIGNED, end + ALIGN_INTERVAL_FRAMES, tail
        if only:
            self.echoed += FRAME_SECONDS * int((heard.max(axis=1) > _AUDIBLE_BAND_POWER).sum())
        else:
            self._voice_left, self._score = VOICE_HOLD_FRAMES, VOICE_SHARE
        return only

    def _played_window(self, end: int, count: int, delay: int) -> Samples:
        """Return what was played `delay` samples before the `count` frames up to `end`."""
        last = end * REFERENCE_FRAME_SAMPLES - delay
        return self._played.samples(last - count * REFERENCE_FRAME_SAMPLES, count * REFERENCE_FRAME_SAMPLES)

    def _window(self, end: int, count: int) -> Samples:
        """Return the `count` frames of this person up to `end`, at 8 kHz; silence where none came."""
        recent = [self._heard[place] for place in range(-min(count, len(self._heard)), 0)]
        if len(recent) == count and recent[0][0] == end - count:
            sound = b"".join([pcm for _, pcm in recent])
        else:
            sounds = dict(recent)
            sound = b"".join(sounds.get(number, _MUTED_FRAME) for number in range(end - count, end))
        samples = np.frombuffer(sound, "<i2").astype(np.float32)
        return (samples[::2] + samples[1::2]) * _HEARD_SCALE
