"""The buttons under the bot's lines: say again, in my language, forget this.

Their ids carry what they need, so that they work after a restart and long after the call.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import discord
import structlog
from discord import ui

from bot.chat import actions, escape, lines, long_answer, permissions
from bot.chat.error_messages import Refusal
from bot.chat.host import Interaction
from bot.chat.i18n import Words
from bot.errors import NotInCall
from bot.jobs.translate import estimate, translate
from bot.types import Message, Spoken

log = structlog.get_logger(__name__)

ASKERS = 3
"""People an id has room for (100 characters); when more asked at once, the others turn to a moderator."""
LOOK_BACK = 500
"""Lines of the channel's memory among which the one is looked for."""
PARTS_WITHIN = 30
"""Messages above a line's last one among which the others of it are looked for."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Mark:
    """Which line it is, and whom it answers."""

    channel_id: int
    "of the call"
    line_id: str
    "bot.types.Message.id"
    asked_by: tuple[int, ...]

    def __str__(self) -> str:
        return ":".join(map(_short, (self.channel_id, int(self.line_id, 16), *self.asked_by[:ASKERS])))

    @classmethod
    def read(cls, text: str) -> Self:
        channel_id, line, *people = (int(part, 36) for part in text.split(":"))
        return cls(channel_id, f"{line:032x}", tuple(people))

    def exchange(self, messages: Sequence[Message]) -> set[str]:
        """Return the ids of the line, and of what those it answers said since the answer before."""
        found = {self.line_id}
        place = next((place for place, message in enumerate(messages) if message.id == self.line_id), 0)
        for message in reversed(messages[:place]):
            if message.role == "assistant":
                break
            if message.speaker_id in self.asked_by:
                found.add(message.id)
        return found


class LineButton(ui.DynamicItem[ui.Button[Any]], template=r"kikite:line:(?P<action>\w+):(?P<mark>[0-9a-z:]+)"):
    """One of the buttons; discord.py makes it anew from its id when it is pressed."""

    def __init__(self, action: str, mark: Mark, label: str | None = None) -> None:
        super().__init__(ui.Button(custom_id=f"kikite:line:{action}:{mark}", label=label))
        self._action = action
        self._mark = mark

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["action"], Mark.read(match["mark"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        await actions.pressed(interaction, lambda made: _ACTIONS[self._action](made, self._mark))


def row(channel_id: int, spoken: Spoken, words: Words) -> ui.View | None:
    """Return the buttons of an answer; None when no word of it is remembered."""
    if not spoken.text.strip():
        return None
    mark = Mark(channel_id, spoken.id, spoken.asked_by)
    view = ui.View(timeout=None)
    for action in _ACTIONS if spoken.spoken else ("mine", "forget"):
        view.add_item(LineButton(action, mark, words(f"button {action}")))
    view.stop()  # discord.py need not keep it: LineButton answers for every line
    return view


async def _again(interaction: Interaction, mark: Mark) -> None:
    """Say it again: the last answer as it sounded, an older one by having the model speak its words."""
    host = interaction.client
    call = host.call_of(interaction)
    if call.venue.channel_id != mark.channel_id:
        raise NotInCall
    async with actions.patiently(interaction):
        line = await _line(interaction, mark)
    newest = next((message for message in reversed(call.record.messages) if message.role == "assistant"), None)
    if newest is None or newest.id != line.id or not call.replay():
        assert interaction.guild is not None
        call.ask(interaction.user.id, host.words_in(interaction.guild)("line again", text=line.text))
    await actions.tell(interaction, "replay done")


async def _mine(interaction: Interaction, mark: Mark) -> None:
    """Show the line in the reader's language, to them alone."""
    host, user_id = interaction.client, interaction.user.id
    await interaction.response.defer(ephemeral=True, thinking=True)
    line = await _line(interaction, mark)
    guild_id, jobs = interaction.guild_id or 0, host.jobs
    bill = jobs.bill(guild_id, mark.channel_id, user_id, estimate(jobs.studio, line.text))
    async with host.asking.place(guild_id, user_id), bill:
        text = await translate(line.text, str(interaction.locale), jobs.studio, bill)
    small = lines.money(bill.cost, host.words_to(interaction), estimated=bill.estimated)
    await long_answer.post(interaction, "", escape.escape(text), small, file="line.md", private=True)


async def _forget(interaction: Interaction, mark: Mark) -> None:
    """Remove the exchange from memory and store, and the words from the line."""
    host, granted = interaction.client, interaction.permissions
    moderates = permissions.may_moderate(granted) or granted.manage_messages
    if interaction.user.id not in mark.asked_by and not moderates:
        raise Refusal("refusal not_yours")
    assert interaction.guild is not None
    await interaction.response.defer()
    known = await host.services.store.history(mark.channel_id, LOOK_BACK)
    found = mark.exchange(known)
    call = host.calls.get(interaction.guild.id)
    if call is not None and call.venue.channel_id == mark.channel_id:
        own = call.record.messages  # with what is not written down yet, which the store has no line of
        known, found = [*known, *own], found | mark.exchange(own)
    await host.calls.erasure.drop_lines(mark.channel_id, found)
    await _take_down(interaction, next((line for line in known if line.id == mark.line_id), None))
    await actions.tell(interaction, "forget line done")


async def _take_down(interaction: Interaction, line: Message | None) -> None:
    """Take the words from the line's message, and delete those above it that the line was split over."""
    shown, guild = interaction.message, interaction.guild
    assert shown is not None
    assert guild is not None
    text = f"*{interaction.client.words_in(guild)('line forgotten')}*"
    await interaction.edit_original_response(content=text, view=None)
    if line is None or not isinstance(shown.channel, discord.abc.Messageable):
        return
    name, whole = f"**{escape.name(line.speaker)}** ", escape.escape(line.text)
    if shown.content.startswith(name):
        return  # its only message: with the name it begins
    try:
        async for message in shown.channel.history(limit=PARTS_WITHIN, before=shown):
            if message.author.id != guild.me.id or message.components:
                continue
            first = message.content.startswith(name)
            part = message.content.removeprefix(name)
            if part and part in whole:
                await message.delete()
                if first:
                    return
    except discord.HTTPException as error:
        log.info("parts_left", channel_id=shown.channel.id, status=error.status, code=error.code)


async def _line(interaction: Interaction, mark: Mark) -> Message:
    """Return the line as it is remembered. Raises Refusal when it is not, any more."""
    call = interaction.client.calls.get(interaction.guild_id or 0)
    own = call.record.messages if call is not None and call.venue.channel_id == mark.channel_id else ()
    for message in own:
        if message.id == mark.line_id:
            return message
    for message in await interaction.client.services.store.history(mark.channel_id, LOOK_BACK):
        if message.id == mark.line_id:
            return message
    raise Refusal("refusal line_gone")


_ACTIONS: dict[str, Callable[[Interaction, Mark], Awaitable[None]]] = {
    "again": _again,
    "mine": _mine,
    "forget": _forget,
}


def _short(number: int) -> str:
    """Write a number in base 36, as int() reads it."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
