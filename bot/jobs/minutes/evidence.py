"""Which claims the lines of a meeting bear out; the others are dropped and counted. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from bot.jobs.minutes.claims import MAX_CITED_LINES, Claim
from bot.jobs.minutes.named_days import Days, named_days, without_times
from bot.jobs.minutes.owners import takes_it_on
from bot.jobs.minutes.polarity import denied
from bot.jobs.minutes.quantities import unsaid, unsaid_hour
from bot.jobs.minutes.talk import NumberedLine, owner_name
from bot.jobs.minutes.wording import borne_out, content, tongue

NEAR_LINES = 3
"""Lines before and after a cited one in which a date may be named: "By Friday?", "Yes, I'll do it." """
_TIME_PATTERN = re.compile(
    r"\d|[日月火水木金土]曜|今日|明日|明後日|あした|あさって|週|月末|年末|来月|今月|[一二三四五六七八九十]+[日月時]"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|\bto(?:day|night|morrow)|\b(?:soon|later|noon|midnight|end)\b"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|\b(?:day|week|month|year|hour|minute|morning|evening)"
    r"|\b(?:first|second|third|fourth|fifth|twent|thirt|one|two|three|four|five|six|seven|eight|nine|ten|\w+teen)"
)
"""A time in words or digits; broad, for it tells only that there is none."""
_KNOWN_LANGUAGE_PATTERN = re.compile(r"[\u3041-\u30ff]|\b(?:the|and|will|i'll|we'll|it|that|this|with|have|you|is)\b")
"""English and Japanese, whose times are known; in other languages a date is believed."""
_CITING = ("decision", "action")
"""Kinds that are nothing without lines; what was talked about, and what is open, may go without."""


@dataclass(frozen=True, slots=True)
class Proven:
    """The claims that hold, and how many did not."""

    claims: tuple[Claim, ...]
    dropped: int


def prove(claims: Sequence[Claim], lines: Sequence[NumberedLine]) -> Proven:
    """Keep a claim if every line that it cites is among `lines` and, of an action, its owner said one of them.

    A decision or an action has to cite words of a person: the bot decides nothing. The date of an action goes where
    nobody named that time in the lines that it cites or those around them. Where claims and lines are both English or
    both Japanese, none is kept whose lines speak of something else, deny it, or name neither its numbers nor its days,
    and no action whose owner only asks others for it.
    """
    there = {line.number: line for line in lines}
    spoken = tongue(line.text for line in lines)
    comparable = spoken != "" and tongue(claim.text for claim in claims) == spoken
    kept = [held for claim in claims if (held := _held(claim, there, comparable)) is not None]
    return Proven(tuple(dict.fromkeys(kept)), len(claims) - len(kept))


def _held(claim: Claim, there: Mapping[int, NumberedLine], comparable: bool) -> Claim | None:
    if len(claim.lines) > MAX_CITED_LINES or not all(number in there for number in claim.lines):
        return None
    cited = [there[number] for number in claim.lines]
    if claim.kind in _CITING and all(line.by_bot for line in cited):
        return None
    around = list(_around(claim.lines, there))
    if comparable and claim.kind in _CITING and not _supported(claim, cited, around):
        return None
    if claim.due and not _may_be_due(claim.due, around):
        claim = replace(claim, due="")
    if not claim.owner:
        return claim
    said = [line for line in cited if not line.by_bot and _same_name(line.name, claim.owner)]
    if not said:
        return None
    others = {line.name for line in there.values()} - {said[0].name}
    if claim.kind == "action" and comparable and not takes_it_on((line.text for line in said), others):
        return None
    return replace(claim, owner=said[0].name)


def _supported(claim: Claim, cited: Sequence[NumberedLine], around: Sequence[NumberedLine]) -> bool:
    """Whether the lines speak of what a claim says, do not deny it, and name its numbers and days."""
    words, near = [line.text for line in cited if not line.by_bot], [line.text for line in around]
    if not borne_out(claim.text, (line.text for line in cited), near) or denied(claim.text, words, near, content):
        return False
    days = named_days(claim.text, cited[0].at.date())
    if unsaid_hour(claim.text, near):
        return False
    return not unsaid(without_times(claim.text), near) and (not days or _named(days, around))


def _named(days: Sequence[Days], around: Sequence[NumberedLine]) -> bool:
    """Whether lines name one of these days, or a time that no calendar tells."""
    for line in around:
        told = named_days(line.text, line.at.date())
        if told is None or any(one[0] <= other[1] and other[0] <= one[1] for one in told for other in days):
            return True
    return False


def _may_be_due(due: str, around: Sequence[NumberedLine]) -> bool:
    """Whether lines name that day, or a time of another kind: "at three", "after the meeting"."""
    words = " ".join(line.text for line in around)
    if not _may_name_a_time(words):
        return False
    days = named_days(due, around[0].at.date())
    told = [named_days(line.text, line.at.date()) for line in around]
    return not days or not any(told) or _named(days, around)


def _around(numbers: Sequence[int], there: Mapping[int, NumberedLine]) -> Iterator[NumberedLine]:
    near = {number + step for number in numbers for step in range(-NEAR_LINES, NEAR_LINES + 1)}
    return (there[number] for number in sorted(near & there.keys()))


def _may_name_a_time(words: str) -> bool:
    plain = unicodedata.normalize("NFKC", words).casefold()
    return _KNOWN_LANGUAGE_PATTERN.search(plain) is None or _TIME_PATTERN.search(plain) is not None


def _same_name(name: str, claimed: str) -> bool:
    return _plain(name) == _plain(owner_name(claimed))


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def without(
    claims: Sequence[Claim], lines: Sequence[NumberedLine], people: Set[int], line_ids: Set[str] = frozenset()
) -> list[Claim]:
    """Return the claims that rest on no line of these people, and on none of these lines.

    What cites no line may rest on any: it goes too.
    """
    gone = {line.number for line in lines if line.id in line_ids or not line.people.isdisjoint(people)}
    return [claim for claim in claims if claim.lines and gone.isdisjoint(claim.lines)]
