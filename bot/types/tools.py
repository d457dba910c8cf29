"""Tools that the model may use within a turn, its calls of them, and what came of these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.types.money import Usage


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model sees it."""

    name: str
    "1 to 64 of A–Z a–z 0–9 _ -"
    description: str
    parameters: Mapping[str, Any]
    "JSON Schema of an object"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What the model wants done; nothing of it is checked yet."""

    id: str
    name: str
    arguments: str = field(repr=False)
    "as the model wrote it: JSON, if it kept to that"


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a call, for the model; data, whoever wrote it."""

    call: ToolCall
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ToolRound:
    """Calls that the model made at once, and their results in the same order."""

    calls: tuple[ToolCall, ...]
    results: tuple[ToolResult, ...]
    said: str = field(default="", repr=False)
    "words of the answer before them"


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One use of a tool, for people: without what was asked or found."""

    name: str
    seconds: float
    allowed: str
    "whose right it was: everyone, readers, managers, roles; nobody: it was refused"
    outcome: str
    "done, refused, failed, late, unknown"


@dataclass(frozen=True, slots=True)
class ToolCalls:
    """The answer stops here for tools; only `ReplyDone` follows."""

    calls: tuple[ToolCall, ...]
    said: str = field(default="", repr=False)
    "words of this answer so far"


@dataclass(frozen=True, slots=True)
class ToolsUsed:
    """A round of tools is over, and the answer goes on."""

    uses: tuple[ToolUse, ...]
    usage: Usage
    "of the request that called them, where another model than the reply's was asked; else it is in the reply's"
    model: str = ""
    "that other model"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person may do in a server, as far as tools and access ask."""

    manager: bool = False
    "has Manage Server"
    roles: frozenset[int] = frozenset()
    "Discord snowflakes"
    reads: bool = False
    "may read what was said in the channel that it is about"
