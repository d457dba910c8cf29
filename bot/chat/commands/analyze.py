"""/analyze, and the message menus "Analyze recording" and "Answer aloud": answers about a recording."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import discord
from discord import app_commands

from bot.audio import clock
from bot.chat import attachments, escape, job_progress, lines, long_answer
from bot.chat.commands.ask import answer_question
from bot.chat.error_messages import Refusal, explain
from bot.chat.host import Interaction
from bot.chat.i18n import Words
from bot.errors import BadAudio, BotError, FileError
from bot.jobs import analyze as job
from bot.jobs.analysis_notes import request_key
from bot.jobs.job_account import JobAccount

MAX_ANALYSIS_QUESTION_CHARACTERS = 1_000
_MAX_TOLD_SILENCES = 8
_OF_ONE_FILE = (BadAudio, FileError, Refusal)
"""Errors that say something of one file and nothing of the next."""


@app_commands.command(description="Analyze a recording: transcript, summary and each speaker's mood")
@app_commands.describe(
    recording="Audio, voice message or video, up to 30 minutes",
    question="A question about the recording (optional)",
    private="Show the result only to you",
    recording2="A second recording",
    recording3="A third recording",
)
@app_commands.guild_only()
async def analyze(
    interaction: Interaction,
    recording: discord.Attachment,
    question: app_commands.Range[str, 1, MAX_ANALYSIS_QUESTION_CHARACTERS] | None = None,
    private: bool = False,
    recording2: discord.Attachment | None = None,
    recording3: discord.Attachment | None = None,
) -> None:
    files = [file for file in (recording, recording2, recording3) if file is not None]
    await _analyze(interaction, files, question or "", private=private)


@app_commands.context_menu(name="Analyze recording")
@app_commands.guild_only()
async def analyze_menu(interaction: Interaction, message: discord.Message) -> None:
    files = _recordings(message)
    voices = await attachments.check_voice(interaction.client, message, interaction.user.id)
    await _analyze(interaction, files, "", private=True, voices=voices)


@app_commands.context_menu(name="Answer aloud")
@app_commands.guild_only()
async def answer_menu(interaction: Interaction, message: discord.Message) -> None:
    text = attachments.words_of(message).strip()
    files = attachments.recordings_among(attachments.of(message))
    if not files and not text:
        files = _recordings(message)
    await interaction.response.defer(thinking=True)
    words = interaction.client.words_in(message.guild) if message.guild else interaction.client.words_to(interaction)
    shown = lines.split(text)[0] if text else words("ask recording")
    if not files:
        await answer_question(interaction, shown)
    else:
        host, person = interaction.client, interaction.user.id
        voices = await attachments.check_voice(host, message, person)
        enclosed = await attachments.read_all(host, files, person)
        await attachments.check_voices(host, interaction.guild_id or 0, voices, person)  # they may have withdrawn since
        await answer_question(interaction, shown, enclosed, max(voices, default=0))


def _recordings(message: discord.Message) -> list[discord.Attachment]:
    """Return the recordings in a message; the first file, if none is marked as sound. Raises Refusal."""
    files = attachments.of(message)
    if not files:
        raise Refusal("refusal no_recording")
    return attachments.recordings_among(files) or files[:1]


async def _analyze(
    interaction: Interaction,
    files: Sequence[discord.Attachment],
    question: str,
    *,
    private: bool,
    voices: frozenset[int] = frozenset(),
) -> None:
    """Analyse recordings, one after the other; `voices` are whose they are, if that is known."""
    host, words = interaction.client, interaction.client.words_to(interaction)
    jobs, guild_id, user_id = host.jobs, interaction.guild_id or 0, interaction.user.id
    keys: list[str] = []

    async def analyze_one(
        file: discord.Attachment, progress: job_progress.Progress
    ) -> tuple[job.Analysis, JobAccount | None]:
        """Return the analysis and what it costs; None: it is there already."""

        def show(done: int, parts: int) -> None:
            progress.show(words("analyze listening", done=done, parts=parts))

        async with host.box.reading(user_id) as place:
            recording = await attachments.download(host, file)
            about = "analysis", question, str(interaction.locale), guild_id, user_id
            keys.append(key := await asyncio.to_thread(request_key, recording, *about))
            if ready := host.untold.find(key, job.Analysis):
                return ready, None
            host.untold.begin(key, voices | {user_id})
            async with job.opened(place, recording, file.filename) as heard:
                estimate = job.estimate(jobs.studio, heard.facts.seconds)
                async with jobs.bill(guild_id, interaction.channel_id or 0, user_id, estimate) as account:
                    progress.account = account
                    show(0, job.steps(heard.facts.seconds))
                    analysis = await job.analyze(
                        recording,
                        heard,
                        question,
                        str(interaction.locale),
                        jobs.studio,
                        account,
                        show,
                        notes=jobs.notes,
                        who=(guild_id, user_id),
                        voices=voices,
                    )
        host.untold.keep(key, analysis, len(analysis.text))
        jobs.notes.drop(analysis.notes_key)
        return analysis, account

    async def run(progress: job_progress.Progress) -> long_answer.LongAnswer:
        texts: list[str] = []
        small: list[str] = []
        cost: Decimal | None = Decimal(0)
        estimated = False
        failure: BotError | None = None
        for file in files:
            name = escape.escape(file.filename, 60)
            try:
                analysis, account = await analyze_one(file, progress)
            except BotError as error:
                failure = error
                texts.append(f"### {name}\n\n⚠️ {explain(words, error)}")
                if isinstance(error, _OF_ONE_FILE):
                    continue  # the others are answered all the same
                break
            if account is not None:
                cost = None if cost is None or account.cost is None else cost + account.cost
                estimated = estimated or account.estimated
            texts.append(f"### {name}\n\n{analysis.text}" if len(files) > 1 else analysis.text)
            small += [name, clock(analysis.seconds), *_told(analysis, words)]
        if failure is not None and not small:
            raise failure
        small.insert(2 if len(files) == 1 else 0, lines.price(cost, words, estimated=estimated))
        head = f"**{escape.escape(question)}**" if question else ""
        return long_answer.compose(head, "\n\n".join(texts), lines.join(*small), "analysis.md")

    if await job_progress.run_job(interaction, run, private=private, voices=voices):
        for key in keys:
            host.untold.told(key)


def _told(analysis: job.Analysis, words: Words) -> list[str]:
    """Return what people should know about how a recording was heard."""
    told = [] if analysis.complete else [words("line.interrupted")]
    if analysis.cut:
        told.append(words("analyze cut"))
    if analysis.silences:
        spans = words.listed(f"{clock(begin)}–{clock(end)}" for begin, end in analysis.silences[:_MAX_TOLD_SILENCES])
        told.append(words("analyze silence", spans=spans))
    return told
