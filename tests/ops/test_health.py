"""What counts as stuck, without waiting for it."""

import pytest

from bot.ops.health import WINDOW, Health
from bot.voice.pacer import Lane, Pacer, Wheel


class Late(Pacer):
    """A pacer that says how it is."""

    def __init__(self, behind: float = 0.0, alive: bool = True) -> None:
        super().__init__()
        self.how = (behind, alive)

    @property
    def alive(self) -> bool:
        return self.how[1]

    @property
    def behind(self) -> float:
        return self.how[0]


@pytest.mark.parametrize(
    ("pacer", "lags", "trouble"),
    [
        (Late(), [], None),
        (Late(), [0.001] * WINDOW, None),
        (Late(), [30.0], None),  # one hiccup, a suspended machine: no reason to be killed
        (Late(), [0.001] * (WINDOW - 5) + [3.0] * 5, None),
        (Late(), [3.0] * WINDOW, "the event loop runs 3.0 s late"),
        (Late(behind=0.5), [], None),
        (Late(behind=6.0), [], "the pacer runs 6.0 s late"),
        (Late(alive=False), [], "the pacer's thread has ended"),
    ],
)
def test_what_is_stuck(pacer: Late, lags: list[float], trouble: str | None) -> None:
    health = Health(pacer)
    for lag in lags:
        health.lag.add(lag)
    assert health.trouble() == trouble


class Endless:
    def take(self) -> bytes | None:
        return b"x"

    def send(self, packet: bytes, /) -> None:
        pass


def test_how_far_the_pacer_is_behind() -> None:
    now = [10.0]
    wheel = Wheel(lambda: now[0])
    assert wheel.behind == 0.0
    Lane(Endless(), wheel.woken).wake()
    wheel.turn()
    assert wheel.behind == 0.0
    now[0] += 3.0
    assert wheel.behind == pytest.approx(2.98)
