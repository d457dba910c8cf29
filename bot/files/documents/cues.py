"""Cues of subtitles -> what is said, each line once."""

import itertools
from dataclasses import dataclass

_PAUSE_SECONDS = 4.0
"""A longer silence begins a paragraph."""
_TOGETHER_SECONDS = 0.25
"""Captions that roll follow each other without a longer gap."""
_FLASH_SECONDS = 0.05
"""A caption as short as this only moves the one before up; nobody reads it."""
_ROLLING_SHARE = 0.5


@dataclass(slots=True)
class Cue:
    start: float
    "seconds"
    end: float
    lines: list[str]
    speaker: str = ""


def lines_of(words: str) -> list[str]:
    return [line for part in words.splitlines() if (line := " ".join(part.split()))]


def said_once(cues: list[Cue]) -> list[Cue]:
    """Leave out what captions that roll or grow show again; a sentence that is said twice stays twice."""
    cues = [
        cue for before, cue in zip([None, *cues], cues, strict=False) if before is None or not _is_copy(before, cue)
    ]
    pairs = list(itertools.pairwise(cues))
    close = [(a, b) for a, b in pairs if b.start - a.end <= _TOGETHER_SECONDS and a.speaker == b.speaker]
    if sum(_goes_on(a, b) for a, b in close) < max(1.0, _ROLLING_SHARE * len(pairs)):
        return cues
    said: list[Cue] = cues[:1]
    for before, cue in pairs:
        shown = list(cue.lines)
        if cue.start - before.end <= _TOGETHER_SECONDS:
            shared = _shared(before.lines, shown)
            if not shared and _grows(before, cue):
                said.pop()
            again = shared == len(shown) and cue.end - cue.start > _FLASH_SECONDS
            shown = shown if again else shown[shared:]
        if shown:
            said.append(Cue(cue.start, cue.end, shown, cue.speaker))
    return said


def _is_copy(before: Cue, cue: Cue) -> bool:
    """Whether a cue is the same as the one before at the same time: a shadow, another layer."""
    return (before.start, before.end, before.lines) == (cue.start, cue.end, cue.lines)


def _goes_on(before: Cue, cue: Cue) -> bool:
    """Whether a cue shows lines of the one before and more, or its words and more; or flashes its last line."""
    shared = _shared(before.lines, cue.lines)
    flashes = cue.end - cue.start <= _FLASH_SECONDS
    return (shared > 0 and (shared < len(cue.lines) or flashes)) or _grows(before, cue)


def _shared(before: list[str], lines: list[str]) -> int:
    """Return how many lines at the start of a cue are the last ones of the cue before."""
    return next((n for n in range(min(len(before), len(lines)), 0, -1) if before[-n:] == lines[:n]), 0)


def _grows(before: Cue, cue: Cue) -> bool:
    return " ".join(cue.lines).startswith(" ".join(before.lines) + " ") and len(cue.lines) == len(before.lines)


def spoken(cues: list[Cue]) -> str:
    """Return the words of cues in order, with who says them where that changes."""
    text, speaker, end = "", "", 0.0
    for cue in cues:
        words = "\n".join(cue.lines)
        apart = cue.speaker != speaker or cue.start - end > _PAUSE_SECONDS
        text += ("\n\n" if apart else "\n") if text else ""
        text += f"{cue.speaker}: {words}" if cue.speaker and cue.speaker != speaker else words
        speaker, end = cue.speaker, cue.end
    return text
