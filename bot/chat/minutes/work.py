"""Takes the minutes of a channel's talk, for a command, a button, or at the end of a call."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import discord

from bot.billing.account import price
from bot.chat import lines
from bot.chat.host import Host
from bot.chat.i18n import Words
from bot.chat.minutes import post
from bot.chat.minutes.talk import remembered
from bot.chat.permissions import VocalChannel
from bot.errors import NothingSaid
from bot.jobs.job_account import JobAccount
from bot.jobs.minutes import minutes as job
from bot.jobs.minutes.posted import KEPT_MINUTES_DAYS, PostedMinutes
from bot.jobs.minutes.talk import MAX_MEETING_LINES, NumberedLine, meeting, numbered
from bot.jobs.queue import Ticket

_KEPT_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Meeting:
    """The talk whose minutes are wanted."""

    channel: VocalChannel
    lines: Sequence[NumberedLine]

    @property
    def people(self) -> frozenset[int]:
        """Whose words it has."""
        return frozenset(person for line in self.lines for person in line.people)

    def told_to(self, ticket: Ticket) -> None:
        """Let a job on it end when its words are taken back."""
        ticket.tell_of(self.channel.id, self.people, (line.id for line in self.lines))


@dataclass(frozen=True, slots=True)
class Written:
    """Minutes, ready to be posted."""

    minutes: job.Minutes
    text: str
    files: list[discord.File]
    small: str
    "what they cost, as text"


async def gather(host: Host, channel: VocalChannel, since: datetime | None, until: datetime | None = None) -> Meeting:
    """Return what was said in a channel since then; None: in its newest meeting. Raises StoreError, NothingSaid."""
    history = await remembered(host, channel, MAX_MEETING_LINES)
    if until is not None:
        history = [message for message in history if message.at <= until]
    if since is None:
        history = meeting(history, began(host, channel))
    else:
        history = [message for message in history if message.at >= since]
    talk = await asyncio.to_thread(numbered, history, host.services.wall().tzinfo)
    if all(line.by_bot for line in talk):
        raise NothingSaid
    return Meeting(channel, talk)


def began(host: Host, channel: VocalChannel) -> datetime | None:
    """Return when the channel's newest meeting began, as far as that is known."""
    call = host.calls.get(channel.guild.id)
    if call is not None and call.venue.channel_id == channel.id:
        return host.calls.meetings.began(channel.id, call.began)
    last = host.calls.meetings.last(channel.id)
    return last.began if last else None


def cost(host: Host, talk: Meeting) -> Decimal | None:
    """Return the US dollars that minutes will cost, none if they are ready; None: the price is not known."""
    if _untold(host, talk):
        return Decimal(0)
    return price(host.services.budget, job.estimate(host.jobs.studio, talk.lines))


def bill(host: Host, talk: Meeting, user_id: int) -> JobAccount:
    """Return the account for the minutes of a meeting."""
    estimate = job.estimate(host.jobs.studio, talk.lines)
    return host.jobs.bill(talk.channel.guild.id, talk.channel.id, user_id, estimate)


async def write(
    host: Host,
    talk: Meeting,
    account: JobAccount,
    words: Words,
    show: Callable[[str], None],
    *,
    user_id: int,
    file_limit: int,
) -> Written:
    """Return the minutes of a meeting. Opens the account to take them, unless they are ready and were not `told`.

    Raises BudgetSpent, EngineError, PartFailed.
    """

    def progress(done: int, steps: int) -> None:
        show(words("minutes working", lines=len(talk.lines), done=done, parts=steps))

    minutes = _untold(host, talk)
    if minutes is None:
        language, jobs = _language(host, talk), host.jobs
        async with account:
            minutes = await job.take_minutes(
                talk.lines, language, jobs.studio, account, jobs.minutes_parts, progress, asked_by=user_id
            )
    small = lines.price(account.cost, words, estimated=account.estimated)
    text = await asyncio.to_thread(shown, minutes, talk.channel.id, words, small)
    return Written(minutes, text, await post.files(minutes, talk.channel.name, words, file_limit), small)


def told(host: Host, talk: Meeting) -> None:
    """Note that the minutes of a meeting reached somebody: until then they are kept, and not paid again."""
    job.told(talk.lines, _language(host, talk), host.jobs.minutes_parts)


def _untold(host: Host, talk: Meeting) -> job.Minutes | None:
    return job.untold(talk.lines, _language(host, talk), host.jobs.minutes_parts)


def _language(host: Host, talk: Meeting) -> str | None:
    return host.preferences.of(talk.channel.guild.id, talk.channel.id).language


def shown(minutes: job.Minutes, channel_id: int, words: Words, small: str) -> str:
    """Return the message with minutes."""
    return post.text(minutes, channel_id, words, [words("minutes lines", count=len(minutes.lines)), small])


async def keep(host: Host, talk: Meeting, made: Written, words: Words, place: tuple[int, int]) -> None:
    """Keep posted minutes, so that the post can change; `place`: the ids of its channel and message."""
    channel = talk.channel
    days = min(KEPT_MINUTES_DAYS, host.preferences.of(channel.guild.id, channel.id).retention_days)
    if days and all(place):
        until = time.time() + days * _KEPT_DAY_SECONDS
        posted = PostedMinutes(made.minutes, channel.guild.id, channel.id, *place, words.language, made.small, until)
        await host.kept_minutes.keep(posted)
