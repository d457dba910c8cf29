"""Subtitles, captions and lyrics -> what is said, a line each; a blank line where somebody else speaks or pauses.

SRT, WebVTT, ASS, SSA, SBV, SubViewer, SAMI, TTML, SCC, MicroDVD, MPL2, TMPlayer, LRC, YouTube's json3 and XML,
transcripts in JSON (`transcripts.py`) and of programs that annotate sound (`annotations.py`). A text that merely quotes
a cue is none of them.
"""

import html
import io
import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from bot.errors import DamagedDocument
from bot.files.documents import xml
from bot.files.documents.annotations import (
    ELAN_START,
    LABEL_LINE,
    TEXT_GRID_START,
    elan_cues,
    is_timed_table,
    label_cues,
    table_cues,
    text_grid_cues,
)
from bot.files.documents.broadcast import scc_cues
from bot.files.documents.cues import Cue, lines_of, said_once, spoken
from bot.files.documents.document import Document
from bot.files.documents.transcripts import transcript_cues

if TYPE_CHECKING:
    import pysubs2

_CLOCK = r"(?:\d{1,4}:)?\d{1,2}:\d{2}"
_CONSOLE_LINE = re.compile(rf"^\[({_CLOCK}\.\d{{3}}) --> ({_CLOCK}\.\d{{3}})\][ \t]+(.*)$", re.MULTILINE)
_SIGNS = {
    "vtt": re.compile(r"WEBVTT(?:[ \t].*)?(?:\n|$)"),
    "srt": re.compile(rf"(?:\d+[ \t]*\n)?[ \t]*{_CLOCK}[,.]\d+[ \t]*-->"),
    "sbv": re.compile(rf"(?:\[[A-Z][^\n]*\s+)*{_CLOCK}\.\d+,{_CLOCK}\.\d+[ \t]*\n"),
    "subviewer": re.compile(r"\[TITLE\][^\x00]*?\n\[BEGIN\]", re.IGNORECASE),
    "console": _CONSOLE_LINE,
    "tsv": re.compile(r"start\tend\ttext\n\d"),
    "labels": LABEL_LINE,
    "textgrid": TEXT_GRID_START,
    "elan": ELAN_START,
    "scc": re.compile(r"Scenarist_SCC V1\.0\s"),
    "ass": re.compile(r"\[Script Info\]", re.IGNORECASE),
    "ttml": re.compile(r"(?:<\?xml[^>]*>\s*)?(?>(?:<!--.*?-->\s*)*)<(?:\w+:)?tt[\s>]", re.DOTALL),
    "timed": re.compile(r"(?:<\?xml[^>]*>\s*)?<(?:timedtext|transcript)[\s>]"),
    "sami": re.compile(r"<SAMI[\s>]", re.IGNORECASE),
    "mpl2": re.compile(r"\[\d+\]\[\d*\][^\n]*\n\[\d+\]\[\d*\]|\[\d+\]\[\d+\]\S"),
    "tmp": re.compile(r"(?:\d{1,2}:\d{2}:\d{2}[:=]\S[^\n]*\n?){2}"),
    "microdvd": re.compile(r"\{\d+\}\{\d*\}"),
    "json3": re.compile(r"\{\s*\"(?:wireMagic|events|pens)\""),
    "transcript": re.compile(r"\{\s*\""),
}
"""How the text of each kind begins."""
_LYRIC = re.compile(r"^(?:\[\d{1,3}:\d{2}(?:[.:]\d{1,3})?\])+")
_LYRIC_TAG = re.compile(r"^\[([a-z#]{1,8}):(.*)\]$", re.IGNORECASE)
_LYRIC_TIME = re.compile(r"\[(\d{1,3}):(\d{2})(?:[.:](\d{1,3}))?\]")
_WORD_TIME = re.compile(r"<\d{1,3}:\d{2}(?::\d{2})?(?:[.:]\d{1,3})?>")
_WORD_TIME_PARTS = re.compile(r"<(\d{1,3}):(\d{2}(?:\.\d{1,3})?)>")
_BACKING_VOCALS = re.compile(r"^\[bg:(.*)\]$", re.IGNORECASE)
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]*)>")
_READING = re.compile(r"<rt[^>]*>(.*?)</rt>", re.DOTALL)
_VTT_TAG = re.compile(r"</?(?:c|i|b|u|v|lang|ruby|rt)(?:[.\s][^>]*)?>|<[\d:.]+>")
_TTML_RUBY = "{http://www.w3.org/ns/ttml#styling}ruby"
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
_DRAWING = re.compile(r"\{[^}]*\\p[1-9][^}]*\}[^{]*(?:\{(?![^}]*\\p0)[^}]*\}[^{]*)*")
"""What is drawn and not said, until the drawing ends."""
_STYLE_TAG = re.compile(r"</?(?:[ibu]|font[^>]*)>", re.IGNORECASE)
_FRAME_RATE = re.compile(r"\{[01]\}\{[01]\}(\d{2}(?:\.\d+)?)\s*\n")
"""The first line of MicroDVD, by custom."""
_SUBVIEWER_CUE = re.compile(r"^\[(\d+):(\d\d):(\d\d)\]\n(.+)\n\[(\d+):(\d\d):(\d\d)\]", re.MULTILINE)
_SUBRIP_TIME = re.compile(r"(\d{1,4}):(\d{1,2}):(\d{1,2})[.,](\d{1,3})")
_SBV_HEAD = re.compile(r"\A(?:\[[A-Z][^\n]*\s+)+")
_BARE_TIME = re.compile(rf"(?<![\d.:,])({_CLOCK})(?=[ \t]|$)", re.MULTILINE)


def kind_of(text: str) -> str:
    """Return the kind of subtitles that a text is, one of those above or lrc; empty: it is none."""
    head = text[:4_000].lstrip("\ufeff \t\r\n")
    kind = next((kind for kind, sign in _SIGNS.items() if sign.match(head)), "")
    if kind == "json3" and not ('"segs"' in text and '"tStartMs"' in text):
        kind = "transcript"
    if kind == "transcript" and not _is_transcript(text):
        return ""
    if not kind and is_timed_table(head):
        return "table"
    if not kind:
        lines = [line for line in head.splitlines()[:-1] or head.splitlines() if line.strip()]
        timed = sum(bool(_LYRIC.match(line)) for line in lines)
        tags = sum(bool(_LYRIC_TAG.match(line)) for line in lines)
        if timed and (timed + tags) * 5 >= len(lines) * 4:
            return "lrc"
    return kind


def _is_transcript(text: str) -> bool:
    try:
        return next(transcript_cues(text), None) is not None
    except (ValueError, RecursionError):
        return False


def read_subtitles(text: str, kind: str) -> Document:
    """Read subtitles of a kind that `kind_of` named. Raises DamagedDocument."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    reader: Callable[[str], Iterator[Cue]] = {
        "vtt": _webvtt,
        "ttml": _ttml,
        "timed": _timed,
        "json3": _json3,
        "transcript": transcript_cues,
        "scc": scc_cues,
        "sbv": _sbv,
        "subviewer": _subviewer,
        "console": _console,
        "tsv": _tsv,
        "labels": label_cues,
        "textgrid": text_grid_cues,
        "elan": elan_cues,
        "table": table_cues,
        "lrc": _lyrics,
    }.get(kind, _others)
    try:
        cues = [cue for cue in reader(text) if cue.lines]
    except Exception as error:  # the libraries raise errors of many types for a broken file
        raise DamagedDocument(f"{kind}: {type(error).__name__}") from error
    cues.sort(key=lambda cue: cue.start)
    title = _lyric_title(text) if kind == "lrc" else ""
    return Document(title, spoken(said_once(cues)))


def _webvtt(text: str) -> Iterator[Cue]:
    import webvtt

    timed = "\n".join(_BARE_TIME.sub(r"\1.000", line) if "-->" in line else line for line in text.split("\n"))
    for caption in webvtt.WebVTT.from_string(timed).captions:
        start, end = caption.start_in_seconds, caption.end_in_seconds
        start, end = start + _milliseconds(caption.start), end + _milliseconds(caption.end)
        first, *voices = _VOICE.split(_READING.sub(r"（\1）", caption.raw_text))
        yield Cue(start, end, lines_of(html.unescape(_VTT_TAG.sub("", first))))
        for speaker, words in zip(voices[::2], voices[1::2], strict=True):
            yield Cue(start, end, lines_of(html.unescape(_VTT_TAG.sub("", words))), html.unescape(speaker).strip())


def _milliseconds(time: str) -> float:
    return float("0." + time.rpartition(".")[2])


def _others(text: str, form: str = "") -> Iterator[Cue]:
    import pysubs2

    told_rate = _FRAME_RATE.match(text)
    fps = float(told_rate[1]) if told_rate else 25.0
    text = text[told_rate.end() :] if told_rate else text
    form = form or (
        "" if "[Script Info]" in text[:4_000] else next(k for k, sign in _SIGNS.items() if sign.match(text))
    )
    subtitles = _subrip(text) if form == "srt" else pysubs2.SSAFile.from_string(text, fps=fps, format_=form or None)
    for event in subtitles.events:
        if not event.is_comment:
            event.text = _DRAWING.sub("", event.text)
            words = html.unescape(_STYLE_TAG.sub("", event.plaintext)).replace("[br]", "\n")
            words = re.sub(r"^/", "", words, flags=re.MULTILINE) if form == "microdvd" else words  # slanted
            yield Cue(event.start / 1000, event.end / 1000, lines_of(words), event.name.strip())


def _subrip(text: str) -> "pysubs2.SSAFile":
    """Read SRT. Of an hour its library takes the last two digits (findings/pysubs2-after-a-hundred-hours.sh)."""
    import pysubs2
    from pysubs2.formats.subrip import SubripFormat

    class AnyHour(SubripFormat):
        TIMESTAMP = _SUBRIP_TIME

    subtitles = pysubs2.SSAFile()
    AnyHour.from_file(subtitles, io.StringIO(text), "srt")
    return subtitles


def _ttml(text: str) -> Iterator[Cue]:
    """Yield the paragraphs of a TTML document; pysubs2 knows neither durations nor ticks and frames."""
    root = xml.parse(re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode())
    agents = {
        agent.get(_XML_ID): " ".join(xml.text(agent).split()) for agent in root.iter() if xml.name(agent) == "agent"
    }
    rate = next((float(value) for name, value in root.attrib.items() if name.endswith("}tickRate")), 1.0)
    for place, paragraph in enumerate(item for item in root.iter() if xml.name(item) == "p"):
        _unwrap(paragraph)
        for reading in [item for item in paragraph.iter() if item.get(_TTML_RUBY) in ("text", "delimiter")]:
            shown = reading.get(_TTML_RUBY) == "text"
            reading.text = f"（{''.join(reading.itertext())}）" if shown else ""
        for line_break in [item for item in paragraph.iter() if xml.name(item) == "br"]:
            line_break.text = "\n"
        begin = next((item.get("begin", "") for item in paragraph.iter() if item.get("begin")), "")
        start = _ttml_seconds(begin, rate, float(place))
        length = _ttml_seconds(paragraph.get("dur", ""), rate, 0.0)
        end = _ttml_seconds(paragraph.get("end", ""), rate, start + length)
        words = "".join(paragraph.itertext())
        speakers = [agents.get(value, "") for name, value in paragraph.attrib.items() if name.endswith("}agent")]
        yield Cue(start, end, lines_of(words), next(iter(speakers), ""))


def _timed(text: str) -> Iterator[Cue]:
    """Yield the cues of YouTube's XML: paragraphs in milliseconds, or in an older form texts in seconds."""
    root = xml.parse(re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode())
    for item in root.iter("p", "text"):
        unit = 0.001 if item.tag == "p" else 1.0
        start = float(item.get("t") or item.get("start") or 0) * unit
        length = float(item.get("d") or item.get("dur") or 0) * unit
        yield Cue(start, start + length, lines_of(html.unescape(xml.text(item))))


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


def _json3(text: str) -> Iterator[Cue]:
    for event in json.loads(text)["events"]:
        start = float(event.get("tStartMs", 0)) / 1000
        words = "".join(segment.get("utf8", "") for segment in event.get("segs") or ())
        yield Cue(start, start + float(event.get("dDurationMs", 0)) / 1000, lines_of(words))


def _sbv(text: str) -> Iterator[Cue]:
    """Yield the cues of SBV, and of SubViewer, which has a head before them and [br] within."""
    return _others(_SBV_HEAD.sub("", text), "srt")


def _subviewer(text: str) -> Iterator[Cue]:
    """Yield the cues of SubViewer 1, whose end stands below them."""
    for *times, words, hours, minutes, seconds in _SUBVIEWER_CUE.findall(text):
        start, end = (int(h) * 3600.0 + int(m) * 60 + int(s) for h, m, s in (times, (hours, minutes, seconds)))
        yield Cue(start, end, lines_of(words.replace("|", "\n")))


def _console(text: str) -> Iterator[Cue]:
    """Yield the lines that Whisper prints while it works: [times] and the words."""
    for *times, words in _CONSOLE_LINE.findall(text):
        start, end = (_ttml_seconds(time if time.count(":") == 2 else f"0:{time}", 1.0, 0.0) for time in times)
        yield Cue(start, end, lines_of(words))


def _tsv(text: str) -> Iterator[Cue]:
    """Yield the rows of Whisper's table: milliseconds, and the words."""
    for line in text.split("\n")[1:]:
        if len(cells := line.split("\t", 2)) == 3:
            yield Cue(float(cells[0]) / 1000, float(cells[1]) / 1000, lines_of(cells[2]))


def _lyrics(text: str) -> Iterator[Cue]:
    start = 0.0
    for line in text.split("\n"):
        times = _LYRIC.match(line.strip())
        for minutes, seconds, rest in _LYRIC_TIME.findall(times.group()) if times else ():
            start = int(minutes) * 60 + int(seconds) + float(f"0.{rest or 0}")
            assert times is not None
            yield Cue(start, start, lines_of(_WORD_TIME.sub("", line.strip()[times.end() :])))
        if behind := _BACKING_VOCALS.match(line.strip()):
            first = _WORD_TIME_PARTS.search(behind[1])
            at = int(first[1]) * 60 + float(first[2]) if first else start
            yield Cue(at, at, lines_of(f"({_WORD_TIME.sub('', behind[1]).strip()})"))


def _lyric_title(text: str) -> str:
    found = re.search(r"^\[ti:(.*)\]\s*$", text, re.IGNORECASE | re.MULTILINE)
    return found.group(1).strip() if found else ""
