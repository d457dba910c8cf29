"""Long answers in Markdown: made inert, and put into messages or a file."""

import io
import re
import unicodedata

import discord

from bot.chat import lines
from bot.chat.host import Interaction

MESSAGES = 3
"""Messages of one answer at most; a longer one comes as a file, its beginning above it."""
_MENTION = re.compile(r"(?<=@)(?=everyone|here|[!&]?\d)|(?<=<)(?=[@#!&/]|t:|id:)")
_LINK = re.compile(r"\]\(")
_INVITE = re.compile(r"(discord(?:app)?)(?=\.(?:gg|com|me|io|li)\b)", re.IGNORECASE)


def markdown(text: str) -> str:
    """Return a model's Markdown with its headings and lists, but nothing in it that pings, links or hides."""
    plain = "".join(
        char for char in unicodedata.normalize("NFC", text) if char == "\n" or unicodedata.category(char)[0] != "C"
    )
    plain = _MENTION.sub("\u200b", plain)
    plain = _LINK.sub("]\u200b(", plain)
    return _INVITE.sub("\\1\u200b", plain)


async def post(
    interaction: Interaction,
    head: str,
    text: str,
    small: str,
    *,
    file: str,
    private: bool,
    sounds: tuple[tuple[str, bytes], ...] = (),
) -> None:
    """Answer a deferred interaction with `head`, a model's Markdown and small print.

    What is too long for messages goes into a file, which is called `file`.
    """
    shown = "\n".join(part for part in (head, markdown(text)) if part) + f"\n-# {small}"
    messages = lines.split(shown)
    files = [discord.File(io.BytesIO(data), name) for name, data in sounds]
    if len(messages) > MESSAGES:
        whole = f"{head}\n\n{text}\n" if head else f"{text}\n"
        files.append(discord.File(io.BytesIO(whole.encode()), file))
        messages = [f"{lines.split(shown, lines.MESSAGE_LIMIT - 2 - len(small) - 10)[0]}\n…\n-# {small}"]
    first, *more = messages
    await interaction.followup.send(first, files=files, ephemeral=private, suppress_embeds=True)
    for message in more:
        await interaction.followup.send(message, ephemeral=private, suppress_embeds=True)
