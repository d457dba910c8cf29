"""The child process that hears or speaks: `python -m bot.engine.local.child PART FOLDER PARENT`.

It knows neither settings nor store nor network, and can write no file. It works off one request after the other, and
ends with the bot.
"""

import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from bot.children import confine
from bot.engine.local import wire
from bot.engine.local.models import OPEN_JTALK, LocalPart

_LOCAL_NICENESS = 5
"""The packet clock comes first."""
_LOCAL_MEMORY_BYTES = 4 << 30
"""Of address space. A large voice takes about one."""

Write: TypeAlias = Callable[[bytes, bytes], None]
"""Writes a frame."""
Answer: TypeAlias = Callable[[bytes, Write], None]
"""Answers a request's content."""


def hearing(folder: Path) -> Answer:
    """Load a recogniser."""
    from bot.engine.local.recogniser import MoonshineRecogniser

    recogniser = MoonshineRecogniser(folder)

    def answer(content: bytes, write: Write) -> None:
        options, sound = wire.parsed(content)
        write(wire.HEARD_WORDS, recogniser.words(sound, options["names"]).encode("utf-8", "replace"))

    return answer


def speaking(folder: Path) -> Answer:
    """Load a voice."""
    if folder.name == OPEN_JTALK:
        from bot.engine.local.japanese_voice import OpenJTalkVoice

        voice = OpenJTalkVoice()
    else:
        from bot.engine.local.voice import SherpaVoice

        voice = SherpaVoice(folder)

    def answer(content: bytes, write: Write) -> None:
        options, _ = wire.parsed(content)
        voice.speak(options["text"], options["voice"], lambda pcm: write(wire.SPOKEN, pcm))

    return answer


LOADERS: dict[LocalPart, Callable[[Path], Answer]] = {LocalPart.RECOGNISER: hearing, LocalPart.VOICE: speaking}


def main(parts: dict[LocalPart, Callable[[Path], Answer]] = LOADERS) -> None:
    part, folder, parent = sys.argv[1:4]
    out = os.dup(1)
    os.dup2(2, 1)  # so that what a library prints does not become a frame
    confine(int(parent), _LOCAL_NICENESS, {resource.RLIMIT_AS: _LOCAL_MEMORY_BYTES})

    def write(kind: bytes, content: bytes = b"") -> None:
        rest = memoryview(wire.packed(kind, content))
        while rest:
            rest = rest[os.write(out, rest) :]

    answer = parts[LocalPart(part)](Path(folder))
    write(wire.LOADED)
    while head := sys.stdin.buffer.read(wire.WIRE_HEAD.size):
        _, size = wire.WIRE_HEAD.unpack(head)
        try:
            answer(sys.stdin.buffer.read(size), write)
        except Exception as error:  # its message may hold people's words
            write(wire.NOT_DONE, type(error).__name__.encode())
        write(wire.ANSWERED)
    os._exit(0)  # libraries need not tidy up


if __name__ == "__main__":
    main()
