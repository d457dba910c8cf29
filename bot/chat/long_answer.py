"""Long answers in Markdown: made inert, and put into messages or a file."""

import asyncio
import io
import re
import unicodedata
from dataclasses import dataclass

import discord

from bot.audio import SPEAK_RATE
from bot.chat import escape, lines
from bot.chat.host import Interaction
from bot.jobs import media

MESSAGES = 3
"""Messages of one answer at most; a longer one comes as a file, its beginning above it."""
_TAG = re.compile(r"(?<=<)(?=[@#!&/]|t:|id:)")
"""The beginning of what Discord renders: mentions, channels, commands, timestamps, parts of the server."""
_LINK = re.compile(r"\]\(")
_URL = re.compile(r"(?<!<)https?://[^\s<>]*[^\s<>.,:;!?)\]}'\"*_]")


def markdown(text: str) -> str:
    """Return a model's Markdown with its headings and lists, but nothing in it that pings, hides or shows a page."""
    plain = "".join(
        char for char in unicodedata.normalize("NFC", text) if char == "\n" or unicodedata.category(char)[0] != "C"
    )
    plain = _TAG.sub("\u200b", plain)
    plain = _LINK.sub("]\u200b(", plain)
    return escape.break_links(_URL.sub(r"<\g<0>>", plain))


@dataclass(frozen=True, slots=True)
class LongAnswer:
    """An answer as it is posted."""

    messages: list[str]
    files: list[discord.File]
    "with the first message"
    pcm: bytes = b""
    "s16le mono 24 kHz"
    name: str = "answer.ogg"
    "of the sound, where it comes as a file"

    async def sound(self) -> list[discord.File]:
        """Return the sound as a file to attach, if there is any."""
        return await sound_file(self.pcm, self.name)


async def sound_file(pcm: bytes, name: str = "answer.ogg") -> list[discord.File]:
    """Return sound, s16le mono 24 kHz, as a file to attach, if there is any."""
    if not pcm:
        return []
    return [discord.File(io.BytesIO(await asyncio.to_thread(media.encode, pcm, SPEAK_RATE)), name)]


def compose(head: str, text: str, small: str, file: str, pcm: bytes = b"", name: str = "answer.ogg") -> LongAnswer:
    """Put `head`, a model's Markdown and small print into messages.

    What is too long for them goes into a file, which is called `file`.
    """
    shown = "\n".join(part for part in (head, markdown(text)) if part) + f"\n-# {small}"
    messages, files = lines.split(shown), []
    if len(messages) > MESSAGES:
        whole = f"{head}\n\n{text}\n" if head else f"{text}\n"
        files = [discord.File(io.BytesIO(whole.encode()), file)]
        messages = [f"{lines.split(shown, lines.MESSAGE_LIMIT - 2 - len(small) - 10)[0]}\n…\n-# {small}"]
    return LongAnswer(messages, files, pcm, name)


async def post(interaction: Interaction, head: str, text: str, small: str, *, file: str, private: bool) -> None:
    """Answer a deferred interaction with `head`, a model's Markdown and small print, as `compose` puts it."""
    report = compose(head, text, small, file)
    first, *more = report.messages
    await interaction.followup.send(first, files=report.files, ephemeral=private, suppress_embeds=True)
    for message in more:
        await interaction.followup.send(message, ephemeral=private, suppress_embeds=True)
