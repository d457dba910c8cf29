"""Subtitles, captions and lyrics -> what is said, a line each; a blank line where somebody else speaks or pauses.

SRT, WebVTT, ASS, SSA, SBV, TTML, MicroDVD, LRC and YouTube's json3. A text that merely quotes a cue is none of them.
"""

import html
import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.errors import DamagedDocument
from bot.files.documents import xml
from bot.files.documents.document import Document

_PAUSE_SECONDS = 4.0
"""A longer silence begins a paragraph."""
_TOGETHER_SECONDS = 0.25
"""Captions that roll follow each other without a longer gap."""
_FLASH_SECONDS = 0.05
"""A caption as short as this only moves the one before up; nobody reads it."""
_ROLLING_SHARE = 0.5
_CLOCK = r"(?:\d{1,3}:)?\d{1,2}:\d{2}"
_SIGNS = {
    "vtt": re.compile(r"WEBVTT(?:[ \t].*)?(?:\n|$)"),
    "srt": re.compile(rf"(?:\d+[ \t]*\n)?[ \t]*{_CLOCK}[,.]\d+[ \t]*-->"),
    "sbv": re.compile(rf"{_CLOCK}\.\d+,{_CLOCK}\.\d+[ \t]*\n"),
    "ass": re.compile(r"\[Script Info\]", re.IGNORECASE),
    "ttml": re.compile(r"(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:\w+:)?tt[\s>]", re.DOTALL),
    "microdvd": re.compile(r"\{\d+\}\{\d*\}"),
    "json3": re.compile(r"\{\s*\"(?:wireMagic|events|pens)\""),
}
"""How the text of each kind begins."""
_LYRIC = re.compile(r"^(?:\[\d{1,3}:\d{2}(?:[.:]\d{1,3})?\])+")
_LYRIC_TAG = re.compile(r"^\[([a-z#]{1,8}):(.*)\]$", re.IGNORECASE)
_LYRIC_TIME = re.compile(r"\[(\d{1,3}):(\d{2})(?:[.:](\d{1,3}))?\]")
_WORD_TIME = re.compile(r"<\d{1,3}:\d{2}(?::\d{2})?(?:[.:]\d{1,3})?>")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]*)>")
_READING = re.compile(r"<rt[^>]*>(.*?)</rt>", re.DOTALL)
_VTT_TAG = re.compile(r"</?(?:c|i|b|u|v|lang|ruby|rt)(?:[.\s][^>]*)?>|<[\d:.]+>")
_TTML_RUBY = "{http://www.w3.org/ns/ttml#styling}ruby"
_BARE_TIME = re.compile(rf"(?<![\d.:,])({_CLOCK})(?=[ \t]|$)", re.MULTILINE)


@dataclass(slots=True)
class _Cue:
    start: float
    "seconds"
    end: float
    lines: list[str]
    speaker: str = ""


def kind_of(text: str) -> str:
    """Return the kind of subtitles that a text is, one of those above or lrc; empty: it is none."""
    head = text[:4_000].lstrip("\ufeff \t\r\n")
    kind = next((kind for kind, sign in _SIGNS.items() if sign.match(head)), "")
    if kind == "json3" and '"segs"' not in text:
        return ""
    if not kind:
        lines = [line for line in head.splitlines()[:-1] or head.splitlines() if line.strip()]
        timed = sum(bool(_LYRIC.match(line)) for line in lines)
        tags = sum(bool(_LYRIC_TAG.match(line)) for line in lines)
        if timed and (timed + tags) * 5 >= len(lines) * 4:
            return "lrc"
    return kind


def read_subtitles(text: str, kind: str) -> Document:
    """Read subtitles of a kind that `kind_of` named. Raises DamagedDocument."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    reader: Callable[[str], Iterator[_Cue]] = {
        "vtt": _webvtt,
        "ttml": _ttml,
        "json3": _json3,
        "lrc": _lyrics,
    }.get(kind, _others)
    try:
        cues = [cue for cue in reader(text) if cue.lines]
    except Exception as error:  # the libraries raise errors of many types for a broken file
        raise DamagedDocument(f"{kind}: {type(error).__name__}") from error
    cues.sort(key=lambda cue: cue.start)
    title = _lyric_title(text) if kind == "lrc" else ""
    return Document(title, _spoken(_said_once(cues)))


def _webvtt(text: str) -> Iterator[_Cue]:
    import webvtt

    timed = "\n".join(_BARE_TIME.sub(r"\1.000", line) if "-->" in line else line for line in text.split("\n"))
    for caption in webvtt.WebVTT.from_string(timed).captions:
        start, end = caption.start_in_seconds, caption.end_in_seconds
        start, end = start + _milliseconds(caption.start), end + _milliseconds(caption.end)
        first, *voices = _VOICE.split(_READING.sub(r"（\1）", caption.raw_text))
        yield _Cue(start, end, _lines(html.unescape(_VTT_TAG.sub("", first))))
        for speaker, words in zip(voices[::2], voices[1::2], strict=True):
            yield _Cue(start, end, _lines(html.unescape(_VTT_TAG.sub("", words))), html.unescape(speaker).strip())


def _milliseconds(time: str) -> float:
    return float("0." + time.rpartition(".")[2])


def _others(text: str) -> Iterator[_Cue]:
    import pysubs2

    for event in pysubs2.SSAFile.from_string(text, fps=25.0).events:
        if not event.is_comment and not event.is_drawing:
            words = html.unescape(event.plaintext)
            yield _Cue(event.start / 1000, event.end / 1000, _lines(words), event.name.strip())


def _ttml(text: str) -> Iterator[_Cue]:
    """Yield the paragraphs of a TTML document; pysubs2 knows neither durations nor ticks and frames."""
    root = xml.parse(re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode())
    rate = next((float(value) for name, value in root.attrib.items() if name.endswith("}tickRate")), 1.0)
    for place, paragraph in enumerate(item for item in root.iter() if xml.name(item) == "p"):
        _unwrap(paragraph)
        for reading in [item for item in paragraph.iter() if item.get(_TTML_RUBY) in ("text", "delimiter")]:
            shown = reading.get(_TTML_RUBY) == "text"
            reading.text = f"（{''.join(reading.itertext())}）" if shown else ""
        for line_break in [item for item in paragraph.iter() if xml.name(item) == "br"]:
            line_break.text = "\n"
        start = _ttml_seconds(paragraph.get("begin", ""), rate, float(place))
        length = _ttml_seconds(paragraph.get("dur", ""), rate, 0.0)
        end = _ttml_seconds(paragraph.get("end", ""), rate, start + length)
        words = "".join(paragraph.itertext())
        yield _Cue(start, end, _lines(words))


def _unwrap(paragraph: xml.Element) -> None:
    """Make one line of words that the file wraps; only <br/> breaks a line."""
    for item in paragraph.iter():
        item.text = re.sub(r"\s+", " ", item.text or "")
        item.tail = re.sub(r"\s+", " ", item.tail or "") if item is not paragraph else item.tail


def _ttml_seconds(time: str, rate: float, missing: float) -> float:
    """Return a time expression (TTML2 section 12.3.1) in seconds; frames are too short to matter."""
    if clock := re.match(r"(\d+):(\d+):(\d+(?:\.\d+)?)", time):
        return int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3])
    if offset := re.match(r"(\d+(?:\.\d+)?)(h|ms|m|s|f|t)$", time):
        unit = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "f": 0.04, "t": 1 / rate}[offset[2]]
        return float(offset[1]) * unit
    return missing


def _json3(text: str) -> Iterator[_Cue]:
    for event in json.loads(text)["events"]:
        start = float(event.get("tStartMs", 0)) / 1000
        words = "".join(segment.get("utf8", "") for segment in event.get("segs") or ())
        yield _Cue(start, start + float(event.get("dDurationMs", 0)) / 1000, _lines(words))


def _lyrics(text: str) -> Iterator[_Cue]:
    for line in text.split("\n"):
        times = _LYRIC.match(line.strip())
        for minutes, seconds, rest in _LYRIC_TIME.findall(times.group()) if times else ():
            start = int(minutes) * 60 + int(seconds) + float(f"0.{rest or 0}")
            assert times is not None
            yield _Cue(start, start, _lines(_WORD_TIME.sub("", line.strip()[times.end() :])))


def _lyric_title(text: str) -> str:
    found = re.search(r"^\[ti:(.*)\]\s*$", text, re.IGNORECASE | re.MULTILINE)
    return found.group(1).strip() if found else ""


def _lines(words: str) -> list[str]:
    return [line for part in words.splitlines() if (line := " ".join(part.split()))]


def _said_once(cues: list[_Cue]) -> list[_Cue]:
    """Leave out what captions that roll or grow show again; a sentence that is said twice stays twice."""
    cues = [
        cue for before, cue in zip([None, *cues], cues, strict=False) if before is None or not _is_copy(before, cue)
    ]
    pairs = list(itertools.pairwise(cues))
    close = [(a, b) for a, b in pairs if b.start - a.end <= _TOGETHER_SECONDS and a.speaker == b.speaker]
    if sum(_goes_on(a, b) for a, b in close) < max(1.0, _ROLLING_SHARE * len(pairs)):
        return cues
    said: list[_Cue] = cues[:1]
    for before, cue in pairs:
        shown = list(cue.lines)
        if cue.start - before.end <= _TOGETHER_SECONDS:
            shared = _shared(before.lines, shown)
            if not shared and _grows(before, cue):
                said.pop()
            again = shared == len(shown) and cue.end - cue.start > _FLASH_SECONDS
            shown = shown if again else shown[shared:]
        if shown:
            said.append(_Cue(cue.start, cue.end, shown, cue.speaker))
    return said


def _is_copy(before: _Cue, cue: _Cue) -> bool:
    """Whether a cue is the same as the one before at the same time: a shadow, another layer."""
    return (before.start, before.end, before.lines) == (cue.start, cue.end, cue.lines)


def _goes_on(before: _Cue, cue: _Cue) -> bool:
    """Whether a cue shows lines of the one before and more, or its words and more; or flashes its last line."""
    shared = _shared(before.lines, cue.lines)
    flashes = cue.end - cue.start <= _FLASH_SECONDS
    return (shared > 0 and (shared < len(cue.lines) or flashes)) or _grows(before, cue)


def _shared(before: list[str], lines: list[str]) -> int:
    """Return how many lines at the start of a cue are the last ones of the cue before."""
    return next((n for n in range(min(len(before), len(lines)), 0, -1) if before[-n:] == lines[:n]), 0)


def _grows(before: _Cue, cue: _Cue) -> bool:
    return " ".join(cue.lines).startswith(" ".join(before.lines) + " ") and len(cue.lines) == len(before.lines)


def _spoken(cues: list[_Cue]) -> str:
    text, speaker, end = "", "", 0.0
    for cue in cues:
        words = "\n".join(cue.lines)
        apart = cue.speaker != speaker or cue.start - end > _PAUSE_SECONDS
        text += ("\n\n" if apart else "\n") if text else ""
        text += f"{cue.speaker}: {words}" if cue.speaker and cue.speaker != speaker else words
        speaker, end = cue.speaker, cue.end
    return text
