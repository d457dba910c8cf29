"""Files that people send: fetched from Discord only, never longer than said, and told apart as words or sound."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urlsplit

import discord

from bot.audio import HEAR_RATE
from bot.chat.error_messages import Refusal
from bot.chat.host import Host
from bot.errors import AudioTooLong
from bot.jobs import media

TEXT_LIMIT = 100_000
"""Bytes of a text file that goes along with a question."""
SOUND_LIMIT = 25_000_000
"""Bytes of a recording: an hour of a phone's voice messages."""
SOUNDS = ("audio/", "video/")
"""Types of what may hold sound."""
_CDN = {"cdn.discordapp.com", "media.discordapp.net"}


async def enclosed(host: Host, files: Iterable[discord.Attachment]) -> tuple[str, bytes]:
    """Return what goes along with a question: the words of text files, and recordings as s16le mono 16 kHz.

    Raises Refusal and BadAudio.
    """
    words: list[str] = []
    sound = bytearray()
    for file in files:
        found = await fetch(host, file)
        if isinstance(found, str):
            words.append(found)
        else:
            sound += await heard(found)
            if len(sound) > media.LONGEST * HEAR_RATE * 2:
                raise _too_long()
    return "\n\n".join(words), bytes(sound)


async def heard(recording: bytes) -> bytes:
    """Return a recording of any format as s16le mono 16 kHz. Raises BadAudio, and Refusal when it is too long."""
    try:
        return await asyncio.to_thread(_pcm, recording)
    except AudioTooLong as error:
        raise _too_long() from error


def _pcm(recording: bytes) -> bytes:
    return b"".join(media.read(recording, limits=replace(media.LIMITS, seconds=media.LONGEST)))


def _too_long() -> Refusal:
    return Refusal("refusal recording_long", minutes=int(media.LONGEST // 60))


def recordings(files: Iterable[discord.Attachment], *kinds: str) -> list[discord.Attachment]:
    """Return those whose type begins with one of `kinds`."""
    return [file for file in files if (file.content_type or "").startswith(kinds)]


async def fetch(host: Host, file: discord.Attachment) -> str | bytes:
    """Return the words of a text file, or the bytes of anything else, which may be a recording. Raises Refusal."""
    data = await raw(host, file)
    if recordings([file], *SOUNDS):
        return data
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data
    if len(data) > TEXT_LIMIT:
        raise Refusal("refusal file_size", limit=f"{TEXT_LIMIT // 1_000} kB")
    return text


async def raw(host: Host, file: discord.Attachment) -> bytes:
    """Return the bytes of a file.

    Raises Refusal when it is too long or gone, or does not lie with Discord (nobody may have the bot fetch from
    elsewhere).
    """
    where = urlsplit(file.url).netloc
    if where not in _CDN and where != urlsplit(host.settings.discord_api_base).netloc:
        raise Refusal("refusal file_place")
    if file.size > SOUND_LIMIT:
        raise Refusal("refusal file_size", limit=f"{SOUND_LIMIT // 1_000_000} MB")
    try:
        return await file.read()
    except discord.HTTPException as error:  # deleted in the meantime
        raise Refusal("refusal file_gone") from error
