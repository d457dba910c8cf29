"""The processes that read files, as the bot sees them: the template, and the reader that is forked for each file.

The template gets no environment and no open files but its socket; a reader gets its file and its pipe besides, and no
way to outlive this process. Whatever happens to the caller, the reader is killed when `ReaderFactory.started` is left.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

from bot.children import child_environment
from bot.errors import BotError, FileTooHungry, FileTooSlow, ReaderDied
from bot.files import frames
from bot.files.frames import ReadRequest

COMMAND = (sys.executable, "-I", "-m", "bot.files.template")
_WRITE_BYTES = 1 << 20
_PIPE_BYTES = 1 << 18
_END_SECONDS = 5.0
"""How long a process may take to be gone: the kernel first ends the call it is in."""
_IDLE_SECONDS = 60.0
"""The template ends after so long without a file, and gives its memory back."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What one child may use."""

    seconds: float = 60.0
    "that the bot waits for it in all, not counting the time in which the child waits for the bot"
    cpu_seconds: int = 30
    memory_bytes: int = 512 << 20
    "of address space"


class ReaderProcess:
    """A running reader; `ReaderFactory` makes it."""

    def __init__(self, channel: socket.socket, frames_in: asyncio.StreamReader, guard: Guard) -> None:
        self._channel = channel
        self._in = frames_in
        self._left = guard.seconds

    async def frame(self) -> tuple[bytes, bytes]:
        """Return the next frame: its letter and content. Raises what the reader told, or why it ended."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        try:
            async with asyncio.timeout(self._left):
                kind, size = frames.FRAME_HEAD.unpack(await self._in.readexactly(frames.FRAME_HEAD.size))
                if size > frames.MAX_FRAME_BYTES:
                    raise ReaderDied("too large a frame")
                content = await self._in.readexactly(size)
        except TimeoutError:
            raise FileTooSlow("no answer in time") from None
        except asyncio.IncompleteReadError:
            raise await self._verdict() from None
        finally:
            self._left = max(0.0, self._left - (loop.time() - since))
        if kind == frames.ERROR:
            raise frames.raised(content)
        return kind, content

    async def _verdict(self) -> BotError:
        """Return why the reader ended without saying so."""
        try:
            async with asyncio.timeout(_END_SECONDS):
                told = await asyncio.get_running_loop().sock_recv(self._channel, frames.EXIT_STATUS.size)
        except TimeoutError:
            return ReaderDied("it closed its output")
        except OSError as error:
            return ReaderDied(f"no status: {type(error).__name__}")
        if len(told) < frames.EXIT_STATUS.size:
            return ReaderDied("the template ended")
        (status,) = frames.EXIT_STATUS.unpack(told)
        if status == -signal.SIGXCPU:
            return FileTooSlow("out of CPU time")
        if status in (frames.NO_MEMORY_EXIT_STATUS, -signal.SIGKILL):  # the kernel kills what takes the last memory
            return FileTooHungry(f"status {status}")
        return ReaderDied(f"status {status}")


class ReaderFactory:
    """Has a reader for each file. It starts the template with the first file, and again when that has died."""

    def __init__(
        self,
        guard: Guard,
        command: Sequence[str] = COMMAND,
        idle_seconds: float = _IDLE_SECONDS,
        *,
        answering: Callable[[], bool] = lambda: False,
    ) -> None:
        """`command` starts the template. `answering`: readers that begin now stand further back."""
        self._guard = guard
        self._answering = answering
        self._command = command
        self._idle_seconds = idle_seconds
        self._starting = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._end = weakref.finalize(self, int)
        self._reading = 0
        self._idle: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int | None:
        """The template's process; None: there is none."""
        return self._process.pid if self._process is not None and self._end.alive else None

    @asynccontextmanager
    async def started(self, request: ReadRequest, data: bytes) -> AsyncIterator[ReaderProcess]:
        """Run a reader on `data` for the block. Raises ReaderDied."""
        loop = asyncio.get_running_loop()
        request = replace(request, answering=self._answering())
        self._reading += 1
        if self._idle is not None:
            self._idle.cancel()
        starting = asyncio.create_task(asyncio.to_thread(self._begin, request.kind, data), name="file_reader_start")
        transport: asyncio.BaseTransport | None = None
        sending: asyncio.Task[None] | None = None
        try:
            channel, pipe, in_memory = await asyncio.shield(starting)
            rest = b"" if in_memory else data
            sending = asyncio.create_task(_send(channel, request.line(), rest), name="file_reader")
            frames_in = asyncio.StreamReader(limit=_PIPE_BYTES)
            transport, _ = await loop.connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(frames_in), os.fdopen(pipe, "rb", 0)
            )
            yield ReaderProcess(channel, frames_in, self._guard)
        finally:
            if sending is not None:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
            await asyncio.gather(starting, return_exceptions=True)
            if not starting.cancelled() and starting.exception() is None:
                channel, pipe, _ = starting.result()
                channel.close()
                if transport is None:
                    os.close(pipe)
                else:
                    transport.close()
                    await asyncio.sleep(0)  # it closes the pipe in the loop's next round
            self._reading -= 1
            if not self._reading:
                self._idle = loop.call_later(self._idle_seconds, _rest, weakref.ref[ReaderFactory](self))

    def close(self) -> None:
        """End the template and its readers. Takes some milliseconds. The next file starts another."""
        with self._starting:
            self._end()

    def _begin(self, kind: str, data: bytes) -> tuple[socket.socket, int, bool]:
        """Have a reader forked. Return its socket, its pipe, and whether it has the file. Raises ReaderDied."""
        held = _in_memory(data)
        channel, theirs = socket.socketpair()
        channel.setblocking(False)
        pipe, out = os.pipe()
        _widen(pipe)
        passed = [theirs.fileno(), out] + ([] if held is None else [held])
        try:
            with self._starting:
                try:
                    socket.send_fds(self._template(), [kind[:1].encode()], passed)
                except ConnectionError:  # it has died since
                    self._end()
                    socket.send_fds(self._template(), [kind[:1].encode()], passed)
        except OSError as error:
            channel.close()
            os.close(pipe)
            raise ReaderDied(f"not started: {type(error).__name__}") from error
        finally:
            theirs.close()
            os.close(out)
            if held is not None:
                os.close(held)
        return channel, pipe, held is not None

    def _template(self) -> socket.socket:
        if self._process is not None and self._control is not None and self._end.alive and self._process.poll() is None:
            return self._control
        self._end()
        control, theirs = socket.socketpair()
        with theirs:
            try:
                process = subprocess.Popen(
                    [*self._command, str(self._guard.cpu_seconds), str(self._guard.memory_bytes)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    env=child_environment(),
                    process_group=0,  # in a session of its own its niceness would count for nothing beside the bot
                )
            except OSError:
                control.close()
                raise
        self._process, self._control = process, control
        self._end = weakref.finalize(self, _ended, process, control)
        return control


def _rest(idle: weakref.ref[ReaderFactory]) -> None:
    if (factory := idle()) is not None:
        asyncio.get_running_loop().run_in_executor(None, factory.close)


def _ended(process: subprocess.Popen[bytes], control: socket.socket) -> None:
    control.close()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _widen(pipe: int) -> None:
    """Let a reader write more before it waits: each wait costs both processes more than the bytes do."""
    if sys.platform == "linux":
        import fcntl  # not everywhere

        with suppress(OSError):  # a user has a limit for all pipes together
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _in_memory(data: bytes) -> int | None:
    """Return the descriptor of a file in memory that holds `data`; None where there is no such."""
    if not hasattr(os, "memfd_create"):
        return None
    held = os.memfd_create("file", os.MFD_CLOEXEC)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(held, rest[:_WRITE_BYTES]) :]
    return held


async def _send(channel: socket.socket, line: bytes, data: bytes) -> None:
    """Write the request, and the file's bytes where they do not pass in memory."""
    loop = asyncio.get_running_loop()
    with suppress(ConnectionError):  # its end is told by its output
        await loop.sock_sendall(channel, line)
        for at in range(0, len(data), _WRITE_BYTES):
            await loop.sock_sendall(channel, data[at : at + _WRITE_BYTES])
