"""Work that takes longer, as people see it: a message with progress and a Cancel button, then the result.

What is quick shows neither: Discord says "is thinking…", and then there is the result.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

import aiohttp
import discord
import structlog
from discord import ui

from bot.audio import clock
from bot.chat import lines, permissions, voice_message
from bot.chat.error_messages import Refusal, answer, explain
from bot.chat.host import Host, Interaction
from bot.chat.i18n import Words
from bot.chat.long_answer import LongAnswer
from bot.chat.throttle import Throttle
from bot.errors import JobCancelled
from bot.jobs.job_account import JobAccount
from bot.jobs.queue import Ticket

log = structlog.get_logger(__name__)

GAP = 2.5
"""Seconds between two edits of the progress."""
PATIENCE = 6.0
"""Seconds until there is a progress: what is done by then needs none."""
FRESH = 13 * 60.0
"""Seconds an interaction's own token is used; Discord takes it for 15 minutes."""
_LAST_WORDS = 3.0
"""Seconds to say that work was cut off, when the process ends."""
_Writable = discord.TextChannel | discord.Thread | discord.VoiceChannel | discord.StageChannel


class JobMessage:
    """A message that shows how far some work is; it outlives the interaction that asked for it, and a restart."""

    def __init__(
        self,
        channel: object,
        message_id: int,
        interaction: Interaction | None,
        view: ui.View,
        *,
        private: bool = False,
        patience: float = 0.0,
    ) -> None:
        """`interaction` is None after a restart. Nothing is shown in the first `patience` seconds."""
        self._clock = asyncio.get_running_loop().time
        self._since = self._clock()
        self._patience = patience
        self._channel = channel if isinstance(channel, _Writable) else None
        self._message_id = message_id
        self._interaction = interaction
        self._private = private
        self._view = view
        self._text = ""
        self._over = False
        self._editing = asyncio.Lock()
        self._pace = Throttle(self._edit, GAP, "progress")

    @property
    def fresh(self) -> Interaction | None:
        """The interaction, as long as it can be answered."""
        found = self._interaction
        if found is None or (discord.utils.utcnow() - found.created_at).total_seconds() > FRESH:
            return None
        return found

    def small(self, words: Words, cost: Decimal | None, *, estimated: bool) -> str:
        """Return time and money so far, in small print."""
        return f"-# {clock(self._clock() - self._since)} · {lines.money(cost, words, estimated=estimated)}"

    def show(self, text: str) -> None:
        """Show how far it is, soon."""
        self._text = text
        self._pace.poke()

    async def end(self, text: str, files: Sequence[discord.File] = ()) -> None:
        """Show how it ended in place of the progress, without a button. Raises discord.HTTPException."""
        await self.leave()
        await self._put(text, None, files)

    async def add(self, text: str, files: Sequence[discord.File] = ()) -> None:
        """Post one more message; a private one comes directly when Discord no longer takes an answer.

        Raises discord.HTTPException.
        """
        if self.fresh is not None:
            await self.fresh.followup.send(text, files=files, ephemeral=self._private, suppress_embeds=True)
        elif self._private and self._interaction is not None:
            await self._interaction.user.send(text, files=files, suppress_embeds=True)
        elif self._channel is not None:
            await self._channel.send(text, files=files, suppress_embeds=True)

    async def leave(self) -> None:
        """Show no more progress, and let the message be as it is."""
        self._over = True
        async with self._editing:  # an edit on its way is let through, or it might come after what follows
            self._pace.cancel()

    async def _edit(self) -> None:
        await asyncio.sleep(max(0.0, self._since + self._patience - self._clock()))
        async with self._editing:
            if not self._over:
                await self._put(self._text, self._view)

    async def _put(self, text: str, view: ui.View | None, files: Sequence[discord.File] = ()) -> None:
        if self.fresh is not None:
            await self.fresh.edit_original_response(content=text, view=view, attachments=files)
        elif self._private:
            if view is None:
                await self.add(text, files)
        elif self._channel is not None:
            message = self._channel.get_partial_message(self._message_id)
            await message.edit(content=text, view=view, attachments=files)


@dataclass(slots=True)
class Progress:
    """What work that is on tells of itself."""

    post: JobMessage
    words: Words
    bill: JobAccount | None = None

    def show(self, text: str) -> None:
        cost, estimated = (self.bill.cost, self.bill.estimated) if self.bill else (Decimal(0), False)
        self.post.show(f"{text}\n{self.post.small(self.words, cost, estimated=estimated)}")


async def run_job(interaction: Interaction, do: Callable[[Progress], Awaitable[LongAnswer]], *, private: bool) -> None:
    """Answer a command by work from the queue: its progress, and then its report or what went wrong, in one message."""
    host, words = interaction.client, interaction.client.words_to(interaction)
    response = await interaction.response.defer(thinking=True, ephemeral=private)
    ticket = host.jobs.queue.take(interaction.guild_id or 0, interaction.user.id, str(interaction.id))
    try:
        message_id = (response and response.message_id) or (await interaction.original_response()).id
        view = cancel_row(words, interaction.user.id, ticket)
        post = JobMessage(interaction.channel, message_id, interaction, view, private=private, patience=PATIENCE)
    except BaseException:
        host.jobs.queue.give_back(ticket)
        raise
    progress = Progress(post, words)
    try:
        if not ticket.running:
            progress.show(words("job waiting"))
        async with host.jobs.queue.turn(ticket):
            report = await do(progress)
        await _deliver(report, post, private=private)
    except asyncio.CancelledError:
        await _cut(post, words("job cut"))
        raise
    except JobCancelled:
        cost = progress.bill.cost if progress.bill else Decimal(0)
        await post.end(words("job cancelled", cost=lines.money(cost, words)))
    except Exception as error:
        await post.end(f"⚠️ {explain(words, error)}")


async def _deliver(report: LongAnswer, post: JobMessage, *, private: bool) -> None:
    """Post a report; its sound as a voice message where one may be sent, else as a file with its words."""
    aloud = post.fresh if report.pcm and not private and post.fresh and voice_message.allowed(post.fresh) else None
    first, *more = report.messages
    await post.end(first, [*report.files, *([] if aloud else await report.sound())])
    for message in more:
        await post.add(message)
    if aloud is not None:
        try:
            await voice_message.send(aloud, report.pcm)
        except discord.HTTPException as error:
            log.info("bubble_refused", status=error.status, code=error.code)
            await post.add("", await report.sound())


async def _cut(post: JobMessage, text: str) -> None:
    """Say that the process ends before the work does."""
    try:
        async with asyncio.timeout(_LAST_WORDS):
            await post.end(text)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.info("cut_untold", error=type(error).__name__)


class CancelButton(ui.DynamicItem[ui.Button[Any]], template=r"kikite:cancel:(?P<owner>\d+):(?P<name>[0-9a-z]+)"):
    """Cancel, for whoever asked and for moderators; discord.py makes it anew from its id when it is pressed.

    A view registered for the message would be changed by late news of that message's earlier buttons.
    """

    def __init__(self, owner_id: int, name: str, label: str | None = None) -> None:
        super().__init__(ui.Button(custom_id=f"kikite:cancel:{owner_id}:{name}", label=label))
        self._owner_id = owner_id
        self._name = name

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["owner"]), match["name"])

    async def callback(self, interaction: discord.Interaction) -> None:
        assert isinstance(interaction.client, Host)
        try:
            if interaction.user.id != self._owner_id and not permissions.may_moderate(interaction.permissions):
                raise Refusal("refusal not_asker")
            ticket = interaction.client.jobs.queue.find(self._name)
            if ticket is None:
                raise Refusal("refusal job_over")
            await interaction.response.defer()
            ticket.cancel()
        except Exception as error:
            await answer(interaction, interaction.client.words_to(interaction), error)


def cancel_row(words: Words, owner_id: int, ticket: Ticket) -> ui.View:
    """Return the button under the progress of a ticket's work."""
    view = ui.View(timeout=None)
    view.add_item(CancelButton(owner_id, ticket.name, words("button cancel")))
    view.stop()  # discord.py need not keep it: CancelButton answers for all
    return view
