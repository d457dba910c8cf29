"""When memory is short, as the kernel tells it."""

from pathlib import Path

import pytest

from bot.errors import ShortOfMemory
from bot.jobs.memory import MemoryGauge
from bot.jobs.queue import JobQueue

GB = 1_000_000_000


def kernel(root: Path, group: str, **files: object) -> Path:
    """Write what the kernel shows of a control group; `group` is its path as the process sees it."""
    (root / "proc/self").mkdir(parents=True, exist_ok=True)
    (root / "proc/self/cgroup").write_text(f"0::{group}\n")
    folder = root / "sys/fs/cgroup" / group.strip("/")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"memory.{name}").write_text(f"{content}\n")
    return root


@pytest.mark.parametrize(
    ("files", "short"),
    [
        ({"max": GB, "current": 840_000_000}, False),
        ({"max": GB, "current": 860_000_000}, True),
        ({"max": GB, "current": 960_000_000, "stat": "anon 5\ninactive_file 200000000"}, False),
        ({"max": GB, "current": 960_000_000, "stat": "anon 5\ninactive_file 100"}, True),
        ({"max": "max", "current": 99 * GB}, False),
        ({"current": 99 * GB}, False),
        ({"max": "garbled", "current": "too"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_control_group_says_when_it_is_nearly_full(tmp_path: Path, files: dict[str, object], short: bool) -> None:
    assert MemoryGauge(root=kernel(tmp_path, "/", **files)).is_short() is short


def test_the_groups_around_it_count_too(tmp_path: Path) -> None:
    kernel(tmp_path, "/pod", max=GB, current=900_000_000)
    kernel(tmp_path, "/pod/bot", max="max", current=900_000_000)
    assert MemoryGauge(root=tmp_path).is_short()


def test_a_system_without_control_groups_has_no_limit(tmp_path: Path) -> None:
    assert not MemoryGauge(root=tmp_path).is_short()
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("8:memory:/docker/1\n1:name=systemd:/\n")  # version 1
    assert not MemoryGauge(root=tmp_path).is_short()


@pytest.mark.parametrize(("limit", "short"), [(1, True), (1_000_000, False)])
def test_a_setting_limits_the_process_itself(limit: int, short: bool) -> None:
    assert MemoryGauge(limit).is_short() is short


async def test_no_job_begins_but_those_that_are_resumed_do() -> None:
    short = True
    queue = JobQueue(is_short_of_memory=lambda: short)
    with pytest.raises(ShortOfMemory):
        queue.take(1, 2)
    assert queue.counts["jobs_refused"] == 1
    queue.take(1, 2, again=True)
    short = False
    queue.take(1, 2)
