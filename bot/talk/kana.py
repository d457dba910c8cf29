"""Kana to romaji, enough for names (Hepburn without long vowels)."""

from collections.abc import Iterator

_ROWS = {
    "": "あいうえお",
    "k": "かきくけこ",
    "g": "がぎぐげご",
    "s": "さ し す せ そ",
    "z": "ざ じ ず ぜ ぞ",
    "t": "た ち つ て と",
    "d": "だ ぢ づ で ど",
    "n": "なにぬねの",
    "h": "はひふへほ",
    "b": "ばびぶべぼ",
    "p": "ぱぴぷぺぽ",
    "m": "まみむめも",
    "r": "らりるれろ",
}
_TABLE = {
    kana: consonant + vowel
    for consonant, row in _ROWS.items()
    for kana, vowel in zip(row.replace(" ", ""), "aiueo", strict=True)
} | {
    **{"し": "shi", "じ": "ji", "ち": "chi", "つ": "tsu", "ぢ": "ji", "づ": "zu", "ふ": "fu", "ゔ": "vu"},
    **{"や": "ya", "ゆ": "yu", "よ": "yo", "わ": "wa", "を": "o", "ん": "n", "ゐ": "i", "ゑ": "e"},
}
_SMALL = {"ぁ": "a", "ぃ": "i", "ぅ": "u", "ぇ": "e", "ぉ": "o", "ゃ": "ya", "ゅ": "yu", "ょ": "yo", "ゎ": "wa"}


def to_hiragana(text: str) -> str:
    """Turn katakana into hiragana; leave the rest."""
    return "".join(chr(ord(char) - 0x60) if "ァ" <= char <= "ヶ" else char for char in text)


def morae(kana: str) -> list[str]:
    """Return hiragana as romaji, one string per mora; long marks, っ and other signs are left out."""
    return list(_morae(kana))


def _morae(kana: str) -> Iterator[str]:
    last = ""
    for char in kana:
        if char in _SMALL:
            small = _SMALL[char]
            # きゃ: kya, しゃ: sha, てぃ: ti
            last = last[:-1] + (small[1:] if last[:-1] in ("sh", "ch", "j") and len(small) > 1 else small)
        elif char in _TABLE:
            if last:
                yield last
            last = _TABLE[char]
    if last:
        yield last
