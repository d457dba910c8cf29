"""Transcripts of programs that annotate and cut sound -> cues: Audacity, Praat, ELAN, and tables with times."""

import csv
import re
from collections.abc import Iterator

from bot.files.documents import xml
from bot.files.documents.cues import Cue, lines_of

LABEL_LINE = re.compile(r"\d+[.,]\d{6}\t\d+[.,]\d{6}\t[^\t\n]*(?:\n|$)")
"""A line of Audacity's labels, by its six decimals; a table of numbers or places may begin alike."""
TEXT_GRID_START = re.compile(r'File type = "ooTextFile(?: short)?"\s+(?:Object class = )?"TextGrid"')
ELAN_START = re.compile(r"(?:<\?xml[^>]*>\s*)?<ANNOTATION_DOCUMENT[\s>]")
_TOKEN = re.compile(r'"(?:[^"]|"")*"|(?<![\w\[.])-?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w\].])')
_SOUNDS_TIER = re.compile(r"phon|segment|syll|\bipa\b|\bmau\b", re.IGNORECASE)
"""A tier of what the sounds are, and not the words."""
_START_NAMES = {"start", "start time", "starttime", "in", "in point", "begin", "timecode in"}
_END_NAMES = {"end", "end time", "endtime", "out", "out point", "timecode out"}
_WORDS_NAMES = {"text", "transcript", "words", "caption", "subtitle", "dialogue", "utterance", "content"}
_SPEAKER_NAMES = {"speaker", "speaker name", "name", "who", "character"}
_OTHER_NAMES = {"", "#", "id", "index", "number", "no", "duration", "layer", "track", "style", "channel"}
"""What a table of words may tell besides; one with other columns keeps all that it tells."""
_EXACT_TIME = re.compile(r"\d+:\d\d:\d\d[:;.,]\d+|\d+[.,]\d+")
_TIMECODE_FRAMES = 25.0
"""Frames order cues within a second; how many there are is not told."""


def label_cues(text: str) -> Iterator[Cue]:
    for line in text.split("\n"):
        start, _, rest = line.partition("\t")
        end, _, words = rest.partition("\t")
        if words and start != "\\":  # a line of frequencies belongs to the one above
            yield Cue(float(start.replace(",", ".")), float(end.replace(",", ".")), lines_of(words))


def text_grid_cues(text: str) -> Iterator[Cue]:
    """Yield what the tiers of a TextGrid say, long or short; a tier is one speaker. Raises ValueError, IndexError."""
    tokens = [match.group() for match in _TOKEN.finditer(text)][2:]
    told: set[str] = set()
    at = next((number for number, token in enumerate(tokens) if token.endswith('Tier"')), len(tokens))
    while at + 4 < len(tokens):
        kind, name, count = tokens[at].strip('"'), _unquoted(tokens[at + 1]), int(tokens[at + 4])
        size = 3 if kind == "IntervalTier" else 2
        at += 5
        cues: list[Cue] = []
        for place in range(at, at + count * size, size):
            words = lines_of(_unquoted(tokens[place + size - 1]))
            cues.append(Cue(float(tokens[place]), float(tokens[place + size - 2]), words, name))
        at += count * size
        words = " ".join(line for cue in cues for line in cue.lines)
        if words not in told and not _SOUNDS_TIER.search(name):
            told.add(words)
            yield from cues


def _unquoted(token: str) -> str:
    return token[1:-1].replace('""', '"') if token[:1] == '"' else token


def elan_cues(text: str) -> Iterator[Cue]:
    """Yield what the tiers of ELAN say; those below another are translations and notes. Raises ValueError."""
    root = xml.parse(re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode())
    times = {slot.get("TIME_SLOT_ID"): float(slot.get("TIME_VALUE") or 0) / 1000 for slot in root.iter("TIME_SLOT")}
    for tier in root.iter("TIER"):
        speaker = tier.get("PARTICIPANT") or tier.get("TIER_ID") or ""
        for item in tier.iter("ALIGNABLE_ANNOTATION") if tier.get("PARENT_REF") is None else ():
            start, end = (times.get(item.get(f"TIME_SLOT_REF{number}"), 0.0) for number in (1, 2))
            yield Cue(start, end, lines_of(xml.text(item)), speaker)


def is_timed_table(head: str) -> bool:
    """Whether a text is a table of what is said when; a plan of meetings has no parts of seconds."""
    names, _, rows = head.partition("\n")
    columns = _columns(names)
    cells = rows.partition("\n")[0].split(columns[0]) if columns else []
    return (
        columns is not None and len(cells) > columns[1] and bool(_EXACT_TIME.fullmatch(cells[columns[1]].strip(' "')))
    )


def table_cues(text: str) -> Iterator[Cue]:
    """Yield the rows of a table of which a column says when they begin. Raises csv.Error."""
    columns = _columns(text.partition("\n")[0])
    assert columns is not None
    delimiter, start, end, words, speaker = columns
    for place, row in enumerate(csv.reader(text.split("\n")[1:], delimiter=delimiter)):
        cells = [*row, *[""] * (max(columns[1:]) + 1 - len(row)), ""]
        begins = _seconds(cells[start], 2.0 * place)
        yield Cue(begins, _seconds(cells[end], begins), lines_of(cells[words]), cells[speaker].strip())


def _columns(line: str) -> tuple[str, int, int, int, int] | None:
    """Return what is between the columns, and which tell start, end, words and speaker (-1: none does)."""
    for delimiter in ("\t", ",", ";"):
        names = [name.strip(' "\ufeff').lower().replace("_", " ") for name in line.split(delimiter)]
        start, end, words, speaker = (
            next((number for number, name in enumerate(names) if name in known), -1)
            for known in (_START_NAMES, _END_NAMES, _WORDS_NAMES, _SPEAKER_NAMES)
        )
        others = {name for number, name in enumerate(names) if number not in (start, end, words, speaker)}
        if min(start, end, words) >= 0 and others <= _OTHER_NAMES:
            return delimiter, start, end, words, speaker
    return None


def _seconds(time: str, unknown: float) -> float:
    """Return a time code, a clock or a number in seconds."""
    parts = re.split(r"[:;]", time.strip().replace(",", "."))
    try:
        values = [float(part) for part in parts]
    except ValueError:
        return unknown
    frames = values.pop() / _TIMECODE_FRAMES if len(values) == 4 else 0.0
    total = 0.0
    for value in values:
        total = total * 60 + value
    return total + frames
