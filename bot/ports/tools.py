"""What a turn needs to use tools, and what tools need to know of the turn."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Protocol

from bot.types import Standing, ToolCall, ToolResult, ToolSpec, ToolUse


class ToolPlace(Protocol):
    """Where a tool is used. A call's venue is one."""

    @property
    def guild_id(self) -> int:
        """0: no server, on the command line."""
        ...

    @property
    def channel_id(self) -> int: ...

    def people(self) -> Mapping[int, str]:
        """Return the humans there now: Discord snowflake -> display name."""
        ...

    def standing(self, user_id: int) -> Standing:
        """Return what a person may do there, as far as it is known without asking Discord."""
        ...

    async def fresh_standing(self, user_id: int) -> Standing:
        """Return what a person may do there by what Discord says now; nothing special where that is not known."""
        ...

    async def confirmed(self, tool: str, detail: str, user_ids: Set[int]) -> bool:
        """Ask in writing whether a tool may act; only these people may agree. False: refused, or no answer in time."""
        ...


@dataclass(frozen=True, slots=True)
class Asking:
    """Who has tools used, and where."""

    place: ToolPlace
    people: tuple[int, ...]
    "all whose words the turn contains: it has the rights of the least of them"
    off: Callable[[], Set[str]] = frozenset
    "gives the tools that are switched off there now"
    may_use_bot: Callable[[int, Standing], bool] = lambda _user_id, _standing: True
    "whether somebody may be answered there now"


class Toolbox(Protocol):
    """The tools of the process."""

    def offer(self, asking: Asking) -> tuple[ToolSpec, ...]:
        """Return the tools that everyone in the turn may have used."""
        ...

    def acts(self, asking: Asking) -> bool:
        """Return whether any tool that is offered may change something: then nothing is asked ahead of time."""
        ...

    async def use(self, call: ToolCall, asking: Asking, within: float) -> tuple[ToolResult, ToolUse]:
        """Check a call, and run it for at most `within` seconds. Raises nothing: what fails is told in the result."""
        ...

    def asks(self, call: ToolCall) -> bool:
        """Return whether a call in use waits for somebody to agree to it."""
        ...
