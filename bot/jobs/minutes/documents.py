"""Minutes and their talk as files: Markdown for people, WebVTT for players; pure."""

import re
from collections.abc import Callable, Sequence

from bot.audio import clock
from bot.jobs.minutes.claims import Claim, ClaimKind
from bot.jobs.minutes.minutes import Minutes
from bot.jobs.minutes.since import zone_name
from bot.jobs.minutes.talk import NumberedLine

SECTIONS: tuple[ClaimKind, ...] = ("subject", "decision", "action", "question")
MIN_CUE_SECONDS = 0.8
_MARKS_PATTERN = re.compile(r"([\\`*_{}\[\]<>#|~])")

Sentence = Callable[..., str]
"""Gives the sentence of a catalogue's code: chat/i18n.py's Words."""


def minutes_markdown(minutes: Minutes, words: Sentence, channel: str) -> str:
    """Return the minutes with the lines that they cite, each once, below what rests on it."""
    there = {line.number: line for line in minutes.lines}
    began, ended = minutes.began, minutes.ended
    until = f"{ended:%H:%M}" if ended.date() == began.date() else f"{ended:%Y-%m-%d %H:%M}"
    out = [f"# {words('minutes title', channel=_plain(channel))}", ""]
    out += [f"{began:%Y-%m-%d %H:%M}–{until} ({zone_name(began)})", ""]
    for kind in SECTIONS:
        claims = minutes.of(kind)
        if not claims and kind in ("subject", "question"):
            continue
        out += [f"## {words(f'minutes {kind}s')}", ""]
        if not claims:
            out += [words(f"minutes no {kind}s"), ""]
        for claim in claims:
            out.append(f"- {claim_text(claim, words, _plain, '**')}")
            out += [f"  > {_plain(there[number].shown)}" for number in claim.lines if kind != "subject"]
        out.append("")
    if minutes.talked:
        out += [f"## {words('minutes talking')}", ""]
        out += [f"- {_plain(name)}: {clock(seconds)}" for name, seconds in minutes.talked.items()]
        out.append("")
    out.append(words("minutes files"))
    if minutes.dropped:
        out += ["", words("minutes dropped", count=minutes.dropped)]
    return "\n".join(out) + "\n"


def claim_text(claim: Claim, words: Sentence, inert: Callable[[str], str], bold: str) -> str:
    """Return a claim on one line: who, what, by when, and the numbers of its lines."""
    numbers = "".join(f" \\[{number}\\]" for number in claim.lines)
    if claim.kind != "action":
        return f"{inert(claim.text)}{numbers}"
    owner = inert(claim.owner) if claim.owner else words("minutes nobody")
    due = f" · {words('minutes due', date=inert(claim.due))}" if claim.due else ""
    return f"{bold}{owner}{bold}: {inert(claim.text)}{due}{numbers}"


def transcript_markdown(lines: Sequence[NumberedLine], words: Sentence, channel: str) -> str:
    """Return every line with its number."""
    out = [f"# {words('minutes transcript', channel=_plain(channel))}", ""]
    day = None
    for line in lines:
        if line.at.date() != day:
            day = line.at.date()
            out += [f"## {day:%Y-%m-%d} ({zone_name(line.at)})", ""]
        out += [_plain(line.shown), ""]
    return "\n".join(out)


def transcript_vtt(lines: Sequence[NumberedLine]) -> str:
    """Return the lines as WebVTT (W3C: WebVTT), timed from the first; how long a line takes is estimated."""
    out = ["WEBVTT", ""]
    for line in lines:
        start = (line.at - lines[0].at).total_seconds()
        end = start + max(MIN_CUE_SECONDS, line.seconds)
        out += [str(line.number), f"{_stamp(start)} --> {_stamp(end)}", f"<v {_cue(line.name)}>{_cue(line.text)}", ""]
    return "\n".join(out)


def _stamp(seconds: float) -> str:
    milliseconds = round(max(0.0, seconds) * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"


def _cue(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str) -> str:
    """Return text without a meaning in Markdown."""
    return _MARKS_PATTERN.sub(r"\\\1", text)
