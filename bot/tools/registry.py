"""All tools of the process: offers a turn those that everyone in it may use, and runs what the model calls."""

import asyncio
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable

import structlog

from bot.ports import Asking
from bot.tools.tool import Tool, ToolFailed, arguments_of, shortened
from bot.types import ToolCall, ToolResult, ToolSpec, ToolUse

log = structlog.get_logger("tools")

MAX_OFFERED_TOOLS = 64
"""In one request; OpenAI takes 128, and each costs tokens."""
MAX_USES_AT_ONCE = 16
"""In the whole process; others wait."""
CONFIRM_SECONDS = 60.0


class ToolRegistry:
    """The port `Toolbox`. Tools come from sources that may change while the bot runs: servers come and go."""

    def __init__(self, *sources: Callable[[], Iterable[Tool]], counts: Counter[str] | None = None) -> None:
        """`counts` gains the outcome of each use. Of two tools with one name, the first is meant."""
        self._sources = sources
        self._counts = counts if counts is not None else Counter()
        self._slots = asyncio.Semaphore(MAX_USES_AT_ONCE)
        self._asked: set[int] = set()
        "calls that wait for somebody to agree, by identity: two may be alike"

    def all(self) -> dict[str, Tool]:
        """Return every tool there is now, by name."""
        found: dict[str, Tool] = {}
        for source in self._sources:
            for tool in source():
                found.setdefault(tool.name, tool)
        return found

    def offer(self, asking: Asking) -> tuple[ToolSpec, ...]:
        return tuple(tool.spec for tool in self._offered(asking))

    def acts(self, asking: Asking) -> bool:
        return any(tool.acts for tool in self._offered(asking))

    def asks(self, call: ToolCall) -> bool:
        return id(call) in self._asked

    async def use(self, call: ToolCall, asking: Asking, within: float) -> tuple[ToolResult, ToolUse]:
        begun = time.monotonic()
        tool = self.all().get(call.name)
        right = tool.right if tool else "nobody"
        try:
            outcome, text = await self._use(call, asking, within)
        except ToolFailed as error:
            outcome, text = "failed", str(error) or "It failed."
        except TimeoutError:
            outcome, text = "late", "It took too long, and may still have had its effect."
        except Exception as error:
            # A bug in a tool, or in a server's library, must not end the turn; the message may quote people's words.
            log.warning("tool_crashed", tool=call.name if tool else "unknown", error=type(error).__name__)
            outcome, text = "failed", "It failed."
        self._counts[f"tool_{outcome}"] += 1
        seconds = time.monotonic() - begun
        name = call.name if tool else "unknown"
        use = ToolUse(name, seconds, "nobody" if outcome in ("refused", "unknown") else right, outcome)
        return ToolResult(call, shortened(text)), use

    async def _use(self, call: ToolCall, asking: Asking, within: float) -> tuple[str, str]:
        """Return outcome and result. Nothing runs unless everyone in the turn may use it, whatever was offered.

        Rights are looked at again after each wait: people may have lost them meanwhile, and tools have changed.
        """
        tool = self._there(call, asking)
        if tool is None:
            return "unknown", "There is no such tool."
        arguments = arguments_of(call.arguments)
        if not await self._permitted(tool, asking):
            return "refused", "Whoever spoke in this turn may not use this tool. Say that they lack the right."
        if tool.confirm:
            self._asked.add(id(call))
            try:
                # As they are understood: blanks and names that come twice could hide what is agreed to.
                detail = json.dumps(arguments, ensure_ascii=False)
                agreed = await asking.place.confirmed(tool.name, detail, frozenset(asking.people))
            finally:
                self._asked.discard(id(call))
            if not agreed:
                return "refused", "Nobody who asked agreed to it: it was not done."
        waited = tool.confirm or self._slots.locked()
        async with self._slots:
            if waited and not await self._permitted(tool, asking):
                return "refused", "Whoever spoke in this turn may not use this tool any more."
            same = self._there(call, asking)
            if same is None or same.terms != tool.terms:
                return "unknown", "That tool is not there any more, or has other rules now."
            async with asyncio.timeout(None if math.isinf(within) else within):
                return "done", await same.run(arguments, asking)

    def _there(self, call: ToolCall, asking: Asking) -> Tool | None:
        tool = self.all().get(call.name)
        return None if tool is None or tool.name in asking.off() else tool

    async def _permitted(self, tool: Tool, asking: Asking) -> bool:
        """Ask Discord itself where not everyone may: a role that was taken away is known there first."""
        place, people = asking.place, asking.people
        if tool.allowed == "everyone":
            standings = [place.standing(user_id) for user_id in people]
        else:
            standings = await asyncio.gather(*map(place.fresh_standing, people))
        return tool.permits(standings) and all(map(asking.may_use_bot, people, standings))

    def _offered(self, asking: Asking) -> list[Tool]:
        standings = [asking.place.standing(user_id) for user_id in asking.people]
        off = asking.off()
        fitting = (tool for tool in self.all().values() if tool.name not in off and tool.permits(standings))
        return list(fitting)[:MAX_OFFERED_TOOLS]
