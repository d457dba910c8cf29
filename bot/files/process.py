"""A child process that reads one file: its start, its frames, its limits and its end.

The child gets no environment, no open files but its pipes, and no way to outlive this process. Whatever happens to the
caller, the child is dead when `started` is left.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from bot.children import child_environment
from bot.errors import BotError, FileTooHungry, FileTooSlow, ReaderDied
from bot.files import frames
from bot.files.frames import ReadRequest

COMMAND = (sys.executable, "-I", "-m", "bot.files.child")
_WRITE_BYTES = 1 << 20
_PIPE_BYTES = 1 << 18
_REAP_SECONDS = 5.0
"""How long a killed child may take to be gone: the kernel first ends the call it is in."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What one child may use."""

    seconds: float = 60.0
    "that the bot waits for it in all, not counting the time in which the child waits for the bot"
    cpu_seconds: int = 30
    memory_bytes: int = 512 << 20
    "of address space"


class ReaderProcess:
    """A running child; `started` makes it."""

    def __init__(self, process: subprocess.Popen[bytes], frames_in: asyncio.StreamReader, guard: Guard) -> None:
        self._process = process
        self._in = frames_in
        self._left = guard.seconds

    async def frame(self) -> tuple[bytes, bytes]:
        """Return the next frame: its letter and content. Raises what the child told, or why it ended."""
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
            raise await asyncio.to_thread(self._verdict) from None
        finally:
            self._left = max(0.0, self._left - (loop.time() - since))
        if kind == frames.ERROR:
            raise frames.raised(content)
        return kind, content

    def _verdict(self) -> BotError:
        """Return why the child ended without saying so."""
        try:
            status = self._process.wait(_REAP_SECONDS)
        except subprocess.TimeoutExpired:
            return ReaderDied("it closed its output")
        if status == -signal.SIGXCPU:
            return FileTooSlow("out of CPU time")
        if status in (frames.NO_MEMORY_EXIT_STATUS, -signal.SIGKILL):  # the kernel kills what takes the last memory
            return FileTooHungry(f"status {status}")
        return ReaderDied(f"status {status}")


@asynccontextmanager
async def started(
    request: ReadRequest, data: bytes, guard: Guard, command: Sequence[str] = COMMAND
) -> AsyncIterator[ReaderProcess]:
    """Run a child on `data` for the block. `request.descriptor` is set here. Raises ReaderDied."""
    held = await asyncio.to_thread(_in_memory, data)
    request = ReadRequest(request.kind, request.name, len(data), held, request.options)
    limits = (str(os.getpid()), str(guard.cpu_seconds), str(guard.memory_bytes))
    try:
        # From the loop's own thread: Linux ends the child together with the thread that started it.
        process = subprocess.Popen(  # noqa: ASYNC220 (returns as soon as the child has begun)
            [*command, *limits],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=child_environment(),
            pass_fds=() if held is None else (held,),
            start_new_session=True,
        )
    except OSError as error:
        raise ReaderDied(f"not started: {type(error).__name__}") from error
    finally:
        if held is not None:
            os.close(held)
    frames_in = asyncio.StreamReader(limit=_PIPE_BYTES)
    _widen(process)
    sending = asyncio.create_task(_send(process, request, b"" if held is not None else data), name="file_reader")
    transport: asyncio.BaseTransport | None = None
    try:
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(frames_in), process.stdout
        )
        yield ReaderProcess(process, frames_in, guard)
    finally:
        process.kill()
        if transport is not None:
            transport.close()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await asyncio.to_thread(process.wait, _REAP_SECONDS)


def _widen(process: subprocess.Popen[bytes]) -> None:
    """Let a child write more before it waits: each wait costs both processes more than the bytes do."""
    if sys.platform == "linux" and process.stdout is not None:
        import fcntl  # not everywhere

        with suppress(OSError):  # a user has a limit for all pipes together
            fcntl.fcntl(process.stdout.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _in_memory(data: bytes) -> int | None:
    """Return the descriptor of a file in memory that holds `data`; None where there is no such."""
    if not hasattr(os, "memfd_create"):
        return None
    held = os.memfd_create("file", os.MFD_CLOEXEC)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(held, rest[:_WRITE_BYTES]) :]
    return held


async def _send(process: subprocess.Popen[bytes], request: ReadRequest, data: bytes) -> None:
    """Write the request, and the file's bytes where they do not pass in memory."""
    assert process.stdin is not None
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, process.stdin)
    writer = asyncio.StreamWriter(transport, protocol, None, loop)
    try:
        writer.write(request.line())
        for at in range(0, len(data), _WRITE_BYTES):
            writer.write(data[at : at + _WRITE_BYTES])
            await writer.drain()
        await writer.drain()
    except (BrokenPipeError, ConnectionResetError):
        pass  # its end is told by its output
    finally:
        transport.close()
