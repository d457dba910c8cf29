"""For all tests of the face."""

import pytest

from sandbox.rest.ratelimit import ROUTE_LIMITS, RateLimit


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait for Discord's limits where they are not what is tested."""
    for route in list(ROUTE_LIMITS):
        monkeypatch.setitem(ROUTE_LIMITS, route, RateLimit(100, 5))
