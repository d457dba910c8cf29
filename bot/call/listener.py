"""What one call hears, tick by tick: an ear per speaker, and the floor. No asyncio, no clock."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count

from bot.call.settings import CallSettings
from bot.ports import Vad
from bot.talk.ear import Ear
from bot.talk.echo import EchoGate
from bot.talk.floor import Decision, Floor
from bot.talk.played import PlayedSound
from bot.talk.segmenter import SegmenterSettings
from bot.talk.speech_events import Discarded, SpeechEvent
from bot.types import CallState, Frame, Sent, Verdict


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

    @property
    def speaking(self) -> bool:
        """Whether any decoded speaker is in the middle of an utterance."""
        return any(ear.speaking for ear in self._ears.values())

    def echo_of(self, user_id: int) -> EchoGate | None:
        """Return what is known of the bot's echo from this person's loudspeaker."""
        return self._echoes.get(user_id)

    def tick(
        self,
        frames: Iterable[Frame],
        talking: frozenset[int],
        people: Mapping[int, str],
        state: CallState,
        playing_since: float | None,
        now: float,
        sent: Iterable[Sent] = (),
    ) -> tuple[list[SpeechEvent], Sequence[Decision]]:
        """Process the frames of one tick.

        `talking` are the people whose packets arrive; `playing_since` is when playback of the answer began; `sent` is
        what the bot sent since the last tick.
        """
        for packet in sent:
            self._played.add(packet.at, packet.pcm)
        arrived: dict[int, list[Frame]] = {}
        for frame in frames:
            arrived.setdefault(frame.user_id, []).append(frame)
        events, self._ended = self._ended, []
        delay = self._settings().endpointing_delay
        for user_id in arrived:
            ear = self._ears.get(user_id)
            # A changed setting applies after the current utterance.
            if ear is None or (self._made_with[user_id] != delay and not ear.speaking):
                echo = self._echoes.setdefault(user_id, EchoGate(self._played))
                settings = SegmenterSettings(endpointing_delay=delay)
                self._ears[user_id] = Ear(user_id, self._make_vad(), self._ids, settings, echo)
                self._made_with[user_id] = delay
        for user_id, ear in self._ears.items():
            events += ear.push(arrived.get(user_id, ()), now)
        for user_id in self._ears.keys() - people.keys() - arrived.keys():
            events += self._ears.pop(user_id).left(now)
            del self._made_with[user_id], self._echoes[user_id]
        voiced = {user_id: ear.voiced_for for user_id, ear in self._ears.items()}
        return events, self._floor.step(now, events, talking, voiced, state, len(people), playing_since)

    def withdrawn(self, user_id: int, now: float) -> None:
        """Discard the open utterance of somebody who has withdrawn consent."""
        ear = self._ears.pop(user_id, None)
        self._made_with.pop(user_id, None)
        self._echoes.pop(user_id, None)
        if ear and ear.speaking:
            verdict = Verdict(next(self._ids), user_id, now, "no_consent", {"seconds": round(ear.voiced, 2)})
            self._ended.append(Discarded(verdict))
