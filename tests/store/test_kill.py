"""SIGKILL at any moment of writing: the store opens, is whole, and lacks at most the last turn."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest


@pytest.fixture
def nursery() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.store.writer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def turns(file: Path) -> tuple[set[int], set[int]]:
    """Return the numbers of the turns that are whole, and of those of which anything is there; check the file."""
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = [
            {int(number[1:]) for (number,) in connection.execute(f"SELECT id FROM {table} WHERE id LIKE '{kind}%'")}
            for table, kind in (("messages", "q"), ("messages", "a"), ("charges", "c"))
        ]
    return set.intersection(*found), set.union(*found)


def kill(nursery: subprocess.Popen[str], file: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    last = 0
    lost: set[int] = set()
    "turns that were the last before a kill, and are not whole"
    for number in range(kills):
        print(f"sqlite+aiosqlite:///{file} {last + 1}", file=nursery.stdin, flush=True)
        said = nursery.stdout.readline().split()
        while said[0] == "turn":
            last = int(said[1])
            said = nursery.stdout.readline().split()
        assert said[0] == "pid"
        pid = int(said[1])
        if number % 2:  # the other half may end before anything is written, on a busy machine above all
            said = nursery.stdout.readline().split()
            assert said[0] == "turn", said
            last = int(said[1])
        time.sleep(chance.uniform(0.005, 0.25))  # a point in the writer's life, the migration included
        os.kill(pid, signal.SIGKILL)
        while (said := nursery.stdout.readline().split())[0] != "dead":
            assert said[0] == "turn", said
            last = int(said[1])
        if not last:
            continue
        whole, any_part = turns(file)
        assert any_part <= set(range(1, last + 1))
        assert set(range(1, last)) - whole <= lost, "a turn that was over is lost"
        lost |= set(range(1, last + 1)) - whole
    assert last >= kills // 2, "hardly anything was written: the test shows nothing"


@pytest.mark.parametrize("kills", [12, pytest.param(200, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
def test_kills_leave_a_store_that_opens_and_lose_one_turn_at_most(
    nursery: subprocess.Popen[str], file: Path, kills: int
) -> None:
    kill(nursery, file, kills, seed=kills)
