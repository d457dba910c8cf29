"""Names of the tracks of one recording -> who speaks on each, without what recorders write around all of them."""

import re
from collections.abc import Sequence

_NAME_PART = re.compile(r"[^\s_.-]+")
_ZOOM_NAME = re.compile(r"audio_?(?=[^\d_])(.+?)_?\d{4,}$")
"""As Zoom calls the file of each participant: audioAnnDoe1 and the number of the meeting."""
_RECORDERS_WORDS = {"audio", "track", "tracks", "raw", "rec", "recording", "mic", "voice", "stem", "local"}
"""What may be left out, as numbers may: a surname that all have may not."""
_SOURCES = {"mic", "microphone", "cam", "camera", "webcam", "screen", "desktop", "system"}
"""What one person's computer records apart."""
_AFTER_A_TITLE = re.compile(r"_| - ")
"""What stands between the title of a recording and who speaks; other signs are within names, too."""
_LONGEST_NAME = 200


def names_of_speakers(stems: Sequence[str]) -> list[str]:
    """Return the names without what all of them have in front and behind. `stems`: names of files, without suffixes."""
    if max(map(len, stems), default=0) > _LONGEST_NAME:
        return list(stems)
    stems = [found.group(1) if (found := _ZOOM_NAME.match(stem)) else stem for stem in stems]
    parts = [list(_NAME_PART.finditer(stem)) for stem in stems]
    if len(stems) < 2 or not all(parts):
        return list(stems)
    first, last = 0, 0
    least = min(map(len, parts))
    for place in range(least - 1):
        if len({row[place].group() for row in parts}) > 1:
            break
        between = stems[0][parts[0][place].end() : parts[0][place + 1].start()]
        if _AFTER_A_TITLE.search(between) or _is_recorders(parts[0][place].group()):
            first = place + 1
    named = not all(_is_recorders(part.group()) for part in parts[0][:first])
    if named and all(item.group().lower() in _SOURCES for row in parts for item in row[first:]):
        person = stems[0][parts[0][0].start() : parts[0][first - 1].end()]
        return [person] * len(stems)
    while last < least - 1 - first:
        ends = {row[-1 - last].group() for row in parts}
        if len(ends) > 1 or not all(map(_is_recorders, ends)):
            break
        last += 1
    names = [stem[row[first].start() : row[-1 - last].end()] for stem, row in zip(stems, parts, strict=True)]
    told = all(any(map(str.isalpha, name)) for name in names) and len(set(names)) == len(set(stems))
    return names if told else list(stems)


def _is_recorders(word: str) -> bool:
    return word.lower() in _RECORDERS_WORDS or word.isdecimal() or sum(map(str.isdecimal, word)) > 1
