"""/analyze, and the menus "Analyze recording" and "Answer aloud" on a message: what a recording says."""

import discord
from discord import app_commands

from bot.audio import clock
from bot.chat import attachments, escape, job_progress, lines, long_answer
from bot.chat.commands.ask import answered
from bot.chat.error_messages import Refusal
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
    found = next(iter(attachments.recordings(message.attachments, *attachments.SOUNDS)), None)
    if found is None and not message.content.strip():
        found = _recording(message)
    await interaction.response.defer(thinking=True)
    words = interaction.client.words_in(message.guild) if message.guild else interaction.client.words_to(interaction)
    shown = lines.split(message.clean_content)[0] if message.content.strip() else words("ask recording")
    if found is None:
        await answered(interaction, shown)
    else:
        recording = await attachments.raw(interaction.client, found)
        await answered(interaction, shown, recording=await attachments.heard(recording))


def _recording(message: discord.Message) -> discord.Attachment:
    """Return the recording in a message. Raises Refusal."""
    sounds = attachments.recordings(message.attachments, *attachments.SOUNDS)
    found = next(iter([*sounds, *message.attachments]), None)
    if found is None:
        raise Refusal("refusal no_recording")
    return found


async def _analyze(interaction: Interaction, file: discord.Attachment, question: str, *, private: bool) -> None:
    host, words = interaction.client, interaction.client.words_to(interaction)
    jobs, guild_id, user_id = host.jobs, interaction.guild_id or 0, interaction.user.id

    async def do(progress: job_progress.Progress) -> long_answer.LongAnswer:
        recording = await attachments.raw(host, file)
        seconds = await job.length(recording)
        estimate = job.estimate(jobs.studio, seconds)

        def heard(done: int, parts: int) -> None:
            progress.show(words("analyze listening", done=done, parts=parts))

        async with jobs.bill(guild_id, interaction.channel_id or 0, user_id, estimate) as progress.bill:
            heard(0, job.steps(seconds))
            found = await job.analyze(
                recording,
                question,
                str(interaction.locale),
                jobs.studio,
                progress.bill,
                heard,
                seconds=seconds,
                notes=jobs.notes,
                who=(guild_id, user_id),
            )
        head = f"**{escape.escape(question)}**" if question else ""
        small = [escape.escape(file.filename, 60), clock(found.seconds)]
        small.append(lines.money(progress.bill.cost, words, estimated=progress.bill.estimated))
        if not found.complete:
            small.append(words("line.interrupted"))
        return long_answer.compose(head, found.text, " · ".join(small), "analysis.md")

    await job_progress.run_job(interaction, do, private=private)
