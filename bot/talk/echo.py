"""Keeps the bot from hearing itself: one person's frames in, the same without those that are only its echo.

A person on a loudspeaker returns what the bot says, 40 to 600 ms later. The first time, their sound is taken for
speech until it is found in what was played (`recognise`). From then on the delay and the gains of the echo are known:
while it must be there, frames wait for 160 ms and are silenced unless they hold more than it explains, which is the
person speaking over it: so the beginning of what they say is not lost. No clock, no asyncio.
"""

import math
from collections.abc import Sequence

from bot.audio import FRAME_SECONDS
from bot.talk.echo_delay import find_delay
from bot.talk.echo_model import REVERBERATION_FRAMES, EchoModel, fitted
from bot.talk.echo_spectrum import JUDGED_STEP, coarse_powers
from bot.talk.echo_suspect import MAX_ECHO_DELAY_FRAMES, SAME_DELAY_SAMPLES, EchoSuspect
from bot.talk.heard_sound import MAX_OFF_FRAMES, MUTED_FRAME, HeardSound
from bot.talk.onset import ONSET_FRAMES
from bot.talk.played import REFERENCE_FRAME_SAMPLES, PlayedSound
from bot.talk.speech_over_echo import SpeechOverEcho
from bot.types import Frame

MAX_RETURN_FRAMES = MAX_ECHO_DELAY_FRAMES + REVERBERATION_FRAMES + 2 * MAX_OFF_FRAMES
"""Frames after the bot's last sound in which something of it may still come back, packets held up included."""
MAX_COMPARED_FRAMES = 25
"""Frames searched while somebody speaks: 0.5 s."""
MAX_FIRST_FRAMES = 50
"""The same while no echo of theirs is known: 1 s."""
MAX_WHOLE_FRAMES = 75
"""Frames searched when an utterance is over: 1.5 s."""
MIN_COMPARED_FRAMES = 5
SURE_STRENGTH, LIKELY_STRENGTH, LIKELY_ECHO_LIKENESS, TINY_SURPLUS = 40.0, 16.0, 0.4, 0.08
"""Strength of a delay that alone shows an echo; the same if the spectrograms are this alike, too, or this is left."""
REPEATED_STRENGTH = 12.0
"""The same as the second where two searches of one utterance found one delay, and no echo was known."""
SURE_FRAMES = 22
"""Frames that it takes to be sure."""
SURE_LIKENESS = -0.9
"""An echo that is hardly louder than the noise has a spectrogram of its own; -1: its source was silent."""
SHORT_FRAMES, SHORT_STRENGTH = 10, 25.0
"""In fewer frames than this, chance is stronger."""
MAX_NEW_SURPLUS, MAX_SOON_NEW_SURPLUS, SOON_FRAMES = 0.09, 0.072, 12
"""What a sound may have beyond an echo (echo_surplus.py) and still be nothing else, where none was known; the same of
this few frames."""
FRESH_FRAMES, FRESH_STRENGTH, MAX_FRESH_SURPLUS = 8, 25.0, 0.06
"""The same where an echo was just found, in little sound, and its delay is hardly in doubt."""
MIN_RELEARNED_FRAMES = 19
"""Fewer frames hardly tell a changed echo from speech over it."""
TRIED_FRAMES, MAX_TRIED_SURPLUS, MAX_YOUNG_SURPLUS = 24, 0.045, 0.07
"""Frames of echo that a model must have followed to be believed against a few that it does not explain, 0.5 s: then
speech over it is likelier than a change, unless these have hardly more than an echo of their own; the most if not."""
MAX_CHANGED_SURPLUS = (0.058, 0.085), (0.024, 0.06)
"""What a sound over an echo that is known for long may have beyond it, few frames and more, and be that echo in another
room or volume: of calm sound and of restless."""
RESTLESS_PEAK, VOICE_PEAK = 0.01, 0.02
"""Peak of the running surplus of late from which on a sound is restless, and from which on it is a voice: an echo that
is only louder than it was stands out as a whole, not between the harmonics of the bot's voice."""
YOUNG_FRAMES = 100
"""Frames of echo that a model must have followed to be trusted: 2 s."""
ALIGN_REACH_SAMPLES, ALIGN_STRENGTH = 640, 12.0
"""How far (80 ms) the delay may have moved from one answer to the next, and what shows that it has."""
ALIGN_FRAMES = 16
"""Frames that are compared for it."""
FIRST_ALIGN_FRAMES, ALIGN_INTERVAL_FRAMES = 12, 400
"""Frames of echo after which the delay is followed first, and then each time: clocks drift."""
ALIGNED, UNALIGNED = (0,), (-1, 0, 1)
"""Frames by which the delay may be off, before it was followed and after."""
JUDGED_FRAMES = 8
"""Frames judged at once: one transform of many windows costs hardly more than of one."""
VOICE_HOLD_FRAMES = 16
"""Frames that still pass after the last that was judged a voice: 0.32 s."""


class EchoGate:
    """One person. `take` each tick's frames, then `recognise`."""

    def __init__(self, played: PlayedSound) -> None:
        self.echoed = 0.0
        "seconds of echo heard so far"
        self.suspicious = False
        "whether what this person says may be an echo, and it is too early to tell"
        self._played = played
        self._heard = HeardSound(MAX_WHOLE_FRAMES + 1)
        self._model: EchoModel | None = None
        "None: no echo was ever found"
        self._learned = 0
        "frames that the model has followed"
        self._delay = 0
        "samples at 8 kHz"
        self._expected = False
        "whether an echo must be there now"
        self._began = 0
        "first frame of this stretch of echo"
        self._moves = UNALIGNED
        "frames by which the delay may be off"
        self._align_at = 0
        "frame at which it is followed again"
        self._unjudged = 0
        self._waiting: list[Frame] = []
        "frames that are not judged yet"
        self._over = SpeechOverEcho()
        self._voice_left = 0
        "frames that still pass as the person's voice"
        self._suspect = EchoSuspect()
        self._idle = True
        "whether the bot was silent for so long that nothing of it comes back"
        self._arrived = 0
        "frames that passed in this tick"

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

    @property
    def decides_in(self) -> float:
        """Seconds in which nothing new is known of what arrives; inf if it is as good as speech."""
        if self._waiting:
            return (JUDGED_FRAMES - self._unjudged) * FRAME_SECONDS
        return self._suspect.searched_in * FRAME_SECONDS if self._suspect.frames else math.inf

    def take(self, frames: Sequence[Frame], now: float) -> Sequence[Frame]:
        """Return the frames that are judged by now; what is only echo is silenced.

        `now`: seconds on the clock of PlayedSound.
        """
        arrived = round(now / FRAME_SECONDS)
        self._idle = not self._waiting and self._played.silent_for(arrived) > MAX_RETURN_FRAMES
        if self._idle:
            self._expected = False
            return frames
        if moved := self._heard.place(frames, arrived):
            # An echo stays where it is in the person's sound.
            self._delay = max(0, self._delay + moved * REFERENCE_FRAME_SAMPLES)
            self._began += moved
            self._align_at += moved
        passed = [ready for frame in frames for ready in self._pass(frame)]
        self._arrived = len(passed)
        return passed

    def recognise(self, speaking: bool, pausing: bool) -> bool:
        """Call after each tick: whether the open utterance, or the one that has just ended, is an echo after all.

        `speaking`: an utterance is open, or has just ended. `pausing`: it has just ended, or paused and may be asked
        about: look at all of it.
        """
        self.suspicious = False
        if not speaking or self._idle or not self._heard:
            if self._suspect.frames:
                self._suspect = EchoSuspect()
            return False
        suspect, arrived, self._arrived = self._suspect, self._arrived, 0
        due = suspect.grow(arrived, self._heard.end - ONSET_FRAMES - self._played.began, self.known)
        longest = MAX_WHOLE_FRAMES if pausing else MAX_COMPARED_FRAMES if self.known else MAX_FIRST_FRAMES
        compared = suspect.frames >= MIN_COMPARED_FRAMES and (due or pausing)
        found = compared and self._search(min(suspect.frames + 3, longest))
        self.suspicious = not found and suspect.suspected and self._learned < YOUNG_FRAMES
        return found

    def _pass(self, frame: Frame) -> Sequence[Frame]:
        """Take a frame and return those that are judged by now: one that may be an echo waits until it is."""
        number = self._heard.number_of(frame)
        source = number - self._delay // REFERENCE_FRAME_SAMPLES
        if self._model is None or self._played.silent_for(source) > REVERBERATION_FRAMES:
            waited = self._end(self._model) if self._model else ()
            self._heard.add(frame)
            return (*waited, frame)
        self._heard.add(frame)
        if not self._expected:
            self._begin(number)
        self._unjudged += 1
        self._waiting.append(frame)
        if self._unjudged >= JUDGED_FRAMES:
            self._judge(self._model, self._unjudged)
            self._unjudged = 0
        elif not self._voice_left:
            return ()
        self._voice_left -= self._voice_left > 0
        return self._release(voice=bool(self._voice_left))

    def _end(self, model: EchoModel) -> Sequence[Frame]:
        """Return what waited for the end of an echo: it may hold the first sound of a word said after it."""
        self._expected = False
        if self._waiting and self._heard:
            self._over.expect()  # one window of a voice does: what follows it passes as well
            self._judge(model, self._unjudged + self._unjudged % JUDGED_STEP)
            self._unjudged = 0
        return self._release(voice=bool(self._voice_left))

    def _release(self, voice: bool) -> Sequence[Frame]:
        """Return the frames that waited, silenced unless they are a voice."""
        waiting, self._waiting = self._waiting, []
        return waiting if voice else [_muted(frame) for frame in waiting]

    def _begin(self, number: int) -> None:
        self._expected = True
        self._began, self._moves, self._align_at = number, UNALIGNED, number + FIRST_ALIGN_FRAMES
        self._unjudged = 0
        self._voice_left, self._over = 0, SpeechOverEcho()

    def _judge(self, model: EchoModel, count: int) -> None:
        """Decide about the newest frames: is there more than the echo?"""
        end = self._heard.end
        if end >= self._align_at:
            self._align(end)
        heard, *ways = coarse_powers(
            self._heard.window(end, count),
            *(self._played.window(end + moved, count, self._delay) for moved in self._moves),
        )
        if self._over.judge(model, heard, ways):
            self._voice_left = VOICE_HOLD_FRAMES
        if not self._voice_left:
            self.echoed += FRAME_SECONDS * JUDGED_STEP * model.adapt()
            self._learned += count

    def _align(self, end: int) -> None:
        """Follow the delay: the way to a listener takes a little longer or shorter with every answer."""
        sound = self._heard.window(end, ALIGN_FRAMES)
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
        end = self._heard.end
        sound = self._heard.window(end, count)
        size = len(sound) + MAX_ECHO_DELAY_FRAMES * REFERENCE_FRAME_SAMPLES
        found = find_delay(sound, self._played.samples(end * REFERENCE_FRAME_SAMPLES - size, size))
        self._suspect.searched(found)
        likely = REPEATED_STRENGTH if self._model is None and self._suspect.repeated else LIKELY_STRENGTH
        weak = found.strength < (SHORT_STRENGTH if count < SHORT_FRAMES else likely)
        known = self._model if self._expected and abs(found.samples - self._delay) <= SAME_DELAY_SAMPLES else None
        if weak or (known and self._over.stands_out):
            return False
        if known:
            limit = _most_of_known(self._learned, count, found.strength, self._over.peak)
        else:
            limit = MAX_NEW_SURPLUS if count > SOON_FRAMES else MAX_SOON_NEW_SURPLUS
        fit = fitted(sound, self._played.window(end, count + REVERBERATION_FRAMES, found.samples))
        sure = found.strength >= SURE_STRENGTH and count >= SURE_FRAMES
        only = fit.surplus < limit
        if fit.likeness < (SURE_LIKENESS if sure else LIKELY_ECHO_LIKENESS) and fit.surplus > TINY_SURPLUS:
            return False
        if not only and (known or count < SURE_FRAMES):  # what is said over an echo is no sample of it
            return False
        self._begin(end)
        self._model, self._delay, self._learned = fit.model, found.samples, 0
        self._moves, self._align_at, self._over = ALIGNED, end + ALIGN_INTERVAL_FRAMES, SpeechOverEcho(fit.tail)
        if only:
            self.echoed += FRAME_SECONDS * fit.audible
        else:
            self._voice_left = VOICE_HOLD_FRAMES
            self._over.expect()
        return only


def _muted(frame: Frame) -> Frame:
    return Frame(frame.user_id, frame.timestamp, MUTED_FRAME, frame.concealed)


def _most_of_known(learned: int, count: int, strength: float, peak: float) -> float:
    """Return what `count` frames at a known delay may have beyond the echo. They were judged to be more already."""
    few, restless = count < MIN_RELEARNED_FRAMES, peak >= RESTLESS_PEAK
    if learned < FRESH_FRAMES and strength >= FRESH_STRENGTH:
        return MAX_FRESH_SURPLUS
    if learned < YOUNG_FRAMES:
        return MAX_TRIED_SURPLUS if few and learned >= TRIED_FRAMES else MAX_YOUNG_SURPLUS
    if peak >= VOICE_PEAK or (restless and strength < SURE_STRENGTH):
        return 0.0
    return MAX_CHANGED_SURPLUS[restless][not few]
