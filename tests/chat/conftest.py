"""For all tests of the face."""

import pytest

from sandbox.rest.ratelimit import LIMITS, Limit


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait for Discord's limits where they are not what is tested."""
    for route in list(LIMITS):
        monkeypatch.setitem(LIMITS, route, Limit(100, 5))
