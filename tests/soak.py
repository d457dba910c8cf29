"""Random faults on a voice link, one after the other, with people talking.

`./dev python -m tests.soak --seeds 3 --minutes 10` runs three seeds for ten minutes each.

Every step does something to the call (a fault, somebody comes or goes, rough weather) and then asks the one question
that counts: do the bot and a person in its channel hear each other? The seed decides everything but the clock.
"""

import argparse
import asyncio
import random
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.sandbox.conditions import Path
from bot.sandbox.entities import Channel
from bot.sandbox.person import Person
from bot.voice.line import LinkStats
from tests.e2e.booth import Booth, booth

HEARD = 0.9
"""Correlation from which a sentence counts as heard."""
PATIENCE = 20.0
"""Seconds the link has to stand again."""
TRIES = 3
"""Sentences until one must come through both ways: a fault may still be at work during the first."""


class Deaf(AssertionError):
    """The link did not come back."""


@dataclass
class Report:
    """What a run went through."""

    seed: int
    steps: list[str] = field(default_factory=list)
    slow: int = 0
    "steps after which the first sentence was not heard"
    stats: LinkStats = field(default_factory=LinkStats)
    threads: int = 0
    "more at the end than at the start"

    def __str__(self) -> str:
        return f"seed {self.seed}: {len(self.steps)} steps, {self.slow} slow, {self.threads:+d} threads, {self.stats}"


class Soak:
    """One seeded run on one booth."""

    def __init__(self, bot: Booth, seed: int) -> None:
        self.bot = bot
        self.random = random.Random(seed)
        self.report = Report(seed)
        self.people: list[Person] = []
        self.present: set[int] = set()
        self.faults: dict[str, Callable[[], Awaitable[None]]] = {
            "close": self.close,
            "sever": self.sever,
            "server": self.server,
            "move": self.move,
            "come and go": self.come_and_go,
            "weather": self.weather,
            "plain": self.plain,
            "bad DAVE": self.bad_dave,
            "locked out": self.locked_out,
            "main gateway": self.main_gateway,
            "nonsense": self.nonsense,
        }

    async def run(self, seconds: float) -> Report:
        """Go on for so long; raises Deaf with the steps so far."""
        bot, sandbox = self.bot, self.bot.sandbox
        self.people = [
            await sandbox.person("Anna"),
            await sandbox.person("Ben", "libdave"),
            await sandbox.person("Yuki"),
        ]
        await self.people[0].join(sandbox.lounge.id)
        self.present.add(0)
        link = await bot.enter()
        threads = threading.active_count()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            name = self.random.choice(sorted(self.faults))
            self.report.steps.append(name)
            await self.faults[name]()
            await self.check()
        self.report.stats = link.stats
        self.report.threads = threading.active_count() - threads
        return self.report

    async def check(self) -> None:
        bot = self.bot
        person = self.people[self.random.choice(sorted(self.present))]
        for attempt in range(TRIES):
            try:
                await bot.until(lambda: bot.link.connected and bot.in_group, PATIENCE)
            except TimeoutError:
                break
            heard, is_heard = await asyncio.gather(bot.hears(person), bot.is_heard(person))
            if min(heard, is_heard) >= HEARD:
                self.report.slow += attempt > 0
                return
        raise Deaf(f"seed {self.report.seed}, after {self.report.steps}: {bot.link.stats}")

    # Faults

    async def close(self) -> None:
        self.bot.voice.close(self.bot.bot_id, self.random.choice((4006, 4009, 4014, 4015, 4020)))

    async def sever(self) -> None:
        self.bot.voice.sever(self.bot.bot_id)

    async def server(self) -> None:
        self.bot.voice.region = self.random.randrange(2)
        outage = self.random.choice((None, 0.3, 1.0))
        await self.bot.sandbox.moderator.new_voice_server(self.bot.sandbox.guild, outage=outage)

    async def move(self) -> None:
        sandbox = self.bot.sandbox
        self.bot.sandbox.parts.rooms.server_first = self.random.random() < 0.5
        target: Channel = sandbox.den if self.bot.link.channel_id == sandbox.lounge.id else sandbox.lounge
        await sandbox.moderator.move(sandbox.bot, target)
        await self.bot.until(lambda: self.bot.link.channel_id == target.id, PATIENCE)
        for number in sorted(self.present):
            await self.people[number].join(target.id)

    async def come_and_go(self) -> None:
        number = self.random.randrange(len(self.people))
        if number not in self.present:
            await self.people[number].join(self.bot.link.channel_id)
            self.present.add(number)
        elif len(self.present) > 1:
            await self.people[number].leave()
            self.present.discard(number)

    async def weather(self) -> None:
        for path in (self.bot.voice.conditions[self.bot.bot_id].up, self.bot.voice.conditions[self.bot.bot_id].down):
            rough = Path(loss=self.random.choice((0, 0.02)), reorder=self.random.choice((0, 0.02)))
            path.loss, path.reorder = rough.loss, rough.reorder

    async def plain(self) -> None:
        self.bot.voice.downgrade(self.bot.link.channel_id)
        await asyncio.sleep(self.random.uniform(0.1, 1))
        self.bot.voice.upgrade(self.bot.link.channel_id)

    async def bad_dave(self) -> None:
        conditions = self.bot.voice.conditions[self.bot.bot_id]
        setattr(conditions, self.random.choice(("bad_proposals", "bad_commits", "bad_welcomes")), 1)
        await self.come_and_go()

    async def locked_out(self) -> None:
        if self.bot.in_group and self.bot.voice.room(self.bot.link.channel_id).delivery.version:
            self.bot.lock_out()

    async def main_gateway(self) -> None:
        if self.random.random() < 0.3:
            await self.bot.sandbox.gateway.end_sessions()
        self.bot.sandbox.gateway.drop_all()
        await asyncio.sleep(0.5)

    async def nonsense(self) -> None:
        for seat in self.bot.voice.seats(self.bot.bot_id):
            for _ in range(20):
                seat.put(self.random.randbytes(self.random.randrange(40)))


async def soak(seed: int, seconds: float) -> Report:
    """Run one seed in a sandbox of its own. Raises Deaf."""
    async with booth() as bot:
        return await Soak(bot, seed).run(seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="runs, one after the other")
    parser.add_argument("--minutes", type=float, default=1.0, help="of each run")
    parser.add_argument("--first", type=int, default=None, help="the first seed; random if not given")
    arguments = parser.parse_args()
    first = random.randrange(1 << 20) if arguments.first is None else arguments.first
    failed = 0
    for seed in range(first, first + arguments.seeds):
        print(f"seed {seed} …", flush=True)
        try:
            print(asyncio.run(soak(seed, 60 * arguments.minutes)))
        except Deaf as deaf:
            failed += 1
            print(f"DEAF: {deaf}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
