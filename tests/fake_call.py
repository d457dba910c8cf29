"""A CallManager with one call, built on the fakes of tests/fakes.py."""

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
from tests.fakes import ANNA, FakeEngine, FakeLink, FakeStore, FakeTranscriber, FakeVenue, a_cent, services


class FakeCall:
    """A CallManager with one call, and the fakes behind it."""

    def __init__(self, cap: Decimal = Decimal(0), price: Price = a_cent) -> None:
        """`cap`: US dollars per day for the server; 0: no cap."""
        self.engine, self.transcriber, self.store = FakeEngine(), FakeTranscriber(), FakeStore()
        self.venue = FakeVenue(ANNA)
        self.services = shared = services(self.engine, self.transcriber, self.store, cap, price)
        self.erasure = Erasure(shared.store, shared_holders(shared.engine, shared.outbox))
        self.calls = CallManager(shared, self._settings, self.erasure)
        self.settings = CallSettings(consent="notice")

    def _settings(self, _guild: int, _channel: int) -> CallSettings:
        return self.settings

    @property
    def link(self) -> FakeLink:
        return self.venue.links[-1]

    @property
    def call(self) -> Call:
        [call] = self.calls.all()
        return call

    @property
    def outcomes(self) -> list[str]:
        """The outcomes of the utterances so far, oldest first."""
        return [verdict.outcome for verdict in self.call.verdicts.latest]

    @property
    def live(self) -> bool:
        return self.calls.get(self.venue.guild_id) is not None

    def comes(self, user_id: int) -> None:
        """Let somebody enter the channel."""
        self.venue.here.add(user_id)
        self.call.people_changed()

    async def says(self, user_id: int, *lengths: float, then: float = 0.0) -> None:
        """Let somebody speak (negative lengths are pauses), wait until they finish, and then `then` seconds more."""
        self.link.speak(user_id, *lengths)
        await asyncio.sleep(sum(map(abs, lengths)) + then)


@asynccontextmanager
async def fake_call(
    *people: int, cap: Decimal = Decimal(0), price: Price = a_cent, **settings: object
) -> AsyncIterator[FakeCall]:
    fake = FakeCall(cap, price)
    fake.venue.here = set(people or (ANNA,))
    fake.settings = CallSettings(**{"consent": "notice", "endpointing_delay": 0.5, "preemptive": False, **settings})
    async with fake.calls:
        await fake.calls.join(fake.venue, ANNA)
        await asyncio.sleep(0.1)
        yield fake
