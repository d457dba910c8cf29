"""When a call is over: its minutes are written, or offered, as the server wants it."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Self

import discord
import structlog
from discord import ui

from bot.call.call import Call
from bot.call.meeting_times import MeetingTime
from bot.chat import actions, lines, rights
from bot.chat.error_messages import Refusal, explain
from bot.chat.host import Host, Interaction
from bot.chat.i18n import Words
from bot.chat.minutes import work
from bot.chat.minutes.session import answer_with_minutes
from bot.chat.permissions import VocalChannel
from bot.chat.requests import REQUEST_ERRORS
from bot.chat.rights import Action, Telling
from bot.chat.venue import DiscordVenue
from bot.errors import BotError, NothingSaid
from bot.jobs.podcast import CONFIRM_ABOVE_DOLLARS

log = structlog.get_logger(__name__)

NO_ASKER = 0
"""Who asked for minutes that are written by themselves: the server pays."""


async def call_over(host: Host, call: Call) -> None:
    """Write or offer the minutes of a call that is over; whatever fails is said there, or logged."""
    try:
        await _call_over(host, call)
    except Exception:  # nothing of this may reach other calls
        log.exception("minutes_failed", guild=call.venue.guild_id)


async def _call_over(host: Host, call: Call) -> None:
    channel, venue = host.call_channel(call), call.venue
    wanted = host.preferences.of(venue.guild_id, venue.channel_id).minutes
    meetings, now = host.calls.meetings, host.services.wall()
    earlier = meetings.earlier(venue.channel_id, call.began)
    began = meetings.began(venue.channel_id, call.began)
    meetings.over(venue.channel_id, replace(earlier or MeetingTime(began, now), began=began, ended=now))
    if wanted == "off" or channel is None or not isinstance(venue, DiscordVenue):
        return
    words = host.words_in(channel.guild)

    def chat() -> discord.abc.Messageable:
        """Return where the transcript is, if everyone who reads there may read the channel."""
        voice, place = host.call_channel(call) or channel, host.get_channel(venue.writer.channel.id)
        return place if isinstance(place, discord.abc.Messageable) and rights.open_to_readers(voice, place) else voice

    try:
        talk = await work.gather(host, channel, None)
    except NothingSaid:
        return
    dollars = work.cost(host, talk)
    offer = wanted == "ask" or dollars is None or dollars > CONFIRM_ABOVE_DOLLARS
    try:
        made = await (_offer(chat(), talk, words, host) if offer else _write(host, chat, talk, words))
    except BotError as error:
        made = await chat().send(words("minutes failed", reason=explain(words, error)), silent=True)
    meetings.over(venue.channel_id, MeetingTime(began, now, made.id, made.channel.id))
    if earlier and earlier.message_id:  # they were of the same meeting
        await host.kept_minutes.drop(earlier.message_id)
        await _delete(host.get_partial_messageable(earlier.chat_id), earlier.message_id)


async def _offer(chat: discord.abc.Messageable, talk: work.Meeting, words: Words, host: Host) -> discord.Message:
    """Ask whether minutes are wanted."""
    first, last = talk.lines[0].at, talk.lines[-1].at
    view = offer_view(talk.channel.id, int(first.timestamp()), int(last.timestamp()) + 1, words)
    price = lines.money(work.cost(host, talk), words, estimated=True)
    text = words("minutes offer", channel=f"<#{talk.channel.id}>", lines=len(talk.lines), cost=price)
    return await chat.send(text, view=view, silent=True)


async def _write(
    host: Host, chat: Callable[[], discord.abc.Messageable], talk: work.Meeting, words: Words
) -> discord.Message:
    """Write the minutes and post them where they may be read by then. Raises BotError."""
    channel, queue = talk.channel, host.jobs.queue
    ticket = queue.take(channel.guild.id, NO_ASKER, f"minutes{channel.id}")
    talk.told_to(ticket)
    async with queue.turn(ticket):
        account, limit = work.bill(host, talk, NO_ASKER), channel.guild.filesize_limit
        written = await work.write(host, talk, account, words, lambda _: None, user_id=NO_ASKER, file_limit=limit)
        ticket.finish()
        files = written.files if channel.permissions_for(channel.guild.me).attach_files else []
        made = await chat().send(written.text, files=files, silent=True, suppress_embeds=True)
        work.told(host, talk)
        await work.keep(host, talk, written, words, (made.channel.id, made.id))
    return made


async def _delete(chat: discord.PartialMessageable, message_id: int) -> None:
    try:
        await chat.get_partial_message(message_id).delete()
    except REQUEST_ERRORS as error:
        log.info("minutes_not_deleted", error=type(error).__name__)


def offer_view(channel_id: int, began: int, ended: int, words: Words) -> ui.View:
    """Return the button under an offer; `began` and `ended` are Unix seconds."""
    view = ui.View(timeout=None)
    view.add_item(MinutesButton(channel_id, began, ended, words("button minutes")))
    view.stop()  # discord.py need not keep it: MinutesButton handles every press
    return view


class MinutesButton(
    ui.DynamicItem[ui.Button[Any]], template=r"kikite:minutes:(?P<channel>\d+):(?P<began>\d+):(?P<ended>\d+)"
):
    """Writes the minutes of one meeting; discord.py recreates it from its id when it is pressed."""

    def __init__(self, channel_id: int, began: int, ended: int, label: str | None = None) -> None:
        """`began` and `ended` are Unix seconds."""
        custom_id = f"kikite:minutes:{channel_id}:{began}:{ended}"
        super().__init__(ui.Button(custom_id=custom_id, label=label, style=discord.ButtonStyle.primary))
        self._channel_id = channel_id
        self._began = datetime.fromtimestamp(began, UTC)
        self._ended = datetime.fromtimestamp(ended, UTC)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["channel"]), int(match["began"]), int(match["ended"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        await actions.pressed(interaction, self._write)

    async def _write(self, interaction: Interaction) -> None:
        channel = interaction.guild.get_channel(self._channel_id) if interaction.guild else None
        if not isinstance(channel, VocalChannel):
            raise Refusal("refusal channel_unseen")
        rights.check(interaction.user, Action.READ, channel)
        interaction.client.check_access(interaction, "spend")
        telling = Telling.of(channel, interaction.channel, private=False)
        done = await answer_with_minutes(interaction, telling, self._began, self._ended)
        if done and not telling.private and interaction.message is not None:
            with suppress(*REQUEST_ERRORS):
                await interaction.message.edit(view=None)
