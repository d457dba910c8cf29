"""One seed's run: faults, and after each the questions that count."""

import asyncio
import itertools
import random
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot.audio import HEAR_RATE, SPEAK_RATE
from bot.voice.link.transport import TransportStats
from sandbox import clips
from sandbox.people.compare import correlation
from sandbox.people.person import Person
from tests.e2e.link_bot import LinkBot, link_bot
from tests.soak.faults import ALL, PATIENCE, Fault, Scene

HEARD = 0.9
"""Correlation from which a sentence counts as heard."""
FOREIGN = 0.75
"""Correlation from which it counts as somebody else's; other speech reaches 0.5."""
TRIES = 4
"""Sentences until one must come through both ways: a fault may still be at work during the first."""
SAYS = ("anna-quickest", "ben-moon", "yuki-when", "anna-cook")
"""What each of the people says, always; the last is never to be heard."""
ANSWER = "bot-heard"
WAITING = 2_000
"""Packets that may wait in a receiver: bounds of its own are tested elsewhere."""


class Deaf(AssertionError):
    """Something did not hold; the text is the seed's whole story."""


@dataclass
class Report:
    """What a run went through."""

    seed: int
    timeline: list[str] = field(default_factory=list)
    "seconds, fault, particulars"
    slow: int = 0
    "faults after which the first sentence was not heard by all"
    stats: TransportStats = field(default_factory=TransportStats)

    def __str__(self) -> str:
        return f"seed {self.seed}: {len(self.timeline)} faults, {self.slow} slow, {self.stats}"


class Soak:
    """One seeded run on one link."""

    def __init__(self, bot: LinkBot, seed: int, faults: Sequence[Fault]) -> None:
        self.bot = bot
        self.report = Report(seed)
        self._faults = faults
        self._random = random.Random(seed)
        self._began = time.monotonic()

    async def run(self, steps: int | None, seconds: float) -> Report:
        """Go on for so many faults, or so long; raises Deaf."""
        bot, sandbox = self.bot, self.bot.sandbox
        people = [
            await sandbox.person("Anna"),
            await sandbox.person("Ben", "libdave"),
            await sandbox.person("Yuki"),
            await sandbox.person("Dan"),
        ]
        scene = Scene(bot, self._random, people)
        bot.refused.add(people[-1].id)
        await people[0].join(sandbox.lounge.id)
        scene.present.add(0)
        link = await bot.enter()
        self.report.stats = link.stats
        await scene.come(1)
        await self._tried(scene)
        before = _held()
        for step in itertools.count():
            if time.monotonic() - self._began > seconds if steps is None else step >= steps:
                break
            fault = self._random.choice(self._faults)
            self._note(fault.__name__)
            try:
                self.report.timeline[-1] += f" {await fault(scene)}"
            except TimeoutError:
                raise self._deaf("was not noticed") from None
            await self._tried(scene)
        for number in range(len(people)):
            if number in scene.present and number > 1:
                await scene.go(number)
            elif number not in scene.present and number <= 1:
                await scene.come(number)
        with suppress(TimeoutError):
            await bot.until(lambda: all(now <= then for now, then in zip(_held(), before, strict=True)), 5.0)
        # One of each may just be on its way out.
        if any(now > then + 1 for now, then in zip(_held(), before, strict=True)):
            raise self._deaf(f"threads, sockets: {before} at first, {_held()} at the end")
        return self.report

    async def _tried(self, scene: Scene) -> None:
        """See that everybody hears everybody, within a few sentences."""
        said = ""
        for attempt in range(TRIES):
            try:
                await self.bot.until(lambda: self.bot.link.connected and self.bot.in_group, PATIENCE)
            except TimeoutError:
                raise self._deaf(f"does not stand; {said}") from None
            said = await self._conversation(scene)
            self._sober(scene)
            if not said:
                self.report.slow += attempt > 0
                return
        raise self._deaf(said)

    async def _conversation(self, scene: Scene) -> str:
        """Have everybody say their sentence at once, the bot too; return what was not heard."""
        bot, there = self.bot, scene.there
        since = asyncio.get_running_loop().time()
        bot.heard.clear()
        playback = bot.link.play()
        playback.feed(clips.load(ANSWER, SPEAK_RATE))
        playback.finish()
        said = {person: SAYS[scene.people.index(person)] for person in there}
        await asyncio.gather(*(person.say(clips.load(clip, 48_000)) for person, clip in said.items()))
        try:
            async with asyncio.timeout(10):
                await playback.wait()
        except TimeoutError:
            return "the bot's words do not end"
        await asyncio.sleep(0.3)
        missed: list[str] = []
        answer = clips.load(ANSWER, 48_000)
        for person, clip in said.items():
            number = scene.people.index(person)
            if correlation(answer, person.recorder.heard(bot.bot_id, since), 48_000) < HEARD:
                missed.append(f"{number} did not hear the bot")
            if person.id in bot.refused:
                continue
            if self._likeness(clip, person) < HEARD:
                missed.append(f"{number} was not heard")
            for other in SAYS:
                if other != clip and self._likeness(other, person) > FOREIGN:
                    raise self._deaf(f"{other} was heard as {number}'s")
        return "; ".join(missed)

    def _likeness(self, clip: str, person: Person) -> float:
        return correlation(clips.load(clip, HEAR_RATE), self.bot.sound(person), HEAR_RATE)

    def _sober(self, scene: Scene) -> None:
        """Check what must hold at any moment."""
        receiver, inbox = self.bot.link.receiver, self.bot.link.inbox
        stats = receiver.stats
        if self.bot.refused & self.bot.heard.keys():
            raise self._deaf("somebody was heard who never agreed")
        if stats.fates() + receiver.waiting != stats.received or receiver.waiting > WAITING:
            raise self._deaf(f"packets without a fate: {receiver.waiting}, {stats}")
        if inbox.dropped:
            raise self._deaf(f"the inbox ran over: {inbox.dropped}")

    def _note(self, what: str) -> None:
        self.report.timeline.append(f"{time.monotonic() - self._began:6.1f} s  {what}")

    def _deaf(self, what: str) -> Deaf:
        story = "\n  ".join(self.report.timeline)
        stats = f"{self.report.stats}\n{self.bot.link.receiver.stats}"
        return Deaf(f"seed {self.report.seed}: {what}\n  {story}\n{stats}")


def _held() -> tuple[int, int]:
    """Return how many threads and sockets are open, as far as the system tells."""
    sockets = 0
    with suppress(FileNotFoundError):
        for descriptor in Path("/proc/self/fd").iterdir():
            with suppress(OSError):
                sockets += str(descriptor.readlink()).startswith("socket:")
    threads = [thread for thread in threading.enumerate() if "asyncio_" not in thread.name]
    return len(threads), sockets


async def soak(seed: int, *, steps: int | None = None, seconds: float = 60.0, faults: Sequence[Fault] = ALL) -> Report:
    """Run one seed in a sandbox of its own, for so many faults or, without `steps`, so long. Raises Deaf."""
    async with link_bot() as bot:
        tasks = len(asyncio.all_tasks())
        report = await Soak(bot, seed, faults).run(steps, seconds)
        # The people's clients and the link have their own; what is left of many faults would show.
        assert len(asyncio.all_tasks()) <= tasks + 60, f"seed {seed}: tasks pile up"
        return report
