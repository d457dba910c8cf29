"""Minutes that somebody asks for, by a command or a button."""

from datetime import datetime

from bot.chat import lines
from bot.chat.error_messages import explain
from bot.chat.host import Interaction
from bot.chat.job_progress import Progress, run_job
from bot.chat.long_answer import LongAnswer
from bot.chat.minutes import work
from bot.chat.price_question import PriceQuestion
from bot.chat.rights import Telling
from bot.errors import BotError
from bot.jobs.podcast import CONFIRM_ABOVE_DOLLARS


async def answer_with_minutes(
    interaction: Interaction, telling: Telling, since: datetime | None, until: datetime | None = None
) -> bool:
    """Answer with the minutes of a channel since then; None: of its newest meeting. Asks first above a dollar.

    Whether they may be told is asked again when they are ready. Return whether there are minutes now.
    """
    host, user_id = interaction.client, interaction.user.id
    channel, private = telling.channel, telling.private
    words = host.words_to(interaction) if private else host.words_in(channel.guild)
    await interaction.response.defer(thinking=True, ephemeral=private)
    try:
        talk = await work.gather(host, channel, since, until)
    except BotError as error:
        await interaction.edit_original_response(content=f"⚠️ {explain(words, error)}")
        return False
    dollars = work.cost(host, talk)
    if (dollars is None or dollars > CONFIRM_ABOVE_DOLLARS) and not await _agreed(interaction, talk, telling):
        return False

    async def run(progress: Progress) -> LongAnswer:
        talk.told_to(progress.ticket)
        await host.check_told(telling, user_id)  # before it is paid: it may have waited for its turn
        account = progress.account = work.bill(host, talk, user_id)
        limit = interaction.filesize_limit or channel.guild.filesize_limit
        written = await work.write(host, talk, account, words, progress.show, user_id=user_id, file_limit=limit)
        await host.check_told(telling, user_id)
        if not private:
            await work.keep(host, talk, written, words, progress.message.place)
        return LongAnswer([written.text], written.files)

    answered = await run_job(interaction, run, private=private, name=f"minutes{channel.id}")
    if answered:
        work.told(host, talk)
    return answered


async def _agreed(interaction: Interaction, talk: work.Meeting, telling: Telling) -> bool:
    """Ask whether to spend that much; False: no, and the answer says so."""
    host = interaction.client
    words = host.words_to(interaction) if telling.private else host.words_in(talk.channel.guild)
    cost = lines.money(work.cost(host, talk), words, estimated=True)
    head = words("minutes plan", channel=f"<#{talk.channel.id}>", lines=len(talk.lines), cost=cost)
    view = PriceQuestion(host, words, interaction.user.id, telling)
    await interaction.edit_original_response(content=f"{head}\n{words('podcast ask')}", view=view)
    await view.wait()
    if host.is_closed():
        return False
    if not view.yes:
        await interaction.edit_original_response(content=f"{head}\n{words('nothing done')}", view=None)
        return False
    await interaction.edit_original_response(content=head, view=None)
    return True
