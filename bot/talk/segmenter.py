"""Frames of one speaker -> utterances.

Silence is counted in audio time: a missing packet at a tick, an RTP gap, Opus silence and sound that the VAD denies
count alike. A missing packet may only be late, so its silence is provisional: when the next packet's timestamp shows
that nothing is missing, it is taken back.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from bot.audio import FRAME_SECONDS, HEAR_BYTES, RTP_STEP, dbfs
from bot.ports import Vad
from bot.talk.endpointing import LearnedPauses
from bot.talk.level import level
from bot.talk.open_utterance import OpenUtterance
from bot.talk.speech_events import Discarded, SpeechEvent, SpeechPaused, SpeechResumed, SpeechStarted, Spoke
from bot.types import Frame, Utterance, Verdict

SILENCE = bytes(HEAR_BYTES)
START, GO_ON = 0.5, 0.35
"""VAD probabilities that count as voiced before and within an utterance."""
ONSET, ONSET_WINDOW = 3, 5
"""Voiced frames among the last few that open an utterance: a click has fewer."""
GONE = 25
"""Ticks without a packet, or frames without a sound, after which a stretch of noise is over."""
SOUND_DBFS = -60.0
NOISE_WORTH_TELLING = 15
"""Frames of sound without speech that earn a verdict (300 ms)."""
TOO_SOON = 0.3
"""Seconds after an end within which the same person's next word shows that it was a pause."""


@dataclass(frozen=True, slots=True)
class SegmenterSettings:
    """All in seconds."""

    preroll: float = 0.4
    "kept from before the first voiced sound: soft consonants and breath"
    minimum: float = 0.26
    "voiced sound below this is a click or a breath; a word of 0.3 s, since a VAD notices it some frames late"
    hang: float | None = None
    "silence that ends an utterance; None: learned from the speaker's pauses, 0.35 to 0.9"
    longest: float = 30.0
    "an utterance is cut here, at its quietest point"
    pause: float = 0.16
    "silence reported as SpeechPaused; since a VAD notices an end a frame late, 180 ms after the last sound"
    breath: float = 0.18
    "silence that ends a run of speech; a consonant's closure does not"
    tail: float = 0.2
    "silence kept at the end"


class Segmenter:
    """One speaker. `push` is called once per 20 ms tick; all of its state is bounded by `longest`."""

    def __init__(
        self,
        user_id: int,
        vad: Vad,
        ids: Iterator[int] | Callable[[], int],
        settings: SegmenterSettings | None = None,
    ) -> None:
        """`ids` gives ascending utterance ids, shared by the call."""
        self._user_id = user_id
        self._vad = vad
        self._next_id = ids if callable(ids) else ids.__next__
        self._settings = settings = settings or SegmenterSettings()
        self._preroll = _frames(settings.preroll)
        self.pauses = LearnedPauses(settings.hang, settings.pause)
        self._recent: deque[tuple[bytes, bool]] = deque(maxlen=self._preroll + ONSET_WINDOW)
        self._open: OpenUtterance | None = None
        self._paused = False
        self._expected: int | None = None
        "RTP timestamp of the next frame if nothing is missing"
        self._missing = 0
        "ticks without a packet since the last frame"
        self._run = 0
        self._last_voice_at = float("-inf")
        self._went_on: float | None = None
        "the pause before the open utterance, if that is the last one's continuation"
        self._noise = 0
        self._quiet = 0
        self._loudest = SOUND_DBFS

    @property
    def speaking(self) -> bool:
        """Whether an utterance is open, its final silence included."""
        return self._open is not None

    @property
    def voiced(self) -> float:
        """Seconds of speech in the open utterance; 0 when none is open."""
        return self._open.voiced if self._open else 0.0

    @property
    def silence(self) -> float:
        """Seconds of silence at the end of the open utterance; 0 when none is open."""
        return (self._open.trailing + self._missing) * FRAME_SECONDS if self._open else 0.0

    @property
    def voiced_for(self) -> float:
        """Seconds of speech going on now, gaps deducted, so that a laugh's bursts do not add up; 0 once it paused."""
        return 0.0 if self.silence >= self._settings.breath else self._run * FRAME_SECONDS

    def peek(self) -> Utterance | None:
        """Return what the open utterance would be if it ended now; None if it is none yet."""
        passage = self._open
        return self._utterance(passage, "silence") if passage and self._fault(passage) is None else None

    def push(self, frames: Sequence[Frame], now: float) -> list[SpeechEvent]:
        """Take what arrived in this tick, in order; none or several frames."""
        events: list[SpeechEvent] = []
        if not frames:
            self._nothing_came(now, events)
        for behind, frame in zip(range(len(frames) - 1, -1, -1), frames, strict=True):
            self._take(frame, now - behind * FRAME_SECONDS, events)
        if self._open:
            self._watch_pause(events)
        return events

    def left(self, now: float) -> list[SpeechEvent]:
        """End the open utterance: the person is gone, or may no longer be heard."""
        events: list[SpeechEvent] = []
        if self._open:
            self._close("left", now, events)
        self._vad.reset()
        self._recent.clear()
        self._expected = None
        return events

    def _nothing_came(self, now: float, events: list[SpeechEvent]) -> None:
        self._missing += 1
        if self._open and self._open.trailing + self._missing >= self._hang:
            self._close("silence", now, events)
        if self._missing == GONE:
            self._end_noise(now, events)
            self._vad.reset()  # so that its model serves others meanwhile

    def _take(self, frame: Frame, at: float, events: list[SpeechEvent]) -> None:
        gap = self._gap(frame)
        self._missing = 0
        if gap:
            self._take_gap(gap, at, events)
        voiced = frame.pcm != SILENCE and self._vad.probability(frame.pcm) >= (GO_ON if self._open else START)
        if self._open:
            self._extend(frame.pcm, voiced, at, events)
        else:
            self._wait(frame.pcm, voiced, at, events)

    def _gap(self, frame: Frame) -> int:
        """Return how many frames are missing before this one."""
        expected, self._expected = self._expected, frame.timestamp + RTP_STEP
        if expected is None:
            return 0
        gap = (frame.timestamp - expected) // RTP_STEP
        return gap if gap >= 0 else self._missing  # a new stream counts from anywhere: the clock must do

    def _take_gap(self, gap: int, at: float, events: list[SpeechEvent]) -> None:
        if self._open:
            if self._open.trailing + gap < self._hang:
                for _ in range(gap):
                    self._extend(SILENCE, False, at, events)
                return
            self._close("silence", at, events)
        self._recent.extend([(SILENCE, False)] * min(gap, self._preroll))
        self._run = 0
        if gap >= GONE:
            self._end_noise(at, events)
            self._vad.reset()

    def _wait(self, pcm: bytes, voiced: bool, at: float, events: list[SpeechEvent]) -> None:
        """Look for the onset of speech."""
        self._recent.append((pcm, voiced))
        onset = [v for _, v in islice(self._recent, max(0, len(self._recent) - ONSET_WINDOW), None)]
        if sum(onset) < ONSET:
            self._note_noise(pcm, at, events)
            return
        behind = len(onset) - onset.index(True)
        started_at = at - (behind - 1) * FRAME_SECONDS
        kept = list(self._recent)[-(self._preroll + behind) :]
        self._recent.clear()
        self._open = OpenUtterance(self._next_id(), started_at, kept)
        self._run = sum(onset)
        self._noise = 0
        pause = started_at - self._last_voice_at
        self._went_on = pause if pause < self.pauses.hang + TOO_SOON else None
        self._last_voice_at = at
        events.append(SpeechStarted(self._user_id, started_at))

    def _extend(self, pcm: bytes, voiced: bool, at: float, events: list[SpeechEvent]) -> None:
        passage = self._open
        assert passage is not None
        if voiced:
            if passage.voiced >= self._settings.minimum:
                self.pauses.paused(passage.trailing * FRAME_SECONDS)
            self._run = 1 if passage.trailing >= _frames(self._settings.breath) else self._run + 1
            self._last_voice_at = at
            if self._paused:
                self._paused = False
                events.append(SpeechResumed(self._user_id))
        else:
            self._run = max(0, self._run - 1)
        passage.append(pcm, voiced)
        if passage.trailing >= self._hang:
            self._close("silence", at, events)
        elif len(passage) >= _frames(self._settings.longest):
            rest = passage.split(self._next_id(), at)
            events.append(Spoke(self._utterance(passage, "length")))
            self._open = rest

    def _watch_pause(self, events: list[SpeechEvent]) -> None:
        silence = self.silence
        if self._paused and silence < self._settings.pause:
            self._paused = False
            events.append(SpeechResumed(self._user_id))
        elif not self._paused and silence >= self._settings.pause:
            self._paused = True
            events.append(SpeechPaused(self._user_id, silence, self.peek(), self.pauses.likely_done))

    def _close(self, ended_by: Literal["silence", "left"], now: float, events: list[SpeechEvent]) -> None:
        passage = self._open
        assert passage is not None
        fault = self._fault(passage)
        if fault is None:
            events.append(Spoke(self._utterance(passage, ended_by)))
        else:
            outcome, detail = fault
            events.append(Discarded(Verdict(passage.id, self._user_id, now, outcome, detail)))
        if fault is None:
            if self._went_on is not None:
                self.pauses.went_on(self._went_on)
            self.pauses.ended()
        self._went_on = None
        self._open = None
        self._paused = False
        self._run = 0
        # Silence beyond the tail is the pre-roll of what comes next.
        self._recent.extend((pcm, False) for pcm in passage.after(_frames(self._settings.tail)))

    def _utterance(self, passage: OpenUtterance, ended_by: Literal["silence", "length", "left"]) -> Utterance:
        pcm = passage.pcm(None if ended_by == "length" else _frames(self._settings.tail))
        return Utterance(
            passage.id, self._user_id, passage.started_at, pcm, passage.voiced, ended_by, self._last_voice_at
        )

    def _fault(self, passage: OpenUtterance) -> tuple[str, dict[str, float | str]] | None:
        """Return why this is no utterance, with the number behind it."""
        if passage.goes_on and passage.voiced:
            return None  # the end of something longer, however short
        if passage.voiced < self._settings.minimum:
            return "too_short", {"seconds": round(passage.voiced, 2)}
        if not passage.dense:
            return "no_speech", {"dbfs": round(dbfs(passage.pcm(0)), 1)}
        return None

    def _note_noise(self, pcm: bytes, at: float, events: list[SpeechEvent]) -> None:
        """Keep count of sound that is no speech, so that one verdict tells of each stretch of it."""
        loud = level(pcm)
        if loud < SOUND_DBFS:
            self._quiet += 1
            if self._quiet == GONE:
                self._end_noise(at, events)
            return
        self._quiet = 0
        self._noise += 1
        self._loudest = max(self._loudest, loud)

    def _end_noise(self, at: float, events: list[SpeechEvent]) -> None:
        if self._noise >= NOISE_WORTH_TELLING:
            detail: dict[str, float | str] = {"dbfs": round(self._loudest, 1)}
            events.append(Discarded(Verdict(self._next_id(), self._user_id, at, "no_speech", detail)))
        self._noise = 0
        self._loudest = SOUND_DBFS

    @property
    def _hang(self) -> int:
        return _frames(self.pauses.hang)


def _frames(seconds: float) -> int:
    return round(seconds / FRAME_SECONDS)
