"""The time in which Discord cannot be reached: how long to wait, what is late by it, and what people are told."""

import secrets
import time
from collections.abc import Callable, Iterable

import structlog

from bot.chat.i18n import Words
from bot.chat.requests import NONCE_BITS, retry_delay
from bot.chat.transcript.written_line import TextChannel, WrittenLine

log = structlog.get_logger(__name__)

LATE_LINE_SECONDS = 10.0
"""A line that waited this long says when it was said. Rate limits alone take up to five seconds."""
OUTAGE_SECONDS = 3.0
"""An outage that lasts this long is told, and its lines are late after this long."""
OUTAGE_NOTICE_GAP_SECONDS = 600.0
"""Least time between two notices, unless lines are lost."""


class Outages:
    """The outages of one channel, one after the other. All times are seconds on the event loop's clock."""

    def __init__(self, words: Callable[[], Words] | None) -> None:
        """`words` gives the catalogue; without it nothing is told."""
        self._words = words
        self._began_at: float | None = None
        self._attempts = 0
        self._dropped = 0
        "lines that found no room meanwhile"
        self._told = False
        self._next_notice_at = float("-inf")
        self._nonce = 0
        "of the notice about the present one"

    def failed(self, now: float, error: BaseException, channel_id: int) -> float:
        """Record an attempt that did not reach Discord; return how long to wait."""
        if self._began_at is None:
            self._begin(now)
            log.warning("chat_unreachable", channel_id=channel_id, error=type(error).__name__)
        self._attempts += 1
        return retry_delay(self._attempts - 1, error)

    def got_through(self, since: float, now: float) -> None:
        """Record that Discord took a message. If discord.py waited long for that, by itself, it is an outage, too."""
        if now - since < LATE_LINE_SECONDS:
            self._began_at, self._dropped = None, 0
        elif self._began_at is None:
            self._begin(since)

    def dropped(self) -> None:
        """Record that a line was dropped."""
        self._dropped += 1

    async def tell(self, channel: TextChannel, now: float) -> None:
        """Tell people of the outage that is over, above the late lines. Raises REQUEST_ERRORS."""
        if text := self._notice(now):
            await channel.send(text, silent=True, suppress_embeds=True, nonce=self._nonce)
            self._told, self._next_notice_at = True, now + OUTAGE_NOTICE_GAP_SECONDS

    def _notice(self, now: float) -> str:
        """Return what is to be told; empty: nothing."""
        if self._began_at is None or self._words is None or self._told or now - self._began_at < OUTAGE_SECONDS:
            return ""
        if now < self._next_notice_at and not self._dropped:
            return ""
        code = "notice outage_lost" if self._dropped else "notice outage"
        return self._words()(code, seconds=round(now - self._began_at), count=self._dropped)

    def _begin(self, now: float) -> None:
        self._began_at, self._attempts, self._told = now, 0, False
        self._nonce = secrets.randbits(NONCE_BITS)

    def mark_late(self, lines: Iterable[WrittenLine], now: float) -> None:
        """Give the lines that waited too long their small print."""
        for line in lines:
            line.late = line.late or self._small_print(now, line.queued_at)

    def _small_print(self, now: float, queued_at: float) -> str:
        """Return what marks a line as late; empty for one that is not."""
        waited = now - queued_at
        limit = LATE_LINE_SECONDS if self._began_at is None else OUTAGE_SECONDS
        if self._words is None or waited < limit:
            return ""
        return "\n" + self._words()("line.late", time=f"<t:{time.time() - waited:.0f}:T>")
