"""The organs of a sandbox, for the REST routes that need several of them."""

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
