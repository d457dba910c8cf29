"""The parts of a sandbox, built once and handed to whoever needs several of them."""

from dataclasses import dataclass

from sandbox.gateway.server import MainGateway
from sandbox.guild.board import Board
from sandbox.guild.commands import Registry
from sandbox.guild.compose import Composer
from sandbox.guild.hub import Hub
from sandbox.guild.interactions import Interactions
from sandbox.guild.knobs import Knobs
from sandbox.guild.rendering import Cdn
from sandbox.guild.rooms import Rooms
from sandbox.guild.world import World


@dataclass(frozen=True, slots=True)
class SandboxParts:
    world: World
    hub: Hub
    cdn: Cdn
    board: Board
    composer: Composer
    rooms: Rooms
    registry: Registry
    interactions: Interactions
    gateway: MainGateway
    knobs: Knobs
    token: str


def assemble(world: World, knobs: Knobs, token: str) -> SandboxParts:
    """Build the parts around a world; `cdn.base`, `gateway.url` and `rooms.voice` are set once the servers listen."""
    hub = Hub()
    cdn = Cdn(world)
    board = Board(world, hub, cdn)
    rooms = Rooms(world, hub)
    composer = Composer(world, cdn.files)
    return SandboxParts(
        world=world,
        hub=hub,
        cdn=cdn,
        board=board,
        composer=composer,
        rooms=rooms,
        registry=Registry(world.application_id, world.snowflake),
        interactions=Interactions(world, hub, board, composer, knobs),
        gateway=MainGateway(world, hub, rooms, knobs, token),
        knobs=knobs,
        token=token,
    )
