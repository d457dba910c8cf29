"""One server's words, names, money and settings never reach another, in whatever order things happen."""

import asyncio
import random
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.store.repository import SqlStore
from bot.types import Charge, Message, Setting, Usage
from tests.store.make import START

SERVERS = 8
HOUR = timedelta(hours=1)


class Server:
    """One server's life on the shared store: does things at random, and knows what it must find."""

    def __init__(self, store: SqlStore, number: int) -> None:
        self.counts: Counter[str] = Counter()
        self._store = store
        self._chance = random.Random(number)
        self._guild = 100 + number
        self._channels = [1000 + number * 10 + place for place in range(2)]
        self._people = [5000 + number * 10 + place for place in range(3)]
        self._canary = f"canary{number:02}"
        self._said = 0
        self._lines: dict[int, list[Message]] = {channel: [] for channel in self._channels}
        self._spent = Decimal(0)
        self._consents: dict[int, bool] = {}
        self._settings: dict[str, str] = {}

    async def act(self) -> None:
        acts = (self.speak,) * 8 + (self.recall,) * 8 + (self.pay, self.agree, self.want) * 2
        act = self._chance.choice((*acts, self.clear, self.expire, self.export))
        self.counts[act.__name__] += 1
        await act()

    async def speak(self) -> None:
        channel = self._chance.choice(self._channels)
        person = self._chance.choice(self._people)
        self._said += 1
        at = START + timedelta(seconds=self._said)
        line = Message("user", person, f"{self._canary} {person}", f"{self._canary} says {self._said}", at)
        await self._store.remember(self._guild, channel, [line])
        self._lines[channel].append(line)

    async def recall(self) -> None:
        channel = self._chance.choice(self._channels)
        assert await self._store.history(channel, 1000) == self._lines[channel]

    async def pay(self) -> None:
        who = tuple(sorted(self._chance.sample(self._people, 2)))
        charge = Charge(START, self._guild, self._channels[0], who, "reply", self._canary, Usage(), Decimal("0.01"))
        await self._store.charge([charge])
        self._spent += Decimal("0.01")
        charges = await self._store.charges(self._guild, START - HOUR)
        assert sum(charge.cost or 0 for charge in charges) == self._spent
        assert {charge.model for charge in charges} == {self._canary}
        assert {user_id for charge in charges for user_id in charge.user_ids} <= set(self._people)

    async def agree(self) -> None:
        person, agreed = self._chance.choice(self._people), self._chance.random() < 0.5
        await self._store.consent(self._guild, person, agreed)
        self._consents[person] = agreed
        assert await self._store.consents(self._guild) == self._consents

    async def want(self) -> None:
        name = self._chance.choice(("voice", "persona"))
        if self._chance.random() < 0.3:
            await self._store.unset(self._guild, None, name)
            self._settings.pop(name, None)
        else:
            await self._store.set(Setting(self._guild, None, name, self._canary, self._people[0], START))
            self._settings[name] = self._canary
        found = [setting for setting in await self._store.settings() if setting.guild_id == self._guild]
        assert {setting.name: setting.value for setting in found} == self._settings

    async def clear(self) -> None:
        channel = self._chance.choice(self._channels)
        assert await self._store.clear(channel) == len(self._lines[channel])
        self._lines[channel].clear()

    async def expire(self) -> None:
        before = START + timedelta(seconds=max(0, self._said - 20))
        while await self._store.expire(self._guild, before, 7, idle_only=True):
            pass
        self._lines = {channel: [line for line in lines if line.at >= before] for channel, lines in self._lines.items()}

    async def export(self) -> None:
        person = self._chance.choice(self._people)
        kept = await self._store.export(person)
        mine = [line.text for lines in self._lines.values() for line in lines if line.speaker_id == person]
        assert sorted(line["text"] for line in kept["messages"]) == sorted(mine)
        assert {item["guild_id"] for part in ("consents", "charges") for item in kept[part]} <= {str(self._guild)}


@pytest.mark.parametrize("steps", [60, pytest.param(1_250, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
async def test_servers_living_side_by_side_never_meet(store: SqlStore, steps: int) -> None:
    servers = [Server(store, number) for number in range(SERVERS)]

    async def live(server: Server) -> None:
        for _ in range(steps):
            await server.act()

    await asyncio.gather(*map(live, servers))
    done = sum((server.counts for server in servers), Counter[str]())
    assert len(done) == 8, f"something never happened: {done}"
