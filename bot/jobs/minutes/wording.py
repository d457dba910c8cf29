"""Whether lines speak of what a claim says, as far as words can tell it; pure.

A claim that cites a line about something else shares no word with it. English and Japanese can be compared; in other
languages, and where minutes are written in another language than was spoken, a claim is believed.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

MAX_ASSENT_WORDS = 1
""""Yes, I'll do that by Friday" says little by itself: what was asked stands in the lines around it."""
LONG_CLAIM_WORDS = 5
"""A claim of more words shares at least two with its lines, a shorter one at least one."""
_STEM_LETTERS = 4
"""Words that begin alike count as one: ship, ships, shipping."""
_SURE_WORDS = 8
"""From so many words on, a text without any common English word is not English."""
_ENGLISH_SHARE = 0.08
_SPOKEN_WORD_PATTERN = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_KANA_PATTERN = re.compile(r"[\u3041-\u309f]")
_JAPANESE_PATTERN = re.compile(r"[\u30a1-\u30fa][\u30a1-\u30fa\u30fc]*|[\u4e00-\u9fff々]")
"""A word in katakana, or one kanji: verbs and nouns share those whatever their endings are."""
_COMMON_KANJI = frozenset("今日明私僕人方事時間分月年何者中上下前後言思見行来出入大小一二三四五六七八九十")
_COMMON = frozenset(
    re.findall(
        r"\S+",
        """a about actually after again all also am an and any are as at back be because been before being but by can
    can't could couldn't did didn't do does doesn't doing don't done each few for from get gets getting go goes going
    gonna good got great had has have having he hello her here hers hey hi him his how i i'd i'll i'm i've if in into
    is isn't it it's its just kind know let let's like make makes many maybe me mean more much must my no not now of
    off oh ok okay on one or our out over please really right said same say says see she should so some sorry sure
    take takes than thank thanks that that's the their them then there there's these they they're thing things think
    this those to too uh um up us very wanna want wants was wasn't way we we'd we'll we're we've well were what what's
    when where which who who's why will with won't would yeah yep yes you you'd you'll you're you've your""",
    )
)

_ENGLISH_WORDS = _COMMON & set(
    re.findall(r"\S+", "the and that this with you of to are they we it is i my i'll let's don't it's our not for have")
)
"""Of these, what is no common word of another language that is spoken much."""

_IRREGULAR: dict[str, str] = dict(
    re.findall(
        r"(\w+):(\w+)",
        """bought:buy sold:sell gone:go went:go paid:pay sent:send built:build held:hold met:meet kept:keep left:leave
        found:find chosen:choose chose:choose wrote:write written:write spent:spend told:tell gave:give given:give
        began:begin begun:begin drove:drive driven:drive drew:draw drawn:draw threw:throw thrown:throw brought:bring
        taught:teach caught:catch thought:think won:win lost:lose ran:run sang:sing sung:sing spoke:speak spoken:speak
        broke:break broken:break flew:fly flown:fly rang:ring rung:ring""",
    )
)

Tongue = Literal["en", "ja", ""]


def tongue(texts: Iterable[str]) -> Tongue:
    """Return which language a text is in, "" for any other; too short to tell counts as English."""
    text = _plain(" ".join(texts))
    if _KANA_PATTERN.search(text):
        return "ja"
    words = _SPOKEN_WORD_PATTERN.findall(text)
    common = sum(word.replace("’", "'") in _ENGLISH_WORDS for word in words)
    return "en" if common >= len(words) * _ENGLISH_SHARE or len(words) < _SURE_WORDS else ""


def borne_out(claim: str, cited: Iterable[str], around: Iterable[str]) -> bool:
    """Whether the lines that a claim cites speak of the same; `around` are these and those near them.

    What has no words of its own, such as "Let's do that", can be neither shown nor refuted, and is believed.
    """
    said, lines = content(claim), content(*cited)
    needed = 1 if len(said) <= LONG_CLAIM_WORDS else 2
    if len(lines) <= MAX_ASSENT_WORDS:
        lines |= content(*around)
    return not said or len(said & lines) >= needed


def content(*texts: str) -> set[str]:
    """Return what texts are about: their words without those that stand in any text, by their stems."""
    text = _plain(" ".join(texts))
    japanese = {found for found in _JAPANESE_PATTERN.findall(text) if found not in _COMMON_KANJI}
    words = {word.replace("’", "'") for word in _SPOKEN_WORD_PATTERN.findall(_JAPANESE_PATTERN.sub(" ", text))}
    words = {word for word in words - _COMMON if not _KANA_PATTERN.search(word)}
    words = {_IRREGULAR.get(word) or word for word in words}
    return japanese | {word.removesuffix("'s")[:_STEM_LETTERS] for word in words if len(word) > 1 or word.isdigit()}


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
