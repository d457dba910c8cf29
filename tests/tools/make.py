"""Tools and turns for the tests of this room."""

from collections.abc import Mapping
from typing import Any

from bot.ports import Asking
from bot.tools.tool import Allowed, Tool
from bot.types import ToolSpec
from tests.fakes import ANNA, BEN, FakePlace

NOTHING: dict[str, Any] = {"type": "object", "properties": {}}


class Recorder:
    """Makes tools that record their uses."""

    def __init__(self) -> None:
        self.used: list[tuple[str, Mapping[str, Any]]] = []

    def tool(self, name: str, allowed: Allowed = "everyone", *, answer: str = "done", **changes: Any) -> Tool:
        async def run(arguments: Mapping[str, Any], asking: Asking) -> str:
            self.used.append((name, arguments))
            return answer

        return Tool(ToolSpec(name, f"Does {name}.", NOTHING), run, allowed, **changes)


def place() -> FakePlace:
    return FakePlace(lambda: {ANNA: "Anna", BEN: "Ben"})
