"""/podcast: a long text as audio, and its summary as text."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from io import BytesIO
from typing import Literal

import aiohttp
import discord
import structlog
from discord import app_commands

from bot.audio import clock
from bot.billing.account import price
from bot.chat import attachments, escape, lines, permissions
from bot.chat.error_messages import Refusal, explain
from bot.chat.host import Host, Interaction
from bot.chat.i18n import Words
from bot.chat.job_progress import JobMessage, cancel_view, cancelled
from bot.chat.price_question import PriceQuestion
from bot.errors import AlreadyAtIt, BotError, JobCancelled, MissingPermissions
from bot.jobs import podcast as job
from bot.jobs import podcast_folder
from bot.jobs.programme import FinishedFile
from bot.jobs.queue import Ticket

log = structlog.get_logger(__name__)

MAX_OPTION_CHARACTERS = 6_000
"""Discord's limit for a text option."""
MAX_MESSAGE_BYTES = 25 << 20
"""Discord's limit for one request, all files of a message together, whatever each may have."""
_MAX_MESSAGE_FILES = 10
_OTHER_BYTES = 64_000
"""Of a message, beside its files."""
_TOO_LARGE_STATUS = 413
_MAX_SHRINKS = 3
"""How often a podcast is made smaller when Discord refuses its size."""
PRUNE_EVERY_SECONDS = 3600.0
"""Time between two checks for abandoned podcasts."""


@app_commands.command(description="Turn a long text into a podcast and a written summary")
@app_commands.describe(
    text="The text, unless you attach it as a file",
    file="Text, PDF, Word, EPUB, HTML or subtitles, up to 200,000 characters",
    format="ogg (small) or mp3 (plays everywhere)",
    voices="Two hosts in conversation, or a single voice",
)
@app_commands.guild_only()
async def podcast(
    interaction: Interaction,
    text: app_commands.Range[str, 1, MAX_OPTION_CHARACTERS] | None = None,
    file: discord.Attachment | None = None,
    format: Literal["ogg", "mp3"] = "ogg",
    voices: Literal["two", "one"] = "two",
) -> None:
    host, guild = interaction.client, interaction.guild
    assert guild is not None
    if text is None and file is None:
        raise Refusal("refusal no_text")
    _check_permissions(interaction)
    await interaction.response.defer(thinking=True)
    async with host.box.reading(interaction.user.id) as place:
        data = (await attachments.download(host, file) if file else b"") or (text or "").encode()
        document = await place.document(data, file.filename if file else "", aloud=True)
    settings = host.preferences.of(guild.id, interaction.channel_id)
    speakers = [settings.voice, job.other_voice(settings.voice)][: 2 if voices == "two" else 1]
    limit = min(interaction.filesize_limit or guild.filesize_limit, MAX_MESSAGE_BYTES)
    plan = job.plan(document, settings.language or "", speakers, format, limit)
    plan.guild_id, plan.user_id, plan.channel_id = guild.id, interaction.user.id, interaction.channel_id or 0
    words = host.words_in(guild)
    plan.notes = attachments.told(words, document.notes)
    dollars = price(host.services.budget, job.estimate(host.jobs.studio, plan))
    head = _head(plan, dollars, words)
    if dollars is not None and dollars <= job.CONFIRM_ABOVE_DOLLARS:
        await _start(interaction, plan)
        return

    view = PriceQuestion(host, words, interaction.user.id)
    await interaction.edit_original_response(content=f"{head}\n{words('podcast ask')}", view=view)
    await view.wait()
    if host.is_closed():
        return
    if not view.yes:
        await interaction.edit_original_response(content=f"{head}\n{words('nothing done')}", view=None)
        return
    try:
        await _start(interaction, plan)
    except BotError as error:  # the queue may have filled up in the meantime
        await interaction.edit_original_response(content=f"{head}\n⚠️ {explain(words, error)}", view=None)


def _check_permissions(interaction: Interaction) -> None:
    """Raise MissingPermissions when the result, many minutes later, could not be posted."""
    channel, granted = interaction.channel, interaction.app_permissions
    send = "send_messages_in_threads" if isinstance(channel, discord.Thread) else "send_messages"
    missing = [
        permissions.PERMISSION_NAMES[name]
        for name in ("view_channel", send, "attach_files")
        if not getattr(granted, name)
    ]
    if missing and granted.value:  # 0: Discord did not send them
        raise MissingPermissions(missing)


async def resume(host: Host) -> None:
    """Resume what an earlier process left unfinished, in this process's servers; prune old folders until cancelled."""
    folders = [folder for folder in podcast_folder.unfinished(host.jobs.folder) if not folder.plan.paused]
    async with asyncio.TaskGroup() as group:
        for folder in folders:
            guild = host.get_guild(folder.plan.guild_id)
            if guild is not None:
                group.create_task(_resume_one(host, guild, folder), name="podcast")
        while True:  # failed podcasts that nobody asks for again must not stay forever
            await asyncio.to_thread(podcast_folder.prune, host.jobs.folder)
            await asyncio.sleep(PRUNE_EVERY_SECONDS)


async def _resume_one(host: Host, guild: discord.Guild, folder: podcast_folder.PodcastFolder) -> None:
    words, channel_id = host.words_in(guild), folder.plan.channel_id
    try:
        # A thread that was archived in the meantime is not in the cache.
        channel = guild.get_channel_or_thread(channel_id) or await host.fetch_channel(channel_id)
        ticket = host.jobs.queue.take(guild.id, folder.plan.user_id, folder.plan.id, again=True)
        await _run(host, folder, ticket, channel, None, words)
    except AlreadyAtIt:
        return  # somebody has started it again since this process began
    except (BotError, discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.warning("podcast_failed", error=type(error).__name__, reason=str(error))  # other podcasts continue


async def _start(interaction: Interaction, plan: podcast_folder.Plan) -> None:
    host, guild = interaction.client, interaction.guild
    assert guild is not None
    ticket = host.jobs.queue.take(guild.id, plan.user_id, plan.id)
    try:
        folder = await asyncio.to_thread(podcast_folder.PodcastFolder.open, host.jobs.folder, plan)
        folder.plan.message_id = (await interaction.original_response()).id
        await asyncio.to_thread(folder.save)
    except BaseException:
        host.jobs.queue.give_back(ticket)
        raise
    await _run(host, folder, ticket, interaction.channel, interaction, host.words_in(guild))


async def _run(
    host: Host,
    folder: podcast_folder.PodcastFolder,
    ticket: Ticket,
    channel: object,
    interaction: Interaction | None,
    words: Words,
) -> None:
    """Make the podcast, and post it or the error. `interaction` is None after a restart."""
    jobs, plan = host.jobs, folder.plan
    view = cancel_view(words, plan.user_id, ticket)
    message = JobMessage(channel, plan.message_id, interaction, view)
    estimate = job.estimate(jobs.studio, plan, folder.done())
    account = jobs.bill(plan.guild_id, plan.channel_id, plan.user_id, estimate, name=f"podcast-{plan.id}")
    head = _head(plan, price(host.services.budget, estimate), words)
    if not ticket.running:
        message.show(f"{head}\n{words('job waiting')}")
    maker = job.Podcaster(folder, jobs.studio, account)

    def show(state: job.State) -> None:
        step = words(f"podcast {state.step}", done=state.done, parts=state.parts)
        message.show(f"{head}\n{step}\n{message.small_print(words, maker.cost, estimated=account.estimated)}")

    try:
        async with jobs.queue.turn(ticket):
            async with account:
                made = await maker.make(show)
            ticket.finish()
            cost = lines.price(maker.cost, words, estimated=account.estimated)
            await _deliver_fitting(maker, made, plan, cost, message, words)
            await asyncio.to_thread(folder.clear)
    except asyncio.CancelledError:
        await message.detach()  # the process ends; the next one resumes the podcast
        raise
    except JobCancelled:
        await message.finish(f"{head}\n{cancelled(maker.cost, words)}")
        await asyncio.to_thread(folder.clear)
    except Exception as error:  # whatever fails: keep the finished parts and tell people
        plan.paused = not host.is_closed()
        with suppress(OSError):  # a full disk may be what failed
            await asyncio.to_thread(folder.save)
        await message.finish(f"{head}\n⚠️ {explain(words, error)}")


async def _deliver_fitting(
    maker: job.Podcaster, made: job.Podcast, plan: podcast_folder.Plan, cost: str, message: JobMessage, words: Words
) -> None:
    """Post a podcast; where Discord refuses its size, post it in smaller files."""
    for shrinks_left in range(_MAX_SHRINKS, -1, -1):
        try:
            await _deliver(made, plan, cost, message, words)
            return
        except discord.HTTPException as error:
            if error.status != _TOO_LARGE_STATUS or not shrinks_left:
                raise
            largest = max(len(file.data) for file in made.programme.files)
            plan.limit = min(plan.limit, largest) // 2
            log.info("podcast_too_large", bytes=largest, limit=plan.limit)
            made = await maker.make()


async def _deliver(made: job.Podcast, plan: podcast_folder.Plan, cost: str, message: JobMessage, words: Words) -> None:
    """Post the sound and the summary in a new message, which people notice even minutes later."""
    programme = made.programme
    text = words("podcast done", title=_title(plan, words), minutes=clock(programme.seconds), cost=cost).rstrip(" ·")
    await message.detach()
    for number, files in enumerate(_messages([*programme.files, made.summary])):
        await message.follow_up("" if number else text, [discord.File(BytesIO(file.data), file.name) for file in files])
    await message.finish(text)


def _messages(files: Sequence[FinishedFile]) -> list[list[FinishedFile]]:
    """Return the files of each message, in order: as many as one request may carry."""
    found: list[list[FinishedFile]] = [[]]
    room = MAX_MESSAGE_BYTES - _OTHER_BYTES
    for file in files:
        size = len(file.data)
        if found[-1] and (size > room or len(found[-1]) == _MAX_MESSAGE_FILES):
            found.append([])
            room = MAX_MESSAGE_BYTES - _OTHER_BYTES
        found[-1].append(file)
        room -= size
    return found


def _head(plan: podcast_folder.Plan, dollars: Decimal | None, words: Words) -> str:
    minutes = max(1, round(len(plan.sections) * job.ESTIMATED_CHAPTER_SECONDS / 60))
    cost = lines.price(dollars, words, estimated=True)
    head = words("podcast plan", title=_title(plan, words), minutes=minutes, chapters=len(plan.sections), cost=cost)
    return "\n".join(filter(None, (head.rstrip(" ·"), plan.notes)))


def _title(plan: podcast_folder.Plan, words: Words) -> str:
    return escape.escape(plan.title, 100) or words("podcast untitled")
