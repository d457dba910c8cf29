"""A room in virtual time with people on loudspeakers: real codec, VAD, segmenter and floor; the model is a clip."""

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

import numpy as np

from bot.audio import FRAME_SECONDS, HEAR_RATE, RTP_RATE, RTP_STEP, SPEAK_BYTES, SPEAK_RATE
from bot.call.conversation import MAX_BUNDLED_TICKS, MAX_FEW_BUNDLED_TICKS
from bot.call.listener import Listener
from bot.call.settings import CallSettings
from bot.talk.echo import EchoGate
from bot.talk.floor import BargeIn, Duck, Floor, Respond, Resume, Yield
from bot.talk.played import PlayedSound
from bot.talk.speech_events import Discarded, Echoed
from bot.talk.vad import VadKind, make_vad
from bot.types import CallState, Frame, Sent, Utterance
from bot.voice import opus
from sandbox import clips
from sandbox.people.echo_path import FRAME_SAMPLES_48K, EchoConditions, EchoPath, Samples
from sandbox.people.open_loudspeaker import CLIENT_BITRATE, CLIENT_COMPLEXITY

BOT_LEVEL_DBFS = -20.0
THINK_TICKS = 20
CLIENT_GATE_POWER = 10 ** (-65 / 10)
"""Mean square below which a person's client sends nothing."""
CLIENT_GATE_TICKS = 10
"""Ticks a client still sends after the last sound."""

CATCH_UP_FRAMES = 2
"""Of each person in a tick, after packets were held up."""


def decode(pcm: bytes) -> Samples:
    return (np.frombuffer(pcm, "<i2") / 32768).astype(np.float32)


def encode(samples: Samples) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def at_level(samples: Samples, dbfs: float) -> Samples:
    """Scale to an RMS level, taken where there is sound."""
    loud = samples[np.abs(samples) > 0.05 * np.abs(samples).max()]
    return (samples * 10 ** (dbfs / 20) / np.sqrt(np.mean(np.square(loud)))).astype(np.float32)


@dataclass(frozen=True)
class Line:
    """Somebody says a clip."""

    at: float
    user: int
    clip: str
    dbfs: float = -22.0


@dataclass
class Played:
    """What came of one question after the other."""

    requests: list[tuple[Utterance, ...]] = field(default_factory=list)
    answers: list[tuple[float, float, float]] = field(default_factory=list)
    "began at, seconds heard, seconds there were"
    stops: list[tuple[float, str]] = field(default_factory=list)
    ducks: int = 0
    outcomes: list[str] = field(default_factory=list)
    packets: int = 0
    cost: float = 0.0
    "seconds of CPU spent on the echo"

    def loops(self, lines: Sequence[Line]) -> int:
        """Return how many requests contain something that nobody said."""
        return sum(any(not _said(u, lines) for u in turn) for turn in self.requests)


def _said(utterance: Utterance, lines: Sequence[Line]) -> bool:
    end = utterance.ended_at or utterance.started_at
    for line in lines:
        length = len(clips.load(line.clip, HEAR_RATE)) / 2 / HEAR_RATE
        if line.user == utterance.user_id and line.at - 0.3 < end and utterance.started_at < line.at + length + 0.3:
            return True
    return False


class _Client:
    """One person's loudspeaker, microphone and client."""

    def __init__(self, user: int, echo: EchoConditions | None, library: opus.OpusLibrary) -> None:
        self.user = user
        self.path = EchoPath(echo) if echo else None
        self.noise = np.random.default_rng(user)
        self.encoder = opus.OpusEncoder(library, rate=RTP_RATE, bitrate=CLIENT_BITRATE, complexity=CLIENT_COMPLEXITY)
        self.decoder = opus.OpusDecoder(library)
        self.open_left = 0

    def tick(self, heard: Samples, near: Samples, tick: int) -> Frame | None:
        sound = near + (self.path.push(heard) if self.path else 0)
        if float(np.mean(np.square(sound))) > CLIENT_GATE_POWER:
            self.open_left = CLIENT_GATE_TICKS
        if self.open_left == 0:
            return None
        self.open_left -= 1
        return Frame(self.user, tick * RTP_STEP, self.decoder.decode(self.encoder.encode(encode(sound))))


class EchoRoom:
    """`play` a scene of lines; the bot answers each turn with the next of `answers`."""

    def __init__(
        self,
        people: Sequence[EchoConditions | None],
        answers: Sequence[str] = ("bot-moon",),
        vad: VadKind = "silero",
        changes: dict[int, tuple[int, EchoConditions]] | None = None,
        stalls: dict[int, int] | None = None,
        timed: bool = False,
        bundled: bool = True,
    ) -> None:
        """`changes`: at a tick, a person gets another loudspeaker. `stalls`: no packet comes from a tick to another.

        `timed`: whether the cost of the echo's parts is measured. `bundled`: the ticks in which nothing can be decided
        are done together, as a call does.
        """
        self._library = library = opus.load()
        self._clients = [_Client(user, echo, library) for user, echo in enumerate(people, 1)]
        self._answers = [encode(at_level(decode(clips.load(name, SPEAK_RATE)), BOT_LEVEL_DBFS)) for name in answers]
        self._floor = Floor()
        self._listener = Listener(make_vad(vad), self._floor, CallSettings)
        self._changes = changes or {}
        self._stalls = stalls or {}
        self._timed = timed
        self._bundled = bundled
        self._due = 0
        "the tick at which something may have to be decided"
        self._arrived: list[list[Frame]] = []
        "in each tick that is not done yet"
        self._sent: list[Sent] = []
        self._late: list[Frame] = []
        self._encoder = opus.OpusEncoder(library)
        self._decoder = opus.OpusDecoder(library, rate=RTP_RATE)
        self._state = CallState.LISTENING
        self._sound: list[bytes] = []
        self._given = 0
        self._heard = 0
        self._sounds_at: int | None = None
        self._since: float | None = None
        self._gain = 1.0
        self.played = Played()

    def play(self, lines: Sequence[Line], seconds: float) -> Played:
        near = {client.user: np.zeros(round(seconds * RTP_RATE) + RTP_RATE, np.float32) for client in self._clients}
        for line in lines:
            said = at_level(decode(clips.load(line.clip, RTP_RATE)), line.dbfs)
            start = round(line.at * RTP_RATE)
            near[line.user][start : start + len(said)] += said[: len(near[line.user]) - start]
        people = {client.user: str(client.user) for client in self._clients}
        with Recorded() if self._timed else nullcontext() as recorded:
            for tick in range(round(seconds / FRAME_SECONDS)):
                self._tick(tick, near, people)
        if recorded:
            self.played.cost = min(recorded.replay() for _ in range(3))
        self._end()
        return self.played

    def _tick(self, tick: int, near: dict[int, Samples], people: dict[int, str]) -> None:
        now = tick * FRAME_SECONDS
        if tick in self._changes:
            user, conditions = self._changes[tick]
            self._clients[user - 1].path = EchoPath(conditions)
        pcm = self._speak(tick, now)
        self._sent += [Sent(now, pcm)] if pcm else []
        heard = np.zeros(FRAME_SAMPLES_48K, np.float32)
        if pcm:
            heard = decode(self._decoder.decode(self._encoder.encode(pcm)))
        part = slice(tick * FRAME_SAMPLES_48K, (tick + 1) * FRAME_SAMPLES_48K)
        frames = [
            frame
            for client in self._clients
            if (frame := client.tick(heard, near[client.user][part], tick)) is not None
        ]
        self._late += frames
        stalled = any(start <= tick < end for start, end in self._stalls.items())
        each = 0 if stalled else CATCH_UP_FRAMES * len(self._clients)
        frames, self._late = self._late[:each], self._late[each:]
        self.played.packets += len(frames)
        self._arrived.append(frames)
        if tick < self._due:
            return
        talking = frozenset(frame.user_id for frame in frames)
        arrived, self._arrived, sent, self._sent = self._arrived, [], self._sent, []
        self._listener.hear(arrived, now, sent)
        events, decisions = self._listener.decide(talking, people, self._state, self._since, now)
        self.played.outcomes += [event.verdict.outcome for event in events if isinstance(event, Discarded | Echoed)]
        for decision in decisions:
            match decision:
                case Respond(utterances) if self._state is CallState.LISTENING:
                    self.played.requests.append(utterances)
                    self._floor.note_answering(utterances)
                    self._state, self._sounds_at = CallState.THINKING, tick + THINK_TICKS
                case BargeIn() | Yield():
                    self.played.stops.append((now, type(decision).__name__))
                    self._end()
                case Duck():
                    self.played.ducks += 1
                    self._gain = 0.2
                case Resume():
                    self._gain = 1.0
                case _:
                    pass

        if self._bundled and talking and not self._listener.deciding:
            listening = self._state is CallState.LISTENING
            most = MAX_BUNDLED_TICKS if self._listener.speaking and listening else MAX_FEW_BUNDLED_TICKS
            undecided = self._listener.undecided_for(now, self._state, self._since) / FRAME_SECONDS + 0.25
            self._due = tick + max(1, int(min(most, undecided)))

    def _speak(self, tick: int, now: float) -> bytes | None:
        if self._state is CallState.THINKING and self._sounds_at is not None and tick >= self._sounds_at:
            if not self._floor.clear:
                return None
            sound = self._answers[self._given % len(self._answers)]
            self._given += 1
            self._sound = [
                sound[at : at + SPEAK_BYTES].ljust(SPEAK_BYTES, b"\0") for at in range(0, len(sound), SPEAK_BYTES)
            ]
            self._heard = 0
            self._gain = 1.0
            self._state, self._since = CallState.SPEAKING, now
        if self._state is not CallState.SPEAKING:
            return None
        if self._heard >= len(self._sound):
            self._end()
            return None
        pcm = self._sound[self._heard]
        self._heard += 1
        return pcm if self._gain == 1.0 else encode(decode(pcm) * self._gain)

    def _end(self) -> None:
        if self._since is not None:
            self.played.answers.append((self._since, self._heard * FRAME_SECONDS, len(self._sound) * FRAME_SECONDS))
        self._state, self._since, self._sounds_at = CallState.LISTENING, None, None


class Recorded:
    """What the listener asked of the echo's parts, to be asked again by the clock: `replay`."""

    METHODS = ((EchoGate, "take"), (EchoGate, "recognise"), (PlayedSound, "add"))

    def __init__(self) -> None:
        self._calls: list[tuple[object, str, tuple[object, ...]]] = []

    def __enter__(self) -> "Recorded":
        self._saved = [(owner, name, getattr(owner, name)) for owner, name in self.METHODS]
        for owner, name, method in self._saved:
            setattr(owner, name, self._wrap(name, method))
        return self

    def __exit__(self, *_: object) -> None:
        for owner, name, method in self._saved:
            setattr(owner, name, method)

    def replay(self) -> float:
        """Return the seconds of CPU that it takes."""
        played = PlayedSound()
        fresh: dict[int, object] = {}
        for owner, _, _ in self._calls:
            fresh.setdefault(id(owner), played if isinstance(owner, PlayedSound) else EchoGate(played))
        calls = [(getattr(fresh[id(owner)], name), args) for owner, name, args in self._calls]
        start = time.thread_time()
        for method, args in calls:
            method(*args)
        return time.thread_time() - start

    def _wrap(self, name: str, method: Callable[..., object]) -> Callable[..., object]:
        def recorded(owner: object, *args: object) -> object:
            self._calls.append((owner, name, args))
            return method(owner, *args)

        return recorded
