"""The transcript's lines as text: names, words, small print, and the cut into messages."""

from decimal import Decimal

from bot.chat import escape
from bot.chat.i18n import Words
from bot.types import Spoken

MESSAGE_LIMIT = 2_000
"""Characters of one message's content (Discord's limit)."""
_SENTENCE_ENDS = "。！？!?.…"


def heard(name: str, words: str) -> str:
    """A person's line."""
    return f"**{escape.name(name)}** {escape.escape(words)}"


def unintelligible(name: str, words: Words) -> str:
    """A person's line where nobody knows the words."""
    return f"**{escape.name(name)}** *{words('line.unintelligible')}*"


def saying(name: str, words: str) -> str:
    """The bot's line while it speaks."""
    return f"**{escape.name(name)}** {escape.escape(words) or '…'}"


def said(name: str, spoken: Spoken, words: Words) -> str:
    """The bot's line when it has spoken, with its small print."""
    small = [words("line.seconds", seconds=f"{spoken.seconds:.1f}")] if spoken.spoken else [words("line.text_only")]
    small.append(money(spoken.cost, words, estimated=spoken.estimated))
    if spoken.interrupted:
        small.append(words("line.interrupted"))
    cut = " —" if spoken.interrupted else ""
    return f"{saying(name, spoken.text)}{cut}\n-# {' · '.join(small)}"


def money(cost: Decimal | None, words: Words, *, estimated: bool = False) -> str:
    """US dollars with the digits that matter; a cost that is not known is never shown as zero."""
    if cost is None:
        return words("line.cost_unknown")
    if Decimal(0) < cost < Decimal("0.001"):
        return "< $0.001"
    shown = f"${cost:.3f}" if cost < 1 else f"${cost:.2f}"
    return f"≈ {shown}" if estimated else shown


def split(text: str, limit: int = MESSAGE_LIMIT) -> list[str]:
    """Cut `text` into messages of at most `limit` characters, after sentences where there are any, else after words."""
    parts: list[str] = []
    rest = text
    while len(rest) > limit:
        at = _cut(rest, limit)
        parts.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*parts, rest] if rest else parts


def _cut(text: str, limit: int) -> int:
    """Where the first message ends: at the last sentence of its second half, else the last space, else the limit."""
    for at in range(limit, limit // 2, -1):
        if text[at - 1] == "\n" or (text[at - 1] in _SENTENCE_ENDS and (text[at].isspace() or text[at - 1] > "\x7f")):
            return at
    space = text.rfind(" ", limit // 2, limit)
    if space > 0:
        return space
    backslashes = len(text[:limit]) - len(text[:limit].rstrip("\\"))
    return limit - backslashes % 2  # an escape stays with what it escapes
