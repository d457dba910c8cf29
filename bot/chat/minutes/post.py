"""Minutes -> one message and three files."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import accumulate

import discord

from bot.audio import clock
from bot.chat import escape, lines
from bot.chat.file_export import exported_file
from bot.chat.i18n import Words
from bot.jobs.minutes import documents
from bot.jobs.minutes.claims import ClaimKind
from bot.jobs.minutes.minutes import Minutes

MAX_SHOWN_TALKERS = 6
_FIRST_KEPT: tuple[ClaimKind, ...] = ("decision", "action", "question", "subject")
"""Where not everything fits: what people look for first."""
MINUTES_FILE, TRANSCRIPT_FILE, SUBTITLES_FILE = "minutes.md", "transcript.md", "transcript.vtt"


def text(minutes: Minutes, channel_id: int, words: Words, small: Sequence[str]) -> str:
    """Return the message: what fits of the minutes, and in small print how they were made."""
    head = words(
        "minutes head", channel=f"<#{channel_id}>", began=_time(minutes.began, "f"), ended=_time(minutes.ended, "t")
    )
    sections: dict[ClaimKind, list[str]] = {}
    for kind in documents.SECTIONS:
        claims = minutes.of(kind)
        if claims or kind in ("decision", "action"):
            rows = [f"- {documents.claim_text(claim, words, escape.escape, '**')}" for claim in claims]
            if kind == "subject":
                rows = [f"- {escape.escape(claim.text)}" for claim in claims]
            sections[kind] = [f"**{words(f'minutes {kind}s')}**", *(rows or [f"- {words(f'minutes no {kind}s')}"])]
    print_ = lines.join(*small, talking(minutes, words))
    if minutes.dropped:
        print_ = lines.join(print_, words("minutes dropped", count=minutes.dropped))
    foot = f"-# {print_}"
    room = lines.MAX_MESSAGE_CHARACTERS - len(head) - len(foot) - 2
    return "\n".join([head, *_fitting(sections, room, words), foot])


def talking(minutes: Minutes, words: Words) -> str:
    """Return who talked for how long, on one line."""
    shown = [f"{escape.name(name)} {clock(seconds)}" for name, seconds in minutes.talked.items()]
    more = ["…"] if len(shown) > MAX_SHOWN_TALKERS else []
    return f"{words('minutes talking')}: {', '.join(shown[:MAX_SHOWN_TALKERS] + more)}"


async def files(minutes: Minutes, channel_name: str, words: Words, limit: int) -> list[discord.File]:
    """Return minutes.md, transcript.md and transcript.vtt; one of more than `limit` bytes is gzipped."""

    def write() -> list[discord.File]:
        whole = {
            MINUTES_FILE: documents.minutes_markdown(minutes, words, channel_name),
            TRANSCRIPT_FILE: documents.transcript_markdown(minutes.lines, words, channel_name),
            SUBTITLES_FILE: documents.transcript_vtt(minutes.lines),
        }
        return [exported_file(name, content, limit) for name, content in whole.items()]

    return await asyncio.to_thread(write)


def _fitting(sections: Mapping[ClaimKind, Sequence[str]], room: int, words: Words) -> list[str]:
    """Return the rows that fit, and a last one that says where the rest is."""
    rows = [row for section in sections.values() for row in section]
    if len("\n".join(rows)) <= room:
        return rows
    rest = words("minutes rest", file=MINUTES_FILE)
    room -= len(rest)
    kept: dict[ClaimKind, Sequence[str]] = {}
    for kind in sorted(sections, key=_FIRST_KEPT.index):
        lengths = accumulate(len(row) + 1 for row in sections[kind])
        count = sum(length <= room for length in lengths)
        kept[kind] = sections[kind][:count] if count > 1 else ()  # a heading alone says nothing
        room -= sum(len(row) + 1 for row in kept[kind])
    return [*(row for kind in sections for row in kept[kind]), rest]


def _time(moment: datetime, style: discord.utils.TimestampStyle) -> str:
    return discord.utils.format_dt(moment, style)
