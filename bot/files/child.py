"""One reader: it gets one file, tells what is in it, and ends. `template.py` forks it.

It knows neither settings nor store nor network. Readers are pure; this file gives them a file and writes frames.
"""

import os
import resource
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias

from bot.children import confine
from bot.errors import BotError, ReaderDied
from bot.files import frames
from bot.files.frames import ReadRequest

_ANSWERING_NICENESS = 14
"""What a reader adds to the template's: 19 in all, the least that there is."""

Source: TypeAlias = bytes | Path
Frames: TypeAlias = Iterable[bytes | bytearray | memoryview]
Reader: TypeAlias = Callable[[Source, ReadRequest], Frames]


def read_recording(source: Source, request: ReadRequest) -> Frames:
    from bot.files.recordings.facts import Limits
    from bot.files.recordings.reader import Recording

    recording = Recording.open(source, Limits(**request.options["limits"]), request.name)
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


READERS: Mapping[str, Reader] = {"recording": read_recording, "document": read_document}


def read_one(
    readers: Mapping[str, Reader],
    channel: socket.socket,
    out: int,
    file: int | None,
    parent: int,
    limits: tuple[int, int],
) -> int:
    """Answer the request on `channel` by frames on `out`. Return the exit status.

    `file` is the descriptor of the file; None: its bytes follow the request. `parent` is the template's process,
    `limits` are seconds of CPU and bytes of address space.
    """
    confine(parent, 0, {resource.RLIMIT_CPU: limits[0], resource.RLIMIT_AS: limits[1]})
    try:
        with channel, channel.makefile("rb") as told:
            request = ReadRequest.parse(told.readline())
            os.nice(_ANSWERING_NICENESS if request.answering else 0)
            source = told.read(request.size) if file is None else Path(f"/proc/self/fd/{file}")
        for content in _answer(readers[request.kind], source, request):
            _write(out, content)
    except MemoryError:
        return frames.NO_MEMORY_EXIT_STATUS
    return 0


def _answer(reader: Reader, source: Source, request: ReadRequest) -> Frames:
    try:
        yield from reader(source, request)
    except BotError as error:
        yield from frames.json_frame(frames.ERROR, frames.told(error))
    except MemoryError:
        raise
    except Exception as error:
        yield from frames.json_frame(frames.ERROR, frames.told(ReaderDied(type(error).__name__)))


def _write(out: int, content: bytes | bytearray | memoryview) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(out, rest) :]


def _chunks(kind: bytes, content: memoryview) -> Iterator[bytes | bytearray | memoryview]:
    for at in range(0, len(content), frames.MAX_FRAME_BYTES):
        yield from frames.frame(kind, content[at : at + frames.MAX_FRAME_BYTES])
