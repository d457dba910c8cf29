"""A seeded run of faults, short; tests/soak.py runs as long as one likes."""

import pytest

from tests.soak import soak

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("seed", [7, 11])
async def test_the_link_comes_back_whatever_happens(seed: int) -> None:
    report = await soak(seed, 20.0)
    assert report.steps
    assert report.threads <= 1  # a heartbeat that is just ending
