"""Files that people send: fetched from Discord only, never longer than said, and told apart as words or sound."""

from urllib.parse import urlsplit

import discord

from bot.chat.errors import Refusal
from bot.chat.host import Host

TEXT_LIMIT = 100_000
"""Bytes of a text file that goes along with a question."""
SOUND_LIMIT = 25_000_000
"""Bytes of a recording: an hour of a phone's voice messages."""
_CDN = {"cdn.discordapp.com", "media.discordapp.net"}


async def fetch(host: Host, file: discord.Attachment) -> str | bytes:
    """Return the words of a text file, or the bytes of anything else, which may be a recording. Raises Refusal."""
    data = await raw(host, file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data
    if len(data) > TEXT_LIMIT:
        raise Refusal("refusal file_size", limit=f"{TEXT_LIMIT // 1_000} kB")
    return text


async def raw(host: Host, file: discord.Attachment) -> bytes:
    """Return the bytes of a file.

    Raises Refusal when it is too long, or does not lie with Discord (nobody may have the bot fetch from elsewhere).
    """
    where = urlsplit(file.url).netloc
    if where not in _CDN and where != urlsplit(host.settings.discord_api_base).netloc:
        raise Refusal("refusal file_place")
    if file.size > SOUND_LIMIT:
        raise Refusal("refusal file_size", limit=f"{SOUND_LIMIT // 1_000_000} MB")
    return await file.read()
