"""Bytes of a text file -> its words. A detector proposes encodings; what they make of the text must be plausible.

A byte order mark, valid UTF-8 and the zero bytes of UTF-16 are proof. Everything else is a guess, and named as one.
"""

import codecs
import re
import unicodedata
from collections import Counter
from contextlib import suppress

from bot.errors import NotDocument, UnknownEncoding
from bot.files.documents.document import Note

_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE_BYTES = 64_000
"""What the detector looks at, so that a long file takes no longer."""
_LEAST_BYTES_PER_ZERO = 1000
"""A text may have a stray zero byte, where a program filled a gap."""
_SURE_CONFIDENCE = 0.9
_NEAR_CONFIDENCE = 0.03
"""Encodings whose confidence differs by less are equally likely; the more usual one is taken."""
_MOST_ACCENTED = 0.8
"""Share of a word's letters that have accents at most, in languages of Latin letters."""
_LEAST_PLAUSIBLE = 0.8
"""Share of a text's words that look like words. Mojibake has symbols and foreign letters inside them."""
_USUAL = re.compile(r"windows|cp9\d\d|euc|gb|big5|koi8|iso-2022|hz|tis", re.IGNORECASE)
_WRONG_SIGNS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufffd]")
_SHIFTED = re.compile(rb"\+([A-Za-z0-9+/]{3,})")
_SHIFTS = re.compile(rb"\+(?:-|[A-Za-z0-9+/]{3,})")
_TRIMMED = "\"'“”‘’„«»‹›()[]{}<>¿¡.,;:!?…–—-*_/|#&+=~^$%@°§©®™€£•·†‡0123456789"
_COMMON_RANGES = (0x00, 0x04, 0x05, 0x06, 0x0E, 0x30, 0xFF)
"""High bytes of Latin, Cyrillic, Hebrew, Arabic, Thai, kana and full-width signs in UTF-16."""
_LATIN_SHARE = 0.5
"""A zero in every other byte of so many is proof; letters of other ranges, dashes and emoji stand among them."""
_EAST_ASIAN = re.compile(r"[\u4e00-\u9fff\uac00-\ud7af]")
_EAST_ASIAN_SETS = ("euc_jp", "gb2312", "big5", "euc_kr")
"""What is written every day is in one of these; most of Unicode's ideographs and syllables are not."""
_JOINTS = re.compile(r"[-‐–—'’.,:;!?/()&+@_\d]")
_NARROW_KANA, _SMALL_LETTER = re.compile(r"[\uff61-\uff9f]"), re.compile(r"[a-z]")
"""Those of old terminals, which have no small letters beside them: accented letters of Europe become them."""
_LONE_WIDE = re.compile(r"[^\W\d_\u0080-\uffff][\u3400-\u9fff\uac00-\ud7af][a-z]")
"""One ideograph or syllable within a Latin word: an accented letter of Europe, and the one after it."""
_WIDE = re.compile(r"[\u1100-\u11ff\u3000-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")


def decode(data: bytes) -> tuple[str, tuple[Note, ...]]:
    """Return the text of a file, and a note when its encoding is not certain.

    Raises NotDocument for what is no text, UnknownEncoding for a text that no encoding makes readable.
    """
    for mark, encoding in _ORDER_MARKS:
        if data.startswith(mark):
            if encoding == "utf-16" and not _is_marked_utf16(data):
                raise NotDocument("not UTF-16 in spite of its mark")
            return _strict(data, encoding), ()
    if (text := _utf7(data)) is not None:
        return text, (Note("encoding", "utf-7"),)
    if 0 not in data and _is_utf8(data):
        return _strict(data, "utf-8"), ()
    if encoding := _wide(data):
        return _strict(data, encoding), ()
    if 0 in data:
        if data.count(0) * _LEAST_BYTES_PER_ZERO <= len(data) and _is_utf8(data):
            return _strict(data, "utf-8"), ()
        raise NotDocument("zero bytes")
    text, encoding, sure = _guessed(data)
    return text, () if sure else (Note("encoding", encoding),)


def _utf7(data: bytes) -> str | None:
    """Return the text of UTF-7 (RFC 2152); None: it is none. Its bytes are ASCII, so its words must be words."""
    shifted = _SHIFTED.findall(data) if data.isascii() else []
    if not shifted or data.count(b"+") != len(_SHIFTS.findall(data)):
        return None
    try:
        words = [b"+" + run + b"-" for run in shifted]
        letters = "".join(word.decode("utf-7") for word in words)
        text = data.decode("utf-7")
    except UnicodeDecodeError:
        return None
    foreign = sum(letter > "\x7f" and unicodedata.category(letter)[0] in "LMP" for letter in letters)
    return text if foreign >= 0.9 * len(letters) and plausibility(text) >= _LEAST_PLAUSIBLE else None


def _strict(data: bytes, encoding: str) -> str:
    """Decode, and forgive what a cut or one foreign byte breaks."""
    text = data.decode(encoding, errors="replace")
    if len(_WRONG_SIGNS.findall(text)) > 2 + len(text) // 50:
        raise NotDocument("control characters")
    return text.replace("\ufffd", "").removeprefix("\ufeff")


def _is_utf8(data: bytes) -> bool:
    """Whether the bytes are UTF-8 but for a cut at the end and rare broken bytes. ISO-2022 and HZ are not."""
    if b"\x1b$" in data or b"\x1b(" in data or (b"~{" in data and b"~}" in data and data.isascii()):
        return False
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    if not broken:
        return True
    foreign = sum(not character.isascii() for character in text) - broken
    at_the_end = len(text) - len(text.rstrip("\ufffd"))
    return foreign > 0 and broken - at_the_end <= foreign // 50 and at_the_end <= 3


def _wide(data: bytes) -> str:
    """Return the encoding of a UTF-16 or UTF-32 text without a mark; empty: it is none."""
    sample = data[: _SAMPLE_BYTES // 4 * 4]
    if len(sample) < 4 or len(sample) % 2:
        return ""
    for name in ("utf-32-le", "utf-32-be"):
        with suppress(UnicodeDecodeError):  # of other bytes hardly any four are a character
            if not _WRONG_SIGNS.search(sample.decode(name)):
                return name
    return next((name for name in ("utf-16-le", "utf-16-be") if _reads_as_utf16(sample, name)), "")


def _is_marked_utf16(data: bytes) -> bool:
    """Whether a text with a mark is UTF-16 of any script; the two bytes may also begin something else."""
    encoding = "utf-16-le" if data.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
    sample = data[2:_SAMPLE_BYTES]
    sample = sample[: len(sample) // 2 * 2]
    high = Counter(sample[encoding == "utf-16-le" :: 2])
    one_script = len(sample) >= 40 and sum(count for _, count in high.most_common(3)) * 3 >= len(sample)
    return not sample or one_script or _reads_as_utf16(sample, encoding)


def _reads_as_utf16(sample: bytes, encoding: str) -> bool:
    """Whether the text has the spaces, stops and scripts of a language. Of other bytes UTF-16 makes rare signs."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    if _WRONG_SIGNS.search(text):
        return False
    ranges = Counter(ord(character) >> 8 for character in text)
    if ranges[0] >= len(text) * _LATIN_SHARE:
        return True
    common = sum(ranges[high] for high in _COMMON_RANGES)
    east = "".join(character for character in text if _EAST_ASIAN.match(character))
    usual = max((len(east.encode(name, errors="ignore").decode(name)) for name in _EAST_ASIAN_SETS), default=0)
    return common + len(east) >= 0.95 * len(text) and common >= 0.03 * len(text) and usual >= 0.97 * len(east)


def _guessed(data: bytes) -> tuple[str, str, bool]:
    """Return the text, its encoding, and whether that is certain."""
    import chardet  # takes 10 MB and 70 ms, so only for a text that is not UTF-8
    from chardet import EncodingEra

    era = EncodingEra.ALL & ~EncodingEra.MAINFRAME
    found = chardet.detect_all(data[:_SAMPLE_BYTES], ignore_threshold=True, encoding_era=era)
    proposed = [(candidate["encoding"] or "", candidate["confidence"]) for candidate in found]
    readings: list[tuple[float, bool, float, str, str]] = []
    plausible: dict[str, float] = {}  # many encodings make the same text of the same bytes
    for encoding, confidence in [*proposed, ("cp932", 0.0), ("cp1252", 0.0)]:
        try:
            text = data.decode(encoding, errors="strict" if len(data) < _SAMPLE_BYTES else "ignore")
        except (LookupError, UnicodeError):
            continue
        if text not in plausible:
            plausible[text] = plausibility(text)
        readings.append((plausible[text], bool(_USUAL.match(encoding)), confidence, encoding, text))
    readings = [reading for reading in readings if reading[0] >= _LEAST_PLAUSIBLE]
    if not readings:
        raise UnknownEncoding
    confidence = max(reading[2] for reading in readings)
    near = [reading for reading in readings if reading[2] >= confidence - _NEAR_CONFIDENCE]
    best = max(near, key=lambda reading: (reading[0], reading[1], reading[2]))
    rivals = {reading[4] for reading in readings if reading[2] >= best[2] / 2}
    return best[4], best[3], best[2] >= _SURE_CONFIDENCE and len(rivals) == 1


def plausibility(text: str) -> float:
    """Return the share of words with foreign letters that look like words: one script, case as people write it."""
    if _WRONG_SIGNS.search(text):
        return 0.0
    foreign = [word for word in text[:20_000].split() if not word.isascii()]
    words = [word for found in foreign if (word := found.strip(_TRIMMED))]
    return sum(map(_is_word, words)) / len(words) if words else 1.0


def _is_word(word: str) -> bool:
    if _WIDE.search(word):
        if _NARROW_KANA.search(word) and _SMALL_LETTER.search(word):
            return False
        if _LONE_WIDE.search(word):
            return False
        rare = sum(unicodedata.category(character) in ("So", "Co", "Cn") for character in word)
        return rare * 20 <= len(word)
    scripts: set[str] = set()
    for part in _JOINTS.split(word):
        if any(unicodedata.category(character)[0] not in "LM" for character in part):
            return False
        scripts |= {unicodedata.name(character, "?").split()[0] for character in part}
        if part[1:] != part[1:].lower() and part != part.upper():
            return False
        accented = sum("\x80" < character < "\u0250" for character in part)
        if accented > max(2, _MOST_ACCENTED * len(part)):
            return False
    return len(scripts - {"COMBINING"}) <= 1
