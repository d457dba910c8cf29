"""The child process that reads one file and ends: `python -m bot.files.child PARENT CPU_SECONDS MEMORY_BYTES`.

It knows neither settings nor store nor network. Readers are pure; this file gives them a file and writes frames.
"""

import os
import resource
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias

from bot.children import confine
from bot.errors import BotError, ReaderDied
from bot.files import frames
from bot.files.frames import ReadRequest

Source: TypeAlias = bytes | Path
Frames: TypeAlias = Iterable[bytes | bytearray | memoryview]
Reader: TypeAlias = Callable[[Source, ReadRequest], Frames]
_NICENESS = 10
"""Calls come first."""


def read_recording(source: Source, request: ReadRequest) -> Frames:
    from bot.files.recordings.facts import Limits
    from bot.files.recordings.reader import Recording

    recording = Recording.open(source, Limits(**request.options["limits"]))
    yield from frames.json_frame(frames.FACTS, asdict(recording.facts))
    for head, buffer in recording.parts(request.options["part_seconds"], request.options["overlap"]):
        yield from frames.json_frame(frames.PART, asdict(head))
        for piece in buffer.sound():
            yield from frames.frame(frames.SOUND, piece)
    yield from frames.frame(frames.END)


def read_document(source: Source, request: ReadRequest) -> Frames:
    import json

    from bot.files.documents.formats import read

    data = source.read_bytes() if isinstance(source, Path) else source
    found = read(data, request.name, aloud=bool(request.options.get("aloud")))
    text = json.dumps(asdict(found), ensure_ascii=False).encode("utf-8", "replace")
    yield from _chunks(frames.DOCUMENT, memoryview(text))
    yield from frames.frame(frames.END)


READERS: dict[str, Reader] = {"recording": read_recording, "document": read_document}


def main(readers: dict[str, Reader] = READERS) -> None:
    parent, cpu_seconds, memory_bytes = map(int, sys.argv[1:4])
    out = os.dup(1)
    os.dup2(2, 1)  # so that what a library prints does not become a frame
    confine(parent, _NICENESS, {resource.RLIMIT_CPU: cpu_seconds, resource.RLIMIT_AS: memory_bytes})
    try:
        request = ReadRequest.parse(sys.stdin.buffer.readline())
        for content in _answer(readers[request.kind], _source(request), request):
            _write(out, content)
    except MemoryError:
        os._exit(frames.NO_MEMORY_EXIT_STATUS)
    os._exit(0)  # libraries need not tidy up


def _answer(reader: Reader, source: Source, request: ReadRequest) -> Frames:
    try:
        yield from reader(source, request)
    except BotError as error:
        yield from frames.json_frame(frames.ERROR, frames.told(error))
    except MemoryError:
        raise
    except Exception as error:
        yield from frames.json_frame(frames.ERROR, frames.told(ReaderDied(type(error).__name__)))


def _source(request: ReadRequest) -> Source:
    if request.descriptor is None:
        return sys.stdin.buffer.read(request.size)
    return Path(f"/proc/self/fd/{request.descriptor}")


def _write(out: int, content: bytes | bytearray | memoryview) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(out, rest) :]


def _chunks(kind: bytes, content: memoryview) -> Iterator[bytes | bytearray | memoryview]:
    for at in range(0, len(content), frames.MAX_FRAME_BYTES):
        yield from frames.frame(kind, content[at : at + frames.MAX_FRAME_BYTES])


if __name__ == "__main__":
    main()
