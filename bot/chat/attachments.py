"""Files that people send: downloaded from Discord only, bounded in size, and sorted into words and sound."""

import asyncio
import mimetypes
from collections.abc import Iterable
from urllib.parse import urlsplit

import discord
import structlog

from bot.chat import escape
from bot.chat.error_messages import Refusal
from bot.chat.host import Host
from bot.chat.i18n import Words
from bot.chat.requests import REQUEST_ERRORS, within
from bot.chat.tool_place import fresh_standing
from bot.errors import AudioTooLong, TextTooLongToAsk
from bot.files.documents import Note
from bot.files.recordings.facts import QUESTION_LIMITS, sound_bytes
from bot.jobs.enclosed import MAX_ENCLOSED_CHARACTERS, SOUND_TYPES, Enclosed, read_enclosed
from bot.types import Standing

log = structlog.get_logger(__name__)

MAX_RECORDING_BYTES = 25_000_000
"""Size of a recording: an hour of voice messages from a phone."""
DOWNLOAD_ATTEMPTS = 2
DOWNLOAD_RETRY_SECONDS = 1.0
"""After each attempt that failed."""
DOWNLOAD_TIMEOUT_SECONDS = 60.0
"""For one attempt: 25 MB at 3.3 Mbit/s."""
_ZIP_TYPES = ("application/zip", "application/x-zip-compressed")
_CDN_HOSTS = {"cdn.discordapp.com", "media.discordapp.net"}


async def check_voice(host: Host, message: discord.Message, person: int) -> frozenset[int]:
    """Check that whoever recorded what `message` brings lets the bot hear it for `person`; return them, if known.

    Nobody asks about their own recording without wanting it heard. Raises Refusal, StoreError.
    """
    author = await author_of(host, message)
    if author is None or message.guild is None:
        return frozenset()
    await check_voices(host, message.guild.id, frozenset({author}), person)
    return frozenset({author})


async def check_voices(host: Host, guild_id: int, voices: frozenset[int], person: int) -> None:
    """Check that the others whose voices these are did not withdraw and may be heard. Raises Refusal, StoreError."""
    access = host.preferences.of(guild_id, None).access
    for voice in voices - {person}:
        if await host.calls.withdrew(guild_id, voice):
            raise Refusal("refusal voice_withdrawn")
        standing = await fresh_standing(host, guild_id, voice) if "answer" in access.listed else Standing()
        if not access.permits(voice, standing, "answer"):
            raise Refusal("refusal voice_not_allowed")


async def author_of(host: Host, message: discord.Message) -> int | None:
    """Return who made what a message brings: of a forwarded one, whoever wrote it first; None: in another server.

    Raises Refusal when the bot cannot see who that is.
    """
    origin = message.reference
    if not message.message_snapshots or origin is None or origin.message_id is None:
        return message.author.id
    if message.guild is None or origin.guild_id not in (None, message.guild.id):
        return None
    channel = host.get_partial_messageable(origin.channel_id, guild_id=message.guild.id)
    try:
        return (await channel.fetch_message(origin.message_id)).author.id
    except REQUEST_ERRORS as error:
        raise Refusal("refusal voice_unknown") from error


async def read_all(host: Host, files: Iterable[discord.Attachment], person: int) -> Enclosed:
    """Return what accompanies a question: the words of documents, and the sound of recordings.

    `person` waits for a place before anything is downloaded. Raises Refusal, BadAudio, BadDocument and FileError.
    """
    found = Enclosed()
    async with host.box.reading(person) as place:
        for file in files:
            data = await download(host, file)
            try:
                begin = len(found.sound) / sound_bytes(1.0)
                found += await read_enclosed(place, data, file.filename, file.content_type or "", begin)
            except AudioTooLong as error:
                raise _too_long() from error
            if len(found.sound) > sound_bytes(QUESTION_LIMITS.longest):
                raise _too_long()
            if len(found.words) > MAX_ENCLOSED_CHARACTERS:
                raise TextTooLongToAsk
    return found


def of(message: discord.Message) -> list[discord.Attachment]:
    """Return the files of a message, and of the message that it forwards."""
    return [*message.attachments, *(file for snapshot in message.message_snapshots for file in snapshot.attachments)]


def words_of(message: discord.Message) -> str:
    """Return the text of a message as people read it, or of the message that it forwards."""
    return message.clean_content or "\n\n".join(snapshot.content for snapshot in message.message_snapshots)


def told(words: Words, notes: Iterable[Note]) -> str:
    """Return what people should know about how their file was read, as small print; empty: nothing."""
    return "\n".join(f"-# {words(f'note {note.code}', detail=escape.escape(note.detail))}" for note in notes)


def _too_long() -> Refusal:
    return Refusal("refusal recording_long", minutes=int(QUESTION_LIMITS.seconds // 60))


def of_type(files: Iterable[discord.Attachment], *kinds: str) -> list[discord.Attachment]:
    """Return the files whose MIME type begins with one of `kinds`."""
    return [file for file in files if (file.content_type or "").startswith(kinds)]


def recordings_among(files: Iterable[discord.Attachment]) -> list[discord.Attachment]:
    """Return the files that may be recordings, by their MIME type or else by their name: zips may hold tracks."""
    return [file for file in files if _type(file).startswith((*SOUND_TYPES, *_ZIP_TYPES))]


def _type(file: discord.Attachment) -> str:
    return file.content_type or mimetypes.guess_type(file.filename)[0] or ""


async def download(host: Host, file: discord.Attachment) -> bytes:
    """Return the bytes of a file.

    A download that breaks is tried once more. Raises Refusal when the file is too large, deleted, out of reach, or not
    on Discord: people must not be able to make the bot fetch other addresses.
    """
    server = urlsplit(file.url).netloc
    if server not in _CDN_HOSTS and server != urlsplit(host.settings.discord_api_base).netloc:
        raise Refusal("refusal file_place")
    if file.size > MAX_RECORDING_BYTES:
        raise Refusal("refusal file_size", limit=f"{MAX_RECORDING_BYTES // 1_000_000} MB")
    for attempt in range(DOWNLOAD_ATTEMPTS):
        try:
            data = await within(DOWNLOAD_TIMEOUT_SECONDS, file.read())
        except REQUEST_ERRORS as error:
            if _is_gone(error):
                raise Refusal("refusal file_gone") from error
            log.info("download_failed", attempt=attempt, error=type(error).__name__)
        else:
            if len(data) == file.size:  # else it is a part of it, or a page in its place
                return data
            log.info("download_not_whole", attempt=attempt, size=file.size, received=len(data))
        await asyncio.sleep(DOWNLOAD_RETRY_SECONDS)
    raise Refusal("refusal file_unreachable")


def _is_gone(error: BaseException) -> bool:
    """Whether somebody deleted the file, or its address has expired: the CDN says so in plain text, a ban is a page."""
    refused = isinstance(error, discord.NotFound | discord.Forbidden)
    return refused and "html" not in error.response.headers.get("Content-Type", "")
