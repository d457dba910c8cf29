"""/analyze, and the message menus "Analyze recording" and "Answer aloud": answers about a recording."""

import discord
from discord import app_commands

from bot.audio import clock
from bot.chat import attachments, escape, job_progress, lines, long_answer
from bot.chat.commands.ask import answer_question
from bot.chat.error_messages import Refusal
from bot.chat.host import Interaction
from bot.jobs import analyze as job
from bot.jobs.enclosed import SOUND_TYPES, Enclosed

MAX_ANALYSIS_QUESTION_CHARACTERS = 1_000
_MAX_TOLD_SILENCES = 8


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
    question: app_commands.Range[str, 1, MAX_ANALYSIS_QUESTION_CHARACTERS] | None = None,
    private: bool = False,
) -> None:
    await _analyze(interaction, recording, question or "", private=private)


@app_commands.context_menu(name="Analyze recording")
@app_commands.guild_only()
async def analyze_menu(interaction: Interaction, message: discord.Message) -> None:
    file = _recording(message)
    await attachments.check_voice(interaction.client, message, interaction.user.id)
    await _analyze(interaction, file, "", private=True, voices=frozenset({message.author.id}))


@app_commands.context_menu(name="Answer aloud")
@app_commands.guild_only()
async def answer_menu(interaction: Interaction, message: discord.Message) -> None:
    file = next(iter(attachments.of_type(message.attachments, *SOUND_TYPES)), None)
    if file is None and not message.content.strip():
        file = _recording(message)
    await interaction.response.defer(thinking=True)
    words = interaction.client.words_in(message.guild) if message.guild else interaction.client.words_to(interaction)
    shown = lines.split(message.clean_content)[0] if message.content.strip() else words("ask recording")
    if file is None:
        await answer_question(interaction, shown)
    else:
        await attachments.check_voice(interaction.client, message, interaction.user.id)
        recording = await attachments.hear(interaction.client, file, interaction.user.id)
        await answer_question(interaction, shown, Enclosed(sound=recording))


def _recording(message: discord.Message) -> discord.Attachment:
    """Return the recording in a message. Raises Refusal."""
    sounds = attachments.of_type(message.attachments, *SOUND_TYPES)
    file = next(iter([*sounds, *message.attachments]), None)
    if file is None:
        raise Refusal("refusal no_recording")
    return file


async def _analyze(
    interaction: Interaction,
    file: discord.Attachment,
    question: str,
    *,
    private: bool,
    voices: frozenset[int] = frozenset(),
) -> None:
    """Analyse a recording; `voices` are whose it is, if that is known."""
    host, words = interaction.client, interaction.client.words_to(interaction)
    jobs, guild_id, user_id = host.jobs, interaction.guild_id or 0, interaction.user.id

    async def run(progress: job_progress.Progress) -> long_answer.LongAnswer:
        def show(done: int, parts: int) -> None:
            progress.show(words("analyze listening", done=done, parts=parts))

        async with host.box.reading(user_id) as place:
            recording = await attachments.download(host, file)
            async with job.opened(place, recording, file.filename) as heard:
                estimate = job.estimate(jobs.studio, heard.facts.seconds)
                async with jobs.bill(guild_id, interaction.channel_id or 0, user_id, estimate) as progress.account:
                    show(0, job.steps(heard.facts.seconds))
                    analysis = await job.analyze(
                        recording,
                        heard,
                        question,
                        str(interaction.locale),
                        jobs.studio,
                        progress.account,
                        show,
                        notes=jobs.notes,
                        who=(guild_id, user_id),
                        voices=voices,
                    )
        head = f"**{escape.escape(question)}**" if question else ""
        small = [escape.escape(file.filename, 60), clock(analysis.seconds)]
        small.append(lines.price(progress.account.cost, words, estimated=progress.account.estimated))
        if not analysis.complete:
            small.append(words("line.interrupted"))
        if analysis.cut:
            small.append(words("analyze cut"))
        if analysis.silences:
            spans = ", ".join(f"{clock(begin)}–{clock(end)}" for begin, end in analysis.silences[:_MAX_TOLD_SILENCES])
            small.append(words("analyze silence", spans=spans))
        return long_answer.compose(head, analysis.text, lines.join(*small), "analysis.md")

    await job_progress.run_job(interaction, run, private=private, voices=voices)
