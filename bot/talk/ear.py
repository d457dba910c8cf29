"""What one person says: their frames, less the bot's echo, cut into utterances."""

from collections.abc import Sequence

from bot.audio import FRAME_SECONDS
from bot.ports import Vad
from bot.talk.echo import EchoGate
from bot.talk.segmenter import Segmenter, SegmenterSettings, UtteranceIds
from bot.talk.speech_events import Discarded, Echoed, SpeechEvent, SpeechPaused, Spoke
from bot.types import Frame, Utterance, Verdict

ECHO_OUTCOME = "echo"
"""Outcome of sound that is the bot's own voice."""
MIN_REPORTED_ECHO_SECONDS = 0.2
"""Less echo than this in one answer is not worth a verdict."""


class Ear:
    """One speaker. Of each 20 ms tick, or several at once, `hear` what arrived, if anything did, and `push`."""

    def __init__(
        self,
        user_id: int,
        vad: Vad,
        ids: UtteranceIds,
        settings: SegmenterSettings,
        echo: EchoGate,
    ) -> None:
        """`ids` gives ascending utterance ids, shared by the call; `echo` outlives the ear: a room stays the same."""
        self._user_id = user_id
        self._next_id = ids if callable(ids) else ids.__next__
        self._vad = vad
        self._segmenter = Segmenter(user_id, vad, self._next_id, settings)
        self._echo = echo
        self._frames: Sequence[Frame] = ()
        "heard, and not pushed yet"
        self._absent = 0
        "ticks since the last of them came"
        self._held: list[SpeechEvent] = []
        "of speech that may be an echo"
        self._reported = echo.echoed
        "seconds of echo reported so far"

    @property
    def speaking(self) -> bool:
        """Whether an utterance is open."""
        return self._segmenter.speaking

    @property
    def voiced(self) -> float:
        """Seconds of speech in the open utterance."""
        return self._segmenter.voiced

    @property
    def voiced_for(self) -> float:
        """Seconds of the current run of speech; 0 while it may be an echo."""
        return 0.0 if self._echo.suspicious else self._segmenter.voiced_for

    @property
    def run(self) -> float:
        """The same, though it may be an echo."""
        return self._segmenter.voiced_for

    @property
    def begins_in(self) -> float:
        """Seconds in which no utterance can begin."""
        return self._segmenter.onset.begins_in

    @property
    def reports_in(self) -> float:
        """Seconds in which no pause, end or echo can be noticed; inf if no utterance is open."""
        return min(self._segmenter.reports_in, self._echo.decides_in)

    def peek(self) -> Utterance | None:
        """Return what the open utterance would be if it ended now; None if it is none yet, or may be an echo."""
        return None if self._echo.suspicious else self._segmenter.peek()

    def hear(self, frames: Sequence[Frame], now: float, absent: int) -> None:
        """Take what arrived in some ticks, in order; in the last `absent` of them nothing came. Then `push`."""
        echoing = self._echo.expected
        self._frames, self._absent = self._echo.take(frames, now - absent * FRAME_SECONDS), absent
        if echoing and not (self._echo.expected or self._segmenter.speaking):
            self._vad.reset()  # noise after the echo would be its last word
        self._segmenter.hear(self._frames)

    def push(self, now: float, ticks: int) -> list[SpeechEvent]:
        """Return what comes of some ticks, once everybody's ear has heard what arrived."""
        echo, segmenter = self._echo, self._segmenter
        frames, self._frames = self._frames, ()
        events = segmenter.push(frames, now, self._absent if frames else ticks)
        if frames or events:
            ended = [event.utterance for event in events if isinstance(event, Spoke)]
            pausing = bool(ended) or any(isinstance(event, SpeechPaused) for event in events)
            if echo.recognise(segmenter.speaking or bool(ended), pausing):
                events = [*self._retract(ended, now), *(event for event in events if isinstance(event, Discarded))]
                self._held.clear()
        self._held += events
        if echo.suspicious:
            return []
        events, self._held = self._held, []
        if not (echo.expected or segmenter.speaking) and echo.echoed - self._reported >= MIN_REPORTED_ECHO_SECONDS:
            events.append(Echoed(self._echo_verdict(self._next_id(), now)))
        return events

    def left(self, now: float) -> list[SpeechEvent]:
        """End the open utterance: the person left, or must no longer be heard."""
        held, self._held = self._held, []
        return held + self._segmenter.left(now)

    def _retract(self, ended: Sequence[Utterance], now: float) -> list[SpeechEvent]:
        """Take back what was taken for speech."""
        events: list[SpeechEvent] = [Discarded(self._echo_verdict(utterance.id, now)) for utterance in ended]
        if (open_id := self._segmenter.drop()) is not None:
            events.append(Discarded(self._echo_verdict(open_id, now)))
        return events

    def _echo_verdict(self, utterance_id: int, now: float) -> Verdict:
        seconds, self._reported = self._echo.echoed - self._reported, self._echo.echoed
        detail: dict[str, float | str] = {"seconds": round(seconds, 2), "ms": round(1000 * self._echo.delay)}
        return Verdict(utterance_id, self._user_id, now, ECHO_OUTCOME, detail)
