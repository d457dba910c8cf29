"""The time in which Discord cannot be reached: how long to wait, what is late by it, and what people are told."""

import secrets
import time
from collections.abc import Callable, Iterable

from bot.chat.i18n import Words
from bot.chat.requests import NONCE_BITS, retry_delay
from bot.chat.transcript.written_line import WrittenLine

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
        self.nonce = 0
        "of the notice about the present one"

    def failed(self, now: float, error: BaseException) -> tuple[bool, float]:
        """Record an attempt that did not reach Discord; return whether an outage begins, and how long to wait."""
        begins = self._began_at is None
        if begins:
            self._begin(now)
        self._attempts += 1
        return begins, retry_delay(self._attempts - 1, error)

    def waited(self, since: float) -> None:
        """Record that discord.py waited until now, by itself, to get a message through: that is an outage, too."""
        if self._began_at is None:
            self._begin(since)

    def dropped(self) -> None:
        """Record that a line was dropped."""
        self._dropped += 1

    def over(self) -> None:
        """Discord takes messages again."""
        self._began_at, self._dropped = None, 0

    def notice(self, now: float) -> str:
        """Return what is to be told above the late lines; empty: nothing."""
        if self._began_at is None or self._words is None or self._told or now - self._began_at < OUTAGE_SECONDS:
            return ""
        if now < self._next_notice_at and not self._dropped:
            return ""
        code = "notice outage_lost" if self._dropped else "notice outage"
        return self._words()(code, seconds=round(now - self._began_at), count=self._dropped)

    def told(self, now: float) -> None:
        """People have the notice."""
        self._told, self._next_notice_at = True, now + OUTAGE_NOTICE_GAP_SECONDS

    def _begin(self, now: float) -> None:
        self._began_at, self._attempts, self._told = now, 0, False
        self.nonce = secrets.randbits(NONCE_BITS)

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
