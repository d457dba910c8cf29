"""The budget of IDENTIFYs, on a clock of its own."""

import random
from pathlib import Path

import pytest

from bot.ops.identify import A_DAY, DAY, FREE, Ledger, pause


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def most_in_a_day(times: list[float]) -> int:
    return max(sum(start <= at < start + DAY for at in times) for start in times)


@pytest.mark.parametrize("alive", [0.0, 1.0, 60.0, 600.0, "mixed"])
async def test_a_thousand_crashes_cost_at_most_a_hundred_identifies_a_day(tmp_path: Path, alive: float | str) -> None:
    clock, times, chance = Clock(), [], random.Random(1)
    for _ in range(1000):
        await Ledger(tmp_path / "identifies.json", clock, clock.sleep).take(0)  # each time a new process
        times.append(clock.now)
        clock.now += chance.choice([0.0, 1.0, 300.0, 3000.0]) if isinstance(alive, str) else alive
    assert most_in_a_day(times) <= A_DAY


async def test_a_few_restarts_by_hand_wait_for_nothing(tmp_path: Path) -> None:
    clock = Clock()
    for _ in range(FREE):
        before = clock.now
        await Ledger(tmp_path / "identifies.json", clock, clock.sleep).take(0)
        assert clock.now == before


async def test_shards_are_counted_apart(tmp_path: Path) -> None:
    clock = Clock()
    ledger = Ledger(tmp_path / "identifies.json", clock, clock.sleep)
    for shard in range(16):
        await ledger.take(shard)
    assert clock.now == 1_000_000.0


@pytest.mark.parametrize("kept", ["", "no json", "[]", '{"0": "x"}', '{"0": [1e12]}'])
async def test_a_spoilt_file_costs_nothing(tmp_path: Path, kept: str) -> None:
    file = tmp_path / "identifies.json"
    file.write_text(kept)
    clock = Clock()
    await Ledger(file, clock, clock.sleep).take(0)
    assert clock.now == 1_000_000.0


async def test_without_a_file_this_process_counts_for_itself(tmp_path: Path) -> None:
    clock = Clock()
    ledger = Ledger(tmp_path / "no" / "folder.json", clock, clock.sleep)
    for _ in range(FREE + 3):
        await ledger.take(0)
    assert clock.now > 1_000_000.0


def test_what_was_yesterday_is_forgotten() -> None:
    assert pause([0.0] * 200, DAY + 1) == 0.0
