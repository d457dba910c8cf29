"""A child process that hears or speaks, kept alive: its start, its requests one after the other, its end.

The child gets no environment, no open files but its pipes, and no way to outlive this process.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

import structlog

from bot.children import child_environment
from bot.engine.faults import ModelFault
from bot.engine.local import wire
from bot.engine.local.models import LocalModel
from bot.errors import Unreachable

log = structlog.get_logger("engine")

LOCAL_COMMAND = (sys.executable, "-I", "-m", "bot.engine.local.child")
LOCAL_LOAD_SECONDS = 60.0
"""A child that has not loaded its model by then is ended."""
FIRST_RESTART_SECONDS, LAST_RESTART_SECONDS = 0.5, 30.0
"""Before a child that ended is started again: doubled each time, until one answers."""
MAX_WAITING_REQUESTS = 64
MAX_START_WAIT_SECONDS = 10.0
"""A request waits this long for a child that is loading."""
MAX_WAITING_FRAMES = 64

Frame: TypeAlias = tuple[bytes, bytes]
"""Letter and content."""


class LocalProcess:
    """Run `run` beside the requests."""

    def __init__(self, model: LocalModel, command: Sequence[str] = LOCAL_COMMAND) -> None:
        """`command` starts the child."""
        self._model = model
        self._command = command
        self._child: _Child | None = None
        "the one that has loaded its model"
        self._ready = asyncio.Event()
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._wait = FIRST_RESTART_SECONDS
        self._emptying: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Keep a child running until cancelled."""
        try:
            while True:
                status = await self._live()
                log.warning("local_process_ended", part=self._model.part.value, status=status, again_in=self._wait)
                await asyncio.sleep(self._wait)
                self._wait = min(2 * self._wait, LAST_RESTART_SECONDS)
        finally:
            if self._emptying is not None:
                self._emptying.cancel()
                await asyncio.gather(self._emptying, return_exceptions=True)

    async def ask(
        self, kind: bytes, options: dict[str, Any], sound: bytes = b"", *, within: float
    ) -> AsyncGenerator[Frame, None]:
        """Yield the frames that answer a request; each must come `within` seconds. Raises ModelFault.

        After a close the child is left to finish what it is at, and what comes of it is thrown away.
        """
        if self._waiting >= MAX_WAITING_REQUESTS:
            raise ModelFault(Unreachable(f"{self._model.part.value}: too many requests wait"))
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        child: _Child | None = None
        whole, failed = False, ""
        try:
            async with asyncio.timeout(MAX_START_WAIT_SECONDS):
                await self._ready.wait()
            child = self._child
            assert child is not None
            child.send(wire.request(kind, options, sound))
            while not whole:
                letter, content = await child.frame(within)
                if letter == wire.ANSWERED:
                    whole = True
                elif letter == wire.NOT_DONE:
                    failed = content.decode("ascii", "replace")
                else:
                    yield letter, content
            self._wait = FIRST_RESTART_SECONDS
        except (TimeoutError, OSError, EOFError) as error:
            if child is not None:
                child.kill()
                if child is self._child:  # its end is only noticed in a moment
                    self._ready.clear()
            whole = True
            raise ModelFault(Unreachable(f"{self._model.part.value}: {type(error).__name__}"), 0.0) from None
        finally:
            if whole or child is None:
                self._turn.release()
            else:
                self._emptying = asyncio.create_task(self._empty(child, within), name="local_rest")
        if failed:
            raise ModelFault(Unreachable(f"{self._model.part.value}: {failed}"))

    async def _empty(self, child: "_Child", within: float) -> None:
        """Read the rest of an answer that nobody wants any more; then the next may be asked for."""
        try:
            while (await child.frame(within))[0] != wire.ANSWERED:
                pass
        except (TimeoutError, OSError, EOFError):
            child.kill()
        finally:
            self._turn.release()

    async def _live(self) -> int | str:
        """Start a child and wait for its end; return its status, or why there is none."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                *(self._model.part.value, str(self._model.folder.absolute()), str(os.getpid())),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd="/",
                env=child_environment(),
                process_group=0,  # not a session: see ReaderFactory
            )
        except OSError as error:
            return type(error).__name__
        child = _Child(process)
        reading = asyncio.create_task(child.read(), name=f"local_{self._model.part.value}")
        try:
            await child.frame(LOCAL_LOAD_SECONDS)
            self._child = child
            self._ready.set()
            log.info("local_process_ready", part=self._model.part.value, model=self._model.name)
            return await process.wait()
        except (TimeoutError, EOFError):
            child.kill()
            return await process.wait()
        finally:
            self._ready.clear()
            reading.cancel()
            child.kill()
            await asyncio.gather(reading, process.wait(), return_exceptions=True)


class _Child:
    """A running child. Its frames wait in a queue, so that whoever reads may stop at any time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._frames: asyncio.Queue[Frame | None] = asyncio.Queue(MAX_WAITING_FRAMES)
        "None: there are no more"

    async def read(self) -> None:
        """Read frames until the child ends, or tells nonsense."""
        assert self._process.stdout is not None
        try:
            while True:
                letter, size = wire.WIRE_HEAD.unpack(await self._process.stdout.readexactly(wire.WIRE_HEAD.size))
                if size > wire.MAX_WIRE_BYTES:
                    break
                await self._frames.put((letter, await self._process.stdout.readexactly(size)))
        except (asyncio.IncompleteReadError, OSError):
            pass
        self.kill()
        await self._frames.put(None)

    async def frame(self, within: float) -> Frame:
        """Return the next frame. Raises TimeoutError, EOFError."""
        async with asyncio.timeout(within):
            frame = await self._frames.get()
        if frame is None:
            self._frames.put_nowait(None)
            raise EOFError
        return frame

    def send(self, request: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(request)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
