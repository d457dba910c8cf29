"""Where tools are used on Discord: who is there, what they may do, and the button with which they agree."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any, Protocol

import discord
import structlog

from bot.chat import actions, escape, rights
from bot.chat.file_export import exported_file
from bot.chat.host import Host, Interaction
from bot.chat.i18n import Words
from bot.chat.permissions import VocalChannel
from bot.chat.requests import REQUEST_ERRORS, within
from bot.chat.rights import Action, standing_of
from bot.chat.transcript.line_writer import LineWriter
from bot.types import Standing

log = structlog.get_logger(__name__)

CONFIRM_WAIT_SECONDS = 60.0
MEMBER_REQUEST_SECONDS = 3.0
MAX_CALL_DETAIL_CHARACTERS = 800
"""Of a call's arguments in the question whether it may be made; longer ones come along whole, as a file."""

Post = Callable[[str, discord.ui.View, Sequence[discord.File]], Awaitable[Any]]
"""Sends the question to the chat, with files."""


class VenueChat(Protocol):
    """What is asked of a call's venue."""

    writer: LineWriter

    def labels(self) -> Mapping[int, str]: ...


class DiscordToolPlace:
    """A channel of a server (port `ToolPlace`)."""

    def __init__(
        self,
        host: Host,
        place: tuple[int, int],
        people: Callable[[], Mapping[int, str]],
        post: Post,
        asker: discord.Member | None = None,
    ) -> None:
        """`place`: ids of the server and the channel; `asker` is the member as an interaction brought them."""
        self.guild_id, self.channel_id = place
        self.people = people
        self._host = host
        self._post = post
        self._asker = asker

    def standing(self, user_id: int) -> Standing:
        guild, member = self._host.get_guild(self.guild_id), self._asker
        if member is None or member.id != user_id:
            member = guild.get_member(user_id) if guild else None
        return self._standing(member) if member else Standing(reads=True)  # whether they do is asked before a use

    async def fresh_standing(self, user_id: int) -> Standing:
        member = await _fresh_member(self._host, self.guild_id, user_id)
        return self._standing(member) if member else Standing()

    def _standing(self, member: discord.Member) -> Standing:
        channel = member.guild.get_channel_or_thread(self.channel_id)
        reads = channel is not None and rights.may(member, Action.READ, channel) is None
        return replace(standing_of(member), reads=reads)

    async def confirmed(self, tool: str, detail: str, user_ids: Set[int]) -> bool:
        guild = self._host.get_guild(self.guild_id)
        if guild is None:
            return False
        words = self._host.words_in(guild)
        view = ToolConfirm(self._host, words, frozenset(user_ids))
        people = self.people()
        names = words.listed(escape.name(people[user_id]) for user_id in sorted(user_ids & people.keys()))
        shown = escape.escape(detail, MAX_CALL_DETAIL_CHARACTERS) if detail.strip() not in ("", "{}") else ""
        text = words("tool confirm", names=names, tool=escape.escape(tool))
        whole = []
        if len(detail) > MAX_CALL_DETAIL_CHARACTERS:  # nobody agrees to what they could not read
            whole.append(exported_file("arguments.json", detail, guild.filesize_limit))
        try:
            message = await self._post("\n".join(filter(None, (text, shown and f"-# {shown}"))), view, whole)
        except REQUEST_ERRORS as error:
            log.info("tool_question_not_posted", error=type(error).__name__)
            return False
        self._host.views.add(view)
        agreed = False
        try:
            agreed = await view.answered()
            return agreed
        finally:
            view.stop()
            outcome = words("tool agreed" if agreed else "tool not_agreed", tool=escape.escape(tool))
            closing = asyncio.create_task(_close(message, outcome), name="tool_question")
            closing.add_done_callback(lambda done: done.cancelled() or done.exception())


def call_place(host: Host, channel: VocalChannel, venue: "VenueChat") -> DiscordToolPlace:
    """Return a call's place; what needs somebody's word is asked where the transcript goes."""

    async def post(text: str, view: discord.ui.View, files: Sequence[discord.File]) -> object:
        chat = venue.writer.channel
        return await within(
            MEMBER_REQUEST_SECONDS,
            chat.send(text, view=view, files=files, silent=True, suppress_embeds=True, nonce=secrets.randbits(60)),
        )

    return DiscordToolPlace(host, (channel.guild.id, channel.id), venue.labels, post)


class ToolConfirm(discord.ui.View):
    """Two buttons for those who asked."""

    def __init__(self, host: Host, words: Words, user_ids: frozenset[int]) -> None:
        super().__init__(timeout=CONFIRM_WAIT_SECONDS)
        self._user_ids = user_ids
        self._answer: asyncio.Future[bool] = host.loop.create_future()
        for code, agreed, style in (
            ("tool yes", True, discord.ButtonStyle.primary),
            ("tool no", False, discord.ButtonStyle.secondary),
        ):
            self.add_item(_AnswerButton(self, words(code), style, agreed))

    async def answered(self) -> bool:
        """Return whether somebody who may do so agreed, in time."""
        await asyncio.wait([self._answer], timeout=CONFIRM_WAIT_SECONDS)
        return self._answer.done() and not self._answer.cancelled() and self._answer.result()

    async def pressed(self, interaction: Interaction, *, agreed: bool) -> None:
        rights.check(interaction.user, Action.SPEND, concerned=interaction.user.id in self._user_ids)
        if not self._answer.done():
            self._answer.set_result(agreed)
        await interaction.response.defer()


class _AnswerButton(discord.ui.Button[ToolConfirm]):
    def __init__(self, view: ToolConfirm, label: str, style: discord.ButtonStyle, agreed: bool) -> None:
        super().__init__(label=label, style=style)
        self._confirm = view
        self._agreed = agreed

    async def callback(self, interaction: discord.Interaction) -> None:
        await actions.pressed(interaction, lambda made: self._confirm.pressed(made, agreed=self._agreed))


async def fresh_standing(host: Host, guild_id: int, user_id: int) -> Standing:
    """Return what somebody may do in a server by what Discord says now; nothing special where that is not known."""
    member = await _fresh_member(host, guild_id, user_id)
    return standing_of(member) if member else Standing()


async def _fresh_member(host: Host, guild_id: int, user_id: int) -> discord.Member | None:
    """Ask Discord: without a privileged intent it does not tell when somebody loses a role. None: it is not known."""
    guild = host.get_guild(guild_id)
    if guild is None:
        return None
    try:
        return await within(MEMBER_REQUEST_SECONDS, guild.fetch_member(user_id))
    except REQUEST_ERRORS as error:
        log.info("standing_unknown", guild=guild_id, error=type(error).__name__)
        return None


async def _close(message: Any, outcome: str) -> None:
    await within(MEMBER_REQUEST_SECONDS, message.edit(content=outcome, view=None, attachments=[]))
