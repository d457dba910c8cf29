"""What counts as stuck, without waiting long for it."""

import asyncio
import time

import aiohttp
import pytest

from bot.ops import health as healths
from bot.ops.health import LAG_WINDOW_BEATS, Health
from bot.ops.http import HttpPages, serving
from bot.voice.send.pacer import Lane, Pacer, PacerSchedule


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
        (Late(), [0.001] * LAG_WINDOW_BEATS, None),
        (Late(), [30.0], None),  # one hiccup, a suspended machine: no reason to be killed
        (Late(), [0.001] * (LAG_WINDOW_BEATS - 5) + [3.0] * 5, None),
        (Late(), [3.0] * LAG_WINDOW_BEATS, "the event loop runs 3.0 s late"),
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
    schedule = PacerSchedule(lambda: now[0])
    assert schedule.behind == 0.0
    Lane(Endless(), schedule.wake).wake()
    schedule.run_due()
    assert schedule.behind == 0.0
    now[0] += 3.0
    assert schedule.behind == pytest.approx(2.98)


async def asked(port: int) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/livez") as response:
        return response.status, await response.text()


async def test_a_loop_that_is_held_up_again_and_again_and_a_pacer_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real things, with a quicker beat: none is in time before the page is asked for, and few until it answers."""
    monkeypatch.setattr(healths, "HEARTBEAT_SECONDS", 0.02)
    monkeypatch.setattr(healths, "STUCK_LOOP_SECONDS", 0.02)
    with Pacer() as pacer:
        health = Health(pacer)
        async with health.beating(), serving("127.0.0.1", 0, HttpPages(trouble=health.trouble)) as port:
            for _ in range(LAG_WINDOW_BEATS):
                time.sleep(0.06)  # noqa: ASYNC251 (the fault itself)
                await asyncio.sleep(0)
            status, text = await asked(port)
            assert status == 503
            assert "the event loop runs" in text
    health = Health(pacer)
    async with serving("127.0.0.1", 0, HttpPages(trouble=health.trouble)) as port:
        assert await asked(port) == (503, "the pacer's thread has ended\n")
