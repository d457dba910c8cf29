"""TOOLS_FILE: the servers of tools, in the `mcpServers` form that other programs read too, with the rights beside them.

{"mcpServers": {
    "garden": {"command": "garden-mcp", "args": ["--quiet"], "env": {"KEY": "…"},
               "tools": {"open_gate": {"allow": "managers"}, "water_plants": {"confirm": true},
                         "prune": {"allow": ["123456789012345678"]}, "burn": {"allow": "nobody"}}},
    "library": {"url": "http://127.0.0.1:8000/mcp", "headers": {"Authorization": "Bearer …"}}}}
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import ConfigError
from bot.tools.tool import Allowed

MAX_FILE_BYTES = 1 << 20
MAX_SERVERS = 32
_SERVER_KEYS = frozenset({"command", "args", "env", "cwd", "url", "headers", "type", "tools", "disabled", "timeout"})
_RULE_KEYS = frozenset({"allow", "confirm"})
_NAME = re.compile(r"[\w .-]{1,64}")


@dataclass(frozen=True, slots=True)
class ToolRule:
    """What the file says of one tool."""

    allowed: Allowed | None = None
    "None: its annotations decide"
    confirm: bool = False
    off: bool = False
    "nobody may have it used"


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """One server: a command, or a URL."""

    name: str
    command: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    cwd: str | None = None
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    rules: Mapping[str, ToolRule] = field(default_factory=dict)


def read_servers(path: Path) -> tuple[ServerEntry, ...]:
    """Read the file. Raises ConfigError, which names every fault and quotes no value."""
    try:
        raw = path.read_bytes()
        if len(raw) > MAX_FILE_BYTES:
            raise ConfigError([f"TOOLS_FILE: {path} is larger than {MAX_FILE_BYTES >> 20} MiB"])
        content = json.loads(raw)
    except OSError as error:
        raise ConfigError([f"TOOLS_FILE: {path} cannot be read ({type(error).__name__})"]) from None
    except (ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise ConfigError([f"TOOLS_FILE: {path} is not valid JSON{line}"]) from None
    servers = content.get("mcpServers") if isinstance(content, dict) else None
    if not isinstance(servers, dict):
        raise ConfigError(['TOOLS_FILE: the file must hold {"mcpServers": {…}}'])
    faults: list[str] = []
    if len(servers) > MAX_SERVERS:
        faults.append(f"TOOLS_FILE: at most {MAX_SERVERS} servers")
    found = [_server(name, entry, faults) for name, entry in servers.items()]
    if faults:
        raise ConfigError(faults)
    return tuple(entry for entry in found if entry is not None)


def _server(name: str, entry: Any, faults: list[str]) -> ServerEntry | None:
    here = f"TOOLS_FILE: server {name[:64]!r}"
    if not _NAME.fullmatch(name):
        faults.append(f"{here}: its name must be 1 to 64 letters, digits, spaces or . _ -")
    if not isinstance(entry, dict):
        faults.append(f"{here} must be an object")
        return None
    if entry.get("disabled") is True:
        return None
    faults += [f"{here} has an unknown key {key[:64]!r}" for key in entry if key not in _SERVER_KEYS]
    command, url = entry.get("command", ""), entry.get("url", "")
    if not (isinstance(command, str) and isinstance(url, str)) or bool(command) == bool(url):
        faults.append(f"{here} needs either a command or a url")
        return None
    if url and not url.startswith(("http://", "https://")):
        faults.append(f"{here}: its url must start with http:// or https://")
    if entry.get("type") not in (None, "stdio" if command else "http", "streamable-http" if url else None):
        faults.append(f"{here}: its type must be stdio (command) or http (url); sse is not spoken any more")
    args = entry.get("args", [])
    if not isinstance(args, list) or not all(isinstance(arg, str) for arg in args):
        faults.append(f"{here}: args must be a list of strings")
        args = []
    cwd = entry.get("cwd")
    if cwd is not None and not isinstance(cwd, str):
        faults.append(f"{here}: cwd must be a string")
        cwd = None
    texts = {key: _texts(entry.get(key, {}), f"{here}: {key}", faults) for key in ("env", "headers")}
    tools = entry.get("tools", {})
    if not isinstance(tools, dict):
        faults.append(f"{here}: tools must be an object")
        tools = {}
    rules = {tool: _rule(rule, f"{here}, tool {tool[:64]!r}", faults) for tool, rule in tools.items()}
    return ServerEntry(name, command, tuple(args), texts["env"], cwd, url, texts["headers"], rules)


def _texts(value: Any, here: str, faults: list[str]) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        faults.append(f"{here} must hold strings")
        return {}
    return value


def _rule(rule: Any, here: str, faults: list[str]) -> ToolRule:
    if not isinstance(rule, dict):
        faults.append(f"{here} must be an object")
        return ToolRule(off=True)
    faults += [f"{here} has an unknown key {key[:64]!r}" for key in rule if key not in _RULE_KEYS]
    confirm = rule.get("confirm", False)
    if not isinstance(confirm, bool):
        faults.append(f"{here}: confirm must be true or false")
    allow = rule.get("allow")
    if allow in (None, "everyone", "managers"):
        return ToolRule(allow, bool(confirm))
    if allow == "nobody":
        return ToolRule(off=True)
    if isinstance(allow, list) and allow and all(_is_snowflake(role) for role in allow):
        return ToolRule(frozenset(int(role) for role in allow), bool(confirm))
    faults.append(f"{here}: allow must be everyone, managers, nobody or a list of role ids")
    return ToolRule(off=True)


def _is_snowflake(role: object) -> bool:
    return not isinstance(role, bool) and re.fullmatch(r"[0-9]{1,20}", str(role)) is not None
