"""A house with one call in it, on the stage of tests/fakes.py."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

from bot.billing.budget import Price
from bot.call.call import Call
from bot.call.manager import CallManager
from bot.call.settings import CallSettings
from bot.privacy.erasure import Erasure
from bot.privacy.holders import shared_holders
from tests.fakes import ANNA, NoStore, StageEngine, StageLink, StageTranscriber, StageVenue, a_cent, services


class Stage:
    """A house with a call in it."""

    def __init__(self, cap: Decimal = Decimal(0), price: Price = a_cent) -> None:
        """`cap`: dollars a day of the server; 0: none."""
        self.engine, self.transcriber, self.store = StageEngine(), StageTranscriber(), NoStore()
        self.venue = StageVenue(ANNA)
        self.services = shared = services(self.engine, self.transcriber, self.store, cap, price)
        self.erasure = Erasure(shared.store, shared_holders(shared.engine, shared.budget, shared.outbox))
        self.calls = CallManager(shared, self._settings, self.erasure)
        self.settings = CallSettings(consent="notice")

    def _settings(self, _guild: int, _channel: int) -> CallSettings:
        return self.settings

    @property
    def link(self) -> StageLink:
        return self.venue.links[-1]

    @property
    def call(self) -> Call:
        [call] = self.calls.all()
        return call

    @property
    def outcomes(self) -> list[str]:
        """What became of what was said, oldest first."""
        return [verdict.outcome for verdict in self.call.verdicts]

    @property
    def live(self) -> bool:
        return self.calls.get(self.venue.guild_id) is not None

    def comes(self, user_id: int) -> None:
        """Have somebody enter the channel."""
        self.venue.here.add(user_id)
        self.call.people_changed()

    async def says(self, user_id: int, *lengths: float, then: float = 0.0) -> None:
        """Have somebody speak, negative lengths being pauses, and wait until they are done and `then` more."""
        self.link.speak(user_id, *lengths)
        await asyncio.sleep(sum(map(abs, lengths)) + then)


@asynccontextmanager
async def stage(
    *people: int, cap: Decimal = Decimal(0), price: Price = a_cent, **settings: object
) -> AsyncIterator[Stage]:
    house = Stage(cap, price)
    house.venue.here = set(people or (ANNA,))
    house.settings = CallSettings(**{"consent": "notice", "endpointing_delay": 0.5, "preemptive": False, **settings})
    async with house.calls:
        await house.calls.join(house.venue, ANNA)
        await asyncio.sleep(0.1)
        yield house
