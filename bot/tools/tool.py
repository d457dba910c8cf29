"""One tool: what the model reads of it, who may have it used, and how it runs."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.ports import Asking
from bot.types import Standing, ToolSpec

Allowed = Literal["everyone", "readers", "managers"] | frozenset[int]
"""Whoever may have a tool used. A set: those who have one of these roles (Discord snowflakes), and managers; readers:
those who may read what was said there."""
MAX_RESULT_CHARACTERS = 8_000
"""Of one result; the rest is cut, and the model is told so."""
_CUT_CHARACTERS = 64
"""What that takes."""
Run = Callable[[Mapping[str, Any], Asking], Awaitable[str]]
"""Takes checked arguments, returns what the model reads. Raises ToolFailed."""


class ToolFailed(Exception):
    """A tool could not do what it was asked; the message is for the model."""


@dataclass(frozen=True, slots=True)
class Tool:
    spec: ToolSpec
    run: Run
    allowed: Allowed = "everyone"
    confirm: bool = False
    "ask in writing before each use"
    acts: bool = False
    "it may change something"
    server: str = ""
    "name of the MCP server that has it; empty: it is built in"

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def terms(self) -> tuple[Allowed, bool, bool, str]:
        """Who may have it used, and how: what people agree to."""
        return self.allowed, self.confirm, self.acts, self.server

    def permits(self, standings: Iterable[Standing]) -> bool:
        """Return whether all of these people may have it used; nobody at all may not, unless everyone may."""
        standings = tuple(standings)
        return self.allowed == "everyone" or (bool(standings) and all(map(self._permits, standings)))

    def _permits(self, standing: Standing) -> bool:
        if self.allowed == "readers":
            return standing.reads
        if standing.manager:
            return True
        return isinstance(self.allowed, frozenset) and not self.allowed.isdisjoint(standing.roles)

    @property
    def right(self) -> str:
        """Whose right it is, for people: everyone, readers, managers or roles."""
        return self.allowed if isinstance(self.allowed, str) else "roles"


def arguments_of(text: str) -> dict[str, Any]:
    """Read the arguments of a call. Raises ToolFailed with what the model should do better."""
    try:
        read = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        raise ToolFailed("The arguments are not valid JSON. Call the tool again with a JSON object.") from None
    if not isinstance(read, dict):
        raise ToolFailed("The arguments must be a JSON object.")
    return read


def shortened(text: str) -> str:
    """Return a result of a length that models may read."""
    if len(text) <= MAX_RESULT_CHARACTERS + _CUT_CHARACTERS:
        return text
    return f"{text[:MAX_RESULT_CHARACTERS]}\n[cut: {len(text)} characters in all]"
