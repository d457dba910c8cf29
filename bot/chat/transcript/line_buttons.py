"""The buttons under the bot's lines: say again, in my language, forget this.

Their ids contain everything they need, so they still work after a restart and long after the call.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import discord
import structlog
from discord import ui

from bot.call.access import IN_A_CALL
from bot.chat import actions, escape, lines, long_answer, rights
from bot.chat.error_messages import Refusal
from bot.chat.host import Interaction
from bot.chat.i18n import Words
from bot.chat.permissions import VocalChannel
from bot.chat.rights import Action
from bot.jobs.analysis_notes import request_key
from bot.jobs.translate import estimate, translate
from bot.types import Message, Spoken

log = structlog.get_logger(__name__)

MAX_ASKERS_IN_ID = 3
"""People that fit into a button's id (100 characters). Anyone beyond that has to ask a moderator."""
LINE_SEARCH_LIMIT = 500
"""Lines of the channel's history that are searched for the line."""
PART_SEARCH_LIMIT = 30
"""Messages above a line's last message that are searched for its other parts."""
_BASE36_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class LineId:
    """Identifies a line, and the people it answers."""

    channel_id: int
    "of the call"
    line_id: str
    "bot.types.Message.id"
    asked_by: tuple[int, ...]

    def __str__(self) -> str:
        return ":".join(map(_base36, (self.channel_id, int(self.line_id, 16), *self.asked_by[:MAX_ASKERS_IN_ID])))

    @classmethod
    def read(cls, text: str) -> Self:
        channel_id, line, *people = (int(part, 36) for part in text.split(":"))
        return cls(channel_id, f"{line:032x}", tuple(people))

    def exchange(self, messages: Sequence[Message]) -> set[str]:
        """Return the ids of the line, and of what the people it answers have said since the answer before it."""
        found = {self.line_id}
        index = next((index for index, message in enumerate(messages) if message.id == self.line_id), 0)
        for message in reversed(messages[:index]):
            if message.role == "assistant":
                break
            if message.speaker_id in self.asked_by:
                found.add(message.id)
        return found


class LineButton(ui.DynamicItem[ui.Button[Any]], template=r"kikite:line:(?P<action>\w+):(?P<line>[0-9a-z:]+)"):
    """One of the buttons; discord.py recreates it from its id when it is pressed."""

    def __init__(self, action: str, line_id: LineId, label: str | None = None) -> None:
        super().__init__(ui.Button(custom_id=f"kikite:line:{action}:{line_id}", label=label))
        self._action = action
        self._line_id = line_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["action"], LineId.read(match["line"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        await actions.pressed(interaction, lambda made: _LINE_ACTIONS[self._action](made, self._line_id))


def button_row(channel_id: int, spoken: Spoken, words: Words) -> ui.View | None:
    """Return the buttons under an answer; None for an answer without words, which is not remembered."""
    if not spoken.text.strip():
        return None
    line_id = LineId(channel_id, spoken.id, spoken.asked_by)
    view = ui.View(timeout=None)
    for action in ("again", "mine", "forget") if spoken.spoken else ("mine", "forget"):
        view.add_item(LineButton(action, line_id, words(f"button {action}")))
    view.stop()  # discord.py need not keep it: LineButton handles every press
    return view


def ask_again_row(line_id: LineId, words: Words) -> ui.View:
    """Return the button that puts a corrected line to the call again."""
    view = ui.View(timeout=None)
    view.add_item(LineButton("anew", line_id, words("button anew")))
    view.stop()  # as above
    return view


async def _ask_again(interaction: Interaction, line_id: LineId) -> None:
    """Have the call answer the line as it reads now."""
    call = interaction.client.call_for(interaction, Action.SPEAK)
    if call.venue.channel_id != line_id.channel_id:
        raise Refusal("refusal line_elsewhere")
    async with actions.defer_if_slow(interaction):
        line = await _find_line(interaction, line_id)
    rights.check(interaction.user, Action.CORRECT, concerned=line.speaker_id == interaction.user.id)
    interaction.client.check_access(interaction, *IN_A_CALL)
    call.record.meet(interaction.user.id, escape.display_name(interaction.user))
    call.ask(interaction.user.id, line.text)
    await actions.tell(interaction, "correct asked")


async def _say_again(interaction: Interaction, line_id: LineId) -> None:
    """Say the line again: the last answer is replayed, an older one is spoken anew by the model."""
    host = interaction.client
    call = host.call_for(interaction, Action.STEER)
    if call.venue.channel_id != line_id.channel_id:
        raise Refusal("refusal line_elsewhere")
    async with actions.defer_if_slow(interaction):
        line = await _find_line(interaction, line_id)
    newest = next((message for message in reversed(call.record.messages) if message.role == "assistant"), None)
    if newest is None or newest.id != line.id or not call.replay():
        assert interaction.guild is not None
        host.check_access(interaction, *IN_A_CALL)
        call.record.meet(interaction.user.id, escape.display_name(interaction.user))
        call.ask(interaction.user.id, host.words_in(interaction.guild)("line again", text=line.text))
    await actions.tell(interaction, "replay done")


async def _translate(interaction: Interaction, line_id: LineId) -> None:
    """Show the line in the reader's language, only to them."""
    host, user_id = interaction.client, interaction.user.id
    if (channel := _channel(interaction, line_id)) is None:
        raise Refusal("refusal line_gone")
    rights.check(interaction.user, Action.READ, channel)
    host.check_access(interaction, "spend")
    await interaction.response.defer(ephemeral=True, thinking=True)
    line = await _find_line(interaction, line_id)
    guild_id, jobs = interaction.guild_id or 0, host.jobs
    account = jobs.bill(guild_id, line_id.channel_id, user_id, estimate(jobs.studio, line.text))
    key = request_key(line.text.encode(), "translation", line.id, str(interaction.locale))
    text = host.untold.find(key, str)
    if text is None:
        async with host.asking.place(guild_id, user_id), account:
            host.untold.begin(key, {user_id}, talk=True)
            text = await translate(line.text, str(interaction.locale), jobs.studio, account)
        host.untold.keep(key, text, len(text))
    small = lines.price(account.cost, host.words_to(interaction), estimated=account.estimated)
    await long_answer.post(interaction, "", escape.escape(text), small, file="line.md", private=True)
    host.untold.told(key)


async def _forget(interaction: Interaction, line_id: LineId) -> None:
    """Delete the exchange from memory and store, and erase the line in the chat."""
    host, channel = interaction.client, _channel(interaction, line_id)
    if channel is None and host.get_channel(line_id.channel_id) is not None:  # another server's
        raise Refusal("refusal not_yours")
    theirs = interaction.user.id in line_id.asked_by
    rights.check(interaction.user, Action.FORGET_LINE, channel, concerned=theirs)
    line = await actions.surely(interaction, _erase(interaction, line_id, channel))
    await _erase_messages(interaction, line)
    await actions.tell(interaction, "forget line done")


async def _erase(interaction: Interaction, line_id: LineId, channel: VocalChannel | None) -> Message | None:
    """Delete the exchange from memory and store; return the line, if it was still known."""
    host = interaction.client
    assert interaction.guild is not None
    known = await host.services.store.history(line_id.channel_id, LINE_SEARCH_LIMIT)
    found = line_id.exchange(known)
    call = host.calls.get(interaction.guild.id)
    if call is not None and call.venue.channel_id == line_id.channel_id:
        own = call.record.messages  # the store lacks lines that are not written yet
        known, found = [*known, *own], found | line_id.exchange(own)
    line = next((line for line in known if line.id == line_id.line_id), None)
    if line is not None:  # an id says what its sender wants
        theirs = interaction.user.id in line.asked_by
        rights.check(interaction.user, Action.FORGET_LINE, channel, concerned=theirs)
    await host.calls.erasure.drop_lines(line_id.channel_id, found)
    return line


async def _erase_messages(interaction: Interaction, line: Message | None) -> None:
    """Erase the words in the line's last message, and delete the messages above it that hold its other parts."""
    shown, guild = interaction.message, interaction.guild
    assert shown is not None
    assert guild is not None
    text = f"*{interaction.client.words_in(guild)('line forgotten')}*"
    await interaction.edit_original_response(content=text, view=None)
    if line is None or not isinstance(shown.channel, discord.abc.Messageable):
        return
    name, whole = f"**{escape.name(line.speaker)}** ", escape.escape(line.text)
    if shown.content.startswith(name):
        return  # it begins with the name, so it is the only message
    try:
        async for message in shown.channel.history(limit=PART_SEARCH_LIMIT, before=shown):
            if message.author.id != guild.me.id or message.components:
                continue
            first = message.content.startswith(name)
            part = message.content.removeprefix(name)
            if part and part in whole:
                await message.delete()
                if first:
                    return
    except discord.HTTPException as error:
        log.info("line_parts_not_deleted", channel_id=shown.channel.id, status=error.status, code=error.code)


def _channel(interaction: Interaction, line_id: LineId) -> VocalChannel | None:
    """Return the voice channel that the line was said in; None when it was deleted."""
    channel = interaction.guild.get_channel(line_id.channel_id) if interaction.guild else None
    return channel if isinstance(channel, VocalChannel) else None


async def _find_line(interaction: Interaction, line_id: LineId) -> Message:
    """Return the remembered line. Raises Refusal when it is no longer remembered."""
    call = interaction.client.calls.get(interaction.guild_id or 0)
    own = call.record.messages if call is not None and call.venue.channel_id == line_id.channel_id else ()
    for message in own:
        if message.id == line_id.line_id:
            return message
    for message in await interaction.client.services.store.history(line_id.channel_id, LINE_SEARCH_LIMIT):
        if message.id == line_id.line_id:
            return message
    raise Refusal("refusal line_gone")


_LINE_ACTIONS: dict[str, Callable[[Interaction, LineId], Awaitable[None]]] = {
    "again": _say_again,
    "anew": _ask_again,
    "mine": _translate,
    "forget": _forget,
}


def _base36(number: int) -> str:
    """Write a number in base 36, as read by int(…, 36)."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _BASE36_DIGITS[digit] + digits
    return digits or "0"
