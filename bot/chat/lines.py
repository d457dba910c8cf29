"""The transcript's lines as text: names, words and small print, split into messages."""

from decimal import Decimal

from bot.chat import escape
from bot.chat.i18n import Words
from bot.types import Spoken

MAX_MESSAGE_CHARACTERS = 2_000
"""Discord's limit for the content of one message."""
_SENTENCE_ENDINGS = "。！？!?.…"


def heard(name: str, words: str) -> str:
    """A person's line."""
    return f"**{escape.name(name)}** {escape.escape(words)}"


def edited(name: str, text: str, words: Words) -> str:
    """A person's line that they put right."""
    return f"{heard(name, text)} *({words('line.edited')})*"


def unintelligible(name: str, words: Words) -> str:
    """A person's line when transcription found no words."""
    return f"**{escape.name(name)}** *{words('line.unintelligible')}*"


def saying(name: str, words: str) -> str:
    """The bot's line while it speaks."""
    return f"**{escape.name(name)}** {escape.escape(words) or '…'}"


def said(name: str, spoken: Spoken, words: Words) -> str:
    """The bot's line after it has spoken, with its small print."""
    small = [words("line.seconds", seconds=f"{spoken.seconds:.1f}")] if spoken.spoken else [words("line.text_only")]
    if spoken.tokens:
        about = "≈ " if spoken.estimated else ""
        small.append(words("line.tokens", tokens=f"{about}{spoken.tokens:,}"))
    small.append(price(spoken.cost, words, estimated=spoken.estimated))
    if spoken.tools:
        small.append(words("line.tools", tools=", ".join(escape.escape(name) for name in spoken.tools)))
    if spoken.interrupted:
        small.append(words("line.interrupted"))
    cut = " —" if spoken.interrupted else ""
    return f"{saying(name, spoken.text)}{cut}\n-# {join(*small)}"


def money(cost: Decimal | None, words: Words, *, estimated: bool = False) -> str:
    """US dollars with the significant digits; an unknown cost is never shown as zero."""
    if cost is None:
        return words("line.cost_unknown")
    if Decimal(0) < cost < Decimal("0.001"):
        return "< $0.001"
    shown = f"${cost:.3f}" if cost < 1 else f"${cost:.2f}"
    return f"≈ {shown}" if estimated else shown


def price(cost: Decimal | None, words: Words, *, estimated: bool = False) -> str:
    """What an answer cost, as `money`; nothing where it cost nothing, as with a local model whose rates are zero."""
    return "" if cost == 0 else money(cost, words, estimated=estimated)


def join(*parts: str) -> str:
    """Join what there is of a line in small print."""
    return " · ".join(part for part in parts if part)


def split(text: str, limit: int = MAX_MESSAGE_CHARACTERS) -> list[str]:
    """Split `text` into messages of at most `limit` characters, after sentences if possible, else after words."""
    parts: list[str] = []
    rest = text
    while len(rest) > limit:
        at = _cut(rest, limit)
        parts.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*parts, rest] if rest else parts


def _cut(text: str, limit: int) -> int:
    """Return where the first message ends: its last sentence or space in the second half, else the limit."""
    for at in range(limit, limit // 2, -1):
        if text[at - 1] == "\n" or (
            text[at - 1] in _SENTENCE_ENDINGS and (text[at].isspace() or text[at - 1] > "\x7f")
        ):
            return at
    space = text.rfind(" ", limit // 2, limit)
    if space > 0:
        return space
    backslashes = len(text[:limit]) - len(text[:limit].rstrip("\\"))
    return limit - backslashes % 2  # a backslash stays with the character it escapes
