"""The process that readers are forked from: `python -m bot.files.template CPU_SECONDS MEMORY_BYTES`.

It loads the libraries for a kind of file with the first one, so that the next costs a fork and not their import, and
it sees no file itself: what one does to its reader, the next one's does not know. The bot's socket is its stdin. For
each file the bot sends the first letter of its kind with the descriptors of a socket, of the pipe for frames, and, if
it can, of the file. The socket carries the request to the reader, and its exit status back from here; when the bot
closes it, or ends, the reader is killed.
"""

import gc
import importlib
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress

from bot.files.child import READERS, Reader, read_one
from bot.files.frames import EXIT_STATUS

READER_LIBRARIES: Mapping[bytes, str] = {b"r": "bot.files.recordings.reader", b"d": "bot.files.documents.formats"}
"""By the first letter of a kind of file: the module that its readers need."""
_TEMPLATE_NICENESS = 5
"""Of the readers, too: calls come first."""
_MAX_DESCRIPTORS = 3


class Template:
    """Forks readers, and tells how they ended. One thread, which no library is asked to share."""

    def __init__(
        self,
        control: socket.socket,
        readers: Mapping[str, Reader],
        libraries: Mapping[bytes, str],
        cpu_seconds: int,
        memory: int,
    ) -> None:
        self._control = control
        self._readers = readers
        self._libraries = dict(libraries)
        "those that are not loaded yet"
        self._limits = (cpu_seconds, memory)
        self._channels: dict[int, tuple[int, socket.socket]] = {}
        "by descriptor: a running reader, and what the bot holds the other end of"
        self._poll = select.poll()
        self._woken, self._wake = os.pipe()

    def run(self) -> None:
        """Serve until the bot closes its end."""
        os.set_blocking(self._wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        self._poll.register(self._control, select.POLLIN)
        self._poll.register(self._woken, select.POLLIN)
        while True:
            descriptor, _ = self._poll.poll()[0]  # the others may be about a descriptor that this one closes
            if descriptor == self._woken:
                os.read(self._woken, 4096)
                self._reap()
            elif descriptor in self._channels:  # it was hung up
                self._poll.unregister(descriptor)
                os.kill(self._channels[descriptor][0], signal.SIGKILL)
            elif not self._begin():
                for pid, _ in self._channels.values():
                    os.kill(pid, signal.SIGKILL)
                return

    def _begin(self) -> bool:
        """Fork the reader of one file. Return whether there was one."""
        told, descriptors, _, _ = socket.recv_fds(self._control, 1, _MAX_DESCRIPTORS)
        if not told:
            return False
        self._load(told)
        channel, out, file = descriptors[0], descriptors[1], (descriptors[2] if len(descriptors) > 2 else None)
        parent = os.getpid()
        with suppress(OSError):  # without a process the pipe ends here, which the bot takes for a dead reader
            pid = os.fork()
            if not pid:
                self._become_reader(parent, channel, out, file)
            self._channels[channel] = (pid, socket.socket(fileno=channel))
            self._poll.register(channel, 0)  # so that only its end is told
        for descriptor in descriptors:
            if descriptor not in self._channels:
                os.close(descriptor)
        return True

    def _load(self, letter: bytes) -> None:
        if (module := self._libraries.pop(letter, None)) is not None:
            importlib.import_module(module)
            gc.collect()
            gc.freeze()  # so that a collection in a reader does not copy all pages

    def _become_reader(self, parent: int, channel: int, out: int, file: int | None) -> None:
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for other in (self._woken, self._wake, *self._channels):
                os.close(other)
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, self._control.fileno())
            os.close(null)
            status = read_one(self._readers, socket.socket(fileno=channel), out, file, parent, self._limits)
        finally:
            os._exit(status)  # libraries need not tidy up

    def _reap(self) -> None:
        for descriptor, (pid, channel) in list(self._channels.items()):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                del self._channels[descriptor]
                with suppress(KeyError):
                    self._poll.unregister(descriptor)
                with suppress(OSError), channel:
                    channel.send(EXIT_STATUS.pack(os.waitstatus_to_exitcode(status)))


def main(readers: Mapping[str, Reader] = READERS, libraries: Mapping[bytes, str] = READER_LIBRARIES) -> None:
    cpu_seconds, memory = map(int, sys.argv[1:3])
    os.nice(_TEMPLATE_NICENESS)
    if hasattr(os, "SCHED_BATCH"):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    Template(socket.socket(fileno=0), readers, libraries, cpu_seconds, memory).run()


if __name__ == "__main__":
    main()
