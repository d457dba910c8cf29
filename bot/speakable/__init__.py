"""Text as it is written -> text as it is said; pure.

Models write for the eye even when they are asked not to: lists, headings, emphasis, links, code, tables. A voice reads
the marks aloud, or stumbles over them. What has a sound becomes words, the rest is left out. Signs become words only
where the language is English or Japanese; elsewhere they stay, because voices read "50 %" well in their own language.
"""

import re
import unicodedata

from bot.speakable.signs import KANA_LETTER, KANJI, words_for_signs

_FENCE = re.compile(r"(?:```|~~~).*?(?:```|~~~|\Z)", re.DOTALL)
_FORMULA = re.compile(r"\$\$.*?\$\$|\\\[.*?\\\]", re.DOTALL)
_INLINE_CODE = re.compile(r"`{1,3}([^`\n]{0,400})`{1,3}")
_IMAGE_OR_LINK = re.compile(r"!?\[([^\]\n]{0,400})\]\((?:[^()\s]|\([^()\s]{0,400}\)){0,2000}(?:\s+\"[^\"\n]*\")?\)")
_ADDRESS = re.compile(r"<?\b(?:https?://|www\.)([^\s<>()\[\]、。」』]*[^\s<>()\[\]、。」』.,;:!?'\"])>?", re.IGNORECASE)
_DISCORD = re.compile(r"<(?:@[!&]?|#|a?:\w+:|t:)-?\d+(?::[a-zA-Z])?>|:(?!(?<=\d:)[\d+-])[a-z0-9_+-]{2,}:")
"""Not what stands between the colons of 10:00-11:00."""
_VALUED = r"[\w:.@-]{1,60}\s?=\s?(?:\"[^\"<>\n]{0,400}\"|'[^'<>\n]{0,400}'|[^\s\"'<>]{1,400})"
_BARE = r"(?:async|autoplay|checked|controls|defer|disabled|hidden|loop|muted|nowrap|open|required|reversed|selected)\b"
_ATTRIBUTE = rf"\s+(?:{_VALUED}|{_BARE})"
_MARKUP_TAG = re.compile(rf"</?[a-zA-Z][\w:.-]{{0,40}}(?:{_ATTRIBUTE}){{0,40}}\s?/?>")
"""A name, and attributes with values or known to need none: in `if a <b then c> d`, words stand between two signs."""
_TABLE_RULE = re.compile(r"^\s*\|?(?:\s*:?-{2,}:?\s*\|)+\s*(?::?-{2,}:?)?\s*$")
_RULE = re.compile(r"^\s*(?:[-*_=]\s*){3,}$")
_LINE_MARK = re.compile(r"^\s*(?:>+\s?)*\s*(?:#{1,6}\s+|-#\s+|[-*+•‣◦・]\s+(?:\[[ xX]\]\s+)?|(\d{1,3})[.)]\s+)?")
_EMPHASIS = re.compile(r"(\*{1,3}|~~|\|\||(?<!\w)_{1,3}(?=\S))(?=\S)(.{1,400}?)(?<=\S)\1(?!\w)", re.DOTALL)
_BOLD_INSIDE = re.compile(r"(\*\*|(?<![A-Za-z0-9])\*)(?=\S)([^*\n]{1,400}?)(?<=\S)\1")
"""Japanese has no spaces around what is emphasised."""
_PRODUCT = re.compile(r"(?<=[\d)])(?:\*|[ \t]+\*[ \t]+)(?=\(?\d)")
"""Not `in 2026 *10* came`, which is emphasis: a space on both sides, or on neither."""
_LEFT_MARKS = re.compile(r"[*`|\\~^]+|(?<!\w)_+|_+(?!\w)")
_SPACES = re.compile(r"[^\S\n]+")
_GAP_BEFORE_STOP = re.compile(r"\s+([,.!?;:、。！？])")
_NOTHING_TO_SAY = re.compile(r"[\W_]*\Z")
FULL_STOPS = ".!?…؟۔।॥։።။។"
"""Of every script that has a space behind them: Arabic, Urdu, Hindi, Armenian, Amharic, Burmese and Khmer, too."""
_ENDS = (*FULL_STOPS, *":;,。！？、：；،؛")


def speakable(text: str, language: str | None = None) -> str:
    """Return what a voice says of a text, on one line; empty: nothing.

    `language` is BCP 47; None: the text tells.
    """
    text = _FORMULA.sub(" ", _FENCE.sub("\n", text.replace("\r", "\n")))
    text = _INLINE_CODE.sub(lambda found: re.sub(r"[_(){}\[\];<>]+", " ", found[1]).strip(), text)
    text = _IMAGE_OR_LINK.sub(r"\1", text)
    text = _ADDRESS.sub(lambda found: _host(found[1]), text)
    text = _MARKUP_TAG.sub(" ", _DISCORD.sub(" ", text))
    text = _PRODUCT.sub(" × ", text)
    lines = [said for line in text.split("\n") if (said := _line(line))]
    text = _join(lines)
    text = "".join(letter for letter in text if not _is_picture(letter))
    signs = words_for_signs(text, language)
    if signs:
        text = signs(text)
    text = _GAP_BEFORE_STOP.sub(r"\1", _SPACES.sub(" ", _LEFT_MARKS.sub(" ", text))).strip()
    return "" if _NOTHING_TO_SAY.match(text) else text


def _host(address: str) -> str:
    """Return the host of an address: its path says nothing to the ear, and a name or a key before it is not for it."""
    host = re.split(r"[/?#\\]", address, maxsplit=1)[0].rpartition("@")[2]
    return host.partition(":")[0].removeprefix("www.")


def _line(line: str) -> str:
    """Return a line without the marks of its kind, ended as a sentence where it is a row, an item or a heading."""
    if _RULE.match(line) or _TABLE_RULE.match(line):
        return ""
    if line.count("|") >= 2 and line.strip().startswith("|"):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        return _ended(_plain(", ".join(filter(None, cells))))
    mark = _LINE_MARK.match(line)
    assert mark is not None, "every part of it is optional"
    words = _plain(line[mark.end() :]).strip()
    if not words:
        return ""
    marked = bool(mark[0].strip(" >\t"))
    if mark[1]:
        words = f"{mark[1]}, {words}"
    return _ended(words) if marked else words


def _plain(words: str) -> str:
    """Take off emphasis, also within emphasis."""
    for _ in range(3):
        plainer = _BOLD_INSIDE.sub(r"\2", _EMPHASIS.sub(r"\2", words))
        if plainer == words:
            break
        words = plainer
    return words


def _ended(words: str) -> str:
    if not words or words.endswith(_ENDS):
        return words
    return words + ("。" if KANA_LETTER.search(words) or KANJI.search(words[-1]) else ".")


def _join(lines: list[str]) -> str:
    """Join lines; a line that another follows is a sentence of its own unless it goes on in small letters."""
    joined = ""
    for line in lines:
        if joined and not joined.endswith(_ENDS) and not line[:1].islower():
            joined = _ended(joined)
        joined += (" " if joined else "") + line
    return joined


def _is_picture(letter: str) -> bool:
    """Whether a character is an emoji, a part of one, or a drawing: nothing that is said."""
    return letter in "\ufe0f\ufe0e\u200d\u20e3" or (
        letter not in "°℃" and unicodedata.category(letter) in ("So", "Sk", "Cs", "Co") and ord(letter) > 0xFF
    )
