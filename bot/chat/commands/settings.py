"""/settings: the settings of a server or one of its channels, for people who manage the server."""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.call.access import USES, USES_BY_NAME
from bot.call.preferences import (
    AS_SPOKEN,
    FIELDS,
    MAX_JOIN_AT_PEOPLE,
    MAX_PERSONA_CHARACTERS,
    MAX_RETENTION_DAYS,
    PERSONAS,
    SILENCE_RANGE_SECONDS,
    VOICES,
)
from bot.chat import actions, escape, rights
from bot.chat.error_messages import Refusal
from bot.chat.host import Interaction
from bot.chat.i18n import Words
from bot.chat.pagination import PagedMessage, paginate
from bot.chat.rights import Action
from bot.chat.spoken_languages import language_code
from bot.chat.venue import DiscordVenue
from bot.types import LANGUAGES, Setting

Channel = discord.VoiceChannel | discord.StageChannel
MAX_SUGGESTIONS = 25
"""Discord's limit for the choices of an autocomplete."""
MAX_VALUE_CHARACTERS = 120
"""Longest setting value on the page. Personas and names may be longer."""


def _choices(names: Iterable[str]) -> list[Choice[str]]:
    return [Choice(name=name, value=name) for name in names]


class SettingsCommands(app_commands.Group):
    def __init__(self) -> None:
        super().__init__(
            name="settings",
            description="Bot settings for this server (Manage Server)",
            guild_only=True,
            default_permissions=discord.Permissions(manage_guild=True),
        )

    @app_commands.command(description="Show current settings and who changed them")
    @app_commands.describe(channel="Voice channel (default: the whole server)")
    async def show(self, interaction: Interaction, channel: Channel | None = None) -> None:
        guild_id = _guild(interaction, channel)
        host = interaction.client
        words = host.words_to(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        where = channel.mention if channel else words("settings server")
        place = channel.id if channel else None
        values = _values(interaction, place)
        rows = [words("settings title", where=where), *_rows(values, host.preferences.changed(guild_id, place), words)]
        await PagedMessage(host, words, paginate(rows), Action.SET, channel).send(interaction)

    @app_commands.command(description="The bot's voice")
    @app_commands.describe(name="One of the model's voices", channel="Only for this voice channel")
    async def voice(self, interaction: Interaction, name: Range[str, 1, 40], channel: Channel | None = None) -> None:
        await _change(interaction, channel, {"voice": name})

    @app_commands.command(description="The bot's personality")
    @app_commands.describe(text="Pick a suggestion or write your own", channel="Only for this voice channel")
    async def persona(
        self, interaction: Interaction, text: Range[str, 1, MAX_PERSONA_CHARACTERS], channel: Channel | None = None
    ) -> None:
        await _change(interaction, channel, {"persona": text})

    @app_commands.command(description="The language the bot answers in")
    @app_commands.describe(language="auto: the language being spoken", channel="Only for this voice channel")
    async def language(
        self, interaction: Interaction, language: Range[str, 1, 20], channel: Channel | None = None
    ) -> None:
        await _change(interaction, channel, {"language": language_code(language) or language})

    @app_commands.command(description="When the bot answers, what it is called, and when it joins on its own")
    @app_commands.choices(mode=_choices(FIELDS["answering"].choices))
    @app_commands.describe(
        mode="auto: always when you're alone with the bot, otherwise when it's addressed",
        names="More names the bot answers to, separated by commas",
        join_at="Join automatically when this many people are in the channel (0 = never)",
        channel="Only for this voice channel",
    )
    async def answering(
        self,
        interaction: Interaction,
        mode: str | None = None,
        names: Range[str, 1, 400] | None = None,
        join_at: Range[int, 0, MAX_JOIN_AT_PEOPLE] | None = None,
        channel: Channel | None = None,
    ) -> None:
        _guild(interaction, channel)
        if join_at is not None and channel is None:
            raise Refusal("refusal setting_channel")
        wanted = {"answering": mode, "names": names, "join_at": None if join_at is None else str(join_at)}
        await _change(interaction, channel, {name: value for name, value in wanted.items() if value})

    @app_commands.command(description="How long a pause ends someone's turn")
    @app_commands.describe(
        seconds="Seconds (default: learned from each speaker)", channel="Only for this voice channel"
    )
    async def silence(
        self,
        interaction: Interaction,
        seconds: Range[float, SILENCE_RANGE_SECONDS[0], SILENCE_RANGE_SECONDS[1]] | None = None,
        channel: Channel | None = None,
    ) -> None:
        await _change(interaction, channel, {"silence": AS_SPOKEN if seconds is None else f"{seconds:g}"})

    @app_commands.command(description="Where the live transcript appears")
    @app_commands.choices(place=_choices(FIELDS["transcript"].choices))
    @app_commands.describe(place="chat, a thread, or off", channel="Only for this voice channel")
    async def transcript(self, interaction: Interaction, place: str, channel: Channel | None = None) -> None:
        await _change(interaction, channel, {"transcript": place})

    @app_commands.command(description="Whether minutes are written when a call ends")
    @app_commands.choices(when=_choices(FIELDS["minutes"].choices))
    @app_commands.describe(when="off, ask (the bot offers them) or auto", channel="Only for this voice channel")
    async def minutes(self, interaction: Interaction, when: str, channel: Channel | None = None) -> None:
        await _change(interaction, channel, {"minutes": when})

    @app_commands.command(description="How much the bot may spend per day")
    @app_commands.describe(
        server="US dollars per day for the whole server (0 = no limit)",
        person="US dollars per person per day (0 = no limit)",
    )
    async def budget(
        self,
        interaction: Interaction,
        server: Range[float, 0, 10_000] | None = None,
        person: Range[float, 0, 10_000] | None = None,
    ) -> None:
        wanted = {"budget_server": server, "budget_person": person}
        await _change(interaction, None, {name: f"{cap:.6f}" for name, cap in wanted.items() if cap is not None})

    @app_commands.command(description="How long transcripts are kept")
    @app_commands.describe(days="Days (0 = until the call ends)")
    async def retention(self, interaction: Interaction, days: Range[int, 0, MAX_RETENTION_DAYS]) -> None:
        await _change(interaction, None, {"retention": str(days)})

    @app_commands.command(description="Who may use the bot; managers always may")
    @app_commands.choices(action=_choices(USES))
    @app_commands.describe(
        action="call: bring it into a channel; answer: be heard and answered; spend: do things that cost money",
        role="A role to allow (until a role or person is allowed, everyone may)",
        person="A person to allow",
        remove="Take the role or person off the list instead",
        cap="US dollars per day for each person with the role (0 = no limit)",
    )
    async def access(
        self,
        interaction: Interaction,
        action: str | None = None,
        role: discord.Role | None = None,
        person: discord.Member | None = None,
        remove: bool = False,
        cap: Range[float, 0, 10_000] | None = None,
    ) -> None:
        guild_id = _guild(interaction, None)
        use = USES_BY_NAME.get(action or "")
        if (role is not None and role.is_default()) or (role is None and cap is not None) or use != action:
            raise Refusal("refusal setting_value", setting=interaction.client.words_to(interaction)("setting access"))
        access = before = interaction.client.preferences.of(guild_id, None).access
        entries = [f"&{role.id}"] if role else []
        entries += [str(person.id)] if person else []
        if use is not None:
            for entry in entries:
                access = access.changed(use, entry, listed=not remove)
        if role is not None and (cap is not None or (remove and use is None)):
            access = access.capped(role.id, None if remove or cap is None else Decimal(f"{cap:.6f}"))
        await _change(interaction, None, {"access": access.write()} if (use and entries) or access != before else {})

    @app_commands.command(description="Restore default settings")
    @app_commands.choices(setting=_choices(FIELDS))
    @app_commands.describe(
        setting="The setting to restore (default: all)", channel="Only this voice channel's settings"
    )
    async def reset(self, interaction: Interaction, setting: str | None = None, channel: Channel | None = None) -> None:
        guild_id = _guild(interaction, channel)
        host = interaction.client
        async with actions.defer_if_slow(interaction):
            gone = await host.preferences.reset(guild_id, channel.id if channel else None, setting)
            await _place_transcript(interaction, [setting or "transcript"])
            host.calls.people_changed(guild_id)
        await actions.tell(interaction, "settings reset", count=gone)

    @voice.autocomplete("name")
    async def voices(self, _: Interaction, typed: str) -> list[Choice[str]]:
        return _matching({voice: voice for voice in VOICES}, typed)

    @persona.autocomplete("text")
    async def personas(self, _: Interaction, typed: str) -> list[Choice[str]]:
        return _matching({name: f"{name}: {text}" for name, text in PERSONAS.items()}, typed)

    @language.autocomplete("language")
    async def languages(self, _: Interaction, typed: str) -> list[Choice[str]]:
        named = {code: f"{known.native} ({code})" for code, known in LANGUAGES.items()}
        return _matching({AS_SPOKEN: AS_SPOKEN} | named, typed)


def _guild(interaction: Interaction, channel: Channel | None) -> int:
    """Return the server's id. Raises Refusal unless the caller manages it, and sees the channel if one is named."""
    rights.check(interaction.user, Action.SET, channel)
    assert interaction.guild_id is not None
    return interaction.guild_id


async def _change(interaction: Interaction, channel: Channel | None, wanted: Mapping[str, str]) -> None:
    """Change the settings, and answer with their new values. Raises Refusal."""
    guild_id = _guild(interaction, channel)
    host = interaction.client
    words = host.words_to(interaction)
    place = channel.id if channel else None
    if not wanted:
        raise Refusal("refusal setting_nothing")
    async with actions.defer_if_slow(interaction):
        for name, value in wanted.items():
            try:
                await host.preferences.change(guild_id, place, name, value, interaction.user.id)
            except ValueError:
                cap = host.preferences.limit(name)
                if cap:
                    raise Refusal("refusal setting_cap", limit=f"${cap:.2f}") from None
                raise Refusal("refusal setting_value", setting=words(f"setting {name}")) from None
        await _place_transcript(interaction, wanted)
        host.calls.people_changed(guild_id)
    values = _values(interaction, place)
    where = channel.mention if channel else words("settings server")
    rows = [f"**{words(f'setting {name}')}** {values[name]}" for name in wanted]
    text = words("settings changed", where=where)
    await actions.say(interaction, "\n".join([text, *rows]))


async def _place_transcript(interaction: Interaction, changed: Collection[str]) -> None:
    """Let the transcript of a running call go where it is wanted now."""
    call = interaction.client.calls.get(interaction.guild_id or 0)
    if "transcript" in changed and call is not None and isinstance(call.venue, DiscordVenue):
        await call.venue.entrance.place_transcript(interaction.channel)


def _values(interaction: Interaction, channel_id: int | None) -> dict[str, str]:
    """Return each setting's value in the caller's language."""
    host = interaction.client
    words, values = host.words_to(interaction), host.preferences.values(interaction.guild_id or 0, channel_id)
    shown = {name: field.show(values[name], words) for name, field in FIELDS.items()}
    return {
        name: value if FIELDS[name].mentions else escape.escape(value, MAX_VALUE_CHARACTERS)
        for name, value in shown.items()
    }


def _rows(values: Mapping[str, str], changed: Mapping[str, Setting], words: Words) -> list[str]:
    rows = []
    for name in FIELDS:
        setting = changed.get(name)
        how = words("settings default")
        if setting:
            by = f"<@{setting.changed_by}>" if setting.changed_by else words("settings somebody")
            only = f"<#{setting.channel_id}> · " if setting.channel_id else ""
            how = f"{only}{by} {discord.utils.format_dt(setting.changed_at, 'R')}"
        rows.append(f"**{words(f'setting {name}')}** {values[name]} · {how}")
    return rows


def _matching(offered: Mapping[str, str], typed: str) -> list[Choice[str]]:
    """Return the choices of `offered` (value -> name) whose name contains what was typed."""
    typed = typed.casefold()
    return [Choice(name=name[:100], value=value) for value, name in offered.items() if typed in name.casefold()][
        :MAX_SUGGESTIONS
    ]
