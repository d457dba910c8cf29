"""What one call hears, tick by tick: a segmenter per speaker, and the floor. No asyncio, no clock."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count

from bot.call.settings import CallSettings
from bot.ports import Vad
from bot.talk.floor import Decision, Floor
from bot.talk.segmenter import Segmenter, SegmenterSettings
from bot.talk.speech_events import Discarded, SpeechEvent
from bot.types import CallState, Frame, Verdict


class Listener:
    """Turns the frames of a tick into speech events and the floor's decisions."""

    def __init__(self, make_vad: Callable[[], Vad], floor: Floor, settings: Callable[[], CallSettings]) -> None:
        self._make_vad = make_vad
        self._floor = floor
        self._settings = settings
        self._ids = count(1)
        self._segmenters: dict[int, Segmenter] = {}
        self._made_with: dict[int, float | None] = {}
        "person -> the endpointing delay their segmenter was made with"
        self._ended: list[SpeechEvent] = []

    @property
    def speaking(self) -> bool:
        """Whether any decoded speaker is in the middle of an utterance."""
        return any(segmenter.speaking for segmenter in self._segmenters.values())

    def tick(
        self,
        frames: Iterable[Frame],
        talking: frozenset[int],
        people: Mapping[int, str],
        state: CallState,
        playing_since: float | None,
        now: float,
    ) -> tuple[list[SpeechEvent], Sequence[Decision]]:
        """Process the frames of one tick.

        `talking` are the people whose packets arrive; `playing_since` is when playback of the answer began.
        """
        arrived: dict[int, list[Frame]] = {}
        for frame in frames:
            arrived.setdefault(frame.user_id, []).append(frame)
        events, self._ended = self._ended, []
        delay = self._settings().endpointing_delay
        for user_id in arrived:
            segmenter = self._segmenters.get(user_id)
            # A changed setting applies after the current utterance.
            if segmenter is None or (self._made_with[user_id] != delay and not segmenter.speaking):
                settings = SegmenterSettings(endpointing_delay=delay)
                self._segmenters[user_id] = Segmenter(user_id, self._make_vad(), self._ids, settings)
                self._made_with[user_id] = delay
        for user_id, segmenter in self._segmenters.items():
            events += segmenter.push(arrived.get(user_id, ()), now)
        for user_id in self._segmenters.keys() - people.keys() - arrived.keys():
            events += self._segmenters.pop(user_id).left(now)
            del self._made_with[user_id]
        voiced = {user_id: segmenter.voiced_for for user_id, segmenter in self._segmenters.items()}
        return events, self._floor.step(now, events, talking, voiced, state, len(people), playing_since)

    def withdrawn(self, user_id: int, now: float) -> None:
        """Discard the open utterance of somebody who has withdrawn consent."""
        segmenter = self._segmenters.pop(user_id, None)
        self._made_with.pop(user_id, None)
        if segmenter and segmenter.speaking:
            verdict = Verdict(next(self._ids), user_id, now, "no_consent", {"seconds": round(segmenter.voiced, 2)})
            self._ended.append(Discarded(verdict))
