"""For every test: no address but loopback, and nothing left behind."""

import asyncio
import compileall
import gc
import importlib
import inspect
import itertools
import os
import socket
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.heartbeat import Heartbeat
from tests.soon_ready import be_ready_soon

settings.register_profile("unhurried", deadline=None)  # a machine under load is no fault
settings.load_profile("unhurried")

HERE = Path(__file__).parent


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run eight at a time: the end-to-end tests mostly wait in real time."""
    del config  # the hook's signature
    return 8


be_ready_soon()
HEARTBEAT = Heartbeat()

# The workers share what each would else compile and rewrite for itself: 100 s of processor time for six.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
gc.disable()  # until the first test: nothing that is imported is garbage


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    HEARTBEAT.start()
    if session.config.getoption("numprocesses", None):  # before the workers start
        for folder in ("bot", "sandbox"):
            compileall.compile_dir(HERE.parent / folder, quiet=2, workers=0)


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Import the tests, each worker from another place of the list, so that each is rewritten by one of them only."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    everything = pytest.Config.ArgsSource.TESTPATHS
    if worker is None or not isinstance(collector, pytest.Session) or collector.config.args_source is not everything:
        return
    files = sorted(HERE.rglob("test_*.py"))
    first = len(files) * int(worker.removeprefix("gw")) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    for file in files[first:] + files[:first]:
        importlib.import_module(".".join(file.relative_to(HERE.parent).with_suffix("").parts))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run a failed test again, twice at most, if the machine did not keep time; the summary counts them."""
    again = pytest.mark.flaky(reruns=2, condition=HEARTBEAT.lost_time)
    for item in items:
        item.add_marker(again)
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function):
            # Not by itself: it opens an event loop. Its end comes before the other's, so that tasks can close sockets.
            item.fixturenames.insert(item.fixturenames.index("nothing_left_behind") + 1, "no_task_left_behind")
    items.sort(key=lambda item: turn(item.nodeid))


WAITING = ("tests/e2e/", "tests/cli/", "tests/sandbox/test_person", "tests/sandbox/test_playground")


def turn(test: str) -> tuple[bool, bool, int]:
    """Return a test's place: the longest, what waits in real time, mixed; then what computes, which fills the rest.

    As they stand, all that start a browser would do so at once.
    """
    waits = test.startswith(WAITING)
    return "test_upgrade" not in test, not waits, zlib.crc32(test.encode()) if waits else 0


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    HEARTBEAT.reset()


def allowed_skips() -> dict[str, str]:
    """Return the tests that may be skipped, by the beginning of their id, with the reason."""
    lines = (HERE / "allowed_skips.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition(": ") for line in lines if line and not line.startswith("#"))
    return {test: reason for test, _, reason in pairs}


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where STRICT_SKIPS is set, a skipped test that no list allows fails the run."""
    HEARTBEAT.stop()
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("STRICT_SKIPS") or reporter is None:
        return
    for report in reporter.stats.get("skipped", []):
        if not report.nodeid.startswith(tuple(allowed_skips())):
            reporter.line(f"\nskipped, and not in tests/allowed_skips.txt: {report.nodeid}", red=True)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(autouse=True, scope="session")
def tests_before_a_freeze() -> Iterator[int]:
    """Keep what was imported out of the collector's sight: `nothing_left_behind` runs it after every test."""
    asyncio.set_event_loop(None)  # looptime asks for it at every test: the first would open one, and leave it behind
    gc.enable()
    gc.collect()
    gc.freeze()
    return itertools.cycle(range(20))  # never unfrozen: at the end pytest would look through all of it five times


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """Refuse every address but loopback, for connections and datagrams alike."""

    def check(address: Any) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            raise PermissionError(f"a test tried to reach {address[0]}: only loopback is allowed")

    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex"):
        real = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any, real: Any = real) -> Any:
            check(address)
            return real(self, address)

        patch.setattr(socket.socket, name, guarded)
    sendto = socket.socket.sendto

    def guarded_sendto(self: socket.socket, *args: Any) -> int:
        check(args[-1])
        return sendto(self, *args)

    patch.setattr(socket.socket, "sendto", guarded_sendto)
    resolve = socket.getaddrinfo

    def guarded_resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not str(name).startswith(LOOPBACK):
            raise PermissionError(f"a test tried to look up {name}: only loopback is allowed")
        return resolve(host, *args, **kwargs)

    patch.setattr(socket, "getaddrinfo", guarded_resolve)
    yield
    patch.undo()


def _sockets() -> set[str]:
    """Return the open sockets of this process by inode, where the system shows them."""
    found = set()
    try:
        for descriptor in os.listdir("/proc/self/fd"):
            try:
                target = os.readlink(f"/proc/self/fd/{descriptor}")
            except OSError:
                continue
            if target.startswith("socket:"):
                found.add(target)
    except FileNotFoundError:
        pass
    return found


@pytest.fixture(autouse=True)
def nothing_left_behind(tests_before_a_freeze: Iterator[int]) -> Iterator[None]:
    """Fail a test that leaves a thread or a socket behind."""
    threads = set(threading.enumerate())
    sockets = _sockets()
    yield
    gc.collect()
    if not next(tests_before_a_freeze):
        gc.freeze()
    pool = ("asyncio_", "ThreadPoolExecutor", "AnyIO worker", "waitpid-")
    new = [thread for thread in set(threading.enumerate()) - threads if not thread.name.startswith(pool)]
    latest = time.monotonic() + 10.0
    for thread in new:  # one that was told to end goes a moment later
        thread.join(max(0.0, latest - time.monotonic()))
    left = [thread.name for thread in new if thread.is_alive()]
    assert not left, f"threads left behind: {left}"
    while (kept := _sockets() - sockets) and time.monotonic() < latest:
        time.sleep(0.05)
    assert not kept, "sockets left behind"


@pytest.fixture
async def no_task_left_behind() -> Any:
    """Fail an async test that leaves a task behind."""
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(0)
    # One that was told to end, or has nothing left to do but to return, goes a moment later.
    if tasks := asyncio.all_tasks() - before - {asyncio.current_task()}:
        await asyncio.wait(tasks, timeout=2.0)
    left = [f"{task.get_name()}: {task.get_coro()}" for task in tasks if not task.done()]
    assert not left, f"tasks left behind: {left}"
