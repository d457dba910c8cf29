"""Where the time of each turn went: who spoke when, when the model was asked and answered, when it was heard."""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.model.log import ReceivedRequest

GAP = 0.4
"""Seconds of silence that part two stretches of speech."""
TURNS, SPURTS = 40, 200
AGAIN = 1.5
"""Seconds after an answer's last sound from which the bot's sound is something else: a replay."""
OVER = 0.4
"""Seconds of speech over an answer that count as talking over it."""


@dataclass(slots=True)
class Spurt:
    """One stretch of a person's speech; loop times of its first and last frame with sound."""

    user_id: int
    start: float
    last: float
    sent: float
    "loop time of its newest packet: an open microphone goes on a little after the last word"


@dataclass(slots=True)
class TimelineTurn:
    """One request to the model and what became of it. Times are seconds on the loop's clock."""

    number: int
    request: ReceivedRequest
    speech: Spurt | None = None
    "what was said last before the answer"
    first: float | None = None
    "the answer's first packet reached the listener"
    last: float | None = None
    "its newest packet did"
    over: Spurt | None = None
    "somebody talked over it"


@dataclass(slots=True)
class Timeline:
    """Told of every frame with sound; `view` is what the page draws. `bot` is the bot's user id."""

    bot: int
    turns: deque[TimelineTurn] = field(default_factory=lambda: deque(maxlen=TURNS))
    spurts: deque[Spurt] = field(default_factory=lambda: deque(maxlen=SPURTS))
    last_sound: dict[int, float] = field(default_factory=dict)
    "user id -> loop time of the newest frame with sound"
    _open: dict[int, Spurt] = field(default_factory=dict)
    _count: int = 0

    def asked(self, request: ReceivedRequest) -> None:
        """The model was asked."""
        self._count += 1
        self.turns.append(TimelineTurn(self._count, request))

    def sounded(self, user_id: int, at: float) -> None:
        """A frame with sound of somebody, the bot included."""
        self.last_sound[user_id] = at
        if user_id == self.bot:
            self._answered(at)
            return
        spurt = self._open.get(user_id)
        if spurt is None or at - spurt.last > GAP:
            spurt = self._open[user_id] = Spurt(user_id, at, at, at)
            self.spurts.append(spurt)
        spurt.last = spurt.sent = at

    def sent(self, user_id: int, at: float) -> None:
        """A packet of somebody that is too quiet to be speech."""
        if spurt := self._open.get(user_id):
            spurt.sent = at

    def _answered(self, at: float) -> None:
        for turn in reversed(self.turns):
            request = turn.request
            if request.first_audio_at is None or request.first_audio_at > at:
                continue
            if turn.first is None:
                if request.aborted_at is not None:
                    continue  # a speculation that was thrown away
                turn.first = turn.last = at
                turn.speech = self._said_before(request)
            elif turn.last is not None and at - turn.last < AGAIN:
                turn.last = at
            return

    def _said_before(self, request: ReceivedRequest) -> Spurt | None:
        asked = request.body_at or request.arrived_at
        before = [spurt for spurt in self.spurts if spurt.start <= asked]
        found = max(before, key=lambda spurt: spurt.last, default=None)
        return replace(found) if found else None

    def view(self) -> list[dict[str, Any]]:
        """Return the turns, oldest first, in milliseconds; None: it did not come to that."""
        return [self._turn(turn) for turn in self.turns]

    def _turn(self, turn: TimelineTurn) -> dict[str, Any]:
        request, speech = turn.request, turn.speech
        asked = request.body_at
        end, sent = (speech.last, speech.sent) if speech else (None, None)
        model = _ms(asked, request.first_audio_at)
        # Asked while the silence still ran (speculation): the model's time counts from the last voice packet on.
        waited = _ms(max(asked, sent), request.first_audio_at) if asked and sent else None
        since_packet = _ms(sent, turn.first)
        if turn.first and turn.last and turn.over is None:
            over = [s for s in self.spurts if turn.first < s.start < turn.last and s.last - s.start >= OVER]
            turn.over = over[0] if over and turn.last - over[0].start < 2.0 else None
        return {
            "number": turn.number,
            "who": str(speech.user_id) if speech else None,
            "speech": _ms(speech.start, speech.last) if speech else None,
            "silence": _ms(end, asked),
            "model": model,
            "path": _ms(request.first_audio_at, turn.first),
            "total": _ms(end, turn.first),
            "own": round(since_packet - max(waited, 0.0), 1)
            if since_packet is not None and waited is not None
            else None,
            "playing": _ms(turn.first, turn.last),
            "stopped": _ms(turn.over.start, turn.last) if turn.over else None,
            "unheard": turn.first is None and (request.aborted_at is not None or request.done_at is not None),
            "status": request.status,
        }


def _ms(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else round((end - start) * 1000, 1)
