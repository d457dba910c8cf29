"""Three people and the bot for twenty turns: who is answered, who may go on, and that nothing is lost or mixed up."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from bot.audio import FRAME_SECONDS, HEAR_RATE
from bot.call.conversation import Conversation
from bot.talk.decisions import BargeIn, Decision
from sandbox import clips
from sandbox.model.behaviour import Speak
from sandbox.model.log import ReceivedRequest
from sandbox.people.compare import correlation
from sandbox.people.person import RTP_RATE, Person
from tests.e2e.conftest import Harness, until
from tests.e2e.test_conversation import sentence

SILENT_WITHIN = 0.06
"""Seconds of the bot's sound that may still come once it was told to fall silent."""
LINE = re.compile(r"\*\*(Anna|Ben|Yuki)\*\* (.+)")


@dataclass(slots=True)
class Cut:
    """The bot fell silent in the middle of an answer."""

    played: float
    "seconds that were out when it was told to"


@dataclass(slots=True)
class Room:
    """The people, what they said, and when who sounded (loop time)."""

    harness: Harness
    people: dict[str, Person]
    cuts: list[Cut]
    said: list[tuple[str, str]] = field(default_factory=list)
    "name and words, in the order of beginning"
    speech: list[tuple[float, float]] = field(default_factory=list)
    "from when to when somebody spoke"
    begins: list[float] = field(default_factory=list)
    "when the bot began to sound"

    @property
    def bot(self) -> int:
        return self.harness.sandbox.bot.id

    def answers(self) -> list[ReceivedRequest]:
        """Return the requests whose answer was wanted, not those dropped unheard."""
        return [chat for chat in self.harness.model.chats if chat.first_audio_at]

    async def says(self, name: str, *parts: str) -> None:
        """Have somebody say clips in one breath."""
        self.said.append((name, " ".join(sentence(part) for part in parts)))
        spoken = await self.people[name].say(b"".join(clips.load(part, RTP_RATE) for part in parts))
        self.speech.append((spoken.first, spoken.last))

    async def begun(self, since: float) -> None:
        """Wait until the bot sounds."""
        heard = lambda: [frame.at for frame in self.listener.frames(self.bot) if frame.at > since]  # noqa: E731
        await until(heard, 20)
        self.begins.append(heard()[0])

    @property
    def listener(self):
        return self.people["Ben"].recorder

    async def quiet(self) -> None:
        await self.listener.quiet(self.bot, 0.4, 20)

    def sounded(self, since: float) -> float:
        """Return the seconds of sound that came from the bot."""
        return FRAME_SECONDS * sum(frame.at > since for frame in self.listener.frames(self.bot))

    async def answered(self, name: str, *parts: str, by: str = "bot-heard") -> None:
        """Say something, be answered, and find it whole and under one's name in what the model was asked."""
        self.harness.model.default = Speak.clip(by)
        since = now()
        await self.says(name, *parts)
        await self.begun(since)
        await self.quiet()
        self.asked((name, parts))
        assert abs(self.sounded(since) - clips_seconds(by)) <= 0.1, "the whole answer was heard"

    async def ignored(self, name: str, *parts: str) -> None:
        """Say something that is not meant for the bot."""
        since, lines = now(), len(self.lines())
        await self.says(name, *parts)
        await until(lambda: len(self.lines()) > lines)
        await asyncio.sleep(0.3)
        assert not self.sounded(since)

    def asked(self, *turn: tuple[str, Sequence[str]]) -> None:
        """Check what the newest answer was asked for: who said what, each whole, in order."""
        request = self.answers()[-1]
        messages = request.body["messages"]
        newest = [part for part in request.audio if part.message == len(messages) - 1]
        names = [re.match(r'"(\w+)"', messages[p.message]["content"][p.part - 1]["text"]) for p in newest]
        assert [match and match[1] for match in names] == [name for name, _ in turn]
        for part, (_, spoken) in zip(newest, turn, strict=True):
            whole = b"".join(clips.load(clip, HEAR_RATE) for clip in spoken)
            assert correlation(whole, part.pcm, HEAR_RATE) >= 0.9

    def lines(self) -> list[tuple[str, str]]:
        """Return the people's lines of the transcript."""
        found = (LINE.match(line) for line in self.harness.lines())
        return [(match[1], match[2]) for match in found if match]


def now() -> float:
    return asyncio.get_running_loop().time()


def clips_seconds(clip: str) -> float:
    return len(clips.load(clip, HEAR_RATE)) / 2 / HEAR_RATE


@pytest.fixture
def cuts(monkeypatch: pytest.MonkeyPatch) -> list[Cut]:
    """Return what is recorded at each decision to fall silent, before it is carried out."""
    recorded: list[Cut] = []

    def recording(real: Callable[..., None], conversation: Conversation, decision: Decision) -> None:
        answer = conversation._responder.answer
        if isinstance(decision, BargeIn) and answer:
            recorded.append(Cut(answer.played))
        real(conversation, decision)

    monkeypatch.setattr(Conversation, "_act", lambda *args, act=Conversation._act: recording(act, *args))
    return recorded


async def talked_over(room: Room, name: str, clip: str) -> None:
    """Speak over an answer to somebody else: it stops."""
    since = now()
    room.harness.model.default = Speak.clip("bot-moon")
    await room.says("Ben", "ben-moon")
    await room.begun(since)
    await asyncio.sleep(1.0)
    lines, before = len(room.lines()), len(room.cuts)
    await room.says(name, clip)
    await until(lambda: len(room.lines()) > lines)
    assert len(room.cuts) == before + 1
    assert room.sounded(since) - room.cuts[-1].played <= SILENT_WITHIN
    await room.quiet()


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_three_people_and_twenty_turns(harness: Harness, cuts: list[Cut]) -> None:
    async with harness.bot() as app:
        anna, ben = await harness.sandbox.person("Anna", "davey"), await harness.sandbox.person("Ben", "libdave")
        yuki = await harness.sandbox.person("Yuki", "davey", locale="ja")
        other = await harness.sandbox.person("Jukebox", "libdave", bot=True)
        await harness.join(anna)
        for person in (ben, yuki, other):
            await person.join(harness.lounge.id)
        room = Room(harness, {"Anna": anna, "Ben": ben, "Yuki": yuki}, cuts)

        await room.answered("Anna", "anna-cook")
        await room.answered("Anna", "anna-quickest")  # a follow-up needs no name
        await room.ignored("Ben", "ben-train")
        await room.answered("Ben", "ben-moon")
        await room.ignored("Yuki", "yuki-game")
        music = asyncio.create_task(other.say(clips.load("music", RTP_RATE)))
        await room.answered("Yuki", "yuki-film")  # another bot holds no floor
        await music
        await room.answered("Yuki", "yuki-when")
        await room.answered("Anna", "anna-boss", "anna-cook")  # the name in the middle

        await talked_over(room, "Anna", "anna-wait")
        await room.answered("Yuki", "yuki-weather")

        since = now()
        harness.model.default = Speak.clip("bot-moon")
        await room.says("Anna", "anna-cook")
        await room.begun(since)
        answers = len(room.answers())
        await asyncio.sleep(1.0)
        await room.says("Yuki", "yuki-stop")  # said alone: it stops and does not answer
        await room.quiet()
        assert room.sounded(since) < 4.0
        await asyncio.sleep(0.5)
        assert len(room.answers()) == answers

        harness.model.default = Speak.clip("bot-heard")
        since = now()
        async with asyncio.TaskGroup() as group:  # both at once: one answer to both
            group.create_task(room.says("Ben", "ben-moon"))
            await asyncio.sleep(0.8)
            group.create_task(room.says("Anna", "anna-boss"))
        await room.begun(since)
        await room.quiet()
        room.asked(("Ben", ["ben-moon"]), ("Anna", ["anna-boss"]))

        since = now()
        harness.model.default = Speak.clip("bot-tenki")
        await room.says("Yuki", "yuki-weather")
        await room.begun(since)
        await anna.say(clips.load("cough", RTP_RATE)[: RTP_RATE * 2 // 3])  # a cough does not stop it
        await room.quiet()
        assert abs(room.sounded(since) - clips_seconds("bot-tenki")) <= 0.1

        leaving = asyncio.create_task(anna.say(clips.load("anna-cook", RTP_RATE)))
        await asyncio.sleep(2.0)
        leaving.cancel()  # in mid-sentence
        await anna.leave()
        lines = len(room.lines())
        await until(lambda: len(room.lines()) > lines)
        name, half = room.lines()[-1]
        assert name == "Anna" and sentence("anna-cook").startswith(half[:20])
        await room.quiet()
        await asyncio.sleep(1.0)
        await room.quiet()

        await room.answered("Ben", "ben-moon")
        await room.answered("Yuki", "yuki-film")
        await room.ignored("Ben", "ben-train")

        await until(lambda: len(room.lines()) == len(room.said) + 1)
        assert [line for line in room.lines() if line != (name, half)] == room.said, "each line once, under its name"
        assert len(room.said) + 1 >= 20
        assert not [begin for begin in room.begins for start, end in room.speech if start < begin < end]
        [call] = app.calls.all()
        assert len(call.verdicts.latest) == 20
    assert not harness.model.refused
