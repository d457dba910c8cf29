"""Registers the commands with Discord, only when they differ: Discord allows 200 writes a day."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import discord
from discord import app_commands
from discord.http import Route

CONTEXTS = app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False)
INSTALLS = app_commands.AppInstallationType(guild=True, user=False)
"""The commands are used in servers that have added the bot, and nowhere else."""
_COMPARED_KEYS = {
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
    "contexts",
    "integration_types",
    "nsfw",
}
"""The keys that are compared; the others (ids, versions, deprecated duplicates) are set by Discord."""
_GLOBAL_KEYS = {"contexts", "integration_types"}
"""Keys that only global commands have (Discord's documentation, "Application Command Object")."""


async def sync(tree: app_commands.CommandTree[Any], dev_guild_id: int | None) -> bool:
    """Register the commands with Discord if they differ; return whether they did.

    With `dev_guild_id` only that server gets them. Raises discord.HTTPException.
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
    ignored = _GLOBAL_KEYS if guild else frozenset[str]()
    if canonical(ours, ignored) == canonical(theirs, ignored):
        return False
    await tree.sync(guild=guild)
    return True


def canonical(commands: Sequence[Mapping[str, Any]], ignored: Collection[str] = ()) -> list[Any]:
    """Reduce command payloads to what is compared: the same result for ours and for what Discord returns for it.

    `ignored` are keys of the command itself.
    """
    kept = ({key: value for key, value in command.items() if key not in ignored} for command in commands)
    return sorted((_canonical(command) for command in kept), key=lambda item: (item.get("type", 1), item["name"]))


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {key: _value(key, item) for key, item in value.items() if key in _COMPARED_KEYS}
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
    """Whether the value is the default, so that the key can be left out."""
    if key == "dm_permission":
        return value is not False
    return value in (None, False, "", [], {}) or (key == "type" and value == 1)
