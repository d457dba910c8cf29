"""The box: every file from a stranger is opened in a child process of its own, never in the bot.

A file can be made, or happen, to take its reader minutes, gigabytes, or the whole process. In the box that costs a
child, and whoever sent the file is told what became of it. The places are few, and are taken before the file is
downloaded.
"""

import asyncio
import json
import mmap
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from typing import Any, cast

from bot.errors import AudioTooLarge, AudioTooLong, BotError, EmptyAudio, ReaderDied
from bot.files import frames
from bot.files.documents import Document
from bot.files.frames import ReadRequest
from bot.files.places import NOBODY, FilePlace, Places
from bot.files.process import COMMAND, Guard, ReaderFactory, ReaderProcess
from bot.files.recordings.facts import (
    RECORDING_LIMITS,
    Limits,
    Part,
    PartHead,
    RecordingFacts,
    SpeakerTurn,
    WholeRecording,
    sound_bytes,
)

__all__ = ["Box", "OpenRecording", "ReadingPlace"]


class Box:
    """Reads files for the whole process."""

    def __init__(
        self,
        places: Places | None = None,
        guard: Guard | None = None,
        command: Sequence[str] = COMMAND,
        *,
        answering: Callable[[], bool] = lambda: False,
    ) -> None:
        """`command` starts the process that readers are forked from.

        `answering` tells whether somebody is answered in a call: then readers stand back.
        """
        self._places = places or Places(answering=answering)
        self.readers = ReaderFactory(guard or Guard(), command, answering=answering)

    async def aclose(self) -> None:
        """End the processes that read files. Idempotent; the next file starts them anew."""
        await asyncio.to_thread(self.readers.close)

    @asynccontextmanager
    async def reading(self, person: int = NOBODY) -> AsyncIterator["ReadingPlace"]:
        """Wait for a place to read files, one after the other, and keep it for the block. Raises FilesFull.

        Take it before the first byte is downloaded. `person` is the Discord user who wants the files read.
        """
        async with self._places.taken(person) as seat:
            yield ReadingPlace(self.readers, self._places, seat)


class ReadingPlace:
    """The right to read one file at a time."""

    def __init__(self, readers: ReaderFactory, places: Places, seat: FilePlace) -> None:
        self._readers = readers
        self._places = places
        self._seat = seat

    @asynccontextmanager
    async def recording(
        self,
        data: bytes,
        name: str = "",
        limits: Limits = RECORDING_LIMITS,
        part_seconds: float | None = None,
        overlap: float = 0.0,
        *,
        last: bool = False,
    ) -> AsyncIterator["OpenRecording"]:
        """Open a recording, or the sound of a film, for the block.

        It comes in parts of `part_seconds` (None: as one), each of which begins with the last `overlap` seconds of the
        one before. `last`: no file follows it, so the place is left as soon as the recording is read, however long its
        parts are worked on. Raises BadAudio and FileError, also from the parts.
        """
        if not data:
            raise EmptyAudio("no bytes")
        if len(data) > limits.size:
            raise AudioTooLarge(f"{len(data)} bytes")
        part_seconds = limits.longest if part_seconds is None else part_seconds
        options = {"limits": asdict(limits), "part_seconds": part_seconds, "overlap": overlap}
        async with self._readers.started(ReadRequest("recording", name, len(data), options), data) as child:
            kind, content = await child.frame()
            if kind != frames.FACTS:
                raise ReaderDied("no facts")
            facts: RecordingFacts = frames.parsed(RecordingFacts, content)
            opened = OpenRecording(child, facts, limits, part_seconds, self._leave if last else None)
            leaving = asyncio.create_task(self._leave_when_wanted(opened), name="file_place") if last else None
            try:
                yield opened
            finally:
                if leaving is not None:
                    leaving.cancel()
                    await asyncio.gather(leaving, return_exceptions=True)

    def _leave(self) -> None:
        self._places.leave(self._seat)

    async def _leave_when_wanted(self, opened: "OpenRecording") -> None:
        """Read the rest of a recording into memory once somebody waits: a model may take minutes for each part."""
        await self._places.wanted.wait()
        await opened.read_ahead()

    async def sound(self, data: bytes, name: str = "", limits: Limits = RECORDING_LIMITS) -> WholeRecording:
        """Return the sound of a recording as a whole. Raises BadAudio and FileError."""
        pcm, turns = bytearray(), []
        async with self.recording(data, name, limits) as opened:
            async for part in opened.parts():
                pcm += part.pcm
                turns += part.head.turns
        return WholeRecording(bytes(pcm), opened.facts.cut, turns)

    async def pcm(self, data: bytes, name: str = "", limits: Limits = RECORDING_LIMITS) -> bytes:
        """Return the sound of a recording as a whole: s16le mono 16 kHz. Raises BadAudio and FileError."""
        return (await self.sound(data, name, limits)).pcm

    async def document(self, data: bytes, name: str = "", *, aloud: bool = False) -> Document:
        """Return the text of a document; `aloud`: only what somebody wants to hear. Raises BadDocument, FileError."""
        text = bytearray()
        request = ReadRequest("document", name, len(data), {"aloud": aloud})
        async with self._readers.started(request, data) as child:
            for _ in range(frames.MAX_DOCUMENT_FRAMES):
                kind, content = await child.frame()
                if kind == frames.END:
                    return _document(bytes(text))
                text += content
        raise ReaderDied("too long a document")


def _document(content: bytes) -> Document:
    try:
        return Document.of(json.loads(content))
    except (ValueError, TypeError, KeyError) as error:
        raise ReaderDied("it told nonsense") from error


class OpenRecording:
    """A recording whose facts are known and whose sound is being decoded."""

    def __init__(
        self,
        child: ReaderProcess,
        facts: RecordingFacts,
        limits: Limits,
        part_seconds: float,
        was_read: Callable[[], None] | None = None,
    ) -> None:
        """`was_read` is called when the child has no more to tell."""
        self.facts = facts
        self._child = child
        self._was_read = was_read
        self._bytes = sound_bytes(part_seconds)
        "of a part, at most"
        self._most_parts = 2 + int(limits.seconds)
        self._most_ahead = 2 * sound_bytes(limits.longest)
        self._ahead: deque[tuple[bytes, bytes]] = deque()
        "frames that were read before they were asked for"
        self._fault: BotError | None = None
        "what ended the reading ahead, after those frames"
        self._reading = asyncio.Lock()
        self._over = False
        "the child told the end"

    async def read_ahead(self) -> None:
        """Read all that the child has to tell, and keep it for `parts`."""
        size = 0
        try:
            async with self._reading:
                while not self._over:
                    self._ahead.append(frame := await self._child.frame())
                    self._over = frame[0] == frames.END
                    size += len(frame[1])
                    if size > self._most_ahead:
                        raise AudioTooLong("more sound than was asked for")
        except BotError as error:
            self._fault = error
        self._note_read()

    async def _frame(self) -> tuple[bytes, bytes]:
        async with self._reading:
            if self._ahead:
                return self._ahead.popleft()
            if self._fault is not None:
                raise self._fault
            frame = await self._child.frame()
            self._over = frame[0] == frames.END
        if self._over:
            self._note_read()
        return frame

    def _note_read(self) -> None:
        if self._was_read is not None:
            self._was_read()

    async def parts(self) -> AsyncIterator[Part]:
        """Yield the parts. Each is valid until the next is asked for: they share a buffer, which grows with use."""
        buffer = memoryview(mmap.mmap(-1, max(1, self._bytes)))
        kind, content = await self._frame()
        for _ in range(self._most_parts):
            if kind == frames.END:
                return
            if kind != frames.PART:
                raise ReaderDied("no part")
            head: PartHead = frames.parsed(PartHead, content)
            head = replace(head, turns=[SpeakerTurn(*turn.values()) for turn in cast(list[dict[str, Any]], head.turns)])
            size = 0
            kind, content = await self._frame()
            while kind == frames.SOUND:
                if size + len(content) > self._bytes:
                    raise AudioTooLong("more sound than was asked for")
                buffer[size : size + len(content)] = content
                size += len(content)
                kind, content = await self._frame()
            yield Part(head, buffer[:size])
        raise ReaderDied("too many parts")
