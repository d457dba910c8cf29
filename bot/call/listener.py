"""What one call hears, tick by tick: an ear per speaker, and the floor. No asyncio, no clock."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from itertools import count

from bot.call.settings import CallSettings
from bot.ports import Vad
from bot.talk.crosstalk import CROSSTALK_OUTCOME, Crosstalk
from bot.talk.ear import Ear
from bot.talk.echo import EchoGate
from bot.talk.floor import Decision, Floor
from bot.talk.onset import MIN_ONSET_SECONDS
from bot.talk.outlook import decides_in
from bot.talk.played import PlayedSound
from bot.talk.segmenter import SegmenterSettings
from bot.talk.speech_events import Discarded, SpeechEvent, SpeechPaused, Spoke
from bot.types import CallState, Frame, Sent, Utterance, Verdict


class Listener:
    """Turns the frames of a tick into speech events and the floor's decisions."""

    def __init__(self, make_vad: Callable[[], Vad], floor: Floor, settings: Callable[[], CallSettings]) -> None:
        self._make_vad = make_vad
        self._floor = floor
        self._settings = settings
        self._ids = count(1)
        self._ears: dict[int, Ear] = {}
        self._made_with: dict[int, float | None] = {}
        "person -> the endpointing delay their ear was made with"
        self._played = PlayedSound()
        self._echoes: dict[int, EchoGate] = {}
        self._ended: list[SpeechEvent] = []
        self._arrived = 1
        "ticks that were heard last"
        self._heard: Set[int] = frozenset()
        "whose sound came then"
        self._crosstalk = Crosstalk()

    @property
    def speaking(self) -> bool:
        """Whether any decoded speaker is in the middle of an utterance."""
        return any(ear.speaking for ear in self._ears.values())

    @property
    def deciding(self) -> bool:
        """Whether the floor may decide something at any moment."""
        return self._floor.deciding

    def undecided_for(self, now: float, state: CallState, playing_since: float | None) -> float:
        """Return the seconds in which nothing can be decided, whatever arrives meanwhile; inf: nobody speaks."""
        ears = self._ears.values()
        reports_in = min((ear.reports_in for ear in ears), default=math.inf)
        begins_in = min((ear.begins_in for ear in ears), default=MIN_ONSET_SECONDS)
        run = max((ear.run for ear in ears), default=0.0)
        return min(reports_in, decides_in(self._floor, now, run, begins_in, state, playing_since))

    def growing(self, without: Set[int]) -> dict[int, Utterance]:
        """Return what is being said, by person, as far as it is certainly speech; leave some people out."""
        ears = ((user_id, ear) for user_id, ear in self._ears.items() if ear.speaking and user_id not in without)
        return {user_id: utterance for user_id, ear in ears if (utterance := ear.peek())}

    def echo_of(self, user_id: int) -> EchoGate | None:
        """Return what is known of the bot's echo from this person's loudspeaker."""
        return self._echoes.get(user_id)

    def hear(self, arrived: Sequence[Iterable[Frame]], now: float, sent: Iterable[Sent] = ()) -> None:
        """Take what arrived at some ticks, the last of them `now`: several only while nothing can be decided.

        `sent` is what the bot sent since the last tick. Then `decide`, once all calls that tick together have heard.
        """
        self._played.add(sent)
        by_person: dict[int, list[Frame]] = {}
        absent: dict[int, int] = {}
        "person -> ticks since their last frame came"
        for ticks_ago, frames in zip(range(len(arrived) - 1, -1, -1), arrived, strict=True):
            for frame in frames:
                by_person.setdefault(frame.user_id, []).append(frame)
                absent[frame.user_id] = ticks_ago
        self._arrived, self._heard = len(arrived), by_person.keys()
        delay = self._settings().endpointing_delay
        for user_id, frames in by_person.items():
            ear = self._ears.get(user_id)
            # A changed setting applies after the current utterance.
            if ear is None or (self._made_with[user_id] != delay and not ear.speaking):
                echo = self._echoes.setdefault(user_id, EchoGate(self._played))
                settings = SegmenterSettings(endpointing_delay=delay)
                ear = self._ears[user_id] = Ear(user_id, self._make_vad(), self._ids, settings, echo)
                self._made_with[user_id] = delay
            ear.hear(frames, now, absent[user_id])

    def decide(
        self,
        talking: frozenset[int],
        people: Mapping[int, str],
        state: CallState,
        playing_since: float | None,
        now: float,
    ) -> tuple[list[SpeechEvent], Sequence[Decision]]:
        """Return what comes of what was heard at these ticks.

        `talking` are the people whose packets arrive; `playing_since` is when playback of the answer began.
        """
        events, self._ended = self._ended, []
        for ear in self._ears.values():
            events += ear.push(now, self._arrived)
        for user_id in self._ears.keys() - people.keys() - self._heard:
            events += self._ears.pop(user_id).left(now)
            del self._made_with[user_id], self._echoes[user_id]
        events = [kept for event in events if (kept := self._less_crosstalk(event, now))]
        self._crosstalk.expire(now)
        voiced = {user_id: ear.voiced_for for user_id, ear in self._ears.items()}
        return events, self._floor.step(now, events, talking, voiced, state, len(people), playing_since)

    def _less_crosstalk(self, event: SpeechEvent, now: float) -> SpeechEvent | None:
        """Return an event without an utterance that is another person's voice; None: nothing is left of it."""
        utterance = event.utterance if isinstance(event, Spoke | SpeechPaused) else None
        if utterance is None:
            return event
        if self._crosstalk.is_copy(utterance, self.growing({utterance.user_id}).values()):
            if isinstance(event, SpeechPaused):
                return replace(event, utterance=None)
            detail = {"seconds": round(utterance.voiced, 2)}
            verdict = Verdict(utterance.id, utterance.user_id, now, CROSSTALK_OUTCOME, detail)
            return Discarded(verdict) if utterance.ended_by != "length" else None
        if isinstance(event, Spoke):
            self._crosstalk.note(utterance)
        return event

    def withdrawn(self, user_id: int, now: float, why: str = "no_consent") -> None:
        """Discard the open utterance of somebody who is not to be heard any more; `why` is its outcome."""
        self._crosstalk.forget(user_id)
        ear = self._ears.pop(user_id, None)
        self._made_with.pop(user_id, None)
        self._echoes.pop(user_id, None)
        if ear and ear.speaking:
            verdict = Verdict(next(self._ids), user_id, now, why, {"seconds": round(ear.voiced, 2)})
            self._ended.append(Discarded(verdict))
