"""What `python -m tests.generated` makes from the slash commands: catalogue entries, the snapshot, the README's table.

The English of a command stands beside its code, in bot/chat/commands/. From there it goes into locales/kikite.pot, and
from there, as an entry to translate, into every locales/<language>.po. A translation whose English has changed is
marked as fuzzy: tests/chat/test_i18n.py fails until somebody has looked at it.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import discord
import polib
from discord import app_commands

import bot.errors
from bot.chat.command_sync import CONTEXTS, INSTALLS, canonical
from bot.chat.commands import ALL, Command
from bot.chat.i18n import LOCALES_FOLDER, SOURCE_LANGUAGE, TEMPLATE_FILE, Catalogues, Translator, Words, command_code

HEAD = (
    'msgid ""\nmsgstr ""\n"Project-Id-Version: kikite\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    '"Content-Transfer-Encoding: 8bit\\n"\n"Language: {language}\\n"\n'
)


class CodeCollector(app_commands.Translator):
    """Translates nothing and keeps what it was asked for: code -> English."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        code = command_code(string, context)
        if code:
            self.found[code] = string.message
        return None


def payload(translator: app_commands.Translator) -> list[Any]:
    """Return the commands as they are sent to Discord."""

    async def translated() -> list[Any]:
        tree = app_commands.CommandTree(
            discord.Client(intents=discord.Intents.none()), allowed_contexts=CONTEXTS, allowed_installs=INSTALLS
        )
        return [await command.get_translated_payload(tree, translator) for command in ALL]

    return asyncio.run(translated())


def entries(text: str) -> dict[str, polib.POEntry]:
    """Return a catalogue's entries by their code."""
    return {entry.msgctxt: entry for entry in polib.pofile(text)} if text.strip() else {}


def source_sentences(template: str) -> dict[str, str]:
    """Return the English of every code of the template: a command's text is its code's, the rest is as it stands."""
    written = {code: entry.msgid for code, entry in entries(template).items()}
    collector = CodeCollector()
    payload(collector)
    kept = {code: text for code, text in written.items() if not code.startswith(("/", "menu "))}
    return collector.found | kept  # a choice may read otherwise than its value: budget_person, budget of a person


def error_hints() -> dict[str, str]:
    """Return the English of each error that people may meet, by its code."""

    def below(error: type[bot.errors.BotError]) -> list[type[bot.errors.BotError]]:
        return [error, *(deeper for child in error.__subclasses__() for deeper in below(child))]

    errors = [error for error in below(bot.errors.BotError) if error.__module__.startswith("bot.errors.")]
    return {f"error {error.code}": error.default_hint for error in errors}


def catalogue(language: str, english: Mapping[str, str], translated: Mapping[str, polib.POEntry]) -> str:
    """Return a catalogue's text, sorted by code."""
    blocks = [HEAD.format(language=language)]
    for code, text in sorted(english.items()):
        entry = translated.get(code)
        fuzzy = entry is not None and ("fuzzy" in entry.flags or bool(entry.msgstr and entry.msgid != text))
        flags = "#, fuzzy\n" if fuzzy else ""
        fields = {"msgctxt": code, "msgid": text, "msgstr": entry.msgstr if entry else ""}
        blocks.append(flags + "".join(f'{key} "{polib.escape(value)}"\n' for key, value in fields.items()))
    return "\n".join(blocks)


def catalogues(folder: Path) -> dict[Path, str]:
    """Return what each catalogue should hold. An empty .po is a new language: it gets every sentence to translate."""
    template = folder / TEMPLATE_FILE
    source = source_sentences(template.read_text(encoding="utf-8"))
    english = error_hints() | source
    made = {template: catalogue(SOURCE_LANGUAGE, source, {})}
    for file in sorted(folder.glob("*.po")):
        made[file] = catalogue(file.stem, english, entries(file.read_text(encoding="utf-8")))
    return made


def snapshot(words: Catalogues) -> str:
    """Return the commands as Discord gets them, for the review of a change: tests/chat/commands.json."""
    return json.dumps(canonical(payload(Translator(words))), indent=1, ensure_ascii=False) + "\n"


def command_table(words: Words) -> str:
    """Return the README's table: a row for each file of commands, with its "readme" sentence or its descriptions."""
    rows = [f"| {words('readme command')} | {words('readme does')} |", "|---|---|"]
    shown = (command for command in ALL if not isinstance(command, app_commands.ContextMenu))
    for _, grouped in groupby(shown, _module):
        group = list(grouped)
        code = f"readme /{group[0].name}"
        text = words(code) if code in words else " · ".join(words(f"/{command.name}") for command in group)
        rows.append(f"| {' · '.join(_signatures(group))} | {text} |")
    return "\n".join(rows)


def _module(command: Command) -> str:
    return type(command).__module__ if isinstance(command, app_commands.Group) else command.callback.__module__


def _signatures(commands: Iterable[app_commands.Command[Any, ..., Any] | app_commands.Group]) -> list[str]:
    found: list[str] = []
    for command in commands:
        if isinstance(command, app_commands.Group):
            first, *more = (child.name for child in command.commands)
            found += [f"`/{command.name} {first}`", *(f"`{name}`" for name in more)]
        else:
            options = (option.name if option.required else f"[{option.name}]" for option in command.parameters)
            found.append(f"`{' '.join([f'/{command.name}', *options])}`")
    return found


def files(root: Path) -> tuple[dict[Path, str], Catalogues]:
    """Return what each generated file of the commands should hold, and the catalogues as they then are."""
    made = catalogues(root / LOCALES_FOLDER)
    texts = {SOURCE_LANGUAGE if path.name == TEMPLATE_FILE else path.stem: text for path, text in made.items()}
    words = Catalogues.parse(texts)
    return made | {root / "tests/chat/commands.json": snapshot(words)}, words
