"""/podcast: a long text to listen to, and its summary to read."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Literal

import discord
import structlog
from discord import app_commands

from bot.chat import attachments, escape, lines
from bot.chat.errors import Refusal, answer, explain
from bot.chat.host import Host, Interaction
from bot.chat.i18n import Words
from bot.chat.working import CancelView, Post
from bot.errors import BotError, JobCancelled, JobsFull
from bot.jobs import documents, workshop
from bot.jobs import podcast as job
from bot.jobs.bill import Bill, price
from bot.jobs.queue import Ticket

log = structlog.get_logger(__name__)

TEXT_LIMIT = 6_000
"""Characters of an option, as Discord has it."""
ASK_ABOVE = Decimal("1.00")
"""US dollars: dearer podcasts are asked about first."""


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
    await interaction.response.defer(thinking=True)
    data = (await attachments.raw(host, file) if file else b"") or (text or "").encode()
    document = await asyncio.to_thread(documents.read, data, file.filename if file else "")
    wanted = host.preferences.of(guild.id, interaction.channel_id)
    speakers = [wanted.voice, job.other_voice(wanted.voice)][: 2 if voices == "two" else 1]
    limit = interaction.filesize_limit or guild.filesize_limit
    plan = job.plan(document, wanted.language or "", speakers, format, limit)
    plan.guild_id, plan.user_id, plan.channel_id = guild.id, interaction.user.id, interaction.channel_id or 0
    words = host.words_in(guild)
    dollars = price(host.services, job.estimate(host.jobs.studio, plan))
    head = _head(plan, dollars, words)
    if dollars is not None and dollars <= ASK_ABOVE:
        await _begin(interaction, plan, head)
        return

    view = Ask(host, words, interaction.user.id)
    await interaction.edit_original_response(content=f"{head}\n{words('podcast ask')}", view=view)
    await view.wait()
    if view.yes:
        await _begin(interaction, plan, head)
    else:
        await interaction.edit_original_response(content=f"{head}\n{words('nothing done')}", view=None)


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
            raise Refusal("refusal not_yours")
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
    """Go on with what an earlier process left undone, in the servers that are ours."""
    benches = [bench for bench in workshop.unfinished(host.jobs.folder) if not bench.plan.paused]
    async with asyncio.TaskGroup() as group:
        for bench in benches:
            guild = host.get_guild(bench.plan.guild_id)
            if guild is not None:
                channel = guild.get_channel_or_thread(bench.plan.channel_id)
                group.create_task(_resumed(host, guild, bench, channel), name="podcast")


async def _resumed(host: Host, guild: discord.Guild, bench: workshop.Bench, channel: object) -> None:
    words = host.words_in(guild)
    try:
        ticket = host.jobs.queue.take(guild.id, bench.plan.user_id)
    except JobsFull:
        return
    view = CancelView(host, words, bench.plan.user_id, bench.plan.id, ticket.cancel)
    host.add_view(view, message_id=bench.plan.message_id or None)
    post = Post(host, channel, bench.plan.message_id, None, view)
    try:
        await _work(host, bench, ticket, post, _head(bench.plan, None, words), words)
    except (BotError, discord.HTTPException) as error:
        log.warning("podcast_failed", reason=str(error))


async def _begin(interaction: Interaction, plan: workshop.Plan, head: str) -> None:
    host, guild = interaction.client, interaction.guild
    assert guild is not None
    words = host.words_in(guild)
    ticket = host.jobs.queue.take(guild.id, plan.user_id)
    bench = await asyncio.to_thread(workshop.Bench.open, host.jobs.folder, plan)
    message = await interaction.original_response()
    bench.plan.message_id = message.id
    await asyncio.to_thread(bench.save)
    view = CancelView(host, words, plan.user_id, bench.plan.id, ticket.cancel)
    # Before the button is to be seen: discord.py would know it only once the edit was answered, and miss a quick press.
    host.add_view(view, message_id=message.id)
    post = Post(host, interaction.channel, message.id, interaction, view)
    await _work(host, bench, ticket, post, head, words)


async def _work(host: Host, bench: workshop.Bench, ticket: Ticket, post: Post, head: str, words: Words) -> None:
    """Make it, and post it or what went wrong."""
    jobs, plan = host.jobs, bench.plan
    bill = jobs.bill(plan.guild_id, plan.channel_id, plan.user_id, job.estimate(jobs.studio, plan))
    post.show(f"{head}\n{words('podcast waiting')}")
    try:
        async with jobs.queue.turn(ticket), bill:

            def progress(state: job.State) -> None:
                step = words(f"podcast {state.step}", done=state.done, parts=state.parts)
                post.show(f"{head}\n{step} · {lines.money(bill.cost, words, estimated=bill.estimated)}")

            made = await job.Podcaster(bench, jobs.studio, bill, progress).make()
        await _deliver(made, plan, bill, post, words)
    except asyncio.CancelledError:
        post.cancel()  # the process ends; the next one goes on
        raise
    except JobCancelled:
        await post.end(f"{head}\n{words('podcast cancelled', cost=lines.money(bill.cost, words))}")
    except Exception as error:  # whatever it is, what is done is kept and people are told
        plan.paused = True
        await asyncio.to_thread(bench.save)
        await post.end(f"{head}\n⚠️ {explain(words, error)}")
        return
    await asyncio.to_thread(bench.clear)


async def _deliver(made: job.Podcast, plan: workshop.Plan, bill: Bill, post: Post, words: Words) -> None:
    programme = made.programme
    paths: list[Path] = [*programme.files, made.summary]
    files = [discord.File(path, path.name) for path in paths]
    cost = lines.money(bill.cost, words, estimated=bill.estimated)
    minutes = f"{int(programme.seconds // 60)}:{int(programme.seconds % 60):02}"
    await post.end(words("podcast done", title=_title(plan, words), minutes=minutes, cost=cost), files)


def _head(plan: workshop.Plan, dollars: Decimal | None, words: Words) -> str:
    minutes = max(1, round(len(plan.sections) * job.SECONDS / 60))
    cost = lines.money(dollars, words, estimated=True)
    return words("podcast plan", title=_title(plan, words), minutes=minutes, chapters=len(plan.sections), cost=cost)


def _title(plan: workshop.Plan, words: Words) -> str:
    return escape.escape(plan.title, 100) or words("podcast untitled")
