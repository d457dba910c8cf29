"""A room in letters: one letter is a tick of 20 ms, one row a person, one row the bot.

    anna   s50 .30
    bot    .75 t5

A number repeats the letter before it; blanks mean nothing; a row that ends early goes on as its dots. People:

    s  speech          n  noise that the VAD denies       o  Opus silence (a packet of zeros)
    .  no packet, after five of silence, as clients send them
    >  speech whose packet is late: it comes with the next one that is not
    !  no packet, and no silence before
    x  packets of somebody who has not agreed to be heard

The bot, as it should come out:

    .  listens         p  listens, a request is out, unheard
    t  thinks          b  speaks             d  speaks quietly
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bot.audio import HEAR_BYTES, RTP_STEP
from bot.talk.addressing import LastAddressed, addressed
from bot.talk.floor import BargeIn, Dismiss, DropPreemptive, Duck, Floor, FloorSettings, Preempt, Respond, Resume, Yield
from bot.talk.segmenter import Segmenter, SegmenterSettings
from bot.talk.speech_events import Discarded, SpeechEvent
from bot.types import CallState, Frame, Utterance

TICK = 0.02
PROBABILITY = {"s": 0.9, ">": 0.9, "n": 0.1}
CLOSING_PACKETS = 5


def expand(row: str) -> str:
    """Return a row with its numbers written out."""
    return re.sub(r"(\D)(\d+)", lambda part: part[1] * int(part[2]), row.replace(" ", ""))


def squeeze(row: str) -> str:
    """Return a row as short as it can be written."""
    return " ".join(f"{run[0][0]}{len(run[0])}" for run in re.finditer(r"(.)\1*", row))


def frame(user_id: int, tick: int, letter: str) -> Frame:
    pcm = bytes(HEAR_BYTES) if letter == "o" else letter.encode() * HEAR_BYTES
    return Frame(user_id, tick * RTP_STEP, pcm)


class LetterVad:
    """Hears speech in the letters that stand for it."""

    def probabilities(self, frames: Sequence[bytes]) -> Sequence[float]:
        return [PROBABILITY[chr(pcm[0])] for pcm in frames]

    def reset(self) -> None:
        pass


def arrivals(user_id: int, row: str, length: int) -> list[list[Frame]]:
    """Return what arrives at each tick."""
    ticks: list[list[Frame]] = []
    late: list[Frame] = []
    closing = 0
    for tick, letter in enumerate(row.ljust(length, ".")):
        now: list[Frame] = []
        if letter in PROBABILITY:
            closing = CLOSING_PACKETS
        elif letter == "." and closing:
            letter, closing = "o", closing - 1
        else:
            closing = 0
        if letter == ">":
            late.append(frame(user_id, tick, letter))
        elif letter not in ".x!":
            now, late = [*late, frame(user_id, tick, letter)], []
        ticks.append(now)
    return ticks


@dataclass
class Scene:
    """What came out."""

    bot: str = ""
    turns: list[tuple[Utterance, ...]] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    "of what was not answered"
    decided: list[tuple[int, str]] = field(default_factory=list)
    "tick and name of each decision"
    asked: int = 0
    "requests to the model"
    wasted: int = 0
    "requests whose answer nobody heard any of"

    def times(self, name: str) -> int:
        return sum(decision == name for _, decision in self.decided)


class Room:
    """People in letters, and a bot that does what call.py does with the floor's decisions."""

    def __init__(
        self,
        people: Mapping[str, str],
        *,
        think: int = 10,
        reply: int = 50,
        floor: FloorSettings | None = None,
        segmenter: SegmenterSettings | None = None,
        leave: Mapping[str, int] | None = None,
        words: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Draw a room.

        `think`: ticks from request to first sound; `reply`: ticks of sound; `leave`: who is gone at which tick;
        `words`: what each person's utterances say, in order; without it every turn is meant for the bot.
        """
        self.names = {name: user_id for user_id, name in enumerate(people, 1)}
        self._rows = {self.names[name]: expand(row) for name, row in people.items()}
        self._think, self._reply = think, reply
        self._leave = {self.names[name]: tick for name, tick in (leave or {}).items()}
        self._words = {self.names[name]: iter(said) for name, said in words.items()} if words else None
        self._texts: dict[int, str] = {}
        self._last_answer: LastAddressed | None = None
        ids = count(1)
        self._heard = {
            user_id: Segmenter(user_id, LetterVad(), ids, segmenter)
            for user_id, row in self._rows.items()
            if "x" not in row
        }
        self.floor = Floor(floor)
        self.scene = Scene()
        self._state = CallState.LISTENING
        self._request: tuple[tuple[int, ...], int] | None = None
        "utterance ids of the request that is out, and when its sound is there"
        self._since: int | None = None
        self._ducked = False

    def play(self, ticks: int, start: int = 0) -> Scene:
        coming = {user: arrivals(user, self._rows[user], ticks) for user in self._heard}
        for tick in range(start, ticks):
            self._tick(tick, {user: frames[tick] for user, frames in coming.items()})
        return self.scene

    def _tick(self, tick: int, arrived: Mapping[int, list[Frame]]) -> None:
        now = tick * TICK
        events: list[SpeechEvent] = []
        for user, frames in arrived.items():
            if user in self._heard:
                events += self._push(user, frames, tick)
        talking = frozenset(
            user
            for user, row in self._rows.items()
            if row[tick : tick + 1] not in ("", ".", ">") and tick < self._leave.get(user, tick + 1)
        )
        if self._since is not None and tick - self._since >= self._reply:
            self._listen(now)
        self.scene.verdicts += [event.verdict.outcome for event in events if isinstance(event, Discarded)]
        voiced = {user: segmenter.voiced_for for user, segmenter in self._heard.items()}
        humans = len(self._rows) - sum(tick >= left for left in self._leave.values())
        since = None if self._since is None else self._since * TICK
        for decision in self.floor.step(now, events, talking, voiced, self._state, humans, since):
            self.scene.decided.append((tick, type(decision).__name__))
            match decision:
                case Preempt(utterances):
                    self._ask(utterances, tick)
                case DropPreemptive():
                    self._waste()
                case Respond(utterances) if not self._meant(utterances):
                    self.scene.verdicts += ["not_addressed"] * len(utterances)
                case Respond(utterances):
                    if self._request is None:
                        self._ask(utterances, tick)
                    self.scene.turns.append(utterances)
                    self._state = CallState.THINKING
                case Duck() | Resume():
                    self._ducked = isinstance(decision, Duck)
                case BargeIn():
                    self._listen(now)
                case Yield():
                    self._waste()
                    self._listen(now)
                case Dismiss(utterances, outcome):
                    self.scene.verdicts += [outcome] * len(utterances)
        if self._state is CallState.THINKING and self._request and tick >= self._request[1] and self.floor.clear:
            self._state, self._since = CallState.SPEAKING, tick
        self.scene.bot += self._letter()

    def _push(self, user: int, frames: list[Frame], tick: int) -> list[SpeechEvent]:
        if tick == self._leave.get(user):
            return self._heard.pop(user).left(tick * TICK)
        return self._heard[user].push(frames, tick * TICK)

    def _ask(self, utterances: tuple[Utterance, ...], tick: int) -> None:
        self.scene.asked += 1
        self._request = tuple(utterance.id for utterance in utterances), tick + self._think

    def _waste(self) -> None:
        self.scene.wasted += 1
        self._request = None

    def _meant(self, utterances: Sequence[Utterance]) -> bool:
        if self._words is None:
            return True
        for utterance in utterances:
            self._texts.setdefault(utterance.id, next(self._words[utterance.user_id]))
        spoken = [(utterance.user_id, self._texts[utterance.id]) for utterance in utterances]
        began = utterances[0].started_at
        return addressed("auto", ["Kikite"], len(self._rows), spoken, self._last_answer, began).yes

    def _listen(self, now: float) -> None:
        if self._state is CallState.SPEAKING:
            people = frozenset(utterance.user_id for utterance in self.scene.turns[-1])
            self._last_answer = LastAddressed(people, now)
        self._state, self._since, self._request, self._ducked = CallState.LISTENING, None, None, False

    def _letter(self) -> str:
        if self._state is CallState.SPEAKING:
            return "d" if self._ducked else "b"
        if self._state is CallState.THINKING:
            return "t"
        return "p" if self._request else "."


def play(drawing: str, **options: Any) -> tuple[Scene, str]:
    """Play a drawing; return what came out, and the bot's row as it was drawn, both for all its ticks."""
    rows = dict(line.split(maxsplit=1) for line in drawing.strip().splitlines())
    expected = expand(rows.pop("bot"))
    scene = Room({name.strip(): row for name, row in rows.items()}, **options).play(len(expected))
    return scene, expected
