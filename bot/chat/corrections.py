"""“That's not what I said”: a form in which people put their own lines of the transcript right.

A message does not say which lines it shows, and batches lines of several people. So each of its lines is looked for
among what is remembered, as it was written; that works after a restart, too.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import discord
import structlog
from discord import ui

from bot.call.record import UNINTELLIGIBLE_TEXT
from bot.chat import actions, escape, lines, rights
from bot.chat.error_messages import Refusal, send_error
from bot.chat.host import Host, Interaction
from bot.chat.i18n import Words
from bot.chat.permissions import VocalChannel
from bot.chat.requests import REQUEST_ERRORS, within
from bot.chat.rights import Action
from bot.chat.transcript.line_buttons import LINE_SEARCH_LIMIT, LineId, ask_again_row
from bot.chat.venue import DiscordVenue
from bot.errors import StoreUnavailable
from bot.types import Message

log = structlog.get_logger(__name__)

FORM_SECONDS = 14 * 60.0
"""How long a form may stay open."""
FIND_SECONDS = 2.0
"""Longest search for the lines: Discord waits 3 s for the form."""
MAX_FORM_LINES = 5
"""Lines in one form, the last ones of the message; Discord takes no more fields."""
MAX_FIELD_CHARACTERS = lines.MAX_MESSAGE_CHARACTERS


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A remembered line, and where a message shows it."""

    index: int
    "of the line in the message's content"
    message: Message


def shown_lines(content: str, said_near: float, known: Sequence[Message]) -> list[ShownLine]:
    """Return the people's lines that a message shows, in its order; `said_near` is its time in Unix seconds.

    Of several remembered lines that read the same, each is taken once, the nearest in time first.
    """
    left = [message for message in known if message.role == "user"]
    found: list[ShownLine] = []
    for index, text in reversed(list(enumerate(content.split("\n")))):
        if alike := [message for message in left if _shows(text, message)]:
            message = min(alike, key=lambda message: abs(message.at.timestamp() - said_near))
            left.remove(message)
            found.append(ShownLine(index, message))
    return found[::-1]


def corrected(content: str, shown: ShownLine, text: str) -> str:
    """Return a message's content with another text in place of a line."""
    rows = content.split("\n")
    rows[shown.index] = text
    return "\n".join(rows)


def answered_last(messages: Sequence[Message], line: Message) -> bool:
    """Whether the last answer is one to this line: no other answer came between."""
    place = next((index for index, message in enumerate(messages) if message.id == line.id), len(messages))
    answers = [message for message in messages[place:] if message.role == "assistant"]
    return len(answers) == 1 and line.speaker_id in answers[0].asked_by


async def open_form(interaction: Interaction, message: discord.Message) -> None:
    """Show the caller's lines of a message in a form. Raises Refusal when none is theirs, and StoreError."""
    host, guild = interaction.client, interaction.guild
    assert guild is not None
    if message.author.id != guild.me.id:
        raise Refusal("refusal no_line")
    try:
        channel_id, known = await within(FIND_SECONDS, _around(host, guild, message, interaction.user.id))
    except TimeoutError as error:
        raise StoreUnavailable("the lines were not read in time") from error
    shown = shown_lines(message.content, message.created_at.timestamp(), known)
    own = [line for line in shown if line.message.speaker_id == interaction.user.id][-MAX_FORM_LINES:]
    rights.check(interaction.user, Action.CORRECT, concerned=bool(own) or not shown)
    if not own:
        mine = message.content.startswith(f"**{escape.name(host.bot_name(guild))}** ")
        raise Refusal("refusal no_line" if mine and not shown else "refusal line_gone")
    assert not isinstance(message.channel, discord.GroupChannel)
    place = message.channel.get_partial_message(message.id)  # a whole one holds everybody's words
    form = CorrectionForm(host.words_to(interaction), place, channel_id, own)
    host.views.add(form)
    await interaction.response.send_modal(form)
    form.let_go()


class CorrectionForm(ui.Modal):
    """The form: one field per line. Once it is sent it keeps which lines it shows, not their words."""

    def __init__(self, words: Words, place: discord.PartialMessage, channel_id: int, own: Sequence[ShownLine]) -> None:
        super().__init__(title=words("menu That's not what I said"), timeout=FORM_SECONDS)
        self._place = place
        self._channel_id = channel_id
        self._line_ids = [line.message.id for line in own]
        self._fields: list[ui.TextInput[CorrectionForm]] = []
        for number, line in enumerate(own, 1):
            said = line.message.text
            field = ui.TextInput[CorrectionForm](
                custom_id=f"words:{number}",
                style=discord.TextStyle.paragraph,
                default="" if said == UNINTELLIGIBLE_TEXT else said[:MAX_FIELD_CHARACTERS],
                max_length=MAX_FIELD_CHARACTERS,
            )
            label = words("correct label") if len(own) == 1 else words("correct label_of", number=number)
            self._fields.append(field)
            self.add_item(ui.Label(text=label, component=field))

    def let_go(self) -> None:
        """Forget the words: Discord shows them now."""
        for field in self._fields:
            field.default = None

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        assert isinstance(interaction.client, Host)
        interaction.client.admit(interaction)
        rights.check(interaction.user, Action.CORRECT, concerned=True)  # timed out since, perhaps; _correct looks whose
        await self._correct(interaction)  # pyright: ignore[reportArgumentType] # client checked above

    async def on_error(self, interaction: discord.Interaction, error: Exception, /) -> None:
        assert isinstance(interaction.client, Host)
        await send_error(interaction, interaction.client.words_to(interaction), error)

    async def _correct(self, interaction: Interaction) -> None:
        """Put the lines right everywhere, and say so."""
        host, guild = interaction.client, interaction.guild
        assert guild is not None
        await interaction.response.defer(ephemeral=True, thinking=True)
        texts = (" ".join(field.value.split()) for field in self._fields)
        wanted = dict(zip(self._line_ids, texts, strict=True))
        if not all(escape.escape(text) for text in wanted.values()):
            raise Refusal("refusal no_words")
        lock = host.rewriting.setdefault(self._place.id, asyncio.Lock())
        async with lock:
            known = {line.id: line for line in await _known(host, guild.id, self._channel_id) if line.id in wanted}
            if len(known) < len(wanted):
                raise Refusal("refusal line_gone")
            changed = [known[line_id] for line_id, text in wanted.items() if text != known[line_id].text]
            if not changed:
                await actions.tell(interaction, "correct unchanged")
                return
            if any(line.speaker_id != interaction.user.id for line in changed):
                raise Refusal("refusal only_speaker")
            pairs = [(line, replace(line, text=wanted[line.id], edited=True)) for line in changed]
            content = await self._rewritten(pairs, host.words_in(guild))
            for before, after in pairs:
                await host.calls.erasure.correct(guild.id, self._channel_id, before, after)
                if gleaning := host.services.spellings.gleaning(self._channel_id, after):
                    await host.services.store.glean(guild.id, self._channel_id, gleaning)
            shown = content is not None and await self._show(content)
        await self._tell(interaction, [after for _, after in pairs], shown=shown)

    async def _rewritten(self, pairs: Sequence[tuple[Message, Message]], words: Words) -> str | None:
        """Return what the message should say; None: it cannot be read, or shows the lines no more. Raises Refusal."""
        try:
            message = await self._place.fetch()
        except REQUEST_ERRORS as error:
            log.info("corrected_line_not_shown", channel_id=self._channel_id, error=type(error).__name__)
            return None
        content, near = message.content, message.created_at.timestamp()
        for line in shown_lines(content, near, [before for before, _ in pairs]):
            after = next(after for _, after in pairs if after.id == line.message.id)
            content = corrected(content, line, lines.edited(after.speaker, after.text, words))
        if content == message.content:
            return None
        if len(content) > lines.MAX_MESSAGE_CHARACTERS:
            raise Refusal("refusal correction_long")
        return content

    async def _show(self, content: str) -> bool:
        try:
            await self._place.edit(content=content, allowed_mentions=discord.AllowedMentions.none())
        except REQUEST_ERRORS as error:
            log.info("corrected_line_not_shown", channel_id=self._channel_id, error=type(error).__name__)
            return False
        return True

    async def _tell(self, interaction: Interaction, changed: Sequence[Message], *, shown: bool) -> None:
        """Say what was done; offer to ask the last answer again if it answers one of the lines."""
        host = interaction.client
        words, call = host.words_to(interaction), host.calls.get(interaction.guild_id or 0)
        text = words("correct done" if shown else "correct unshown")
        # What is interpreted was said to somebody else, and is not to be answered.
        here = call and not call.left and not call.interpreter.on and call.venue.channel_id == self._channel_id
        talk = call.record.messages if call is not None and here else ()
        asked = next((line for line in reversed(changed) if answered_last(talk, line)), None)
        if asked is None:
            await actions.say(interaction, text)
            return
        row = ask_again_row(LineId(self._channel_id, asked.id, (asked.speaker_id,)), words)
        await interaction.followup.send(text, view=row, ephemeral=True)


def _shows(text: str, message: Message) -> bool:
    """Whether a line of the chat shows this line; what follows the words unescaped is the bot's own mark."""
    if message.text == UNINTELLIGIBLE_TEXT:
        return text.startswith(f"**{escape.name(message.speaker)}** *")
    written = lines.heard(message.speaker, message.text)
    return text == written or text.startswith(f"{written} *(")


async def _around(
    host: Host, guild: discord.Guild, message: discord.Message, user_id: int
) -> tuple[int, list[Message]]:
    """Return the voice channel whose lines a message shows, and what is known of it. Raises Refusal, StoreError."""
    channel_id = await _voice_channel(host, guild, message, user_id)
    return channel_id, await _known(host, guild.id, channel_id)


async def _voice_channel(host: Host, guild: discord.Guild, message: discord.Message, user_id: int) -> int:
    """Return the voice channel whose lines a message shows. Raises Refusal when there is none, and StoreError.

    The thread of a call that is over does not say whose it is: its lines do.
    """
    call, chat_id = host.calls.get(guild.id), message.channel.id
    if call is not None and isinstance(call.venue, DiscordVenue) and chat_id in call.venue.chats:
        return call.venue.channel_id
    if isinstance(guild.get_channel(chat_id), VocalChannel):
        return chat_id
    if not isinstance(message.channel, discord.Thread):
        raise Refusal("refusal no_line")
    posted = message.created_at
    said = await host.services.store.said_near(guild.id, posted, LINE_SEARCH_LIMIT)
    shown = {at: shown_lines(message.content, posted.timestamp(), lines) for at, lines in said.items()}
    shown = {at: found for at, found in shown.items() if found}
    own = [at for at, found in shown.items() if any(line.message.speaker_id == user_id for line in found)]
    if not shown:
        raise Refusal("refusal line_gone")
    return next(iter(own or shown))


async def _known(host: Host, guild_id: int, channel_id: int) -> list[Message]:
    """Return the channel's newest lines as they were written, oldest first. Raises StoreError."""
    call = host.calls.get(guild_id)
    own = call.record.messages if call is not None and call.venue.channel_id == channel_id else ()
    stored = await host.services.store.history(channel_id, LINE_SEARCH_LIMIT)
    found = {line.id: line for line in (*stored, *host.services.outbox.pending_lines(channel_id), *own)}
    return sorted(found.values(), key=lambda line: line.at)
