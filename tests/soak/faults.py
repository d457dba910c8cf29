"""What may befall a link. Each fault is a coroutine function of a Scene; its name is what the timeline says."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from sandbox.people.person import Person
from sandbox.voice.conditions import Conditions, MessageFault, NetworkPath
from sandbox.voice.junk import JUNK_KINDS
from tests.e2e.link_bot import LinkBot

PATIENCE = 25.0
"""Seconds the link has for whatever comes next."""
NOTICED = 15.0
"""Seconds to notice a death without a sign."""
DAVE_OPS = (21, 22, 25, 27, 29, 30)
"""The messages of the delivery service. Without op 24 (a new group begins) a member hears of nothing any more."""


@dataclass
class Scene:
    """The bot, the people, and what the seed makes of them."""

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


Fault = Callable[[Scene], Awaitable[object]]


async def close_code(scene: Scene) -> object:
    code = scene.random.choice((4006, 4009, 4014, 4015, 4020))
    scene.bot.voice.close(scene.bot.bot_id, code)
    return code


async def severed(scene: Scene) -> None:
    scene.bot.voice.sever(scene.bot.bot_id)


async def another_server(scene: Scene) -> object:
    voice = scene.bot.voice
    voice.region = scene.random.randrange(2)
    outage = scene.random.choice((None, 0.3, 1.0))
    await scene.bot.sandbox.moderator.new_voice_server(scene.bot.sandbox.guild, outage=outage)
    return voice.region, outage


async def moved(scene: Scene) -> object:
    bot, sandbox = scene.bot, scene.bot.sandbox
    sandbox.parts.rooms.server_first = scene.random.random() < 0.5
    target = sandbox.den if bot.link.channel_id == sandbox.lounge.id else sandbox.lounge
    await sandbox.moderator.move(sandbox.bot, target)
    await bot.until(lambda: bot.link.channel_id == target.id, PATIENCE)
    for person in scene.there:
        await person.join(target.id)
    return sandbox.parts.rooms.server_first


async def come_or_go(scene: Scene) -> object:
    number = scene.random.randrange(len(scene.people))
    if number not in scene.present:
        await scene.come(number)
        return f"+{number}"
    if len(scene.present) > 1:
        await scene.go(number)
        return f"-{number}"
    return None


async def turnstile(scene: Scene) -> object:
    """Somebody comes and goes, again and again."""
    number = scene.random.randrange(len(scene.people))
    turns = scene.random.randrange(2, 5)
    for _ in range(turns):
        if number in scene.present and len(scene.present) > 1:
            await scene.go(number)
        elif number not in scene.present:
            await scene.come(number)
        await asyncio.sleep(scene.random.uniform(0, 0.3))
    return number, turns


async def drizzle(scene: Scene) -> object:
    """Weather that stays, mild enough that everything is still understood."""
    loss, reorder, double = (scene.random.choice((0.0, 0.02)) for _ in range(3))
    for path in (scene.conditions.up, scene.conditions.down):
        path.loss, path.reorder, path.double = loss, reorder, double
    scene.conditions.padding = scene.random.choice((0.05, 0.5, 1.0))
    scene.conditions.oddities = scene.random.choice((0.0, 0.3))
    return loss, reorder, double, scene.conditions.padding


async def squall(scene: Scene) -> object:
    """Weather in which little is understood, and which passes."""
    number = scene.random.randrange(3)
    rough = (NetworkPath(loss=0.3), NetworkPath(jitter=0.2, reorder=0.2), NetworkPath(burst=0.05))[number]
    paths = (scene.conditions.up, scene.conditions.down)
    before = [(path.loss, path.reorder) for path in paths]
    for path in paths:
        path.loss, path.jitter, path.reorder, path.burst = rough.loss, rough.jitter, rough.reorder, rough.burst
    await asyncio.sleep(scene.random.uniform(0.5, 2))
    for path, (loss, reorder) in zip(paths, before, strict=True):
        path.loss, path.jitter, path.reorder, path.burst = loss, 0.0, reorder, 0.0
    await asyncio.sleep(0.3)
    return rough


async def op_5(scene: Scene) -> object:
    """Somebody's op 5 is late from now on, or absent; a new SSRC of theirs shows it."""
    number = scene.random.choice(sorted(scene.present))
    conditions = scene.people[number].conditions
    conditions.speaking_delay, conditions.speaking_absent = scene.random.choice(
        ((0.3, False), (0.0, True), (0.0, False))
    )
    await scene.people[number].join(scene.bot.link.channel_id)
    return number, conditions.speaking_delay, conditions.speaking_absent


async def plain(scene: Scene) -> None:
    """Down to an unencrypted call and up again."""
    channel_id = scene.bot.link.channel_id
    scene.bot.voice.downgrade(channel_id)
    await asyncio.sleep(scene.random.choice((0.0, scene.random.uniform(0.0, 1.0))))
    scene.bot.voice.upgrade(channel_id)


async def dave_message_fault(scene: Scene) -> object:
    """The next DAVE messages to the bot go wrong, and somebody's coming or going makes there be some."""
    message_faults: Sequence[MessageFault] = ("corrupted", "lost", "doubled", "late")
    op, fault = scene.random.choice(DAVE_OPS), scene.random.choice(message_faults)
    scene.conditions.message_faults[op] = [fault]
    return op, fault, await come_or_go(scene)


async def locked_out(scene: Scene) -> object:
    if scene.bot.in_group and scene.bot.voice.room(scene.bot.link.channel_id).delivery.version:
        scene.bot.lock_out()
        return True
    return False


async def main_gateway(scene: Scene) -> object:
    lost = scene.random.random() < 0.3
    if lost:
        await scene.bot.sandbox.gateway.end_sessions()
    scene.bot.sandbox.gateway.drop_all()
    await asyncio.sleep(0.5)
    return lost


async def nonsense(scene: Scene) -> None:
    """Messages of the voice gateway that mean nothing."""
    for seat in scene.bot.voice.seats(scene.bot.bot_id):
        for _ in range(20):
            seat.put(scene.random.randbytes(scene.random.randrange(40)))


async def junk(scene: Scene) -> object:
    """Datagrams of every kind that no honest server sends, in the name of somebody who is there."""
    voice, speaker = scene.bot.voice, scene.random.choice(scene.there)
    kinds = scene.random.sample(JUNK_KINDS, 3)
    if not all(any(seat.leg for seat in voice.seats(user_id)) for user_id in (scene.bot.bot_id, speaker.id)):
        return None
    for kind in kinds:
        voice.inject(scene.bot.bot_id, kind, 50, speaker=speaker.id)
        await asyncio.sleep(0.1)
    return kinds


async def frozen(scene: Scene) -> None:
    """TCP to the voice gateway dies without a sign."""
    scene.conditions.frozen = True
    await _until(scene, lambda: not scene.bot.link.connected)
    scene.conditions.frozen = False


async def udp_dead(scene: Scene) -> object:
    """One direction of UDP dies without a sign."""
    await asyncio.sleep(4)  # so that the watchdog knows that this server answers
    way = scene.random.choice(("up", "down"))
    path, before = getattr(scene.conditions, way), scene.bot.link.stats.receive_broken
    path.dead = True
    await _until(scene, lambda: scene.bot.link.stats.receive_broken > before)
    path.dead = False
    return way


async def _until(scene: Scene, done: Callable[[], bool]) -> None:
    await scene.bot.until(done, NOTICED)


QUICK: tuple[Fault, ...] = (
    close_code,
    severed,
    another_server,
    moved,
    come_or_go,
    turnstile,
    drizzle,
    squall,
    op_5,
    plain,
    dave_message_fault,
    locked_out,
    main_gateway,
    nonsense,
    junk,
)
ALL: tuple[Fault, ...] = (*QUICK, frozen, udp_dead)
"""With those that take some ten seconds to be noticed."""
