"""The commands as Discord knows them, written only when they differ: writing them is limited to 200 a day."""

from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord import app_commands
from discord.http import Route

_KEYS = {
    "name",
    "name_localizations",
    "description",
    "description_localizations",
    "type",
    "options",
    "choices",
    "value",
    "required",
    "min_value",
    "max_value",
    "min_length",
    "max_length",
    "channel_types",
    "autocomplete",
    "default_member_permissions",
    "dm_permission",
    "nsfw",
}
"""What makes a difference; the rest (ids, versions, deprecated doubles) is Discord's own."""


async def sync(tree: app_commands.CommandTree[Any], dev_guild_id: int | None) -> bool:
    """Make Discord's commands ours; return whether they had to be written.

    With `dev_guild_id` they are that server's own, and nobody else's. Raises discord.HTTPException.
    """
    guild = discord.Object(dev_guild_id) if dev_guild_id else None
    if guild is not None:
        tree.copy_global_to(guild=guild)
    commands = tree.get_commands(guild=guild)
    translator = tree.translator
    assert translator is not None
    ours = [await command.get_translated_payload(tree, translator) for command in commands]
    application = tree.client.application_id
    path = f"/applications/{application}" + (f"/guilds/{guild.id}" if guild else "") + "/commands"
    theirs = await tree.client.http.request(Route("GET", path), params={"with_localizations": "true"})
    if canonical(ours) == canonical(theirs):
        return False
    await tree.sync(guild=guild)
    return True


def canonical(commands: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return what matters of command payloads, the same for ours and for Discord's echo of it."""
    return sorted((_canonical(command) for command in commands), key=lambda item: (item.get("type", 1), item["name"]))


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {key: _value(key, item) for key, item in value.items() if key in _KEYS}
        return {key: item for key, item in kept.items() if not _default(key, item)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_canonical(item) for item in value]
    return value


def _value(key: str, value: Any) -> Any:
    if key.endswith("_localizations"):
        return value
    if key == "default_member_permissions" and value is not None:
        return str(value)  # a number when sent, a string when read
    return _canonical(value)


def _default(key: str, value: Any) -> bool:
    """Whether leaving the key out would mean the same."""
    if key == "dm_permission":
        return value is not False
    return value in (None, False, "", [], {}) or (key == "type" and value == 1)
