"""Frames of one speaker -> utterances.

Silence is counted in audio time: a missing packet at a tick, an RTP gap, Opus silence and sound that the VAD rejects
count alike. A missing packet may only be late, so its silence is provisional: if the next packet's timestamp shows
that nothing is missing, the segmenter takes the silence back. Packets that stopped in the middle of speech must have
been away for a while before any silence counts (packet_gaps.py).
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Literal

from bot.audio import FRAME_SECONDS, HEAR_BYTES
from bot.ports import Vad
from bot.talk.endpointing import LearnedPauses
from bot.talk.noise import END_OF_NOISE_FRAMES, NoiseStretch
from bot.talk.onset import ONSET_FRAMES, Onset
from bot.talk.open_utterance import OpenUtterance
from bot.talk.packet_gaps import PacketGaps
from bot.talk.speech_events import Discarded, SpeechEvent, SpeechPaused, SpeechResumed, SpeechStarted, Spoke
from bot.types import Frame, Utterance, Verdict

SILENT_INPUT_FRAME = bytes(HEAR_BYTES)
START_PROBABILITY, CONTINUE_PROBABILITY = 0.5, 0.35
"""VAD probabilities that count as voiced before and within an utterance."""
CONTINUATION_SECONDS = 0.3
"""If the same person speaks again this soon after an end, that end was a pause."""

UtteranceIds = Iterator[int] | Callable[[], int]


@dataclass(frozen=True, slots=True)
class SegmenterSettings:
    """All in seconds."""

    preroll: float = 0.4
    "sound kept from before the first voiced frame: soft consonants and breath"
    min_voiced: float = 0.26
    "less voiced sound than this is a click or a breath; a word of 0.3 s, because a VAD notices it some frames late"
    endpointing_delay: float | None = None
    "silence that ends an utterance; None: learned from the speaker's pauses, 0.35 to 0.9"
    max_length: float = 30.0
    "a longer utterance is split at its quietest point"
    pause: float = 0.12
    "silence reported as SpeechPaused; 140 ms after the last sound, because a VAD notices an end a frame late"
    breath: float = 0.18
    "silence that ends a run of speech; the closure of a consonant is shorter"
    tail: float = 0.2
    "silence kept at the end"


class Segmenter:
    """One speaker. Call `push` once per 20 ms tick; `max_length` bounds all of its state."""

    def __init__(self, user_id: int, vad: Vad, ids: UtteranceIds, settings: SegmenterSettings | None = None) -> None:
        """`ids` gives ascending utterance ids, shared by the call."""
        self._user_id = user_id
        self._vad = vad
        self._next_id = ids if callable(ids) else ids.__next__
        self._settings = settings = settings or SegmenterSettings()
        self._preroll = _frames(settings.preroll)
        self._pauses = LearnedPauses(settings.endpointing_delay, settings.pause)
        self.onset = Onset(self._preroll)
        self._open: OpenUtterance | None = None
        self._paused = False
        self._gaps = PacketGaps()
        self._heard: tuple[Sequence[int], Iterator[float]] | None = None
        "of the next frames: how many are missing before each, and their probabilities"
        self._noise = NoiseStretch()
        self._run = 0
        "voiced frames of the current run of speech, less its gaps"
        self._last_voice_at = float("-inf")
        self._continued_after: float | None = None
        "seconds of pause before the open utterance, if it continues the last one"

    @property
    def speaking(self) -> bool:
        """Whether an utterance is open, including its final silence."""
        return self._open is not None

    @property
    def voiced(self) -> float:
        """Seconds of speech in the open utterance; 0 when none is open."""
        return self._open.voiced if self._open else 0.0

    @property
    def silence(self) -> float:
        """Seconds of silence at the end of the open utterance; 0 when none is open."""
        return (self._open.trailing + self._gaps.missing) * FRAME_SECONDS if self._open else 0.0

    @property
    def voiced_for(self) -> float:
        """Seconds of the current run of speech; 0 after a pause. Gaps are deducted: bursts of a laugh do not add up."""
        return self._run * FRAME_SECONDS if self._run and self.silence < self._settings.breath else 0.0

    @property
    def reports_in(self) -> float:
        """Seconds in which silence cannot become a pause or an end; 0 in a pause, inf if no utterance is open."""
        earliest = min(self._settings.pause, self._pauses.endpointing_delay) if self._open else math.inf
        return max(0.0, earliest - self.silence)

    def peek(self) -> Utterance | None:
        """Return what the open utterance would be if it ended now; None if it is none yet."""
        utterance = self._open
        if utterance is None or utterance.rejection(self._settings.min_voiced):
            return None
        return self._finished(utterance, "silence")

    def hear(self, frames: Sequence[Frame]) -> None:
        """Have the Vad hear what the next `push` takes: it is cheaper where everybody's is heard first."""
        if frames:
            self._heard = (gaps := [*map(self._gaps.before, frames)]), _probabilities(self._vad, frames, gaps)

    def push(self, frames: Sequence[Frame], now: float, absent: int | None = None) -> list[SpeechEvent]:
        """Take what arrived, in order; in the last `absent` ticks nothing came. By default it is one tick."""
        events: list[SpeechEvent] = []
        absent = not frames if absent is None else absent
        if frames:
            if self._heard is None:
                self.hear(frames)
            self._take(frames, now - (absent + len(frames) - 1) * FRAME_SECONDS, events)
        for behind in range(absent - 1, -1, -1):
            self._take_nothing(now - behind * FRAME_SECONDS, events)
        if self._open:
            self._report_pause(events)
        return events

    def left(self, now: float) -> list[SpeechEvent]:
        """End the open utterance: the person left, or must no longer be heard."""
        events: list[SpeechEvent] = []
        if self._open:
            self._close("left", now, events)
        self._vad.reset()
        self.onset.restart()
        self._gaps.restart()
        return events

    def drop(self) -> int | None:
        """Forget the open utterance, which is not this person's speech; return its id."""
        dropped, self._open = self._open, None
        self._continued_after = None
        self._paused, self._run = False, 0
        self.onset.restart()
        return dropped.id if dropped else None

    def _take_nothing(self, now: float, events: list[SpeechEvent]) -> None:
        self._gaps.tick_without_packet()
        if self._open and self._open.trailing + self._gaps.missing >= self._pauses.endpointing_frames:
            self._close("silence", now, events)
        if self._gaps.missing == END_OF_NOISE_FRAMES:
            self._report_noise(self._noise.end(), now, events)
            self._vad.reset()  # its model serves others meanwhile

    def _take(self, frames: Sequence[Frame], at: float, events: list[SpeechEvent]) -> None:
        assert self._heard is not None
        (gaps, probabilities), self._heard = self._heard, None
        for frame, gap in zip(frames, gaps, strict=True):
            if gap:
                self._take_gap(gap, at, events)
            silent = frame.pcm == SILENT_INPUT_FRAME
            voiced = not silent and next(probabilities) >= (CONTINUE_PROBABILITY if self._open else START_PROBABILITY)
            self._gaps.came(silent=silent, voiced=voiced)
            if self._open:
                self._extend(self._open, frame.pcm, voiced, at, events)
            else:
                self._look_for_onset(frame.pcm, voiced, at, events)
            at += FRAME_SECONDS

    def _take_gap(self, gap: int, at: float, events: list[SpeechEvent]) -> None:
        if self._open:
            if self._open.trailing + gap < self._pauses.endpointing_frames:
                for _ in range(gap):
                    self._extend(self._open, SILENT_INPUT_FRAME, False, at, events)
                return
            self._close("silence", at, events)
        self.onset.add_silence(repeat(SILENT_INPUT_FRAME, min(gap, self._preroll)))
        self._run = 0
        if gap >= END_OF_NOISE_FRAMES:
            self._report_noise(self._noise.end(), at, events)

    def _look_for_onset(self, pcm: bytes, voiced: bool, at: float, events: list[SpeechEvent]) -> None:
        onset = self.onset.add(pcm, voiced=voiced)
        if onset is None:
            self._report_noise(self._noise.add(pcm), at, events)
            return
        behind, kept = onset
        started_at = at - (behind - 1) * FRAME_SECONDS
        self._open = OpenUtterance(self._next_id(), started_at, kept)
        self._run = ONSET_FRAMES
        self._noise.discard()
        pause = started_at - self._last_voice_at
        continues = pause < self._pauses.endpointing_delay + CONTINUATION_SECONDS
        self._continued_after = pause if continues else None
        self._last_voice_at = at
        events.append(SpeechStarted(self._user_id, started_at))

    def _extend(self, utterance: OpenUtterance, pcm: bytes, voiced: bool, at: float, events: list[SpeechEvent]) -> None:
        if voiced:
            if utterance.voiced >= self._settings.min_voiced:
                self._pauses.paused(utterance.trailing * FRAME_SECONDS)
            self._run = 1 if utterance.trailing >= _frames(self._settings.breath) else self._run + 1
            self._last_voice_at = at
            if self._paused:
                self._paused = False
                events.append(SpeechResumed(self._user_id))
        else:
            self._run = max(0, self._run - 1)
        utterance.append(pcm, voiced)
        if utterance.trailing >= self._pauses.endpointing_frames:
            self._close("silence", at, events)
        elif len(utterance) >= _frames(self._settings.max_length):
            rest = utterance.split(self._next_id(), at)
            events.append(Spoke(self._finished(utterance, "length")))
            self._open = rest

    def _report_pause(self, events: list[SpeechEvent]) -> None:
        silence, known = self.silence, self._pauses
        if self._paused and silence < self._settings.pause:
            self._paused = False
            events.append(SpeechResumed(self._user_id))
        elif not self._paused and silence >= self._settings.pause:
            self._paused = True
            events.append(SpeechPaused(self._user_id, silence, self.peek(), known.likely_done, known.possibly_done))

    def _report_noise(self, dbfs: float | None, at: float, events: list[SpeechEvent]) -> None:
        if dbfs is not None:
            verdict = Verdict(self._next_id(), self._user_id, at, "no_speech", {"dbfs": round(dbfs, 1)})
            events.append(Discarded(verdict))

    def _close(self, ended_by: Literal["silence", "left"], now: float, events: list[SpeechEvent]) -> None:
        utterance = self._open
        assert utterance is not None
        rejection = utterance.rejection(self._settings.min_voiced)
        if rejection is None:
            events.append(Spoke(self._finished(utterance, ended_by)))
            if self._continued_after is not None:
                self._pauses.continued(self._continued_after)
            self._pauses.ended()
        else:
            outcome, detail = rejection
            events.append(Discarded(Verdict(utterance.id, self._user_id, now, outcome, detail)))
        self._continued_after = self._open = None
        self._paused, self._run = False, 0
        # Silence after the tail becomes the pre-roll of the next utterance.
        self.onset.add_silence(utterance.after(_frames(self._settings.tail)))

    def _finished(self, utterance: OpenUtterance, ended_by: Literal["silence", "length", "left"]) -> Utterance:
        pcm = utterance.pcm(None if ended_by == "length" else _frames(self._settings.tail))
        return Utterance(
            utterance.id, self._user_id, utterance.started_at, pcm, utterance.voiced, ended_by, self._last_voice_at
        )


def _frames(seconds: float) -> int:
    return round(seconds / FRAME_SECONDS)


def _probabilities(vad: Vad, frames: Sequence[Frame], gaps: Sequence[int]) -> Iterator[float]:
    """Ask about all frames that are not silence; about those that follow each other at once."""
    found: list[Iterable[float]] = []
    heard: list[bytes] = []
    for frame, gap in zip(frames, gaps, strict=True):
        if gap >= END_OF_NOISE_FRAMES:
            found.append(vad.probabilities(heard))
            heard = []
            vad.reset()
        if frame.pcm != SILENT_INPUT_FRAME:
            heard.append(frame.pcm)
    found.append(vad.probabilities(heard))
    return chain.from_iterable(found)
