"""Files that people send: downloaded from Discord only, bounded in size, and sorted into words and sound."""

import asyncio
from collections.abc import Iterable
from urllib.parse import urlsplit

import discord
import structlog

from bot.chat.error_messages import Refusal
from bot.chat.host import Host
from bot.chat.requests import REQUEST_ERRORS, within
from bot.errors import AudioTooLong
from bot.files.box import ReadingPlace
from bot.files.recordings.facts import QUESTION_LIMITS, sound_bytes

log = structlog.get_logger(__name__)

MAX_TEXT_FILE_BYTES = 100_000
"""Size of a text file that accompanies a question."""
MAX_RECORDING_BYTES = 25_000_000
"""Size of a recording: an hour of voice messages from a phone."""
SOUND_TYPES = ("audio/", "video/")
"""Prefixes of the MIME types that may contain sound."""
DOWNLOAD_ATTEMPTS = 2
DOWNLOAD_RETRY_SECONDS = 1.0
"""After each attempt that failed."""
DOWNLOAD_TIMEOUT_SECONDS = 60.0
"""For one attempt: 25 MB at 3.3 Mbit/s."""
_CDN_HOSTS = {"cdn.discordapp.com", "media.discordapp.net"}


async def check_voice(host: Host, message: discord.Message, person: int) -> None:
    """Check that whoever recorded what `message` brings lets the bot hear it for `person`. Raises Refusal, StoreError.

    Nobody asks about their own recording without wanting it heard.
    """
    author = message.author.id
    if message.guild and author != person and await host.calls.withdrew(message.guild.id, author):
        raise Refusal("refusal voice_withdrawn")


async def read_all(host: Host, files: Iterable[discord.Attachment], person: int) -> tuple[str, bytes]:
    """Return what accompanies a question: the words of text files, and all recordings as s16le mono 16 kHz.

    `person` waits for a place before anything is downloaded. Raises Refusal, BadAudio and FileError.
    """
    words: list[str] = []
    sound = bytearray()
    async with host.box.reading(person) as place:
        for file in files:
            found = await read(host, file)
            if isinstance(found, str):
                words.append(found)
            else:
                sound += await _heard(place, found, file.filename)
                if len(sound) > sound_bytes(QUESTION_LIMITS.longest):
                    raise _too_long()
    return "\n\n".join(words), bytes(sound)


async def hear(host: Host, file: discord.Attachment, person: int) -> bytes:
    """Return a recording as s16le mono 16 kHz. Raises Refusal, BadAudio and FileError."""
    async with host.box.reading(person) as place:
        return await _heard(place, await download(host, file), file.filename)


async def _heard(place: ReadingPlace, recording: bytes, name: str) -> bytes:
    try:
        return await place.pcm(recording, name, QUESTION_LIMITS)
    except AudioTooLong as error:
        raise _too_long() from error


def _too_long() -> Refusal:
    return Refusal("refusal recording_long", minutes=int(QUESTION_LIMITS.seconds // 60))


def of_type(files: Iterable[discord.Attachment], *kinds: str) -> list[discord.Attachment]:
    """Return the files whose MIME type begins with one of `kinds`."""
    return [file for file in files if (file.content_type or "").startswith(kinds)]


async def read(host: Host, file: discord.Attachment) -> str | bytes:
    """Return the words of a text file, or the bytes of any other file, which may be a recording. Raises Refusal."""
    data = await download(host, file)
    if of_type([file], *SOUND_TYPES):
        return data
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data
    if len(data) > MAX_TEXT_FILE_BYTES:
        raise Refusal("refusal file_size", limit=f"{MAX_TEXT_FILE_BYTES // 1_000} kB")
    return text


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
        except (discord.NotFound, discord.Forbidden) as error:  # somebody deleted it, or its address has expired
            raise Refusal("refusal file_gone") from error
        except REQUEST_ERRORS as error:
            log.info("download_failed", attempt=attempt, error=type(error).__name__)
        else:
            if len(data) >= file.size:
                return data
            log.info("download_cut_off", attempt=attempt, size=file.size, received=len(data))
        await asyncio.sleep(DOWNLOAD_RETRY_SECONDS)
    raise Refusal("refusal file_unreachable")
