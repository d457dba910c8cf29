"""/catchup: a recap of the recent conversation, in text and sound."""

import discord
from discord import app_commands

from bot.chat import escape, job_progress, lines, long_answer
from bot.chat.host import Interaction
from bot.chat.minutes.talk import remembered
from bot.chat.rights import Action, Telling
from bot.errors import NothingSaid
from bot.jobs import catchup as job

DEFAULT_CATCHUP_MINUTES = 15


@app_commands.command(description="Recap the recent conversation, spoken and in text")
@app_commands.describe(
    minutes="How many minutes to look back (default: 15)",
    channel="Voice channel (default: the current call, or yours)",
    private="Show the result only to you",
)
@app_commands.guild_only()
async def catchup(
    interaction: Interaction,
    minutes: app_commands.Range[int, 1, job.MAX_CATCHUP_MINUTES] = DEFAULT_CATCHUP_MINUTES,
    channel: discord.VoiceChannel | discord.StageChannel | None = None,
    private: bool = False,
) -> None:
    host = interaction.client
    assert interaction.guild is not None
    target = host.channel_for(interaction, channel, Action.READ)
    telling = Telling.of(target, interaction.channel, private=private)
    guild_id, user_id, jobs, words = interaction.guild.id, interaction.user.id, host.jobs, host.words_to(interaction)
    keys: list[str] = []

    async def run(progress: job_progress.Progress) -> long_answer.LongAnswer:
        talk = job.recent(await remembered(host, target, job.MAX_CATCHUP_LINES), host.services.wall(), minutes)
        if not talk:
            raise NothingSaid
        people = {person for line in talk for person in (line.speaker_id, *line.asked_by)}
        progress.ticket.tell_of(target.id, people, (line.id for line in talk))
        settings = host.preferences.of(guild_id, target.id)
        await host.check_told(telling, user_id)  # before it is paid: it may have waited for its turn
        about = guild_id, target.id, str(interaction.locale), settings.voice
        keys.append(key := job.key(talk, *about))
        account = progress.account = jobs.bill(guild_id, target.id, user_id, job.estimate(jobs.studio, talk))
        recap = host.untold.find(key, job.Recap)
        if recap is None:
            host.untold.begin(key, people | {user_id}, talk=True)
            async with account:
                progress.show(words("catchup working", lines=len(talk)))
                recap = await job.catch_up(talk, str(interaction.locale), settings.voice, jobs.studio, account)
            host.untold.keep(key, recap, len(recap.text) + len(recap.pcm))
        await host.check_told(telling, user_id)
        head = words("catchup head", channel=f"<#{target.id}>", minutes=minutes, lines=recap.lines)
        small = lines.price(account.cost, words, estimated=account.estimated)
        return long_answer.compose(head, escape.escape(recap.text), small, "catchup.md", recap.pcm, "catchup.ogg")

    if await job_progress.run_job(interaction, run, private=telling.private):
        for key in keys:
            host.untold.told(key)
