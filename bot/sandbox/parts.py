"""The organs of a sandbox, put together once, for whoever needs several of them."""

from dataclasses import dataclass

from bot.sandbox.board import Board
from bot.sandbox.commands import Registry
from bot.sandbox.compose import Composer
from bot.sandbox.gateway import Gateway
from bot.sandbox.hub import Hub
from bot.sandbox.interactions import Interactions
from bot.sandbox.knobs import Knobs
from bot.sandbox.rendering import Cdn
from bot.sandbox.rooms import Rooms
from bot.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Parts:
    world: World
    hub: Hub
    cdn: Cdn
    board: Board
    composer: Composer
    rooms: Rooms
    registry: Registry
    interactions: Interactions
    gateway: Gateway
    knobs: Knobs
    token: str


def assemble(world: World, knobs: Knobs, token: str) -> Parts:
    """Return the organs around a world; `cdn.base`, `gateway.url` and `rooms.voice` are set once servers listen."""
    hub = Hub()
    cdn = Cdn(world)
    board = Board(world, hub, cdn)
    rooms = Rooms(world, hub)
    composer = Composer(world, cdn.files)
    return Parts(
        world=world,
        hub=hub,
        cdn=cdn,
        board=board,
        composer=composer,
        rooms=rooms,
        registry=Registry(world.application_id, world.snowflake),
        interactions=Interactions(world, hub, board, composer, knobs),
        gateway=Gateway(world, hub, rooms, knobs, token),
        knobs=knobs,
        token=token,
    )
