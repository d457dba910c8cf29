"""Messages to the bot: a mention or a reply in the call's chat is answered aloud, like /ask.

With READ_TEXT this holds for every message in the call's chat. What somebody with a voice of their own (/voice mine)
writes is read aloud first; unless it is to the bot, it counts as something said in the room. The bot also hears
attached recordings and voice messages. A mention in another channel gets a reply that names the right one.
"""

import discord
import structlog

from bot.call.access import IN_A_CALL
from bot.call.call import Call
from bot.chat import attachments, escape, rights
from bot.chat.error_messages import Refusal, explain
from bot.chat.host import Host
from bot.chat.requests import REQUEST_ERRORS
from bot.chat.rights import Action, standing_of
from bot.chat.venue import DiscordVenue
from bot.errors import NotInCall
from bot.jobs.enclosed import NOTHING_ENCLOSED
from bot.types import Verdict

log = structlog.get_logger(__name__)

_USER_MESSAGE_TYPES = (discord.MessageType.default, discord.MessageType.reply)


async def answer_mention(host: Host, message: discord.Message) -> None:
    """Answer a message if it is for the bot."""
    if message.author.bot or message.webhook_id or message.guild is None or message.type not in _USER_MESSAGE_TYPES:
        return
    call = host.calls.get(message.guild.id)
    here = call is not None and isinstance(call.venue, DiscordVenue) and message.channel.id in call.venue.chats
    addressed = _addressed(host, message)
    if not addressed and not (here and host.settings.read_text):
        return
    access = host.preferences.of(message.guild.id, None).access
    words = host.words_in(message.guild)
    read_in = ""
    if here and call is not None and message.author.id in call.venue.people():
        read_in = host.preferences.own_voices.of(message.guild.id, message.author.id)
    if not addressed and not read_in and not access.permits(message.author.id, standing_of(message.author), *IN_A_CALL):
        return  # people who talk to each other are not told each time that the bot may not answer
    try:
        if addressed or not read_in:  # what is only read aloud has a bound of its own
            host.cooldowns.take(message.author.id, message.created_at.timestamp())
        channel = host.call_channel(call) if call else None
        if call is None or channel is None:
            raise Refusal("refusal written_no_call")
        refusal = rights.may(message.author, Action.SPEAK, channel)
        if not here and not refusal:
            refusal = Refusal("refusal written_elsewhere", channel=channel.mention)
        if refusal:
            # Everyone who reads the answer reads the name of the channel: it must be no secret to any of them.
            public = here or rights.open_to_readers(channel, message.channel)
            raise refusal if public else Refusal("refusal written_no_call")
        rights.check_access(message.author, access, *IN_A_CALL)
        await _ask(host, call, message, addressed=addressed, read_in=read_in)
    except Exception as error:  # whatever fails, the author gets a reply
        try:
            await message.reply(explain(words, error), silent=True, mention_author=False)
        except REQUEST_ERRORS as failed:
            log.info("reply_failed", error=type(failed).__name__, code=getattr(failed, "code", None))


async def _ask(host: Host, call: Call, message: discord.Message, *, addressed: bool, read_in: str) -> None:
    """Put a message and its attachments to the call as a question, read aloud first where `read_in` names a voice."""
    assert message.guild is not None
    guild_id, author = message.guild.id, message.author.id
    files = attachments.of_type(attachments.of(message), "audio/")
    if addressed:  # pictures beside other files are not asked about; alone, they are refused with a reason
        pictures = attachments.of_type(attachments.of(message), "image/")
        files = [file for file in attachments.of(message) if file not in pictures] or attachments.of(message)
    elif files and author not in call.agreed():  # only a file addressed to the bot counts as consent
        call.verdicts.add(Verdict(0, author, host.services.clock(), "no_consent"))
        files = []
    text, enclosed = _words(host, message), NOTHING_ENCLOSED
    voices: frozenset[int] = frozenset()
    if files:
        voices = await attachments.check_voice(host, message, author)
        async with host.asking.place(guild_id, author):
            enclosed = await attachments.read_all(host, files, author)
        await attachments.check_voices(host, guild_id, voices, author)  # they may have withdrawn meanwhile
        if host.calls.get(guild_id) is not call:
            raise NotInCall
    words = host.words_in(message.guild)
    read_in = read_in if text else ""
    asked = addressed or not read_in or bool(enclosed.sound or enclosed.words)
    if enclosed.sound and not text:
        text = words("ask recording")
    if text or enclosed.words:
        voice = max(voices, default=0)
        call.record.meet(author, escape.display_name(message.author))
        call.ask(author, text, enclosed.sound, enclosed.words, voice, read_in=read_in, addressed=asked)
        if enclosed.notes:
            await message.reply(attachments.told(words, enclosed.notes), silent=True, mention_author=False)
    elif addressed:  # a mention alone, or a reply whose text is hidden without READ_TEXT or a mention
        raise Refusal("refusal written_empty")


def _addressed(host: Host, message: discord.Message) -> bool:
    """Whether the message mentions the bot itself (not a role or @everyone), or replies to it."""
    if host.user is None:
        return False
    reference = message.reference.resolved if message.reference else None
    replies = isinstance(reference, discord.Message) and reference.author.id == host.user.id
    return replies or any(user.id == host.user.id for user in message.mentions)


def _words(host: Host, message: discord.Message) -> str:
    """Return the text as people read it, without the mention of the bot at its start."""
    me = message.guild.me if message.guild else host.user
    text = attachments.words_of(message)
    for name in {me.display_name, me.name} if me else ():
        text = text.removeprefix(f"@{name}")
    return text.strip()
