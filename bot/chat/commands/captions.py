"""/captions: everyone's words while they speak, in a thread."""

import asyncio
from functools import partial

import discord
from discord import app_commands
from discord.app_commands import Choice

from bot.call.call import Call
from bot.call.captions import MAX_READERS
from bot.chat import lines
from bot.chat.captions.caption_thread import CaptionThread
from bot.chat.error_messages import Refusal
from bot.chat.host import Interaction
from bot.chat.i18n import Words
from bot.chat.permissions import VocalChannel, public_thread_kind
from bot.chat.requests import REQUEST_ERRORS, insist, is_forbidden, put_away
from bot.chat.rights import Action, open_to_readers
from bot.chat.spoken_languages import language_code, native_name, suggestions
from bot.chat.venue import DiscordVenue
from bot.errors import BotError, NotInCall

THREAD_SECONDS = 5.0


@app_commands.command(description="Show everyone's words while they speak; use it again to stop")
@app_commands.describe(language="Translate into this language (default: as spoken)")
@app_commands.guild_only()
async def captions(interaction: Interaction, language: app_commands.Range[str, 1, 40] | None = None) -> None:
    host = interaction.client
    call = host.call_for(interaction, Action.EXPLAIN)
    code = language_code(language) if language else None
    if language and code is None:
        raise Refusal("refusal caption_language")
    assert interaction.guild is not None
    assert interaction.channel is not None
    words = host.words_in(interaction.guild)
    if running := _running(call, interaction.channel, code, named=language is not None):
        await interaction.response.send_message(words("captions ended"), ephemeral=True)
        await call.captions.close(running)
        return
    host.check_access(interaction, "spend")
    voice = host.call_channel(call)
    if voice is None or not open_to_readers(voice, interaction.channel):
        raise Refusal("refusal captions_closed", channel=f"<#{call.venue.channel_id}>")
    await interaction.response.defer(ephemeral=True, thinking=True)
    async with host.rewriting.setdefault(interaction.channel.id, asyncio.Lock()):  # two people may ask at once
        reader = _running(call, interaction.channel, code, named=True) or await _opened(
            call, voice, interaction.channel, code, words
        )
    where = getattr(reader.channel, "mention", f"<#{call.venue.channel_id}>")
    await interaction.followup.send(words("captions opened", channel=where), ephemeral=True)


async def _opened(call: Call, voice: VocalChannel, channel: object, code: str | None, words: Words) -> CaptionThread:
    if len(call.captions.readers) >= MAX_READERS:
        raise Refusal("refusal captions_many")
    name = words("captions thread", channel=voice.name)
    chat = await _chat(channel, f"{name} · {native_name(code)}" if code else name)
    began_with = call.captions.cost

    def ending() -> str:
        cost = lines.price(call.captions.cost - began_with, words)
        return f"-# {lines.join(words('captions over'), cost)}"

    key = getattr(channel, "id", 0), code
    place = getattr(chat, "id", 0)

    def beside_transcript() -> bool:
        venue = call.venue
        if not isinstance(venue, DiscordVenue) or venue.settings().transcript == "off":
            return False
        return venue.writer.channel.id == place

    reader = CaptionThread(chat, key, code, ending, beside_transcript)
    reader.on_gone = call.captions.gone
    begun = words("captions translated", language=native_name(code)) if code else words("captions begun")
    try:  # the thread took its time
        if call.left:
            raise NotInCall
        if not open_to_readers(voice, chat):
            raise Refusal("refusal captions_closed", channel=voice.mention)
        if not call.captions.open(reader):
            raise Refusal("refusal captions_many")
        await chat.send(begun, silent=True)
    except (BotError, *REQUEST_ERRORS):
        call.captions.gone(reader)
        if chat is not channel and isinstance(chat, discord.Thread):
            await put_away(chat)
        raise
    return reader


def _running(call: Call, channel: object, code: str | None, *, named: bool) -> CaptionThread | None:
    """Return the captions that the same command has opened, or those of the thread in which it is used."""
    place = getattr(channel, "id", 0)
    for reader in call.captions.readers:
        if isinstance(reader, CaptionThread):
            inside = getattr(reader.channel, "id", 0) == place and place != call.venue.channel_id
            if reader.key == (place, code) or (inside and not named):
                return reader
    return None


async def _chat(channel: object, name: str) -> discord.abc.Messageable:
    """Return where the captions go: a new thread; the chat itself where there are no threads, as in voice channels."""
    parent = channel.parent if isinstance(channel, discord.Thread) else channel
    if not isinstance(parent, discord.TextChannel):
        assert isinstance(channel, discord.abc.Messageable)
        return channel
    opening = partial(parent.create_thread, name=name[:100], type=public_thread_kind(parent))
    try:
        return await insist(THREAD_SECONDS, opening)
    except REQUEST_ERRORS as error:
        code = "thread refused" if is_forbidden(error) else "thread failed"
        raise Refusal(code, channel=parent.mention) from None


@captions.autocomplete("language")
async def _languages(_: Interaction, typed: str) -> list[Choice[str]]:
    return suggestions(typed)
