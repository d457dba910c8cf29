"""Faults of a voice link. Each fault is a coroutine function of a Scenario; the timeline shows its name."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from sandbox.people.person import Person
from sandbox.voice.conditions import Conditions, MessageFault, NetworkPath
from sandbox.voice.junk import JUNK_KINDS
from tests.e2e.link_bot import LinkBot

RECOVERY_TIMEOUT_SECONDS = 25.0
"""Longest wait for the link to recover."""
DETECTION_TIMEOUT_SECONDS = 15.0
"""Longest wait for the link to notice a silent death."""
DAVE_OPS = (21, 22, 25, 27, 29, 30)
"""The messages of the delivery service. Without op 24 (a new group starts) a member gets no further messages."""


@dataclass
class Scenario:
    """The bot, the people, and the seeded random choices."""

    bot: LinkBot
    random: random.Random
    people: list[Person]
    "the last of them never agreed to be heard"
    present: set[int] = field(default_factory=set)
    "indices"

    @property
    def conditions(self) -> Conditions:
        return self.bot.voice.conditions[self.bot.bot_id]

    @property
    def there(self) -> list[Person]:
        return [self.people[number] for number in sorted(self.present)]

    async def come(self, number: int) -> None:
        await self.people[number].join(self.bot.link.channel_id)
        self.present.add(number)

    async def go(self, number: int) -> None:
        self.present.discard(number)
        await self.people[number].leave()


Fault = Callable[[Scenario], Awaitable[object]]


async def close_code(scenario: Scenario) -> object:
    code = scenario.random.choice((4006, 4009, 4014, 4015, 4020))
    scenario.bot.voice.close(scenario.bot.bot_id, code)
    return code


async def severed(scenario: Scenario) -> None:
    scenario.bot.voice.sever(scenario.bot.bot_id)


async def another_server(scenario: Scenario) -> object:
    voice = scenario.bot.voice
    voice.region = scenario.random.randrange(2)
    outage = scenario.random.choice((None, 0.3, 1.0))
    await scenario.bot.sandbox.moderator.new_voice_server(scenario.bot.sandbox.guild, outage=outage)
    return voice.region, outage


async def moved(scenario: Scenario) -> object:
    bot, sandbox = scenario.bot, scenario.bot.sandbox
    sandbox.parts.rooms.server_first = scenario.random.random() < 0.5
    target = sandbox.den if bot.link.channel_id == sandbox.lounge.id else sandbox.lounge
    await sandbox.moderator.move(sandbox.bot, target)
    await bot.until(lambda: bot.link.channel_id == target.id, RECOVERY_TIMEOUT_SECONDS)
    for person in scenario.there:
        await person.join(target.id)
    return sandbox.parts.rooms.server_first


async def come_or_go(scenario: Scenario) -> object:
    number = scenario.random.randrange(len(scenario.people))
    if number not in scenario.present:
        await scenario.come(number)
        return f"+{number}"
    if len(scenario.present) > 1:
        await scenario.go(number)
        return f"-{number}"
    return None


async def repeated_join_and_leave(scenario: Scenario) -> object:
    """Somebody joins and leaves, again and again."""
    number = scenario.random.randrange(len(scenario.people))
    turns = scenario.random.randrange(2, 5)
    for _ in range(turns):
        if number in scenario.present and len(scenario.present) > 1:
            await scenario.go(number)
        elif number not in scenario.present:
            await scenario.come(number)
        await asyncio.sleep(scenario.random.uniform(0, 0.3))
    return number, turns


async def mild_loss(scenario: Scenario) -> object:
    """Lasting network conditions, mild enough that all speech is still understood."""
    loss, reorder, double = (scenario.random.choice((0.0, 0.02)) for _ in range(3))
    for path in (scenario.conditions.up, scenario.conditions.down):
        path.loss, path.reorder, path.double = loss, reorder, double
    scenario.conditions.padding = scenario.random.choice((0.05, 0.5, 1.0))
    scenario.conditions.oddities = scenario.random.choice((0.0, 0.3))
    return loss, reorder, double, scenario.conditions.padding


async def burst_of_loss(scenario: Scenario) -> object:
    """Passing network conditions in which little speech is understood."""
    number = scenario.random.randrange(3)
    rough = (NetworkPath(loss=0.3), NetworkPath(jitter=0.2, reorder=0.2), NetworkPath(burst=0.05))[number]
    paths = (scenario.conditions.up, scenario.conditions.down)
    before = [(path.loss, path.reorder) for path in paths]
    for path in paths:
        path.loss, path.jitter, path.reorder, path.burst = rough.loss, rough.jitter, rough.reorder, rough.burst
    await asyncio.sleep(scenario.random.uniform(0.5, 2))
    for path, (loss, reorder) in zip(paths, before, strict=True):
        path.loss, path.jitter, path.reorder, path.burst = loss, 0.0, reorder, 0.0
    await asyncio.sleep(0.3)
    return rough


async def op_5(scenario: Scenario) -> object:
    """Somebody's op 5 is late or absent from now on; rejoining gives them a new SSRC, where it matters."""
    number = scenario.random.choice(sorted(scenario.present))
    conditions = scenario.people[number].conditions
    conditions.speaking_delay, conditions.speaking_absent = scenario.random.choice(
        ((0.3, False), (0.0, True), (0.0, False))
    )
    await scenario.people[number].join(scenario.bot.link.channel_id)
    return number, conditions.speaking_delay, conditions.speaking_absent


async def plain(scenario: Scenario) -> None:
    """Downgrade to an unencrypted call and upgrade again."""
    channel_id = scenario.bot.link.channel_id
    scenario.bot.voice.downgrade(channel_id)
    await asyncio.sleep(scenario.random.choice((0.0, scenario.random.uniform(0.0, 1.0))))
    scenario.bot.voice.upgrade(channel_id)


async def dave_message_fault(scenario: Scenario) -> object:
    """Break the next DAVE message to the bot; somebody joins or leaves to cause one."""
    message_faults: Sequence[MessageFault] = ("corrupted", "lost", "doubled", "late")
    op, fault = scenario.random.choice(DAVE_OPS), scenario.random.choice(message_faults)
    scenario.conditions.message_faults[op] = [fault]
    return op, fault, await come_or_go(scenario)


async def locked_out(scenario: Scenario) -> object:
    if scenario.bot.in_group and scenario.bot.voice.room(scenario.bot.link.channel_id).delivery.version:
        scenario.bot.lock_out()
        return True
    return False


async def main_gateway(scenario: Scenario) -> object:
    lost = scenario.random.random() < 0.3
    if lost:
        await scenario.bot.sandbox.gateway.end_sessions()
    scenario.bot.sandbox.gateway.drop_all()
    await asyncio.sleep(0.5)
    return lost


async def invalid_messages(scenario: Scenario) -> None:
    """Invalid messages of the voice gateway."""
    for seat in scenario.bot.voice.seats(scenario.bot.bot_id):
        for _ in range(20):
            seat.put(scenario.random.randbytes(scenario.random.randrange(40)))


async def junk(scenario: Scenario) -> object:
    """Datagrams that no honest server sends, in the name of somebody present."""
    voice, speaker = scenario.bot.voice, scenario.random.choice(scenario.there)
    kinds = scenario.random.sample(JUNK_KINDS, 3)
    if not all(any(seat.leg for seat in voice.seats(user_id)) for user_id in (scenario.bot.bot_id, speaker.id)):
        return None
    for kind in kinds:
        voice.inject(scenario.bot.bot_id, kind, 50, speaker=speaker.id)
        await asyncio.sleep(0.1)
    return kinds


async def frozen(scenario: Scenario) -> None:
    """TCP to the voice gateway dies without a sign."""
    scenario.conditions.frozen = True
    await _until(scenario, lambda: not scenario.bot.link.connected)
    scenario.conditions.frozen = False


async def udp_dead(scenario: Scenario) -> object:
    """One direction of UDP dies without a sign."""
    await asyncio.sleep(4)  # the watchdog first learns that this server answers
    way = scenario.random.choice(("up", "down"))
    path, before = getattr(scenario.conditions, way), scenario.bot.link.stats.receive_broken
    path.dead = True
    await _until(scenario, lambda: scenario.bot.link.stats.receive_broken > before)
    path.dead = False
    return way


async def _until(scenario: Scenario, done: Callable[[], bool]) -> None:
    await scenario.bot.until(done, DETECTION_TIMEOUT_SECONDS)


QUICK: tuple[Fault, ...] = (
    close_code,
    severed,
    another_server,
    moved,
    come_or_go,
    repeated_join_and_leave,
    mild_loss,
    burst_of_loss,
    op_5,
    plain,
    dave_message_fault,
    locked_out,
    main_gateway,
    invalid_messages,
    junk,
)
ALL: tuple[Fault, ...] = (*QUICK, frozen, udp_dead)
"""Including those that the link notices only after some ten seconds."""
