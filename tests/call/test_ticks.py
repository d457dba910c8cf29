"""The clock of all calls, in virtual time."""

import asyncio
import contextvars
from collections import Counter
from itertools import pairwise

import pytest

from bot.audio import FRAME_SECONDS
from bot.call.ticks import MAX_CATCH_UP_TICKS, Decide, Ticker

pytestmark = pytest.mark.looptime


class Clock:
    """The loop's time, plus what a test makes the loop oversleep."""

    def __init__(self) -> None:
        self.late = 0.0

    def __call__(self) -> float:
        return asyncio.get_running_loop().time() + self.late


async def run(
    ticker: Ticker, counts: Counter[str] | None = None, ticks: int = 10, pause: float = FRAME_SECONDS
) -> list[float]:
    """Return the times of so many ticks."""
    times: list[float] = []

    def tick(now: float) -> Decide:
        times.append(now)
        return lambda: pause if len(times) < ticks else None

    await ticker.run(tick, Counter() if counts is None else counts)
    return times


def steps(times: list[float]) -> list[float]:
    return [round(after - before, 6) for before, after in pairwise(times)]


async def test_the_first_call_ticks_at_once_and_every_20_ms() -> None:
    clock = Clock()
    begin = clock()
    times = await run(Ticker(clock))
    assert times[0] == begin
    assert steps(times) == [0.02] * 9


async def test_calls_take_turns_within_20_ms() -> None:
    ticker = Ticker(Clock())
    calls = await asyncio.gather(*(run(ticker) for _ in range(8)))
    phases = [round((times[1] - calls[0][1]) * 1000) % 20 for times in calls]
    assert sorted(phases) == [0, 0, 5, 5, 10, 10, 15, 15]
    assert all(steps(times) == [0.02] * 9 for times in calls)


async def test_a_late_loop_catches_up_tick_by_tick_and_skips_what_is_too_old() -> None:
    clock, counts = Clock(), Counter[str]()
    ticking = asyncio.create_task(run(Ticker(clock), counts, ticks=5 + MAX_CATCH_UP_TICKS))
    await asyncio.sleep(0.05)
    clock.late = 10.0
    times = await ticking
    assert counts["ticks_late"] >= 499
    assert counts["ticks_skipped"] >= 249
    assert [step for step in steps(times) if step != 0.02] == [pytest.approx(0.02 * (1 + counts["ticks_skipped"]))]


async def test_others_run_between_the_late_ticks_of_calls() -> None:
    clock, order = Clock(), list[str]()
    ticker = Ticker(clock)

    def tick(name: str) -> Decide:
        if not order:
            asyncio.get_running_loop().call_soon(order.append, "another")
        order.append(name)
        return lambda: FRAME_SECONDS

    calls = [asyncio.create_task(ticker.run(lambda _now, name=name: tick(name), Counter())) for name in "ab"]
    await asyncio.sleep(0.05)
    order.clear()
    clock.late = 0.1
    await asyncio.sleep(0.02)
    for call in calls:
        call.cancel()
    first, *_ = order
    assert order[: order.index("b" if first == "a" else "a")][-1] == "another"


async def test_an_error_ends_only_its_call() -> None:
    ticker = Ticker(Clock())

    def deaf(_now: float) -> Decide:
        raise RuntimeError("a bug")

    def undecided(_now: float) -> Decide:
        return lambda: 1 / 0

    other = asyncio.create_task(run(ticker))
    with pytest.raises(RuntimeError, match="a bug"):
        await ticker.run(deaf, Counter())
    with pytest.raises(ZeroDivisionError):
        await ticker.run(undecided, Counter())
    assert len(await other) == 10


async def test_calls_that_tick_together_all_hear_before_one_decides() -> None:
    ticker, order = Ticker(Clock()), list[str]()

    def tick(_now: float) -> Decide:
        order.append("hear")
        return lambda: order.append("decide") or FRAME_SECONDS

    calls = [asyncio.create_task(ticker.run(tick, Counter())) for _ in range(8)]
    await asyncio.sleep(0.05)
    order.clear()
    await asyncio.sleep(0.06)
    for call in calls:
        call.cancel()
    assert order == ["hear", "hear", "decide", "decide"] * (len(order) // 4) != []


async def test_a_call_that_rests_is_left_alone_for_so_long() -> None:
    assert steps(await run(Ticker(Clock()), pause=0.1)) == [0.1] * 9


async def test_a_call_that_is_woken_ticks_at_its_next_step() -> None:
    ticker, times = Ticker(Clock()), list[float]()

    def tick(now: float) -> Decide:
        times.append(now)
        return lambda: 1.0 if len(times) < 4 else None

    ticking = asyncio.create_task(ticker.run(tick, Counter()))
    others = [asyncio.create_task(run(ticker, pause=1.0)) for _ in range(8)]
    await asyncio.sleep(0.113)
    ticker.wake(tick)
    ticker.wake(tick)
    await asyncio.sleep(0.3)
    assert steps(times) == [0.12]
    await ticking
    assert steps(times) == [0.12, 0.88, 1.0]
    for other in others:
        assert steps(await other)[1:] == [1.0] * 8


async def test_calls_that_rest_alike_end_their_rests_together() -> None:
    """Two of each turn, and the next ones a step later, whenever they began."""
    ticker = Ticker(Clock())
    running = []
    for _ in range(16):
        running.append(asyncio.create_task(run(ticker, pause=0.16)))
        await asyncio.sleep(0.033)
    calls = await asyncio.gather(*running)
    assert all(steps(times)[1:] == [0.16] * 8 for times in calls)
    at = Counter(round((times[-1] - calls[0][0]) / 0.005) % 32 for times in calls)
    assert at == dict.fromkeys(range(8), 2)


async def test_a_cancelled_call_ticks_no_more() -> None:
    ticker, seen = Ticker(Clock()), []
    ticking = asyncio.create_task(ticker.run(lambda now: seen.append(now) or (lambda: FRAME_SECONDS), Counter()))
    await asyncio.sleep(0.05)
    ticking.cancel()
    await asyncio.sleep(0)
    count = len(seen)
    await asyncio.sleep(0.1)
    assert len(seen) == count
    assert len(await run(ticker)) == 10


async def test_each_call_ticks_in_its_own_context() -> None:
    name = contextvars.ContextVar("name", default="")
    ticker = Ticker(Clock())

    async def call(own: str) -> set[str]:
        name.set(own)
        seen: list[str] = []

        def tick(_now: float) -> Decide:
            seen.append(name.get())
            return lambda: FRAME_SECONDS if len(seen) < 5 else None

        await ticker.run(tick, Counter())
        return set(seen)

    assert await asyncio.gather(call("one"), call("two")) == [{"one"}, {"two"}]
