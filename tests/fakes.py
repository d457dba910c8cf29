"""Fakes of a call's ports, scripted by the test and run in virtual time. They do no network I/O and no real waiting.

tests/e2e covers whole calls. These fakes serve tests of long calls, failures and exact moments.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence, Set
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

from bot.audio import FRAME_SECONDS, HEAR_BYTES, SPEAK_RATE, seconds
from bot.billing.budget import Budget, Price
from bot.call.services import Services
from bot.call.ticks import Ticker
from bot.engine.prompt import compose
from bot.errors import BotError
from bot.ports import Audience, Store, VoiceLink
from bot.store.outbox import Outbox
from bot.types import (
    AudioDelta,
    CallState,
    Frame,
    Heard,
    LinkEnd,
    Playout,
    ReplyDone,
    ReplyEvent,
    ReplyRequest,
    Sent,
    Spoken,
    Standing,
    TextDelta,
    Usage,
    Utterance,
)

ANNA, BEN, BOT = 1, 2, 99
LOUD = b"\x00\x40" * (HEAR_BYTES // 2)
SILENT, CLOSING_PACKETS = bytes(HEAR_BYTES), 5
"""What clients send when sound ends."""


def now() -> float:
    return asyncio.get_running_loop().time()


class LoudVad:
    """Takes every sound that is not silence for speech."""

    def probabilities(self, frames: Sequence[bytes]) -> Sequence[float]:
        return [1.0 if any(pcm) else 0.0 for pcm in frames]

    def reset(self) -> None: ...


class FakePlayback:
    """Plays in virtual time: `played` grows with the clock, up to what was fed."""

    def __init__(self) -> None:
        self.fed = 0.0
        self.began: float | None = None
        self.cues = 0
        self.ducked = False
        self.over: asyncio.Future[Playout] = asyncio.get_running_loop().create_future()
        self._finished = False

    @property
    def played(self) -> float:
        if self.over.done():
            return self.over.result().played
        return 0.0 if self.began is None else min(self.fed, now() - self.began)

    def feed(self, pcm: bytes) -> None:
        self.began = now() if self.began is None else self.began
        self.fed += seconds(pcm, SPEAK_RATE)

    def cue(self, pcm: bytes) -> None:
        self.cues += 1

    def finish(self) -> None:
        self._finished = True

    def duck(self) -> None:
        self.ducked = True

    def resume(self) -> None:
        self.ducked = False

    def cut(self) -> Playout:
        if not self.over.done():
            self.over.set_result(Playout(self.played, self.fed, interrupted=True))
        return self.over.result()

    async def wait(self) -> Playout:
        while not self.over.done():
            left = self.fed - self.played
            if self._finished and left <= 0:
                self.over.set_result(Playout(self.fed, self.fed, interrupted=False))
            else:
                await asyncio.wait([self.over], timeout=max(left, 0.02))
        return self.over.result()


class FakeLink:
    """A link to a channel whose people speak as the test tells them to (`speak`)."""

    def __init__(self, channel_id: int = 7) -> None:
        self.channel_id = channel_id
        self.admitted: frozenset[int] = frozenset()
        self.playbacks: list[FakePlayback] = []
        self.closed = False
        self.end: asyncio.Future[LinkEnd] = asyncio.get_running_loop().create_future()
        self.lost: dict[int, int] = {}
        "person -> packets that no key opens"
        self._speech: dict[int, deque[tuple[float, bytes]]] = {}
        "person -> when each 20 ms arrives, and its sound"
        self._sounds_from: dict[int, float] = {}
        self._silent_from: dict[int, float] = {}
        self._closing: dict[int, int] = {}
        "person -> packets of silence that are still to come"
        self._wake: Callable[[], None] | None = None

    def speak(self, user_id: int, *lengths: float) -> None:
        """Let somebody speak from now on for these lengths, in seconds. A negative length is a pause."""
        speech = self._speech.setdefault(user_id, deque())
        at = speech[-1][0] + FRAME_SECONDS if speech else asyncio.get_running_loop().time()
        for length in lengths:
            for number in range(round(abs(length) * 50)):
                speech.append((at, LOUD if length > 0 else SILENT if number < CLOSING_PACKETS else b""))
                at += FRAME_SECONDS
        self._sounds_from.setdefault(user_id, speech[0][0] if speech else at)
        self._silent_from[user_id], self._closing[user_id] = at, CLOSING_PACKETS
        wake, self._wake = self._wake, None
        if wake and speech:
            asyncio.get_running_loop().call_at(speech[0][0], wake)

    def rest(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    def frames(self, now: float) -> Sequence[Frame]:
        arrived = []
        for user_id, speech in self._speech.items():
            while speech and speech[0][0] <= now + FRAME_SECONDS / 4:
                at, pcm = speech.popleft()
                if pcm and user_id in self.admitted:
                    arrived.append(Frame(user_id, round(at * 50) * 960, pcm))
            while not speech and (left := self._closing.get(user_id, 0)):
                at = self._silent_from[user_id] + (CLOSING_PACKETS - left) * FRAME_SECONDS
                if at > now + FRAME_SECONDS / 4:
                    break
                self._closing[user_id] = left - 1
                if user_id in self.admitted:
                    arrived.append(Frame(user_id, round(at * 50) * 960, SILENT))
        return arrived

    def talking(self, now: float) -> frozenset[int]:
        margin = FRAME_SECONDS / 4
        for user_id in [one for one, at in self._silent_from.items() if now >= at - margin]:
            self._sounds_from.pop(user_id, None)
        return frozenset(user_id for user_id, at in self._sounds_from.items() if now >= at - margin)

    def unopened(self) -> Mapping[int, int]:
        lost, self.lost = self.lost, {}
        return lost

    def admit(self, user_ids: frozenset[int]) -> None:
        self.admitted = user_ids

    def played(self) -> Sequence[Sent]:
        return ()

    def play(self) -> FakePlayback:
        for playback in self.playbacks:
            playback.cut()
        self.playbacks.append(FakePlayback())
        return self.playbacks[-1]

    async def ended(self) -> LinkEnd:
        return await asyncio.shield(self.end)

    async def close(self) -> None:
        self.closed = True
        if not self.end.done():
            self.end.set_result(LinkEnd.LEFT)


class FakeEngine:
    """Answers each request with the next entry of `script`, or with `usual` once the script is empty.

    An entry is (seconds until the first audio, seconds of audio), an error to raise, or a stream.
    """

    def __init__(self) -> None:
        self.requests: list[ReplyRequest] = []
        self.running: list[ReplyRequest] = []
        self.script: deque[tuple[float, float] | Exception | AsyncGenerator[ReplyEvent, None]] = deque()
        self.usual = (0.5, 2.0)
        self.fault: BotError | None = None

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent, None]:
        self.requests.append(request)
        self.running.append(request)
        try:
            async with aclosing(self._answer(request)) as events:
                async for event in events:
                    yield event
        finally:
            self.running.remove(request)

    async def _answer(self, request: ReplyRequest) -> AsyncGenerator[ReplyEvent, None]:
        entry = self.script.popleft() if self.script else self.usual
        if isinstance(entry, Exception):
            raise entry
        if isinstance(entry, AsyncGenerator):
            async with aclosing(entry) as events:
                async for event in events:
                    yield event
            return
        first, length = entry
        await asyncio.sleep(first)
        yield TextDelta("one two three four five six seven eight nine ten")
        yield AudioDelta(b"\x01\x00" * round(length * SPEAK_RATE))
        yield ReplyDone(Usage(audio_in=10, audio_out=round(20 * length)), audio_id=f"audio_{len(self.requests)}")

    def estimate(self, request: ReplyRequest, seconds: float) -> Usage:
        return compose(request, now=request.room.now.timestamp()).usage(seconds)

    def forget(self, channel_id: int) -> None: ...

    def forget_person(self, user_id: int) -> None: ...

    async def settled(self) -> None: ...

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...


class FakeTranscriber:
    model = "gpt-transcribe"
    patience = 0.0
    streams = False

    def __init__(self) -> None:
        self.words: deque[str | BotError] = deque()
        self.usual = "hello there"
        self.by_person: dict[int, str] = {}
        self.delay = 0.3
        self.names: list[Sequence[str]] = []
        "of each request"
        self.sent: list[float] = []
        "seconds of each request"

    async def transcribe(self, utterance: Utterance, language: str | None, names: Sequence[str]) -> Heard:
        self.names.append(names)
        self.sent.append(len(utterance.pcm) / 32_000)
        await asyncio.sleep(self.delay)
        text = self.words.popleft() if self.words else self.by_person.get(utterance.user_id, self.usual)
        if isinstance(text, BotError):
            raise text
        return Heard(utterance.id, utterance.user_id, text, len(utterance.pcm) / 32_000)


class FakeAudience:
    """Records what people would see."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.written: list[str] = []
        "every line in the order it first appeared"
        self.states: list[CallState] = []
        self.spoken: list[Spoken] = []
        self.troubles: list[tuple[float, str]] = []
        self.notices: list[str] = []

    async def heard(self, heard: Heard, name: str) -> None:
        self.lines.append(f"{name}: {heard.text}")
        self.written.append(f"{name}: {heard.text}")

    async def saying(self, turn_id: int, text: str) -> None:
        if not self.written or not self.written[-1].startswith("Kikite"):
            self.written.append(f"Kikite: {text}")

    async def said(self, spoken: Spoken) -> None:
        self.spoken.append(spoken)
        self.lines.append(f"Kikite: {spoken.text}")

    def drop_words(self, user_id: int) -> None: ...

    def drop_answers(self, user_id: int) -> None: ...

    async def state(self, state: CallState) -> None:
        self.states.append(state)

    async def trouble(self, error: BotError) -> None:
        self.troubles.append((now(), error.code))

    async def returns_echo(self, user_id: int, name: str) -> None:
        self.notices.append(f"echo {name}")

    async def notice(self, code: str, **values: str | int | float) -> None:
        self.notices.append(code)


class FakePlace:
    """Where tools are used: everyone has the standing in `standings`, and `agrees` to what is asked."""

    guild_id, channel_id = 5, 7

    def __init__(self, people: Callable[[], Mapping[int, str]]) -> None:
        self.people = people
        self.standings: dict[int, Standing] = {}
        self.agrees = True
        self.asked: list[tuple[str, str, Set[int]]] = []

    def standing(self, user_id: int) -> Standing:
        return self.standings.get(user_id, Standing(reads=True))

    async def fresh_standing(self, user_id: int) -> Standing:
        return self.standing(user_id)

    async def confirmed(self, tool: str, detail: str, user_ids: Set[int]) -> bool:
        self.asked.append((tool, detail, user_ids))
        return self.agrees


class FakeVenue:
    """A voice channel with people in it."""

    guild_id, channel_name, bot_id, bot_name = 5, "Lounge", BOT, "Kikite"

    def __init__(self, *people: int, channel_id: int = 7) -> None:
        self.channel_id = channel_id
        self.present = {ANNA: "Anna", BEN: "Ben"}
        self.here = set(people)
        self.audience: FakeAudience = FakeAudience()
        self.speechless = False
        self.standing = True
        self.entrances = 0
        self.place = FakePlace(self.people)
        self.links: list[FakeLink] = []
        self.refuse: deque[BotError] = deque()
        "the errors that the next attempts to connect raise"

    def people(self) -> Mapping[int, str]:
        return {user_id: self.present[user_id] for user_id in sorted(self.here)}

    async def stands(self) -> bool:
        return self.standing

    async def entered(self) -> None:
        self.entrances += 1

    async def connect(self) -> VoiceLink:
        if self.refuse:
            raise self.refuse.popleft()
        self.links.append(FakeLink(self.channel_id))
        return cast("VoiceLink", self.links[-1])


class FakeStore:
    """Records what it is given. Raises `error` when that is set, and never returns while `hanging`.

    `others_hold_all`: other processes hold the whole budget.
    """

    def __init__(self) -> None:
        self.error: BotError | None = None
        self.kept: list[Any] = []
        self.on: dict[int, int] = {}
        self.consented: list[Any] = []
        self.asked: list[str] = []
        "the names of the methods called, in order"
        self.hanging = self.others_hold_all = False
        self.hanging_at = ""
        "the name of a method that never returns"

    def __getattr__(self, name: str) -> Any:
        async def method(*args: Any, **kwargs: Any) -> Any:
            self.asked.append(name)
            if self.hanging or name == self.hanging_at:
                await asyncio.Event().wait()
            if self.error:
                raise self.error
            match name:
                case "remember":
                    self.kept += args[2]
                case "charge":
                    self.kept += args[0]
                case "drop":
                    self.kept = [one for one in self.kept if one.id not in args[1]]
                case "call_started":
                    self.on[args[0]] = args[1]
                case "call_ended":
                    self.on.pop(args[0], None)
                case "consent":
                    self.consented.append(args)
                case "consents":
                    return {}
                case "hold":
                    return not self.others_hold_all
                case "history" | "gleanings" | "charges" | "settings":
                    return []
                case "calls":
                    return self.on
            return None

        return method


def a_cent(model: str, usage: Usage) -> Decimal:
    """Price every request the same."""
    return Decimal("0.01")


def services(
    engine: FakeEngine,
    transcriber: FakeTranscriber,
    store: FakeStore,
    cap: Decimal = Decimal(0),
    price: Price = a_cent,
) -> Services:
    """Return what a call needs, on the running loop's clock. `cap`: US dollars per day and server; 0: no cap."""
    loop = asyncio.get_running_loop()
    start = loop.time()

    def wall() -> datetime:
        return datetime.fromtimestamp(1_800_000_000 + loop.time() - start, UTC)

    return Services(
        engine=engine,
        transcriber=transcriber,
        store=cast("Store", store),
        outbox=Outbox(cast("Store", store)),
        budget=Budget(cap, Decimal(0), price, wall, store=cast("Store", store)),
        make_vad=LoudVad,
        clock=loop.time,
        ticker=Ticker(loop.time),
        wall=wall,
        model="gpt-audio-1.5",
    )


def audience_fits(audience: FakeAudience) -> Audience:
    """Let the type checker confirm that FakeAudience is an Audience."""
    return audience
