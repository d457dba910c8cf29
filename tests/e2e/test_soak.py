"""Random faults one after the other while people come, go and talk; tests/soak runs longer ones."""

import pytest

from tests.soak.faults import QUICK
from tests.soak.run import soak

pytestmark = pytest.mark.e2e

STEPS = 5


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
async def test_whatever_happens_everybody_hears_everybody(seed: int) -> None:
    report = await soak(seed, steps=STEPS, faults=QUICK)
    assert len(report.timeline) == STEPS
