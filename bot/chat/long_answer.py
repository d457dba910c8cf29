"""Long answers in Markdown: made inert, and split into messages or put into a file."""

import asyncio
import io
import re
import unicodedata
from dataclasses import dataclass

import discord

from bot.audio import SPEAK_RATE
from bot.chat import escape, lines
from bot.chat.host import Interaction
from bot.jobs.encoder import encode

MAX_ANSWER_MESSAGES = 3
"""A longer answer becomes a file, with its beginning in the message above it."""
_TAG_PATTERN = re.compile(r"(?<=<)(?=[@#!&/]|t:|id:)")
"""The start of what Discord renders: mentions, channels, commands, timestamps, server navigation."""
_LINK_PATTERN = re.compile(r"\]\(")
_URL_PATTERN = re.compile(r"(?<!<)https?://[^\s<>]*[^\s<>.,:;!?)\]}'\"*_]")


def inert_markdown(text: str) -> str:
    """Return a model's Markdown with its headings and lists, without pings, hidden links and page previews."""
    plain = "".join(
        char for char in unicodedata.normalize("NFC", text) if char == "\n" or unicodedata.category(char)[0] != "C"
    )
    plain = _TAG_PATTERN.sub("\u200b", plain)
    plain = _LINK_PATTERN.sub("]\u200b(", plain)
    return escape.break_links(_URL_PATTERN.sub(r"<\g<0>>", plain))


@dataclass(frozen=True, slots=True)
class LongAnswer:
    """An answer, ready to be posted."""

    messages: list[str]
    files: list[discord.File]
    "attached to the first message"
    pcm: bytes = b""
    "s16le mono 24 kHz"
    name: str = "answer.ogg"
    "of the sound, when it is attached as a file"

    async def sound(self) -> list[discord.File]:
        """Return the sound as a file to attach; none without sound."""
        return await sound_file(self.pcm, self.name)


async def sound_file(pcm: bytes, name: str = "answer.ogg") -> list[discord.File]:
    """Return sound, s16le mono 24 kHz, as a file to attach; none without sound."""
    if not pcm:
        return []
    return [discord.File(io.BytesIO(await asyncio.to_thread(encode, pcm, SPEAK_RATE)), name)]


def compose(head: str, text: str, small: str, file: str, pcm: bytes = b"", name: str = "answer.ogg") -> LongAnswer:
    """Put `head`, a model's Markdown and small print into messages; a text too long for them into a file `file`."""
    shown = "\n".join(part for part in (head, inert_markdown(text)) if part) + f"\n-# {small}"
    messages, files = lines.split(shown), []
    if len(messages) > MAX_ANSWER_MESSAGES:
        whole = f"{head}\n\n{text}\n" if head else f"{text}\n"
        files = [discord.File(io.BytesIO(whole.encode()), file)]
        messages = [f"{lines.split(shown, lines.MAX_MESSAGE_CHARACTERS - 2 - len(small) - 10)[0]}\n…\n-# {small}"]
    return LongAnswer(messages, files, pcm, name)


async def post(interaction: Interaction, head: str, text: str, small: str, *, file: str, private: bool) -> None:
    """Answer a deferred interaction with what `compose` makes of `head`, a model's Markdown and small print."""
    answer = compose(head, text, small, file)
    first, *more = answer.messages
    await interaction.followup.send(first, files=answer.files, ephemeral=private, suppress_embeds=True)
    for message in more:
        await interaction.followup.send(message, ephemeral=private, suppress_embeds=True)
