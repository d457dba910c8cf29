"""The commands, in the order of the README: one file per group of them, one line each here."""

from typing import Any, TypeAlias

from discord import app_commands

from bot.chat.commands import (
    analyze,
    ask,
    call,
    captions,
    catchup,
    correct,
    interpret,
    join,
    memory,
    minutes,
    podcast,
    privacy,
    settings,
    stop,
    tools,
    usage,
    voice,
)

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
    correct.correct_menu,
    podcast.podcast,
    catchup.catchup,
    minutes.minutes,
    captions.captions,
    interpret.interpret,
    call.CallCommands(),
    memory.MemoryCommands(),
    settings.SettingsCommands(),
    voice.VoiceCommands(),
    tools.tools,
    privacy.PrivacyCommands(),
    usage.usage,
)
