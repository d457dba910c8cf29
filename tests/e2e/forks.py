"""`python -m bot` as a fork of a process that has imported it: a process like any other, two seconds sooner.

What starting itself is, is tried with real ones: `process.running(…, fresh=True)`.
"""

import asyncio
import multiprocessing
import os
import runpy
import signal
import sys
from asyncio import StreamReader, StreamReaderProtocol
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path

from tests.asked_once import ask_once
from tests.soon_ready import be_ready_soon

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["bot.cli.main", "bot.app", "bot.jobs.offline", "bot.ops.doctor", "bot.ops.metrics"])


def _become(arguments: tuple[str, ...], env: Mapping[str, str], folder: Path, out: Connection, err: Connection) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    for number, pipe in ((1, out), (2, err)):
        os.dup2(pipe.fileno(), number)
        pipe.close()
    be_ready_soon()
    ask_once()
    sys.argv[1:] = arguments
    runpy.run_module("bot", run_name="__main__", alter_sys=True)


class Fork:
    """A running fork, with what is used here of asyncio's `Process`."""

    def __init__(self, arguments: tuple[str, ...], env: Mapping[str, str], folder: Path) -> None:
        self._pipes = [SERVER.Pipe(duplex=False) for _ in range(2)]
        theirs = [pipe for _, pipe in self._pipes]
        self._process = SERVER.Process(target=_become, args=(arguments, dict(env), folder, *theirs))
        self.stdout, self.stderr = StreamReader(), StreamReader()

    async def start(self) -> "Fork":
        await asyncio.to_thread(self._process.start)  # the first of them starts the server
        for stream, (ours, theirs) in zip((self.stdout, self.stderr), self._pipes, strict=True):
            theirs.close()
            file = os.fdopen(os.dup(ours.fileno()), "rb")
            ours.close()
            await asyncio.get_running_loop().connect_read_pipe(lambda s=stream: StreamReaderProtocol(s), file)
        return self

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        if self.returncode is None:
            loop.add_reader(self._process.sentinel, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(self._process.sentinel)
            self._process.join()
        assert self.returncode is not None
        return self.returncode

    async def communicate(self) -> tuple[bytes, bytes]:
        out, err, _ = await asyncio.gather(self.stdout.read(), self.stderr.read(), self.wait())
        return out, err
