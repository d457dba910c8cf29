"""`python -m bot` from the outside: a real process that only its environment configures."""

import asyncio
import json
import os
import random
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.model.server import ModelServer
from sandbox.server import Sandbox
from tests.e2e.forks import Fork


def free_port() -> int:
    """Return a free port below the ephemeral range, so that no other process gets it before it is used."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def environment(sandbox: Sandbox, model: ModelServer, folder: Path) -> dict[str, str]:
    """Return the environment that a bot in this sandbox needs."""
    return {
        "DISCORD_TOKEN": sandbox.token,
        "DISCORD_API_BASE": sandbox.api_base,
        "SSL_CERT_FILE": str(sandbox.ca_file),
        "OPENAI_API_KEY": model.key,
        "OPENAI_BASE_URL": model.base_url,
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/data/bot.db",
        "CONSENT": "notice",
        "CUE": "off",
    }


@dataclass(slots=True)
class Result:
    """How a process ended."""

    code: int
    out: str
    err: str


@dataclass(slots=True)
class BotProcess:
    """A running bot."""

    process: asyncio.subprocess.Process | Fork
    port: int
    lines: list[str] = field(default_factory=list)
    "its output so far"

    async def get(self, path: str) -> tuple[int, str]:
        """Return status and text of a page; status 0 while nobody answers."""
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session,
                session.get(f"http://127.0.0.1:{self.port}{path}") as response,
            ):
                return response.status, await response.text()
        except (aiohttp.ClientError, TimeoutError):
            return 0, ""

    async def until(self, path: str, status: int = 200, seconds: float = 120.0) -> None:
        """Wait until a page answers with this status. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while (await self.get(path))[0] != status:
                assert self.process.returncode is None, "\n".join(self.lines)
                await asyncio.sleep(0.05)

    async def ready(self) -> None:
        await self.until("/readyz")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def ended(self, seconds: float = 30.0) -> int:
        """Return the exit code. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            return await self.process.wait()

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the log lines of an event (LOG_FORMAT=auto writes JSON to a pipe)."""
        found = []
        for line in self.lines:
            with suppress(ValueError):
                event = json.loads(line)
                if event.get("event") == name:
                    found.append(event)
        return found


def wait_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("asyncio-waitpid")}


def join_wait_threads(watchers: set[threading.Thread]) -> None:
    """Wait for the threads in which Python 3.11 waits for an ended process."""
    for thread in watchers:
        thread.join(5)


async def _start(
    arguments: tuple[str, ...], env: Mapping[str, str], folder: Path, *, fresh: bool
) -> asyncio.subprocess.Process | Fork:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    whole = inherited | dict(env)
    if arguments[:3] == (sys.executable, "-m", "bot") and not fresh and "PYTHONPATH" not in env:
        return await Fork(arguments[3:], whole, folder).start()
    return await asyncio.create_subprocess_exec(
        *arguments, cwd=folder, env=whole,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


@asynccontextmanager
async def running(
    env: Mapping[str, str], folder: Path, *arguments: str, python: str = sys.executable, fresh: bool = False
) -> AsyncIterator[BotProcess]:
    """Run `python -m bot run` while the block lasts, then kill it if it still runs. `fresh`: not as a fork."""
    port = free_port()
    others = wait_threads()
    command = (python, "-m", "bot", *(arguments or ("run",)))
    process = await _start(command, {**env, "HTTP_PORT": str(port)}, folder, fresh=fresh)
    watchers = wait_threads() - others
    bot = BotProcess(process, port)
    assert process.stderr
    assert process.stdout

    async def read(stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            bot.lines.append(line.decode("utf-8", "replace").rstrip())

    readers = [asyncio.create_task(read(stream)) for stream in (process.stderr, process.stdout)]
    try:
        yield bot
    except BaseException:
        print(*bot.lines, sep="\n")  # pytest shows it with the failure
        raise
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await asyncio.gather(*readers)
        join_wait_threads(watchers)


async def run(env: Mapping[str, str], folder: Path, *arguments: str, fresh: bool = False) -> Result:
    """Run a command of the bot to its end. `fresh`: not as a fork. Raises TimeoutError."""
    return await python(env, folder, "-m", "bot", *(arguments or ("run",)), fresh=fresh)


async def python(
    env: Mapping[str, str], folder: Path, *arguments: str, seconds: float = 120.0, fresh: bool = True
) -> Result:
    """Run Python to its end. Raises TimeoutError."""
    others = wait_threads()
    process = await _start((sys.executable, *arguments), env, folder, fresh=fresh)
    watchers = wait_threads() - others
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()
        raise
    finally:
        join_wait_threads(watchers)
    assert process.returncode is not None
    return Result(process.returncode, out.decode(), err.decode())
