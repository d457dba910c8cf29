"""/podcast: a long text to listen to, and its summary to read."""

import asyncio
from decimal import Decimal
from typing import Literal

import aiohttp
import discord
import structlog
from discord import app_commands

from bot.audio import clock
from bot.billing.account import price
from bot.chat import attachments, escape, lines, permissions
from bot.chat.error_messages import Refusal, answer, explain
from bot.chat.host import Host, Interaction
from bot.chat.i18n import Words
from bot.chat.job_progress import JobMessage, cancel_row
from bot.errors import AlreadyAtIt, BotError, JobCancelled, MissingPermissions
from bot.jobs import documents, podcast_folder
from bot.jobs import podcast as job
from bot.jobs.queue import Ticket

log = structlog.get_logger(__name__)

TEXT_LIMIT = 6_000
"""Characters of an option, as Discord has it."""
TIDY = 3600.0
"""Seconds between two looks at what nobody finished."""


@app_commands.command(description="Make a podcast and a summary of a long text")
@app_commands.describe(
    text="The text; or attach it as a file",
    file="Plain text, Markdown, PDF or subtitles, up to 200,000 characters",
    format="ogg (small) or mp3 (plays everywhere)",
    voices="Two hosts who talk, or one voice",
)
@app_commands.guild_only()
async def podcast(
    interaction: Interaction,
    text: app_commands.Range[str, 1, TEXT_LIMIT] | None = None,
    file: discord.Attachment | None = None,
    format: Literal["ogg", "mp3"] = "ogg",
    voices: Literal["two", "one"] = "two",
) -> None:
    host, guild = interaction.client, interaction.guild
    assert guild is not None
    if text is None and file is None:
        raise Refusal("refusal no_text")
    _check(interaction)
    await interaction.response.defer(thinking=True)
    data = (await attachments.raw(host, file) if file else b"") or (text or "").encode()
    document = await asyncio.to_thread(documents.read, data, file.filename if file else "")
    wanted = host.preferences.of(guild.id, interaction.channel_id)
    speakers = [wanted.voice, job.other_voice(wanted.voice)][: 2 if voices == "two" else 1]
    limit = interaction.filesize_limit or guild.filesize_limit
    plan = job.plan(document, wanted.language or "", speakers, format, limit)
    plan.guild_id, plan.user_id, plan.channel_id = guild.id, interaction.user.id, interaction.channel_id or 0
    words = host.words_in(guild)
    dollars = price(host.services.budget, job.estimate(host.jobs.studio, plan))
    head = _head(plan, dollars, words)
    if dollars is not None and dollars <= job.ASK_ABOVE:
        await _begin(interaction, plan)
        return

    view = Ask(host, words, interaction.user.id)
    await interaction.edit_original_response(content=f"{head}\n{words('podcast ask')}", view=view)
    await view.wait()
    if host.is_closed():
        return
    if not view.yes:
        await interaction.edit_original_response(content=f"{head}\n{words('nothing done')}", view=None)
        return
    try:
        await _begin(interaction, plan)
    except BotError as error:  # no place in the queue, by now
        await interaction.edit_original_response(content=f"{head}\n⚠️ {explain(words, error)}", view=None)


def _check(interaction: Interaction) -> None:
    """Raise MissingPermissions when the result could not be posted, a quarter of an hour later."""
    channel, granted = interaction.channel, interaction.app_permissions
    send = "send_messages_in_threads" if isinstance(channel, discord.Thread) else "send_messages"
    missing = [permissions.NAMES[name] for name in ("view_channel", send, "attach_files") if not getattr(granted, name)]
    if missing and granted.value:  # 0: not told
        raise MissingPermissions(missing)


class Ask(discord.ui.View):
    """Whether to spend that much; only who asked may say so, within ten minutes."""

    def __init__(self, host: Host, words: Words, owner_id: int) -> None:
        super().__init__(timeout=600)
        self.yes = False
        self._owner_id = owner_id
        self.make.label = words("button make")
        self.leave.label = words("button cancel")
        host.views.add(self)

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        if interaction.user.id != self._owner_id:
            raise Refusal("refusal not_asker")
        return True

    @discord.ui.button(style=discord.ButtonStyle.primary)
    async def make(self, interaction: discord.Interaction, _: discord.ui.Button["Ask"]) -> None:
        self.yes = True
        await interaction.response.defer()
        self.stop()

    @discord.ui.button()
    async def leave(self, interaction: discord.Interaction, _: discord.ui.Button["Ask"]) -> None:
        await interaction.response.defer()
        self.stop()

    async def on_error(self, interaction: discord.Interaction, error: Exception, item: object, /) -> None:
        assert isinstance(interaction.client, Host)
        await answer(interaction, interaction.client.words_to(interaction), error)


async def resume(host: Host) -> None:
    """Go on with what an earlier process left undone, in the servers that are ours; tidy up until cancelled."""
    benches = [bench for bench in podcast_folder.unfinished(host.jobs.folder) if not bench.plan.paused]
    async with asyncio.TaskGroup() as group:
        for bench in benches:
            guild = host.get_guild(bench.plan.guild_id)
            if guild is not None:
                group.create_task(_resumed(host, guild, bench), name="podcast")
        while True:  # what failed and was not asked for again is not kept for ever
            await asyncio.sleep(TIDY)
            await asyncio.to_thread(podcast_folder.prune, host.jobs.folder)


async def _resumed(host: Host, guild: discord.Guild, bench: podcast_folder.PodcastFolder) -> None:
    words, channel_id = host.words_in(guild), bench.plan.channel_id
    try:
        # A thread that was archived in the meantime is not among those known.
        channel = guild.get_channel_or_thread(channel_id) or await host.fetch_channel(channel_id)
        ticket = host.jobs.queue.take(guild.id, bench.plan.user_id, bench.plan.id, again=True)
        await _work(host, bench, ticket, channel, None, words)
    except AlreadyAtIt:
        return  # begun since this process is up
    except (BotError, discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.warning("podcast_failed", error=type(error).__name__, reason=str(error))  # the others go on


async def _begin(interaction: Interaction, plan: podcast_folder.Plan) -> None:
    host, guild = interaction.client, interaction.guild
    assert guild is not None
    ticket = host.jobs.queue.take(guild.id, plan.user_id, plan.id)
    try:
        bench = await asyncio.to_thread(podcast_folder.PodcastFolder.open, host.jobs.folder, plan)
        bench.plan.message_id = (await interaction.original_response()).id
        await asyncio.to_thread(bench.save)
    except BaseException:
        host.jobs.queue.give_back(ticket)
        raise
    await _work(host, bench, ticket, interaction.channel, interaction, host.words_in(guild))


async def _work(
    host: Host,
    bench: podcast_folder.PodcastFolder,
    ticket: Ticket,
    channel: object,
    interaction: Interaction | None,
    words: Words,
) -> None:
    """Make it, and post it or what went wrong. `interaction` is None after a restart."""
    jobs, plan = host.jobs, bench.plan
    view = cancel_row(words, plan.user_id, ticket)
    post = JobMessage(channel, plan.message_id, interaction, view)
    estimate = job.estimate(jobs.studio, plan, bench.done())
    bill = jobs.bill(plan.guild_id, plan.channel_id, plan.user_id, estimate)
    head = _head(plan, price(host.services.budget, estimate), words)
    if not ticket.running:
        post.show(f"{head}\n{words('job waiting')}")
    maker = job.Podcaster(bench, jobs.studio, bill)

    def show(state: job.State) -> None:
        step = words(f"podcast {state.step}", done=state.done, parts=state.parts)
        post.show(f"{head}\n{step}\n{post.small(words, maker.cost, estimated=bill.estimated)}")

    try:
        async with jobs.queue.turn(ticket):
            async with bill:
                made = await maker.make(show)
            ticket.finish()
            cost = lines.money(maker.cost, words, estimated=bill.estimated)
            await _deliver(made, plan, cost, post, words)
            await asyncio.to_thread(bench.clear)
    except asyncio.CancelledError:
        await post.leave()  # the process ends; the next one goes on
        raise
    except JobCancelled:
        await post.end(f"{head}\n{words('job cancelled', cost=lines.money(maker.cost, words))}")
        await asyncio.to_thread(bench.clear)
    except Exception as error:  # whatever it is, what is done is kept and people are told
        plan.paused = not host.is_closed()
        await asyncio.to_thread(bench.save)
        await post.end(f"{head}\n⚠️ {explain(words, error)}")


async def _deliver(made: job.Podcast, plan: podcast_folder.Plan, cost: str, post: JobMessage, words: Words) -> None:
    """Post the sound and the summary in a message of their own, which people see come, minutes later."""
    programme = made.programme
    text = words("podcast done", title=_title(plan, words), minutes=clock(programme.seconds), cost=cost)
    await post.leave()
    await post.add(text, [discord.File(path, path.name) for path in (*programme.files, made.summary)])
    await post.end(text)


def _head(plan: podcast_folder.Plan, dollars: Decimal | None, words: Words) -> str:
    minutes = max(1, round(len(plan.sections) * job.SECONDS / 60))
    cost = lines.money(dollars, words, estimated=True)
    return words("podcast plan", title=_title(plan, words), minutes=minutes, chapters=len(plan.sections), cost=cost)


def _title(plan: podcast_folder.Plan, words: Words) -> str:
    return escape.escape(plan.title, 100) or words("podcast untitled")
