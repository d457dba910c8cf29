"""Application commands: the rules of registration, and the paths that people can invoke.

Source: Discord's developer documentation, "Application Commands".
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.guild.fault import Form, Json

CHAT_COMMAND, USER_COMMAND, MESSAGE_COMMAND = 1, 2, 3
(
    SUBCOMMAND,
    SUBCOMMAND_GROUP,
    STRING_OPTION,
    INTEGER_OPTION,
    BOOLEAN_OPTION,
    USER_OPTION,
    CHANNEL_OPTION,
    ROLE_OPTION,
    MENTIONABLE_OPTION,
    NUMBER_OPTION,
    ATTACHMENT_OPTION,
) = range(1, 12)
_MAX_COMMANDS = {CHAT_COMMAND: 100, USER_COMMAND: 15, MESSAGE_COMMAND: 15}
_MAX_COMMAND_CHARACTERS = 8000
"""Characters of one command: names, descriptions and choices' values, the longest localization counted."""
_COMMAND_NAME_PATTERN = re.compile(r"^[-_'\w]{1,32}$")
_LOCALE_NAMES = """
    id da de en-GB en-US es-ES es-419 fr hr it lt hu nl no pl pt-BR ro fi sv-SE vi tr cs el bg ru uk hi th zh-CN ja
    zh-TW ko
"""
DISCORD_LOCALES = frozenset(_LOCALE_NAMES.split())
Path = list[str | int]


class Registry:
    """The commands of one application, global and per guild, as last written."""

    def __init__(self, application_id: int, snowflake: Callable[[], int]) -> None:
        self._application_id = application_id
        self._snowflake = snowflake
        self._scopes: dict[int | None, list[Json]] = {}
        self.writes = 0
        "number of overwrites of any scope"

    def overwrite(self, guild_id: int | None, commands: Any) -> list[Json]:
        """Replace a scope's commands (guild_id None: the global ones) and return them with their ids.

        Raises RestFault 50035, and then changes nothing.
        """
        form = Form()
        check(form, commands)
        form.check()
        known = {(item["type"], item["name"]): item["id"] for item in self.listed(guild_id)}
        self._scopes[guild_id] = [self._stored(guild_id, item, known) for item in commands]
        self.writes += 1
        return self.listed(guild_id)

    def listed(self, guild_id: int | None) -> list[Json]:
        return self._scopes.get(guild_id, [])

    def visible(self, guild_id: int | None) -> list[Json]:
        """Return what people see in a guild: its own commands replace global ones of the same name."""
        own = self.listed(guild_id) if guild_id is not None else []
        names = {(item["type"], item["name"]) for item in own}
        return [*own, *(item for item in self.listed(None) if (item["type"], item["name"]) not in names)]

    def _stored(self, guild_id: int | None, given: Json, known: dict[tuple[int, str], str]) -> Json:
        kind = given.get("type", CHAT_COMMAND)
        permissions = given.get("default_member_permissions")
        stored: Json = {
            "id": known.get((kind, given["name"])) or str(self._snowflake()),
            "application_id": str(self._application_id),
            "version": str(self._snowflake()),
            "default_member_permissions": None if permissions is None else str(permissions),
            "type": kind,
            "name": given["name"],
            "name_localizations": given.get("name_localizations"),
            "description": given.get("description") or "",
            "description_localizations": given.get("description_localizations"),
            "dm_permission": given.get("dm_permission", True),
            "contexts": given.get("contexts") if guild_id is None else None,
            "integration_types": (given.get("integration_types") if guild_id is None else None) or [0],
            "nsfw": bool(given.get("nsfw")),
        }
        if given.get("options"):
            stored["options"] = given["options"]
        if guild_id is not None:
            stored["guild_id"] = str(guild_id)
        return stored


def check(form: Form, commands: Any) -> None:
    """Collect every fault of a bulk overwrite in `form`."""
    if not isinstance(commands, list):
        form.add([], "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType.")
        return
    seen: set[tuple[int, str]] = set()
    for index, command in enumerate(commands):
        path: Path = [index]
        kind = command.get("type", CHAT_COMMAND)
        if kind not in _MAX_COMMANDS:
            form.choice([*path, "type"], (1, 2, 3))
            continue
        key = (kind, command.get("name"))
        if key in seen:
            form.add(path, "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
        seen.add(key)
        _texts(form, path, command, chat=kind == CHAT_COMMAND)
        if kind == CHAT_COMMAND:
            _options(form, [*path, "options"], command.get("options"), depth=0)
        elif command.get("options"):
            form.add(
                [*path, "options"],
                "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
                "Context menu commands cannot have options",
            )
        if _size(command) > _MAX_COMMAND_CHARACTERS:
            form.add(path, "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({_MAX_COMMAND_CHARACTERS})")
    for kind, most in _MAX_COMMANDS.items():
        if sum(1 for command in commands if command.get("type", CHAT_COMMAND) == kind) > most:
            form.add([], "APPLICATION_COMMAND_MAX_COMMANDS", f"Maximum number of application commands reached ({most})")


def _texts(form: Form, path: Path, item: Json, *, chat: bool) -> None:
    names: list[tuple[Path, Any]] = [([*path, "name"], item.get("name"))]
    names += _localized(form, path, item, "name")
    for place, name in names:
        if form.length(place, name, 1, 32) and chat and not _is_chat_name(name):
            form.add(place, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    if chat:
        form.length([*path, "description"], item.get("description"), 1, 100)
        for place, text in _localized(form, path, item, "description"):
            form.length(place, text, 1, 100)
    elif item.get("description"):
        form.add(
            [*path, "description"],
            "APPLICATION_COMMAND_DESCRIPTION_INVALID",
            "Context menu commands cannot have description",
        )


def _localized(form: Form, path: Path, item: Json, key: str) -> list[tuple[Path, Any]]:
    table = item.get(f"{key}_localizations") or {}
    for locale in table:
        if locale not in DISCORD_LOCALES:
            form.add(
                [*path, f"{key}_localizations", locale],
                "ENUM_TYPE_COERCE",
                f'Value "{locale}" is not a valid enum value.',
            )
    return [([*path, f"{key}_localizations", locale], text) for locale, text in table.items()]


def _is_chat_name(name: str) -> bool:
    return bool(_COMMAND_NAME_PATTERN.match(name)) and name == name.lower()


def _options(form: Form, path: Path, options: Any, *, depth: int) -> None:
    if options is None or not form.count(path, options, 0, 25):
        return
    names: set[str] = set()
    optional = False
    branches = [item.get("type") in (SUBCOMMAND, SUBCOMMAND_GROUP) for item in options]
    if any(branches) and not all(branches):
        form.add(
            path,
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
            "Sub-command and sub-command group option types are mutually exclusive to all other types",
        )
    for index, option in enumerate(options):
        place = [*path, index]
        kind = option.get("type")
        if kind not in range(1, 12) or (kind == SUBCOMMAND_GROUP and depth) or (kind == SUBCOMMAND and depth > 1):
            form.add([*place, "type"], "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Option type is invalid")
            continue
        _texts(form, place, option, chat=True)
        if option.get("name") in names:
            form.add([*place, "name"], "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name already exists")
        names.add(str(option.get("name")))
        if kind in (SUBCOMMAND, SUBCOMMAND_GROUP):
            _options(form, [*place, "options"], option.get("options"), depth=depth + (2 if kind == SUBCOMMAND else 1))
            continue
        if option.get("required") and optional:
            form.add(
                place,
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        optional = optional or not option.get("required")
        _choices(form, place, option)


def _choices(form: Form, place: Path, option: Json) -> None:
    choices = option.get("choices")
    if option.get("autocomplete") and choices:
        form.add(
            place, "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID", "Autocomplete and choices are mutually exclusive"
        )
    if choices is None or not form.count([*place, "choices"], choices, 0, 25):
        return
    names: set[str] = set()
    for index, choice in enumerate(choices):
        path = [*place, "choices", index]
        form.length([*path, "name"], choice.get("name"), 1, 100)
        for at, text in _localized(form, path, choice, "name"):
            form.length(at, text, 1, 100)
        if choice.get("name") in names:
            form.add(
                [*path, "name"], "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_EXISTS", "Option choice name already exists"
            )
        names.add(str(choice.get("name")))
        if option["type"] == STRING_OPTION:
            form.length([*path, "value"], choice.get("value"), 1, 100)


def _size(item: Json) -> int:
    def longest(key: str) -> int:
        texts = [item.get(key) or "", *(item.get(f"{key}_localizations") or {}).values()]
        return max(len(str(text)) for text in texts)

    values = sum(len(str(c.get("value", ""))) + len(str(c.get("name", ""))) for c in item.get("choices") or [])
    return longest("name") + longest("description") + values + sum(map(_size, item.get("options") or []))


def offered(command: Json, *, direct: bool, by_user: bool) -> bool:
    """Whether clients offer a global command in a server or (`direct`) a direct message with the bot.

    `by_user`: as an app of the person's own (integration type 1), else as the server's (0). Contexts: 0 server, 1
    direct message with the bot; where none are given, all are, and `dm_permission` decides.
    """
    contexts = command.get("contexts")
    there = (int(direct) in contexts) if contexts is not None else not direct or command["dm_permission"]
    return there and int(by_user) in command["integration_types"]


def leaves(command: Json) -> Iterator[tuple[tuple[str, ...], list[Json]]]:
    """Yield each path below a command that can be invoked, with its options: ((), …) for a plain command."""
    options = command.get("options") or []
    if not any(item["type"] in (SUBCOMMAND, SUBCOMMAND_GROUP) for item in options):
        yield (), options
        return
    for option in options:
        for path, below in leaves(option):
            yield (option["name"], *path), below
