"""One seed's run: faults, and after each one the checks."""

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
from tests.settling import settled
from tests.soak.faults import ALL, RECOVERY_TIMEOUT_SECONDS, Fault, Scenario

HEARD_CORRELATION = 0.9
"""Correlation from which a sentence counts as heard."""
FOREIGN_CORRELATION = 0.75
"""Correlation from which it counts as somebody else's; other speech reaches 0.5."""
MAX_SENTENCES = 4
"""One of these sentences must arrive both ways: a fault may still be active during the first."""
SENTENCES = ("anna-quickest", "ben-moon", "yuki-when", "anna-cook")
"""The one sentence of each person; the last person must never be heard."""
ANSWER = "bot-heard"
MAX_WAITING_PACKETS = 2_000
"""Limit for a receiver's waiting packets; other tests check its own bounds."""
CLOSING_SECONDS = 40.0
"""Limit for what is on its way out. TLS alone may wait 30 s for the other side's goodbye."""


class SoakFailure(AssertionError):
    """A check failed; the text is the whole timeline of the seed."""


@dataclass
class SoakReport:
    """The timeline and the counters of a run."""

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
        self.report = SoakReport(seed)
        self._faults = faults
        self._random = random.Random(seed)
        self._began = time.monotonic()

    async def run(self, steps: int | None, seconds: float) -> SoakReport:
        """Run `steps` faults, or for `seconds`. Raises SoakFailure."""
        bot, sandbox = self.bot, self.bot.sandbox
        people = [
            await sandbox.person("Anna"),
            await sandbox.person("Ben", "libdave"),
            await sandbox.person("Yuki"),
            await sandbox.person("Dan"),
        ]
        scenario = Scenario(bot, self._random, people)
        bot.refused.add(people[-1].id)
        await people[0].join(sandbox.lounge.id)
        scenario.present.add(0)
        link = await bot.enter()
        self.report.stats = link.stats
        await scenario.come(1)
        await self._check_hearing(scenario)
        before = _open_resources()
        for step in itertools.count():
            if time.monotonic() - self._began > seconds if steps is None else step >= steps:
                break
            fault = self._random.choice(self._faults)
            self._note(fault.__name__)
            try:
                self.report.timeline[-1] += f" {await fault(scenario)}"
            except TimeoutError:
                raise self._failure("was not noticed") from None
            await self._check_hearing(scenario)
        for number in range(len(people)):
            if number in scenario.present and number > 1:
                await scenario.go(number)
            elif number not in scenario.present and number <= 1:
                await scenario.come(number)
        with suppress(TimeoutError):
            await bot.until(
                lambda: all(now <= then for now, then in zip(_open_resources(), before, strict=True)),
                CLOSING_SECONDS,
            )
        # One of each may just be on its way out.
        if any(now > then + 1 for now, then in zip(_open_resources(), before, strict=True)):
            raise self._failure(f"threads, sockets: {before} at first, {_open_resources()} at the end")
        return self.report

    async def _check_hearing(self, scenario: Scenario) -> None:
        """Check that everybody hears everybody within a few sentences."""
        said = ""
        for attempt in range(MAX_SENTENCES):
            try:
                await self.bot.until(lambda: self.bot.link.connected and self.bot.in_group, RECOVERY_TIMEOUT_SECONDS)
            except TimeoutError:
                raise self._failure(f"does not stand; {said}") from None
            said = await self._conversation(scenario)
            self._check_invariants(scenario)
            if not said:
                self.report.slow += attempt > 0
                return
        raise self._failure(said)

    async def _conversation(self, scenario: Scenario) -> str:
        """Let everybody, including the bot, speak at once; return who did not hear whom."""
        bot, there = self.bot, scenario.there
        since = asyncio.get_running_loop().time()
        bot.heard.clear()
        playback = bot.link.play()
        playback.feed(clips.load(ANSWER, SPEAK_RATE))
        playback.finish()
        said = {person: SENTENCES[scenario.people.index(person)] for person in there}
        await asyncio.gather(*(person.say(clips.load(clip, 48_000)) for person, clip in said.items()))
        try:
            async with asyncio.timeout(30):
                await playback.wait()
        except TimeoutError:
            return "the bot's words do not end"
        answers = [person.recorder for person in there]
        await settled(lambda: [*map(len, bot.heard.values()), *(len(one.frames(bot.bot_id)) for one in answers)])
        # In a thread: the event loop would stand still for as long as the link may.
        return await asyncio.to_thread(self._missed, scenario, said, since)

    def _missed(self, scenario: Scenario, said: dict[Person, str], since: float) -> str:
        """Return who did not hear whom."""
        bot, missed = self.bot, list[str]()
        answer = clips.load(ANSWER, 48_000)
        for person, clip in said.items():
            number = scenario.people.index(person)
            if correlation(answer, person.recorder.heard(bot.bot_id, since), 48_000) < HEARD_CORRELATION:
                missed.append(f"{number} did not hear the bot")
            if person.id in bot.refused:
                continue
            if self._similarity(clip, person) < HEARD_CORRELATION:
                missed.append(f"{number} was not heard")
            for other in SENTENCES:
                if other != clip and self._similarity(other, person) > FOREIGN_CORRELATION:
                    raise self._failure(f"{other} was heard as {number}'s")
        return "; ".join(missed)

    def _similarity(self, clip: str, person: Person) -> float:
        return correlation(clips.load(clip, HEAR_RATE), self.bot.sound(person), HEAR_RATE)

    def _check_invariants(self, scenario: Scenario) -> None:
        """Check what must always hold."""
        receiver, inbox = self.bot.link.receiver, self.bot.link.inbox
        stats = receiver.stats
        if self.bot.refused & self.bot.heard.keys():
            raise self._failure("somebody was heard who never agreed")
        if stats.fates() + receiver.waiting != stats.received or receiver.waiting > MAX_WAITING_PACKETS:
            raise self._failure(f"packets without a fate: {receiver.waiting}, {stats}")
        if inbox.dropped:
            raise self._failure(f"the inbox ran over: {inbox.dropped}")

    def _note(self, what: str) -> None:
        self.report.timeline.append(f"{time.monotonic() - self._began:6.1f} s  {what}")

    def _failure(self, what: str) -> SoakFailure:
        story = "\n  ".join(self.report.timeline)
        stats = f"{self.report.stats}\n{self.bot.link.receiver.stats}"
        return SoakFailure(f"seed {self.report.seed}: {what}\n  {story}\n{stats}")


def _open_resources() -> tuple[int, int]:
    """Return the number of threads and open sockets, where the system reports them."""
    sockets = 0
    with suppress(FileNotFoundError):
        for descriptor in Path("/proc/self/fd").iterdir():
            with suppress(OSError):
                sockets += str(descriptor.readlink()).startswith("socket:")
    threads = [thread for thread in threading.enumerate() if "asyncio_" not in thread.name]
    return len(threads), sockets


async def soak(
    seed: int, *, steps: int | None = None, seconds: float = 60.0, faults: Sequence[Fault] = ALL
) -> SoakReport:
    """Run one seed in its own sandbox for `steps` faults or, without them, `seconds`. Raises SoakFailure."""
    async with link_bot() as bot:
        tasks = len(asyncio.all_tasks())
        report = await Soak(bot, seed, faults).run(steps, seconds)
        # The people's clients and the link have their own tasks; leaks of many faults exceed them.
        assert len(asyncio.all_tasks()) <= tasks + 60, f"seed {seed}: tasks pile up"
        return report
