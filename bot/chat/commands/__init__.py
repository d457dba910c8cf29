"""The commands, in the order of the README: one file per group of them, one line each here."""

from typing import Any, TypeAlias

from discord import app_commands

from bot.chat.commands import analyze, ask, call, catchup, join, memory, podcast, privacy, settings, stop, usage

Command: TypeAlias = app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu

ALL: tuple[Command, ...] = (
    join.join,
    join.leave,
    stop.stop,
    stop.replay,
    ask.ask,
    analyze.analyze,
    analyze.analyze_menu,
    analyze.answer_menu,
    podcast.podcast,
    catchup.catchup,
    call.CallCommands(),
    memory.MemoryCommands(),
    settings.SettingsCommands(),
    privacy.PrivacyCommands(),
    usage.usage,
)
