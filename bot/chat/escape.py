"""Makes untrusted text inert: people's words, names and files cannot ping, format, link or overflow.

Backslashes escape Discord's Markdown. Mass mentions and invites ignore backslashes: they get a zero-width space inside,
as in discord.py's escape_mentions.
"""

import re
import unicodedata

import discord

from bot.talk.skeleton import BLANK_LETTERS, INVISIBLE_CATEGORIES, KEPT_FORMAT_CHARACTERS, visible

MAX_WORDS_CHARACTERS = 6_000
"""Longest utterance or answer shown: three messages."""
_MAX_READ_CHARACTERS = 24_000
"""Of a text: whatever of it shows nothing, the rest must not be left out without an ellipsis."""
MAX_NAME_CHARACTERS = 32
"""Longest name shown; the same as Discord's limit."""
MAX_COMBINING_MARKS = 3
"""Combining marks kept per character: enough for Vietnamese, Thai and pointed Hebrew, too few for zalgo text."""

_MARKDOWN_PATTERN = re.compile(r"([\\*_~|`\[\]<>#])")
_BULLET_PATTERN = re.compile(r"(?<!\S)([-+])(?=\s)")
_MENTION_PATTERN = re.compile(r"@(?=everyone|here|[!&]?\d)")
_INVITE_PATTERN = re.compile(r"(discord(?:app)?)(?=\.(?:gg|com|me|io|li)\b)", re.IGNORECASE)


def escape(text: str, limit: int = MAX_WORDS_CHARACTERS) -> str:
    """Return `text` inert and on one line; where not all of it fits in `limit` characters it ends with an ellipsis."""
    plain = _plain(text[:_MAX_READ_CHARACTERS])
    if len(plain) > limit or len(text) > _MAX_READ_CHARACTERS:
        plain = plain[: limit - 1].rstrip() + "…"
    plain = _MARKDOWN_PATTERN.sub(r"\\\1", plain)
    plain = _BULLET_PATTERN.sub(r"\\\1", plain)
    return break_links(plain)


def break_links(text: str) -> str:
    """Return `text` with a zero-width space inside each mention and invite: it reads the same and does nothing."""
    return _INVITE_PATTERN.sub("\\1\u200b", _MENTION_PATTERN.sub("@\u200b", text))


def name(text: str) -> str:
    """Return a display name, inert; never empty."""
    return escape(text, MAX_NAME_CHARACTERS) or "?"


def display_name(member: discord.abc.User) -> str:
    """Return somebody's display name, or their user name if the display name would look empty."""
    return visible(member.display_name) or member.name


def _plain(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", text):
        category = unicodedata.category(char)
        if category in ("Mn", "Me"):
            marks += 1
            if marks <= MAX_COMBINING_MARKS:
                kept.append(char)
            continue
        marks = 0
        if char.isspace():
            kept.append(" ")
        elif category in INVISIBLE_CATEGORIES and char not in KEPT_FORMAT_CHARACTERS:
            continue
        elif char not in BLANK_LETTERS:
            kept.append(char)
    return " ".join("".join(kept).split())
