"""/ask: a written question, answered aloud in the caller's call, or else in the channel, with the sound attached."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import discord
import structlog
from discord import app_commands

from bot.audio import SPEAK_RATE
from bot.call.call import Call
from bot.chat import actions, attachments, escape, lines, long_answer, rights, voice_message
from bot.chat.error_messages import explain
from bot.chat.host import Interaction
from bot.chat.requests import REQUEST_ERRORS
from bot.chat.rights import Action, Place
from bot.chat.tool_place import DiscordToolPlace
from bot.chat.venue import DiscordVenue
from bot.jobs.analysis_notes import request_key
from bot.jobs.ask import AskResult, Question
from bot.jobs.ask import ask as run_question
from bot.jobs.enclosed import NOTHING_ENCLOSED, Enclosed
from bot.jobs.services import JobServices
from bot.types import RoomContext, Spoken

log = structlog.get_logger(__name__)

MAX_QUESTION_CHARACTERS = 2_000
"""The same as Discord's limit for a message."""


@app_commands.command(description="Ask a question in text and get a spoken answer")
@app_commands.describe(
    text="Your question", file="A recording or document to include", file2="A second file", file3="A third file"
)
@app_commands.guild_only()
async def ask(
    interaction: Interaction,
    text: app_commands.Range[str, 1, MAX_QUESTION_CHARACTERS],
    file: discord.Attachment | None = None,
    file2: discord.Attachment | None = None,
    file3: discord.Attachment | None = None,
) -> None:
    host = interaction.client
    files = [one for one in (file, file2, file3) if one is not None]
    if not files and caller_call(interaction) is not None:
        await answer_question(interaction, text)
        return
    await interaction.response.defer(thinking=True)
    if not files:
        await answer_question(interaction, text)
        return
    async with host.asking.place(interaction.guild_id or 0, interaction.user.id):
        enclosed = await attachments.read_all(host, files, interaction.user.id)
    await answer_question(interaction, text, enclosed)


def caller_call(interaction: Interaction) -> Call | None:
    """Return the call that the caller is in, if any."""
    call = interaction.client.calls.get(interaction.guild_id or 0)
    return call if call is not None and interaction.user.id in call.venue.people() else None


async def answer_question(
    interaction: Interaction, shown: str, enclosed: Enclosed = NOTHING_ENCLOSED, voice: int = 0
) -> None:
    """Answer a question aloud in the caller's call, or else in the channel.

    What is enclosed goes to the model and is not shown, but for the notes on it. `voice` is who is heard in it, 0: the
    caller, or nobody knows.
    """
    call = caller_call(interaction)
    if call is not None:
        await _answer_in_call(interaction, call, shown, enclosed, voice)
    else:
        await _answer_here(interaction, shown, enclosed, voice)


async def _answer_in_call(interaction: Interaction, call: Call, shown: str, enclosed: Enclosed, voice: int) -> None:
    """Answer in the call; in its chat the question is shown like a spoken one."""
    call.ask(interaction.user.id, shown, enclosed.sound, enclosed.words, voice)
    if isinstance(call.venue, DiscordVenue) and interaction.channel_id not in call.venue.chats:
        await actions.tell(interaction, "ask elsewhere", channel=f"<#{call.venue.channel_id}>")
        return
    notes = attachments.told(interaction.client.words_to(interaction), enclosed.notes)
    heard = lines.heard(call.record.name(interaction.user.id), shown)
    first, *more = lines.split("\n".join(filter(None, (heard, notes))))
    if interaction.response.is_done():
        await interaction.followup.send(first, silent=True, suppress_embeds=True)
    else:
        await interaction.response.send_message(first, silent=True, suppress_embeds=True)
    for part in more:
        await interaction.followup.send(part, silent=True, suppress_embeds=True)


def _label(interaction: Interaction) -> str:
    """Return what the caller is called: in the chat of a call as the call calls them, to whom it has not listened."""
    name = escape.display_name(interaction.user)
    call = interaction.client.calls.get(interaction.guild_id or 0)
    here = call is not None and isinstance(call.venue, DiscordVenue) and interaction.channel_id in call.venue.chats
    return call.record.meet(interaction.user.id, name) if call is not None and here else name


async def _answer_here(interaction: Interaction, shown: str, enclosed: Enclosed, voice: int) -> None:
    """Answer in the same channel, in text and sound: a voice message, or a file where none may be sent."""
    host, guild, channel = interaction.client, interaction.guild, interaction.channel
    assert guild is not None
    settings = host.preferences.of(guild.id, interaction.channel_id)
    room = RoomContext(
        bot_name=host.bot_name(guild),
        channel_name=getattr(channel, "name", ""),
        people={interaction.user.id: _label(interaction)},
        now=host.services.wall(),
        language=settings.language,
        voice=settings.voice,
        persona=settings.persona,
        guild_id=guild.id if settings.retention_days else 0,
    )
    bot_id = guild.me.id if settings.retention_days else 0
    reads = isinstance(channel, Place) and rights.may(interaction.user, Action.READ, channel) is None
    place = (guild.id, interaction.channel_id or 0, interaction.user.id)
    asked = Question(
        *place,
        shown,
        enclosed.sound,
        bot_id=bot_id,
        reads=reads,
        document=enclosed.words,
        place=_tool_place(interaction, room.people),
        tools_off=lambda: host.preferences.of(guild.id, interaction.channel_id).tools_off,
        may_use_bot=lambda user_id, standing: host.preferences.of(guild.id, interaction.channel_id).access.permits(
            user_id, standing, "spend"
        ),
    )
    wanted = str(settings.language), settings.voice, settings.persona, sorted(settings.tools_off)
    about = "answer", *place, shown, enclosed.words, reads, *wanted
    key = await asyncio.to_thread(request_key, enclosed.sound, *about)
    untold = host.untold
    answer = untold.find(key, AskResult)
    if answer is None:
        async with host.asking.place(guild.id, interaction.user.id):
            untold.begin(key, {interaction.user.id, voice}, talk=True)
            answer = await run_question(asked, room, JobServices.of(host.services))
        untold.keep(key, replace(answer, cost=Decimal(0)), len(answer.text) + len(answer.pcm))
    words = host.words_in(guild)
    notes = attachments.told(words, enclosed.notes)
    failed = f"⚠️ {explain(words, answer.failure)}" if answer.failure else ""
    parts = (lines.heard(answer.asker, shown), notes, lines.said(room.bot_name, _spoken(answer), words), failed)
    text = "\n".join(filter(None, parts))
    as_voice = voice_message.allowed(interaction)
    first, *more = lines.split(text)
    files = [] if as_voice else await long_answer.sound_file(answer.pcm)
    await interaction.followup.send(first, files=files, suppress_embeds=True)
    for part in more:
        await interaction.followup.send(part, suppress_embeds=True)
    if as_voice and answer.pcm:
        try:
            await voice_message.send(interaction, answer.pcm)
        except REQUEST_ERRORS as error:
            log.info("voice_message_refused", error=type(error).__name__, code=getattr(error, "code", None))
            await interaction.followup.send(files=await long_answer.sound_file(answer.pcm))
    untold.told(key)


def _spoken(answer: AskResult) -> Spoken:
    seconds = len(answer.pcm) / (2 * SPEAK_RATE)
    interrupted = not answer.complete
    return Spoken(
        0,
        answer.text,
        seconds,
        answer.cost,
        answer.estimated,
        interrupted,
        spoken=bool(answer.pcm),
        tokens=answer.tokens,
        tools=answer.tools,
    )


def _tool_place(interaction: Interaction, people: Mapping[int, str]) -> DiscordToolPlace:
    """Return where the question is asked; what needs the asker's word is asked there, too."""

    async def post(text: str, view: discord.ui.View, files: Sequence[discord.File]) -> discord.Message:
        return await interaction.followup.send(text, view=view, files=files, wait=True, suppress_embeds=True)

    asker = interaction.user if isinstance(interaction.user, discord.Member) else None
    place = interaction.guild_id or 0, interaction.channel_id or 0
    return DiscordToolPlace(interaction.client, place, lambda: people, post, asker)
