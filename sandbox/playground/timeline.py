"""Where the time of each turn went: speech, request to the model, its first audio, and playout."""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.model.log import ReceivedRequest

TALKSPURT_GAP_SECONDS = 0.4
"""Silence of this length separates two talkspurts."""
MAX_TURNS, MAX_TALKSPURTS = 40, 200
REPLAY_GAP_SECONDS = 1.5
"""After this many seconds of silence, the bot's next sound is not part of the same answer: it is a replay."""
MIN_BARGE_IN_SECONDS = 0.4
"""Speech over an answer counts as barge-in from this length on."""


@dataclass(slots=True)
class Talkspurt:
    """One talkspurt of a person (RFC 3551, section 4.1). Times are loop times."""

    user_id: int
    start: float
    last_sound_at: float
    last_packet_at: float
    "its newest packet, which can be quiet: an open microphone sends a little longer than the person speaks"


@dataclass(slots=True)
class TimelineTurn:
    """One request to the model, and its answer. Times are loop times in seconds."""

    number: int
    request: ReceivedRequest
    speech: Talkspurt | None = None
    "the last talkspurt before the request"
    first_packet_at: float | None = None
    "when the answer's first packet reached the listener"
    last_packet_at: float | None = None
    "when its newest packet did"
    barge_in: Talkspurt | None = None
    "the talkspurt that interrupted it"


@dataclass(slots=True)
class Timeline:
    """Collects frames and requests; `view` returns what the page draws. `bot` is the bot's user id."""

    bot: int
    turns: deque[TimelineTurn] = field(default_factory=lambda: deque(maxlen=MAX_TURNS))
    talkspurts: deque[Talkspurt] = field(default_factory=lambda: deque(maxlen=MAX_TALKSPURTS))
    last_sound: dict[int, float] = field(default_factory=dict)
    "user id -> loop time of the newest loud frame"
    _open: dict[int, Talkspurt] = field(default_factory=dict)
    _count: int = 0

    def add_request(self, request: ReceivedRequest) -> None:
        """Add a request to the model."""
        self._count += 1
        self.turns.append(TimelineTurn(self._count, request))

    def add_sound(self, user_id: int, at: float) -> None:
        """Add a loud frame of a person or of the bot."""
        self.last_sound[user_id] = at
        if user_id == self.bot:
            self._add_bot_sound(at)
            return
        talkspurt = self._open.get(user_id)
        if talkspurt is None or at - talkspurt.last_sound_at > TALKSPURT_GAP_SECONDS:
            talkspurt = self._open[user_id] = Talkspurt(user_id, at, at, at)
            self.talkspurts.append(talkspurt)
        talkspurt.last_sound_at = talkspurt.last_packet_at = at

    def add_quiet(self, user_id: int, at: float) -> None:
        """Add a packet of a person that is too quiet to be speech."""
        if talkspurt := self._open.get(user_id):
            talkspurt.last_packet_at = at

    def _add_bot_sound(self, at: float) -> None:
        for turn in reversed(self.turns):
            request = turn.request
            if request.answered_at is None or request.answered_at > at:
                continue
            if turn.first_packet_at is None:
                if request.aborted_at is not None:
                    continue  # a preemptive request that was dropped
                turn.first_packet_at = turn.last_packet_at = at
                turn.speech = self._speech_before(request)
            elif turn.last_packet_at is not None and at - turn.last_packet_at < REPLAY_GAP_SECONDS:
                turn.last_packet_at = at
            return

    def _speech_before(self, request: ReceivedRequest) -> Talkspurt | None:
        asked = request.body_at or request.arrived_at
        before = [talkspurt for talkspurt in self.talkspurts if talkspurt.start <= asked]
        found = max(before, key=lambda talkspurt: talkspurt.last_sound_at, default=None)
        return replace(found) if found else None

    def view(self) -> list[dict[str, Any]]:
        """Return the turns, oldest first, in milliseconds. None: that step did not happen."""
        return [self._turn(turn) for turn in self.turns]

    def _turn(self, turn: TimelineTurn) -> dict[str, Any]:
        request, speech = turn.request, turn.speech
        asked = request.body_at
        end, sent = (speech.last_sound_at, speech.last_packet_at) if speech else (None, None)
        model = _ms(asked, request.answered_at)
        # A preemptive request starts before the last voice packet: the model's time counts from that packet on.
        waited = _ms(max(asked, sent), request.answered_at) if asked and sent else None
        since_packet = _ms(sent, turn.first_packet_at)
        if turn.first_packet_at and turn.last_packet_at and turn.barge_in is None:
            turn.barge_in = self._barge_in(turn.first_packet_at, turn.last_packet_at)
        return {
            "number": turn.number,
            "who": str(speech.user_id) if speech else None,
            "speech": _ms(speech.start, speech.last_sound_at) if speech else None,
            "silence": _ms(end, asked),
            "model": model,
            "path": _ms(request.answered_at, turn.first_packet_at),
            "total": _ms(end, turn.first_packet_at),
            "own": round(since_packet - max(waited, 0.0), 1)
            if since_packet is not None and waited is not None
            else None,
            "playing": _ms(turn.first_packet_at, turn.last_packet_at),
            "stopped": _ms(turn.barge_in.start, turn.last_packet_at) if turn.barge_in else None,
            "unheard": turn.first_packet_at is None and (request.aborted_at is not None or request.done_at is not None),
            "status": request.status,
        }

    def _barge_in(self, first: float, last: float) -> Talkspurt | None:
        """Return the talkspurt that ended the sound between `first` and `last`: it stops within 2 s of the barge-in."""
        for talkspurt in self.talkspurts:
            long_enough = talkspurt.last_sound_at - talkspurt.start >= MIN_BARGE_IN_SECONDS
            if first < talkspurt.start < last and long_enough:
                return talkspurt if last - talkspurt.start < 2.0 else None
        return None


def _ms(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else round((end - start) * 1000, 1)
