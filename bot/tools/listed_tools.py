"""What a server says of its tools -> tools that a model may be offered: names, rights and sizes that hold."""

import hashlib
import json
import re
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.tools.servers_file import ServerEntry, ToolRule
from bot.tools.tool import Allowed, Run, Tool
from bot.types import ToolSpec

MAX_SERVER_TOOLS = 64
"""Of one server: those that TOOLS_FILE names come first, then the others in the server's order."""
MAX_DESCRIPTION_CHARACTERS = 1_000
MAX_SCHEMA_CHARACTERS = 8_000
"""Of a tool's parameters; longer ones are left out, and the description has to do: each request carries them."""
MAX_OFFERED_NAME_CHARACTERS = 64
"""OpenAI's limit for the name of a function."""
MAX_LISTED_NAME_CHARACTERS = 1_000
"""The protocol allows 128."""
MAX_GIVEN_NAMES = 4_096
_ANYTHING: dict[str, Any] = {"type": "object", "properties": {}}


@dataclass(frozen=True, slots=True)
class ListedTool:
    """What a server says of one tool, at most so much of it as is used."""

    name: str
    about: str
    schema: dict[str, Any]
    acts: bool
    "it may change something"
    writes: bool
    "it says so itself"


class ToolNames:
    """The names under which tools are offered. One that was given stays: no other tool comes under it later."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        """`reserved` are the names of tools that are always there."""
        self._taken = set(reserved)
        self._given: dict[tuple[str, str], str] = {}
        "server and tool -> name"

    def of(self, server: str, tool: str) -> str:
        """Return a tool's name; of two tools with one name, the later one's begins with its server's.

        `tool` is a name that models take.
        """
        if (known := self._given.get((server, tool))) is not None:
            return known
        name = tool
        if name in self._taken:
            name = offered_name(f"{server}_{tool}", server, self._taken)
        if len(self._given) >= MAX_GIVEN_NAMES:
            self._taken.discard(self._given.pop(next(iter(self._given))))
        self._taken.add(name)
        self._given[server, tool] = name
        return name


def listed_tool(one: Any) -> ListedTool | None:
    """Return what is used of a tool as the SDK tells it; None: it cannot be."""
    if len(one.name) > MAX_LISTED_NAME_CHARACTERS:
        return None
    about = (one.description or one.title or one.name)[:MAX_DESCRIPTION_CHARACTERS]
    return ListedTool(one.name, about, _schema(one.input_schema), *_effects(one.annotations))


def tools_of(entry: ServerEntry, listed: Iterable[ListedTool], run: Callable[[str], Run]) -> Iterator[Tool]:
    """Yield the tools of a server; `run` makes what runs one, by the server's own name for it.

    Their names are such as models take; another server may have the same.
    """
    usable = [one for one in listed if not entry.rules.get(one.name, ToolRule()).off]
    for one in sorted(usable, key=lambda one: one.name not in entry.rules)[:MAX_SERVER_TOOLS]:
        rule = entry.rules.get(one.name, ToolRule())
        allowed: Allowed = rule.allowed or ("managers" if one.writes else "everyone")
        spec = ToolSpec(offered_name(one.name, entry.name, ()), one.about, one.schema)
        yield Tool(spec, run(one.name), allowed, rule.confirm, one.acts, entry.name)


def offered_name(name: str, server: str, taken: Container[str]) -> str:
    """Return a name that models take: of A–Z a–z 0–9 _ -, at most 64 characters, and not taken yet."""
    clean = re.sub(r"[^A-Za-z0-9_-]+", "_", name)
    if clean == name != "" and len(name) <= MAX_OFFERED_NAME_CHARACTERS and name not in taken:
        return name
    mark = hashlib.sha256(f"{server}\0{name}".encode()).hexdigest()[:6]
    return f"{clean[: MAX_OFFERED_NAME_CHARACTERS - 7].strip('_') or 'tool'}_{mark}"


def _schema(schema: object) -> dict[str, Any]:
    """Return the parameters as servers of models take them: an object's, and of some size."""
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        return _ANYTHING
    return _ANYTHING | schema if len(json.dumps(schema)) <= MAX_SCHEMA_CHARACTERS else _ANYTHING


def _effects(annotations: Any) -> tuple[bool, bool]:
    """Return whether a tool may change something, and whether it says so itself."""
    reads = getattr(annotations, "read_only_hint", None)
    destroys = getattr(annotations, "destructive_hint", None)
    return reads is not True, reads is False or (destroys is True and reads is not True)
