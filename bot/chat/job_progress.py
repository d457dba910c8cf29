"""Long work as people see it: a message with progress and a Cancel button, replaced by the result.

Quick work shows neither: Discord says "is thinking…", then the result appears.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

import aiohttp
import discord
import structlog
from discord import ui

from bot.audio import clock
from bot.chat import actions, lines, rights, voice_message
from bot.chat.error_messages import Refusal, explain
from bot.chat.host import Interaction
from bot.chat.i18n import Words
from bot.chat.long_answer import LongAnswer
from bot.chat.requests import REQUEST_ERRORS
from bot.chat.rights import Action, Place
from bot.chat.throttle import Throttle
from bot.errors import JobCancelled
from bot.jobs.job_account import JobAccount
from bot.jobs.queue import Ticket

log = structlog.get_logger(__name__)

PROGRESS_EDIT_GAP_SECONDS = 2.5
"""Minimum time between two edits of the progress."""
PROGRESS_DELAY_SECONDS = 6.0
"""Progress is shown after this time: what finishes sooner does not need it."""
MAX_TOKEN_AGE_SECONDS = 13 * 60.0
"""An interaction's token is used up to this age; Discord accepts it for 15 minutes."""
_SHUTDOWN_NOTICE_SECONDS = 3.0
"""Time to say that work was cut off, when the process ends."""
_MessageChannel = discord.TextChannel | discord.Thread | discord.VoiceChannel | discord.StageChannel


class JobMessage:
    """A message that shows the progress of a job; it outlives the interaction that started it, and a restart."""

    def __init__(
        self,
        channel: object,
        message_id: int,
        interaction: Interaction | None,
        view: ui.View,
        *,
        private: bool = False,
        delay: float = 0.0,
    ) -> None:
        """`interaction` is None after a restart. Nothing is shown in the first `delay` seconds."""
        self._clock = asyncio.get_running_loop().time
        self._started_at = self._clock()
        self._delay = delay
        self._channel = channel if isinstance(channel, _MessageChannel) else None
        self._message_id = message_id
        self._interaction = interaction
        self._private = private
        self._view = view
        self._text = ""
        self._closed = False
        self._edit_lock = asyncio.Lock()
        self._throttle = Throttle(self._edit, PROGRESS_EDIT_GAP_SECONDS, "progress")

    @property
    def place(self) -> tuple[int, int]:
        """The ids of its channel and of itself."""
        return (self._channel.id if self._channel else 0), self._message_id

    @property
    def live_interaction(self) -> Interaction | None:
        """The interaction, while its token is still valid."""
        interaction = self._interaction
        if interaction is None:
            return None
        age = (discord.utils.utcnow() - interaction.created_at).total_seconds()
        return interaction if age <= MAX_TOKEN_AGE_SECONDS else None

    def small_print(self, words: Words, cost: Decimal | None, *, estimated: bool) -> str:
        """Return the time and the cost so far, in small print."""
        price = lines.price(cost, words, estimated=estimated)
        return f"-# {lines.join(clock(self._clock() - self._started_at), price)}"

    def show(self, text: str) -> None:
        """Show the progress, soon."""
        self._text = text
        self._throttle.poke()

    async def finish(self, text: str, files: Sequence[discord.File] = ()) -> None:
        """Replace the progress and its button by the outcome. Raises discord.HTTPException."""
        await self.detach()
        await self._put(text, None, files)

    async def follow_up(self, text: str, files: Sequence[discord.File] = ()) -> None:
        """Post one more message; a private one goes as a direct message once the interaction's token has expired.

        Raises discord.HTTPException.
        """
        if self.live_interaction is not None:
            await self.live_interaction.followup.send(text, files=files, ephemeral=self._private, suppress_embeds=True)
        elif self._private and self._interaction is not None:
            await self._interaction.user.send(text, files=files, suppress_embeds=True)
        elif self._channel is not None:
            await self._channel.send(text, files=files, suppress_embeds=True)

    async def detach(self) -> None:
        """Stop the progress and leave the message as it is."""
        self._closed = True
        async with self._edit_lock:  # let a running edit finish, or it could overwrite what follows
            self._throttle.cancel()

    async def _edit(self) -> None:
        await asyncio.sleep(max(0.0, self._started_at + self._delay - self._clock()))
        async with self._edit_lock:
            if not self._closed:
                await self._put(self._text, self._view)

    async def _put(self, text: str, view: ui.View | None, files: Sequence[discord.File] = ()) -> None:
        if self.live_interaction is not None:
            await self.live_interaction.edit_original_response(content=text, view=view, attachments=files)
        elif self._private:
            if view is None:
                await self.follow_up(text, files)
        elif self._channel is not None:
            message = self._channel.get_partial_message(self._message_id)
            await message.edit(content=text, view=view, attachments=files)


@dataclass(slots=True)
class Progress:
    """What a running job reports."""

    message: JobMessage
    words: Words
    ticket: Ticket
    account: JobAccount | None = None

    def show(self, text: str) -> None:
        cost, estimated = (self.account.cost, self.account.estimated) if self.account else (Decimal(0), False)
        self.message.show(f"{text}\n{self.message.small_print(self.words, cost, estimated=estimated)}")


def cancelled(cost: Decimal | None, words: Words) -> str:
    """What people read of a job that was cancelled."""
    return words("job cancelled free") if cost == 0 else words("job cancelled", cost=lines.money(cost, words))


async def run_job(
    interaction: Interaction,
    do: Callable[[Progress], Awaitable[LongAnswer]],
    *,
    private: bool,
    voices: Iterable[int] = (),
    name: str = "",
) -> bool:
    """Answer a command by a job from the queue: one message shows the progress, then the answer or the error.

    `voices`: whose recording the job hears. `name`: of what must not be done twice at a time. Returns whether it was
    the answer.
    """
    host, words = interaction.client, interaction.client.words_to(interaction)
    response = None
    if not interaction.response.is_done():
        response = await interaction.response.defer(thinking=True, ephemeral=private)
    ticket = host.jobs.queue.take(
        interaction.guild_id or 0, interaction.user.id, name or str(interaction.id), voices=voices
    )
    try:
        message_id = (response and response.message_id) or (await interaction.original_response()).id
        view = cancel_view(words, interaction.user.id, ticket)
        message = JobMessage(
            interaction.channel, message_id, interaction, view, private=private, delay=PROGRESS_DELAY_SECONDS
        )
    except BaseException:
        host.jobs.queue.give_back(ticket)
        raise
    progress = Progress(message, words, ticket)
    try:
        if not ticket.running:
            progress.show(words("job waiting"))
        async with host.jobs.queue.turn(ticket):
            answer = await do(progress)
        await _deliver(answer, message, private=private)
    except asyncio.CancelledError:
        await _report_shutdown(message, words("job cut"))
        raise
    except JobCancelled:
        cost = progress.account.cost if progress.account else Decimal(0)
        await message.finish(cancelled(cost, words))
    except Exception as error:
        await message.finish(f"⚠️ {explain(words, error)}")
    else:
        return True
    return False


async def _deliver(answer: LongAnswer, message: JobMessage, *, private: bool) -> None:
    """Post an answer; its sound as a voice message where the bot may send one, else as a file with the text."""
    interaction = message.live_interaction
    voiced = interaction if answer.pcm and interaction and not private and voice_message.allowed(interaction) else None
    first, *more = answer.messages
    await message.finish(first, [*answer.files, *([] if voiced else await answer.sound())])
    for text in more:
        await message.follow_up(text)
    if voiced is not None:
        try:
            await voice_message.send(voiced, answer.pcm)
        except REQUEST_ERRORS as error:
            log.info("voice_message_refused", error=type(error).__name__, code=getattr(error, "code", None))
            await message.follow_up("", await answer.sound())


async def _report_shutdown(message: JobMessage, text: str) -> None:
    """Say that the process ends before the job does."""
    try:
        async with asyncio.timeout(_SHUTDOWN_NOTICE_SECONDS):
            await message.finish(text)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.info("shutdown_notice_failed", error=type(error).__name__)


class CancelButton(ui.DynamicItem[ui.Button[Any]], template=r"kikite:cancel:(?P<owner>\d+):(?P<name>[0-9a-z]+)"):
    """The Cancel button, for the owner and for moderators; discord.py recreates it from its id when pressed.

    With a registered view instead, late updates about earlier buttons of the message would change the view.
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
        await actions.pressed(interaction, self._cancel)

    async def _cancel(self, interaction: Interaction) -> None:
        ticket = interaction.client.jobs.queue.find(self._name)
        if ticket is not None and ticket.guild_id != interaction.guild_id:
            ticket = None
        check_cancel(interaction, ticket.user_id if ticket else self._owner_id)  # an id says what its sender wants
        if ticket is None:
            raise Refusal("refusal job_over")
        ticket.cancel()
        await interaction.response.defer()


def check_cancel(interaction: discord.Interaction, owner_id: int) -> None:
    """Raise Refusal unless the caller may end the job of `owner_id` that the interaction's message shows."""
    channel = interaction.channel if isinstance(interaction.channel, Place) else None
    rights.check(interaction.user, Action.CANCEL, channel, concerned=interaction.user.id == owner_id)


def cancel_view(words: Words, owner_id: int, ticket: Ticket) -> ui.View:
    """Return the button under the progress of a ticket's job."""
    view = ui.View(timeout=None)
    view.add_item(CancelButton(owner_id, ticket.name, words("button cancel")))
    view.stop()  # discord.py need not keep it: CancelButton handles every press
    return view
