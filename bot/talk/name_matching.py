"""Names as transcripts spell them: in another script, with other letters, misheard, split in two."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, Self

from bot.talk.kana import morae, to_hiragana
from bot.talk.katakana_names import katakana_forms

KANJI_SPELLINGS = {"kikite": ("聞き手", "聞きて", "きき手", "利き手さん", "利き手、", "聴き手さん", "聴き手、")}
"""Kanji of names that no kana table can read, by romaji; other words of that sound only where they address somebody."""

_DECORATION = re.compile(r"\(.*?\)|\[.*?\]|【.*?】|\|.*")
"""Decoration of a display name that nobody says, after folding."""
_LATIN = re.compile(r"[a-z0-9]+")
_KATAKANA = re.compile(r"[ァ-ヺー]+(?:[・＝=][ァ-ヺー]+)*")
_KANA = re.compile(r"[ぁ-ゖー]+")
_SOUND_RULES = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"[ao]ught", "ot"),
        (r"ph", "f"),
        (r"ck|qu?", "k"),
        (r"x+", "ks"),
        (r"ch", "j"),
        (r"[sct]h", "s"),
        (r"c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"ts|z", "s"),
        (r"(?<=[aeiou]\w)er$", "a"),  # a novel is no Nova: before l is r
        (r"l", "r"),
        (r"v", "b"),
        (r"(?<=[aeiou])h(?![aeiou])", ""),
        (r"ee|ea|ie|ey(?=k)", "i"),
        (r"oo", "u"),
        (r"n(?=[pbm])", "m"),
        (r"(?<=[kstnmrgbp])y(?=[aou])", ""),
        (r"[ae][iy]", "e"),
        (r"ou", "o"),
        (r"y(?![aeiou])", "i"),
        (r"(?<=[kstfpbgmr])u(?=[kstfpbgmr]|$)", ""),  # Japanese has no consonant without a vowel: arekkusu is Alex
        (r"(.)\1+", r"\1"),
    )
)
_UNSPOKEN_VOWEL = _SOUND_RULES[-2][0]
_UNSPOKEN_O = re.compile(r"(?<=[td])o(?=[kstfpbgmr]|$)")
_VOWELS = frozenset("aeiou")
_VOWEL_RUNS = re.compile(r"[aeiou]+")
_CALL = re.compile(r"\b(?:hey|hi|hello|ok|okay|yo|dear|thanks|thank you)[\s,]*$")
"""What stands before somebody's name."""
_CLAUSE_START = re.compile(r"(?:^|[,.;:!?、。…\"(—–]|\b(?:so|oh|um|uh|well|and|but|no|yes))\s*$")
_ADDRESSED_KATAKANA = re.compile(r"\s*(?:$|[,.;:!?、。…\")—–-]|さん|くん|君|ちゃん|様|さま)")
_ADJECTIVE = re.compile(r"な(?![ぁ-ゖ])")
"""エコな車: what follows a word that is no name."""
_ARTICLE = re.compile(r"\b(?:an?|the|on|every|last|next)\s+$")
_HONORIFICS = frozenset(("san", "kun", "chan", "sama"))
_KANA_CALLS = frozenset(("ne", "nee", "nene", "neene", "ano", "anone", "oi", "he", "hei", "yaa", "moshimoshi"))
"""What stands before a name in Japanese, in romaji."""
_CLAUSE_END = re.compile(r"\s*(?:$|[,.;:!?、。…\")—–-]|[ぁ-ゖ])")
MIN_PLAIN_SOUNDS = 4
"""Sounds of a name that may stand anywhere if it sounds exactly so: "Hal" in "the hall is big" is not meant."""
MAX_PLAIN_DISTANCE, MIN_PLAIN_RESEMBLING_SOUNDS = 0.5, 6
"""A single other vowel, in a name of this many sounds, is as good as the name."""


class _Word(NamedTuple):
    """A word of Latin letters, and where it stands."""

    letters: str
    called: bool
    "after a hey"
    opens: bool
    "a clause"
    closes: bool
    after_article: bool
    "a thing, or a day of the week: it is no name"

    @classmethod
    def of(cls, text: str, match: re.Match[str]) -> Self:
        before = text[: match.start()]
        closes = bool(_CLAUSE_END.match(text, match.end()))
        return cls(
            match[0],
            bool(_CALL.search(before)),
            bool(_CLAUSE_START.search(before)),
            closes,
            bool(_ARTICLE.search(before)),
        )


def _addressed(words: Sequence[_Word]) -> bool:
    """Return whether words stand where people are addressed: a clause of their own, but for a "hey"."""
    return words[0].called or (words[0].opens and words[-1].closes)


def mentions(text: str, names: Sequence[str]) -> bool:
    """Return whether `text` mentions one of `names`."""
    folded = fold(text)
    words = [_Word.of(folded, match) for match in _LATIN.finditer(folded)]
    katakana = [
        (key, bool(_ADDRESSED_KATAKANA.match(folded, match.end())))
        for match in _KATAKANA.finditer(folded)
        if not _ADJECTIVE.match(folded, match.end())
        for key in _katakana_keys(match[0])
    ]
    kana = [morae(run) for run in _KANA.findall(to_hiragana(folded))]
    squeezed = re.sub(r"\s", "", folded)
    return any(
        _among_words(form, words, katakana) or _among_kana(form, kana) or _as_written(form, squeezed)
        for name in names
        for form in _forms(name)
    )


def _katakana_keys(run: str) -> tuple[str, ...]:
    """Return how a katakana word sounds; ボット is also "bot", アトラス "Atlas": every t and d gets a vowel."""
    key = _key("".join(morae(to_hiragana(run))))
    bare = _UNSPOKEN_O.sub("", key)
    return (key, bare) if bare != key else (key,)


def fold(text: str) -> str:
    """Return `text` without differences of case, width and accent; kana and kanji stay."""
    wide = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = (char for char in wide if not unicodedata.combining(char) or char in "\u3099\u309a")
    return unicodedata.normalize("NFC", "".join(plain))


@lru_cache(maxsize=256)
def _forms(name: str) -> tuple[str, ...]:
    """Return the folded name and its known kanji."""
    bare = _DECORATION.sub("", fold(name))
    form = re.sub(r"[\W_]", "", bare)
    sound = form if form.isascii() else "".join(morae(to_hiragana(form)))
    return (form, *KANJI_SPELLINGS.get(sound, ())) if form else ()


def _among_words(form: str, words: Sequence[_Word], katakana: Sequence[tuple[str, bool]]) -> bool:
    sound = _sound(form)
    if not sound:
        return False
    spellings = (sound, sound.replace("ch", "k")) if "ch" in sound else (sound,)  # echo, but Charlie
    if "th" in sound and _sounds_in(sound.replace("th", "t"), (), katakana):
        return True  # アテナ is Athena, though th is mostly サ
    return any(_sounds_in(spelling, words, katakana) for spelling in spellings)


def _sounds_in(sound: str, words: Sequence[_Word], katakana: Sequence[tuple[str, bool]]) -> bool:
    key = _key(sound)
    if any(_is_name(sound, key, word) for word in words):
        return True
    if any(run == key or _sounds_like(key, run, address) for run, address in katakana):
        return True
    others = [_key(form) for form in katakana_forms(sound)]
    if any(run in others and (address or len(run) >= MIN_PLAIN_SOUNDS) for run, address in katakana):
        return True
    return any(_split_name(sound, key, parts) for parts in _neighbours(words))


def _is_name(sound: str, key: str, word: _Word) -> bool:
    if word.letters == sound:
        return not word.after_article
    address = _addressed([word])
    if _sounds_like(key, _key(word.letters), address):
        return True
    return address and (
        word.letters == f"{sound}s" or _sounds_like(_key(sound, whole=True), _key(word.letters, whole=True), address)
    )


def _sounds_like(key: str, said: str, address: bool) -> bool:
    """Whether a word sounds like a name. One that only resembles it must stand where people are addressed.

    A name that lost or won a syllable is another name: Alex is not Alexa.
    """
    distance = _distance(key, said)
    if distance > _tolerance(key):
        return False
    if distance == 0:
        return address or len(key) >= MIN_PLAIN_SOUNDS
    return _syllables(key) == _syllables(said) and (
        address or (distance <= MAX_PLAIN_DISTANCE and len(key) >= MIN_PLAIN_RESEMBLING_SOUNDS)
    )


def _syllables(key: str) -> int:
    return len(_VOWEL_RUNS.findall(key))


def _split_name(sound: str, key: str, words: Sequence[_Word]) -> bool:
    """Joined words often resemble a name ("kick it to"): all of it must sound alike, or one part be half of it.

    A short name ("all ex") must stand where people are addressed, too.
    """
    parts = [word.letters for word in words]
    joined = "".join(parts)
    if joined == sound:
        return True
    half = any(len(part) > 2 and part in sound and 2 * len(part) >= len(sound) for part in parts)
    if half and len(parts) == 2 and len(parts[0]) > 2 and parts[0][:-1] + parts[1] == sound:
        return True  # "Kit kite": the seam got a consonant of its own
    if len(key) < 5 or len(_key(joined)) != len(key):
        return False
    plain = half or len(key) >= MIN_PLAIN_RESEMBLING_SOUNDS
    return (plain or _addressed(words)) and _distance(key, _key(joined)) <= (0.5 if half else 0.0)


def _among_kana(form: str, runs: Iterable[Sequence[str]]) -> bool:
    """Kana have no spaces, and きいて is not ききて: only exactly the same sounds count.

    Those of a name of two stand in other words, as もち in もちろん: they must address somebody.
    """
    sound = _sound(form)
    if len(sound) < 3:
        return False
    sound = sound.replace("l", "r").replace("v", "b")
    sounds = (sound, f"{sound}o") if sound[-1] in "td" else (sound,)  # ぼっと for "bot"
    for run in runs:
        for start in range(len(run)):
            said = ""
            for end, mora in enumerate(run[start:], start + 1):
                said += mora
                longer = run[end : end + 1] == ["n"]  # さくらんぼ: no particle begins so
                if said in sounds and not longer and (end - start > 2 or _addressed_in_kana(run, start, end)):
                    return True
                if len(said) >= len(sounds[-1]):
                    break
    return False


def _addressed_in_kana(run: Sequence[str], start: int, end: int) -> bool:
    if "".join(run[end : end + 2]) in _HONORIFICS:
        return True
    return end == len(run) and (start == 0 or "".join(run[:start]) in _KANA_CALLS)


def _as_written(form: str, text: str) -> bool:
    """Kanji have no spaces either; a name of one character would match everywhere."""
    return len(form) > 1 and not _sound(form) and bool(re.search(re.escape(form) + "(?![えぇ])", text))


def _sound(form: str) -> str:
    """Return a name of letters or kana in romaji, or "" for kanji."""
    if form.isascii():
        return form
    kana = to_hiragana(form)
    return "".join(morae(kana)) if _KANA.fullmatch(kana) else ""


def _neighbours(words: Sequence[_Word]) -> Iterator[Sequence[_Word]]:
    for length in (2, 3):
        for start in range(len(words) - length + 1):
            yield words[start : start + length]


@lru_cache(maxsize=4096)
def _key(letters: str, *, whole: bool = False) -> str:
    """Return roughly how a word sounds to Japanese and English speakers; `whole`: who speak each vowel."""
    for pattern, sound in _SOUND_RULES:
        if not (whole and pattern is _UNSPOKEN_VOWEL):
            letters = pattern.sub(sound, letters)
    return letters


def _tolerance(key: str) -> float:
    if len(key) <= 3:
        return 0.0
    return 0.5 if len(key) <= 5 else 1.0 if len(key) <= 8 else 2.0


def _distance(a: str, b: str) -> float:
    """Return the edit distance; replacing one vowel by another counts half."""
    if abs(len(a) - len(b)) > 2:
        return 9.0
    row = [float(i) for i in range(len(b) + 1)]
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], float(i)
        for j, y in enumerate(b, 1):
            change = 0.0 if x == y else 0.5 if x in _VOWELS and y in _VOWELS else 1.0
            previous, row[j] = row[j], min(previous + change, row[j] + 1, row[j - 1] + 1)
    return row[-1]
