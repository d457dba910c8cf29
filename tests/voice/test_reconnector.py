"""What a broken link does with what Discord says about it, and when: in virtual time, against a scripted transport.

tests/e2e/test_link_removal.py shows the same against the sandbox.
"""

import asyncio
from collections.abc import Callable
from itertools import product
from types import SimpleNamespace
from typing import cast

import pytest

from bot.types import LinkEnd
from bot.voice.link import recovery
from bot.voice.link.gateway_events import GatewayEvents
from bot.voice.link.presence import Presence
from bot.voice.link.reconnector import Reconnector
from bot.voice.link.transport import ConnectionBroken, RemovedFromChannel, Transport, TransportStats

pytestmark = pytest.mark.looptime

HERE, THERE = 1, 2
DELAYS_SECONDS = (0.0, 0.5, 2.9, 3.1, 6.0, 10.0)
UNEXPLAINED_CODES = (4014, 4022, 1000)
OVER_CODES = (4001, 4002, 4003, 4004, 4005, 4006, 4009, 4011, 4020)
CODES_AND_DELAYS = list(product(UNEXPLAINED_CODES, DELAYS_SECONDS))


class Discord:
    """A transport whose main gateway says everything `delay` seconds late, or nothing while it is `dead`."""

    def __init__(self, code: int, delay: float) -> None:
        self.stats = TransportStats()
        self.events = GatewayEvents(HERE, self.now)
        self.events.opening("token", "server")
        self.left = False
        self.channel_exists = True
        self.channel_id = HERE
        self.gateway_lag_seconds = 0.0
        self.discovery = SimpleNamespace()
        self.presence_of_bot = Presence.HERE
        self.dead = False
        self.refuses: int | None = None
        "close code of every new session"
        self.steps: list[tuple[str, float]] = []
        "taken, and when"
        self._delay = delay
        self._codes = [code]
        self._over: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @staticmethod
    def now() -> float:
        return asyncio.get_running_loop().time()

    def say(self, event: Callable[[], object], after: float = 0.0) -> None:
        def happen() -> None:
            event()
            self.events.notify()

        asyncio.get_running_loop().call_later(self._delay + after, happen)

    async def poll(self) -> int:
        return self._codes.pop() if self._codes else await self._over

    async def presence(self) -> Presence:
        await asyncio.sleep(15.0 if self.dead else self._delay)
        if self.dead:
            return Presence.UNKNOWN
        self.gateway_lag_seconds = self._delay
        return self.presence_of_bot

    async def _step(self, name: str) -> None:
        self.steps.append((name, self.now()))
        if self.refuses:
            raise ConnectionBroken(self.refuses)

    async def resume(self) -> None:
        await self._step("resume")

    async def open(self) -> None:
        self.events.opening("new", "another")
        await self._step("reopen")

    async def rejoin(self) -> None:
        self.events.exiting(inside=True)
        self.events.entering()
        await self._step("rejoin")
        if self.events.removed:
            raise RemovedFromChannel
        await self.open()


async def after_break(discord: Discord, seconds: float = 300.0) -> tuple[LinkEnd | None, list[str]]:
    """Return how the link ends (None: it does not) and the steps it took."""
    clock = asyncio.get_running_loop().time
    reconnector = Reconnector(cast(Transport, discord), clock, on_long_outage=lambda: None, on_recovered=lambda: None)
    running = asyncio.create_task(reconnector.run())
    await asyncio.wait({running}, timeout=seconds)
    end = running.result() if running.done() else None
    running.cancel()
    await asyncio.wait({running})
    return end, [name for name, _ in discord.steps]


@pytest.mark.parametrize(("code", "delay"), CODES_AND_DELAYS)
async def test_a_kick_is_a_kick_however_late_the_news(code: int, delay: float) -> None:
    discord = Discord(code, delay)
    discord.presence_of_bot = Presence.GONE
    discord.say(lambda: discord.events.voice_state(None))
    assert await after_break(discord) == (LinkEnd.KICKED, [])


@pytest.mark.parametrize(("code", "delay"), CODES_AND_DELAYS)
async def test_without_any_news_being_out_of_the_channel_is_a_kick(code: int, delay: float) -> None:
    discord = Discord(code, delay)
    discord.presence_of_bot = Presence.GONE
    assert await after_break(discord) == (LinkEnd.KICKED, [])


@pytest.mark.parametrize(("code", "delay"), CODES_AND_DELAYS)
async def test_it_follows_to_another_server(code: int, delay: float) -> None:
    discord = Discord(code, delay)
    discord.say(lambda: discord.events.voice_server("new", "another"))
    assert await after_break(discord) == (None, ["reopen"])


@pytest.mark.parametrize(("code", "delay"), CODES_AND_DELAYS)
async def test_it_follows_to_a_server_that_is_announced_first(code: int, delay: float) -> None:
    discord = Discord(code, delay)
    discord.say(lambda: discord.events.voice_server("", ""))
    discord.say(lambda: discord.events.voice_server("new", "another"), after=1.0)
    end, steps = await after_break(discord)
    assert end is None
    assert steps[-1] == "reopen"


@pytest.mark.parametrize(("code", "delay"), CODES_AND_DELAYS)
async def test_it_returns_while_the_main_gateway_counts_it_in(code: int, delay: float) -> None:
    discord = Discord(code, delay)
    assert await after_break(discord) == (None, ["rejoin", "reopen"])
    assert discord.steps[0][1] >= delay  # not before the main gateway has answered


@pytest.mark.parametrize("code", [*UNEXPLAINED_CODES, 4006, recovery.SOUND_STILL_BROKEN])
@pytest.mark.parametrize("back_after", [5.0, 100.0])
@pytest.mark.parametrize(
    ("news", "expected"),
    [
        ("resumed: removed", (LinkEnd.KICKED, [])),
        ("resumed: here", (None, ["rejoin", "reopen"])),
        ("new session: lost with the old one", (None, ["rejoin", "reopen"])),
        ("new session: removed", (LinkEnd.KICKED, [])),
    ],
)
async def test_a_main_gateway_that_breaks_too_is_waited_for(
    code: int, back_after: float, news: str, expected: tuple[LinkEnd | None, list[str]]
) -> None:
    discord = Discord(code, 0.0)
    discord.dead = True

    def back() -> None:
        discord.dead = False
        if news == "resumed: removed":
            discord.events.voice_state(None)
        elif news == "new session: lost with the old one":
            discord.presence_of_bot = Presence.FREE
        elif news == "new session: removed":
            discord.presence_of_bot = Presence.GONE

    discord.say(back, after=back_after)
    assert await after_break(discord) == expected
    assert all(at >= back_after for _, at in discord.steps)


@pytest.mark.parametrize("code", UNEXPLAINED_CODES)
async def test_it_does_not_return_to_a_main_gateway_that_stays_silent(code: int) -> None:
    discord = Discord(code, 0.0)
    discord.dead = True
    assert await after_break(discord) == (LinkEnd.UNEXPLAINED, [])


@pytest.mark.parametrize("delay", DELAYS_SECONDS)
async def test_a_deleted_channel_ends_it(delay: float) -> None:
    discord = Discord(4022, delay)
    discord.presence_of_bot = Presence.GONE
    discord.say(lambda: setattr(discord, "channel_exists", False))
    assert await after_break(discord) == (LinkEnd.KICKED, [])


@pytest.mark.parametrize("delay", DELAYS_SECONDS)
async def test_a_move_is_followed(delay: float) -> None:
    discord = Discord(4014, delay)
    discord.say(lambda: discord.events.voice_state(THERE))
    discord.say(lambda: discord.events.voice_server("new", "another"), after=0.1)
    end, steps = await after_break(discord)
    assert end is None
    assert steps[-1] == "reopen"


@pytest.mark.parametrize("code", OVER_CODES)
async def test_a_session_that_is_over_is_not_resumed(code: int) -> None:
    discord = Discord(code, 0.0)
    assert await after_break(discord) == (None, ["rejoin", "reopen"])


@pytest.mark.parametrize("code", [*OVER_CODES, 4014])
async def test_a_session_that_turns_out_to_be_over_is_not_resumed_again(code: int) -> None:
    discord = Discord(1006, 0.0)

    async def resume() -> None:
        discord.steps.append(("resume", discord.now()))
        raise ConnectionBroken(code)

    discord.resume = resume
    assert await after_break(discord) == (None, ["resume", "rejoin", "reopen"])


@pytest.mark.parametrize("code", [1001, 1006, 4015, recovery.GATEWAY_SILENT])
async def test_a_connection_that_broke_is_resumed(code: int) -> None:
    discord = Discord(code, 10.0)
    assert await after_break(discord) == (None, ["resume"])


@pytest.mark.parametrize(
    ("code", "end"),
    [
        (4012, LinkEnd.OUTDATED),
        (4016, LinkEnd.OUTDATED),
        (4017, LinkEnd.REFUSED),
        (4021, LinkEnd.LIMITED),
    ],
)
@pytest.mark.parametrize("at_first", [True, False])
async def test_a_refusal_ends_it_with_its_cause(code: int, end: LinkEnd, at_first: bool) -> None:
    discord = Discord(code if at_first else 1006, 0.0)
    discord.refuses = code
    assert await after_break(discord) == (end, [] if at_first else ["resume"])


@pytest.mark.parametrize("delay", DELAYS_SECONDS)
async def test_a_kick_during_a_rejoin_wins(delay: float) -> None:
    """The removal arrives once the bot is in again, while the new session opens."""
    discord = Discord(4006, 0.0)
    discord.refuses = 4006

    def entered_and_removed() -> None:
        discord.events.voice_state(None)  # our own leave
        discord.events.voice_state(HERE)
        discord.events.voice_state(None)
        discord.presence_of_bot = Presence.GONE

    asyncio.get_running_loop().call_later(delay + 0.01, lambda: (entered_and_removed(), discord.events.notify()))
    end, _ = await after_break(discord)
    assert end is LinkEnd.KICKED
