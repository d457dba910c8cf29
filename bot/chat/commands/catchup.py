"""/catchup: a recap of the recent conversation, in text and sound."""

from collections.abc import Sequence

import discord
from discord import app_commands

from bot.chat import escape, job_progress, lines, long_answer, rights
from bot.chat.host import Interaction
from bot.chat.permissions import VocalChannel
from bot.chat.rights import Action
from bot.errors import NothingSaid, StoreError
from bot.jobs import catchup as job
from bot.talk.labels import labelled
from bot.types import Message, Turn

DEFAULT_CATCHUP_MINUTES = 15


@app_commands.command(description="What was said in the call lately, told and written")
@app_commands.describe(
    minutes="How far back; 15 when left out",
    channel="The voice channel; that of the call, or yours, when left out",
    private="Show the answer only to me",
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
    if not private and interaction.channel_id != target.id and not rights.open_to_readers(target, interaction.channel):
        private = True  # what was said in a restricted channel must not be shown outside it
    guild_id, user_id, jobs, words = interaction.guild.id, interaction.user.id, host.jobs, host.words_to(interaction)

    async def run(progress: job_progress.Progress) -> long_answer.LongAnswer:
        talk = job.recent(await _talk(interaction, target), host.services.wall(), minutes)
        if not talk:
            raise NothingSaid
        progress.ticket.quoted = frozenset(person for line in talk for person in (line.speaker_id, *line.asked_by))
        settings = host.preferences.of(guild_id, target.id)
        async with jobs.bill(guild_id, target.id, user_id, job.estimate(jobs.studio, talk)) as progress.account:
            progress.show(words("catchup working", lines=len(talk)))
            recap = await job.catch_up(talk, str(interaction.locale), settings.voice, jobs.studio, progress.account)
        head = words("catchup head", channel=f"<#{target.id}>", minutes=minutes, lines=recap.lines)
        small = lines.price(progress.account.cost, words, estimated=progress.account.estimated)
        return long_answer.compose(head, escape.escape(recap.text), small, "catchup.md", recap.pcm, "catchup.ogg")

    await job_progress.run_job(interaction, run, private=private)


async def _talk(interaction: Interaction, target: VocalChannel) -> Sequence[Message]:
    """Return what is remembered of a channel, oldest first; of a call that is on also what is kept nowhere else."""
    host = interaction.client
    call = host.calls.get(target.guild.id)
    here = call is not None and call.venue.channel_id == target.id
    own = call.record.before(Turn(0, target.id, (), 0.0)) if call is not None and here else ()
    try:
        stored = await host.services.store.history(target.id, job.MAX_CATCHUP_LINES)
    except StoreError:
        if not own:
            raise
        stored = []
    known = {message.id for message in own}
    talk = [*(message for message in stored if message.id not in known), *own]
    return labelled(sorted(talk, key=lambda message: message.at), target.guild.me.display_name)
