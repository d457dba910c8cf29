"""/analyze, and the menus "Analyze recording" and "Answer aloud" on a message: what a recording says."""

import discord
from discord import app_commands

from bot.chat import attachments, escape, lines, report
from bot.chat.commands.ask import answered
from bot.chat.errors import Refusal
from bot.chat.host import Interaction
from bot.jobs import analyze as job

QUESTION_LIMIT = 1_000


@app_commands.command(description="Listen to a recording: what is said, a summary, the mood of each speaker")
@app_commands.describe(
    recording="Audio, a voice message or a film, up to 30 minutes",
    question="What you want to know about it; all of it when left out",
    private="Show the answer only to me",
)
@app_commands.guild_only()
async def analyze(
    interaction: Interaction,
    recording: discord.Attachment,
    question: app_commands.Range[str, 1, QUESTION_LIMIT] | None = None,
    private: bool = False,
) -> None:
    await _analyze(interaction, recording, question or "", private=private)


@app_commands.context_menu(name="Analyze recording")
@app_commands.guild_only()
async def analyze_menu(interaction: Interaction, message: discord.Message) -> None:
    await _analyze(interaction, _recording(message), "", private=True)


@app_commands.context_menu(name="Answer aloud")
@app_commands.guild_only()
async def answer_menu(interaction: Interaction, message: discord.Message) -> None:
    found = next(iter(message.attachments), None)
    if found is None and not message.content.strip():
        raise Refusal("refusal no_recording")
    await interaction.response.defer(thinking=True)
    words = interaction.client.words_in(message.guild) if message.guild else interaction.client.words_to(interaction)
    shown = lines.split(message.clean_content)[0] if message.content.strip() else words("ask recording")
    if found is None:
        await answered(interaction, shown)
    else:
        recording = await attachments.raw(interaction.client, _recording(message))
        await answered(interaction, shown, recording=await attachments.heard(recording))


def _recording(message: discord.Message) -> discord.Attachment:
    """Return the recording in a message. Raises Refusal."""
    kinds = ("audio/", "video/")
    sounds = [file for file in message.attachments if (file.content_type or "").startswith(kinds)]
    found = next(iter([*sounds, *message.attachments]), None)
    if found is None:
        raise Refusal("refusal no_recording")
    return found


async def _analyze(interaction: Interaction, file: discord.Attachment, question: str, *, private: bool) -> None:
    host = interaction.client
    assert interaction.guild_id is not None
    jobs, words = host.jobs, host.words_to(interaction)
    await interaction.response.defer(thinking=True, ephemeral=private)
    async with jobs.queue.place(interaction.guild_id, interaction.user.id):
        recording = await attachments.raw(host, file)
        estimate = job.estimate(jobs.studio, await job.length(recording))
        where = interaction.channel_id or 0
        async with jobs.bill(interaction.guild_id, where, interaction.user.id, estimate) as bill:
            found = await job.analyze(recording, question, str(interaction.locale), jobs.studio, bill)
    head = f"**{escape.escape(question)}**" if question else ""
    small = [escape.escape(file.filename, 60), f"{int(found.seconds // 60)}:{int(found.seconds % 60):02}"]
    small.append(lines.money(bill.cost, words, estimated=bill.estimated))
    if not found.complete:
        small.append(words("line.interrupted"))
    await report.post(interaction, head, found.text, " · ".join(small), file="analysis.md", private=private)
