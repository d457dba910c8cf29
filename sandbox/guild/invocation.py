"""What a person's client sends for a command. Like the client, it refuses what it does not offer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.guild import commands, payload
from sandbox.guild.entities import Guild, GuildChannel, Kind, Role, User
from sandbox.guild.fault import Json
from sandbox.guild.message import Attachment
from sandbox.guild.rendering import Cdn
from sandbox.guild.world import World


class Refused(Exception):
    """The client does not allow it: an unknown command, a wrong option, a missing button."""


@dataclass(frozen=True, slots=True)
class Place:
    """Who invokes a command, and where."""

    world: World
    guild: Guild | None
    "None: a direct message"
    cdn: Cdn
    caller: User


Value = str | int | float | bool | GuildChannel | User | Role | Attachment


def command_data(command: Json, path: tuple[str, ...], options: Mapping[str, Value], at: Place) -> Json:
    """Return an interaction's `data` for a slash command.

    Raises Refused for an unknown or missing option and for a value that does not fit.
    """
    shapes = {item["name"]: item for item in dict(commands.leaves(command))[path]}
    if unknown := set(options) - set(shapes):
        raise Refused(f"/{command['name']} has no option {', '.join(sorted(unknown))}")
    if missing := [name for name, shape in shapes.items() if shape.get("required") and name not in options]:
        raise Refused(f"/{command['name']} needs {', '.join(missing)}")
    resolved: Json = {}
    values = [_value(shapes[name], value, resolved, at) for name, value in options.items()]
    for name in reversed(path):
        kind = commands.SUBCOMMAND if name == path[-1] else commands.SUBCOMMAND_GROUP
        values = [{"type": kind, "name": name, "options": values}]
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"], "options": values}
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    if resolved:
        data["resolved"] = resolved
    return data


def partial_data(command: Json, path: tuple[str, ...], typed: Mapping[str, Value], focused: str, at: Place) -> Json:
    """Return the `data` of an autocomplete interaction: the options typed so far, one of them focused."""
    shapes = {item["name"]: item for item in dict(commands.leaves(command))[path]}
    if focused not in shapes or not shapes[focused].get("autocomplete"):
        raise Refused(f"/{command['name']} completes no option {focused}")
    values: list[Json] = []
    for name, value in typed.items():
        if name == focused:
            values.append({"type": shapes[name]["type"], "name": name, "value": value, "focused": True})
        else:
            values.append(_value(shapes[name], value, {}, at))
    for name in reversed(path):
        kind = commands.SUBCOMMAND if name == path[-1] else commands.SUBCOMMAND_GROUP
        values = [{"type": kind, "name": name, "options": values}]
    return {"id": command["id"], "name": command["name"], "type": command["type"], "options": values}


def find(visible: list[Json], name: str, kind: int) -> tuple[Json, tuple[str, ...]]:
    """Return the command that a name like "call status" means, and the path below it. Raises Refused."""
    top, *below = name.split(" ") if kind == commands.CHAT_COMMAND else [name]
    for command in visible:
        if command["type"] == kind and command["name"] == top:
            if tuple(below) in dict(commands.leaves(command)):
                return command, tuple(below)
            paths = ", ".join("/" + " ".join((top, *path)) for path, _ in commands.leaves(command))
            raise Refused(f"/{name} is no command; there are {paths}")
    raise Refused(f"no command {name!r}; there are {', '.join(item['name'] for item in visible) or 'none'}")


def _value(shape: Json, value: Value, resolved: Json, at: Place) -> Json:
    kind, name = shape["type"], shape["name"]
    if kind == commands.ATTACHMENT_OPTION:
        if not isinstance(value, Attachment):
            raise Refused(f"{name} takes a file")
        resolved.setdefault("attachments", {})[str(value.id)] = at.cdn.attachment(value)
        return _option(shape, str(value.id))
    if kind == commands.CHANNEL_OPTION:
        channel = at.world.channel(value.id if isinstance(value, GuildChannel) else int(str(value)))
        types = shape.get("channel_types")
        here = at.guild.id if at.guild else None
        if channel is None or here is None or channel.guild_id != here or (types and channel.kind not in types):
            raise Refused(f"{name} offers no such channel")
        resolved.setdefault("channels", {})[str(channel.id)] = channel_object(
            channel, at.world.allowed(at.caller.id, channel)
        )
        return _option(shape, str(channel.id))
    if kind in (commands.USER_OPTION, commands.MENTIONABLE_OPTION):
        user_id = value.id if isinstance(value, User) else int(str(value))
        if at.guild is None or user_id not in at.guild.members:
            raise Refused(f"{name} offers no such person")
        people(resolved, at.guild, user_id)
        return _option(shape, str(user_id))
    if kind == commands.ROLE_OPTION:
        role = at.guild.roles.get(value.id if isinstance(value, Role) else int(str(value))) if at.guild else None
        if role is None:
            raise Refused(f"{name} offers no such role")
        resolved.setdefault("roles", {})[str(role.id)] = payload.role(role)
        return _option(shape, str(role.id))
    return _option(shape, _plain(shape, value))


def people(resolved: Json, guild: Guild, user_id: int) -> None:
    """Add a member to an interaction's resolved data."""
    member = guild.members[user_id]
    resolved.setdefault("users", {})[str(user_id)] = payload.user(member.user)
    about = payload.member(member, with_user=False) | {"permissions": "0"}
    for key in ("deaf", "mute"):
        about.pop(key)
    resolved.setdefault("members", {})[str(user_id)] = about


def channel_object(channel: GuildChannel, allowed: int) -> Json:
    """Return the partial channel of resolved data, with the caller's permissions."""
    data = payload.channel(channel) | {"permissions": str(allowed)}
    if channel.kind is not Kind.DM:
        data.pop("permission_overwrites", None)
    return data


def _option(shape: Json, value: Any) -> Json:
    return {"type": shape["type"], "name": shape["name"], "value": value}


_OPTION_TYPES: dict[int, tuple[type, ...]] = {
    commands.STRING_OPTION: (str,),
    commands.INTEGER_OPTION: (int,),
    commands.NUMBER_OPTION: (int, float),
    commands.BOOLEAN_OPTION: (bool,),
}


def _plain(shape: Json, value: Value) -> Any:
    kind, name = shape["type"], shape["name"]
    fits = isinstance(value, _OPTION_TYPES.get(kind, ())) and (
        kind == commands.BOOLEAN_OPTION or not isinstance(value, bool)
    )
    if not fits:
        raise Refused(f"{name} does not take {type(value).__name__}")
    choices = [item["value"] for item in shape.get("choices") or []]
    if choices and value not in choices:
        raise Refused(f"{name} offers only {choices}")
    if isinstance(value, str):
        low, high = shape.get("min_length") or 0, shape.get("max_length") or 6000
        if not low <= len(value) <= high:
            raise Refused(f"{name} must have {low} to {high} characters")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        low, high = shape.get("min_value"), shape.get("max_value")
        if (low is not None and value < low) or (high is not None and value > high):
            raise Refused(f"{name} must be {low} to {high}")
    return value
