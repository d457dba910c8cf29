"""The minutes that were posted, kept so that a post changes when somebody in it is forgotten.

One file for each, sealed as unfinished jobs are (job_folder.py). It goes with the words it is made of: when the channel
is cleared, when the server's retention is over, at the latest after KEPT_MINUTES_DAYS.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Set
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from bot.errors import Damaged, StoreError
from bot.jobs.job_folder import JobFolder
from bot.jobs.minutes.claims import Claim
from bot.jobs.minutes.evidence import without
from bot.jobs.minutes.minutes import Minutes
from bot.jobs.minutes.talk import NumberedLine
from bot.ports.holder import Holder
from bot.types.ids import new_id

log = structlog.get_logger("jobs")

KEPT_MINUTES_DAYS = 30
MAX_KEPT_MINUTES = 200
"""The oldest go first; at most about a megabyte each."""


@dataclass(frozen=True, slots=True)
class PostedMinutes:
    """One post with minutes."""

    minutes: Minutes
    guild_id: int
    channel_id: int
    "of the talk"
    chat_id: int
    "the channel with the post"
    message_id: int
    language: str
    "of the headings"
    small_print: str
    until: float
    "Unix seconds, when it is deleted"
    stale: bool = False
    "the post says more than this"
    id: str = field(default_factory=new_id)


class KeptMinutes(Holder):
    """All posted minutes. What is to be forgotten is noted at once, and is gone when `settled` returns."""

    def __init__(self, folder: JobFolder, repost: Callable[[PostedMinutes], Awaitable[bool]] | None = None) -> None:
        """`repost` changes a post, in limited time, and returns whether that is done; else it is tried again."""
        self._folder = folder
        self._repost = repost
        self._people: set[int] = set()
        self._lines: set[str] = set()
        self._channels: set[int] = set()
        self._lock = asyncio.Lock()

    async def keep(self, posted: PostedMinutes) -> None:
        """Keep a post. A disk that does not work costs only that the post does not change later."""
        async with self._lock:
            await asyncio.to_thread(self._prune)
            try:
                await asyncio.to_thread(self._write, posted)
            except OSError as error:
                log.warning("minutes_not_kept", error=type(error).__name__)

    async def drop(self, message_id: int) -> None:
        """Forget a post that is no more."""
        async with self._lock:
            await asyncio.to_thread(self._drop_post, message_id)

    def forget_person(self, user_id: int) -> None:
        self._people.add(user_id)

    def clear_channel(self, channel_id: int) -> None:
        self._channels.add(channel_id)

    def drop_lines(self, channel_id: int, line_ids: Set[str]) -> None:
        self._lines |= line_ids

    async def settled(self) -> None:
        """Return when the files hold nothing more of what was dropped, and the posts say nothing more of it."""
        if self._people or self._lines or self._channels:
            await self.tidy()

    async def tidy(self) -> None:
        """Drop what is due, and change the posts that say too much."""
        async with self._lock:
            people, lines, channels = set(self._people), set(self._lines), set(self._channels)
            stale = await asyncio.to_thread(self._apply, people, lines, channels)
            self._people -= people
            self._lines -= lines
            self._channels -= channels
            if self._repost is not None and stale:
                await asyncio.gather(*(self._change(one) for one in stale))

    async def _change(self, posted: PostedMinutes) -> None:
        assert self._repost is not None
        if await self._repost(posted):
            with suppress(OSError):
                if posted.minutes.empty:
                    await asyncio.to_thread(self._drop_post, posted.message_id)
                else:
                    await asyncio.to_thread(self._write, replace(posted, stale=False))

    def _apply(self, people: Set[int], lines: Set[str], channels: Set[int]) -> list[PostedMinutes]:
        """Take out what is due; return the posts that say more than is left."""
        self._prune()
        stale: list[PostedMinutes] = []
        for name, posted in self._all():
            if posted.channel_id in channels:
                self._unlink(name)
                continue
            less = _less(posted, people, lines)
            if less is not posted:
                self._replace(name, less)
            if less.stale:
                stale.append(less)
        return stale

    def _prune(self) -> None:
        self._folder.sweep()
        now, written = time.time(), list[tuple[float, Path]]()
        for file in self._folder.path.glob("minutes-*.json"):
            with suppress(FileNotFoundError):  # another process may delete it
                written.append((file.stat().st_mtime, file))
        written.sort()
        for number, (at, file) in enumerate(written):
            if number < len(written) - MAX_KEPT_MINUTES or at < now - KEPT_MINUTES_DAYS * 86_400:
                file.unlink(missing_ok=True)
        for name, posted in self._all():
            if posted.until < now:
                self._unlink(name)

    def _drop_post(self, message_id: int) -> None:
        for name, posted in self._all():
            if posted.message_id == message_id:
                self._unlink(name)

    def _all(self) -> Iterator[tuple[str, PostedMinutes]]:
        for file in list(self._folder.path.glob("minutes-*.json")):
            try:
                yield file.name, _read(json.loads(self._folder.read(file.name)))
            except (Damaged, ValueError, TypeError, KeyError):
                file.unlink(missing_ok=True)  # whose words are in it is not known any more
            except (OSError, StoreError):
                continue  # sealed with a key that is gone: nobody reads it, and its time ends, too

    def _write(self, posted: PostedMinutes) -> None:
        data = json.dumps(asdict(posted), ensure_ascii=False, default=str).encode()
        self._folder.write(f"minutes-{posted.id}.json", data)

    def _replace(self, name: str, less: PostedMinutes) -> None:
        """Keep less of a post. On a full disk the old file makes room, and what is due goes whatever comes of that."""
        try:
            self._write(less)
        except OSError:
            self._unlink(name)
            try:
                self._write(less)
            except OSError as error:
                log.warning("minutes_not_kept", error=type(error).__name__)

    def _unlink(self, name: str) -> None:
        (self._folder.path / name).unlink(missing_ok=True)


def _less(posted: PostedMinutes, people: Set[int], line_ids: Set[str]) -> PostedMinutes:
    """Return a post without what rests on these people's words and these lines; the same one if that is nothing."""
    minutes = posted.minutes
    kept = tuple(line for line in minutes.lines if line.id not in line_ids and line.people.isdisjoint(people))
    if len(kept) == len(minutes.lines):
        return posted
    claims = tuple(without(minutes.claims, minutes.lines, people, line_ids))
    return replace(posted, minutes=replace(minutes, lines=kept, claims=claims), stale=True)


def _read(kept: dict[str, Any]) -> PostedMinutes:
    """Raises ValueError, TypeError or KeyError when it is no post."""
    minutes = kept["minutes"]
    lines = (
        NumberedLine(**{**line, "at": datetime.fromisoformat(line["at"]), "asked_by": tuple(line["asked_by"])})
        for line in minutes["lines"]
    )
    claims = (Claim(**{**claim, "lines": tuple(claim["lines"])}) for claim in minutes["claims"])
    return PostedMinutes(**{**kept, "minutes": Minutes(tuple(lines), tuple(claims), minutes["dropped"])})
