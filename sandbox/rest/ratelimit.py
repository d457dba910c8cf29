"""Rate limits as Discord announces and enforces them: a bucket per route and major parameter, and a global one.

Source: Discord's developer documentation, "Rate Limits". The numbers are not published; these are observed.
"""

import hashlib
from dataclasses import dataclass

from sandbox.guild.fault import Json


@dataclass(frozen=True, slots=True)
class RateLimit:
    requests: int
    seconds: float


ROUTE_LIMITS = {
    "POST /channels/{channel_id}/messages": RateLimit(5, 5),
    "PATCH /channels/{channel_id}/messages/{message_id}": RateLimit(5, 5),
    "DELETE /channels/{channel_id}/messages/{message_id}": RateLimit(5, 1),
    "POST /channels/{channel_id}/typing": RateLimit(5, 5),
    "PATCH /channels/{channel_id}": RateLimit(5, 15),
    "PUT /channels/{channel_id}/voice-status": RateLimit(5, 5),
    "POST /webhooks/{application_id}/{token}": RateLimit(5, 2),
    "PATCH /webhooks/{application_id}/{token}/messages/{message_id}": RateLimit(5, 2),
}
DEFAULT_LIMIT = RateLimit(10, 1)
UNLIMITED_ROUTE = "POST /interactions/{interaction_id}/{token}/callback"
"""Interaction callbacks have no limit."""


@dataclass(slots=True)
class _Window:
    ends: float
    used: int = 0


@dataclass(frozen=True, slots=True)
class RateVerdict:
    headers: dict[str, str]
    body: Json | None = None
    "of the 429; None: the request may pass"


class RateLimiter:
    """Fixed windows that start with their first request. `now` is seconds on any monotonic clock."""

    def __init__(self, most_per_second: int) -> None:
        self.most_per_second = most_per_second
        self._windows: dict[tuple[str, str], _Window] = {}
        self._all = _Window(0.0)
        self.refused = 0
        "429s so far"

    def count(self, route: str, major: str, now: float, wall: float) -> RateVerdict:
        """Count a request "METHOD /canonical/path" and decide on it. `wall` is Unix seconds, for the headers."""
        if route == UNLIMITED_ROUTE:
            return RateVerdict({})
        if not route.startswith(("POST /webhooks", "PATCH /webhooks", "GET /webhooks", "DELETE /webhooks")):
            if now >= self._all.ends:
                self._all = _Window(now + 1)
            self._all.used += 1
            if self._all.used > self.most_per_second:
                headers = {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
                return self._refuse(self._all.ends - now, headers, everywhere=True)
        limit = ROUTE_LIMITS.get(route, DEFAULT_LIMIT)
        window = self._windows.get((route, major))
        if window is None or now >= window.ends:
            self._drop_ended_windows(now)
            window = self._windows[route, major] = _Window(now + limit.seconds)
        window.used += 1
        left = max(window.ends - now, 0.001)
        headers = {
            "X-RateLimit-Limit": str(limit.requests),
            "X-RateLimit-Remaining": str(max(limit.requests - window.used, 0)),
            "X-RateLimit-Reset": f"{wall + left:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": hashlib.md5(route.encode(), usedforsecurity=False).hexdigest(),
        }
        if window.used <= limit.requests:
            return RateVerdict(headers)
        return self._refuse(left, headers | {"X-RateLimit-Scope": "user"}, everywhere=False)

    def _refuse(self, wait: float, headers: dict[str, str], *, everywhere: bool) -> RateVerdict:
        self.refused += 1
        # discord.py takes a 429 without Via for a ban by the edge network and gives up.
        headers |= {"Retry-After": str(int(wait) + 1), "Via": "1.1 google"}
        text = "You are being rate limited."
        return RateVerdict(headers, {"message": text, "retry_after": round(wait, 3), "global": everywhere})

    def _drop_ended_windows(self, now: float) -> None:
        if len(self._windows) > 1000:
            self._windows = {key: window for key, window in self._windows.items() if window.ends > now}
