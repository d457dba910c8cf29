"""Strangers' text made inert: what people say, are called or upload can neither ping, format, link nor overflow.

Discord's markdown is escaped by backslashes; what no backslash stops (mass mentions, invites) gets a zero-width space
inside, as discord.py's own escape_mentions does.
"""

import re
import unicodedata

WORDS_LIMIT = 6_000
"""Characters kept of one person's words or one answer: three messages."""
NAME_LIMIT = 32
"""Characters kept of a name; Discord allows as many."""
MARKS_LIMIT = 3
"""Combining marks kept on one character: Vietnamese, Thai and pointed Hebrew need no more, zalgo does."""

_JOINERS = "\u200c\u200d"
"""Format characters that scripts and emoji need; all others go, the bidirectional overrides among them."""
_INVISIBLE = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and symbols that show nothing: a name made of them would be no name."""
_MARKDOWN = re.compile(r"([\\*_~|`\[\]<>#])")
_BULLET = re.compile(r"(?<!\S)([-+])(?=\s)")
_MENTION = re.compile(r"@(?=everyone|here|[!&]?\d)")
_INVITE = re.compile(r"(discord(?:app)?)(?=\.(?:gg|com|me|io|li)\b)", re.IGNORECASE)


def escape(text: str, limit: int = WORDS_LIMIT) -> str:
    """Return `text` on one line, inert, cut at `limit` characters of the original with an ellipsis."""
    plain = _plain(text[: limit * 4])
    if len(plain) > limit:
        plain = plain[: limit - 1].rstrip() + "…"
    plain = _MARKDOWN.sub(r"\\\1", plain)
    plain = _BULLET.sub(r"\\\1", plain)
    return break_links(plain)


def break_links(text: str) -> str:
    """Return `text` with a zero-width space inside each mention and invite: it reads the same and does nothing."""
    return _INVITE.sub("\\1\u200b", _MENTION.sub("@\u200b", text))


def name(text: str) -> str:
    """Return a display name, inert; never empty."""
    return escape(text, NAME_LIMIT) or "?"


def _plain(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", text):
        category = unicodedata.category(char)
        if category in ("Mn", "Me"):
            marks += 1
            if marks <= MARKS_LIMIT:
                kept.append(char)
            continue
        marks = 0
        if char.isspace():
            kept.append(" ")
        elif category in ("Cc", "Cf", "Cs", "Co") and char not in _JOINERS:
            continue
        elif char not in _INVISIBLE:
            kept.append(char)
    return " ".join("".join(kept).split())
