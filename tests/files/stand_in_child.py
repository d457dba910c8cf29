"""A child of the box whose readers do what the file's text says: harmless stand-ins for what real files can do."""

import json
import os
import time
from pathlib import Path

from bot.errors import NotAudio
from bot.files import frames
from bot.files.child import Frames, Source
from bot.files.frames import ReadRequest
from bot.files.template import main

FACTS = {"seconds": 1.0}


def obedient(source: Source, request: ReadRequest) -> Frames:
    data = source.read_bytes() if isinstance(source, Path) else source
    match data.decode():
        case "sleep":
            time.sleep(60)
        case "spin":
            while True:
                pass
        case "eat":
            held = []
            while True:
                held.append(bytearray(1 << 24))
        case "exit":
            os._exit(3)
        case "abort":
            os.abort()
        case "raise":
            raise ZeroDivisionError
        case "refuse":
            raise NotAudio("no audio track")
        case "print":
            print("a library prints this")
            yield from _sound(1, 2)
        case "nonsense":
            yield b"f\x03\0\0\0{]}"
        case "large frame":
            yield b"f\xff\xff\xff\xff"
        case "write a file":
            Path("/dev/shm/kikite-test-file").write_bytes(b"sound")
            yield from _sound(1, 2)
        case "endless":
            yield from frames.json_frame(frames.FACTS, FACTS)
            yield from frames.json_frame(frames.PART, {"start": 0.0, "last": False})
            while True:
                yield from frames.frame(frames.SOUND, bytes(1 << 16))
        case "parts":
            yield from _sound(5, 1 << 16)
        case "one part":
            yield from _sound(1, 2)
        case "numbers":
            yield from _sound(5, 1 << 15)
        case "breaks":
            *told, _, _ = _sound(3, 2)
            yield from told
            os._exit(3)
        case "tell":
            told = {"environment": dict(os.environ), "files": len(os.listdir("/proc/self/fd")), "pid": os.getpid()}
            told |= {"nice": os.nice(0), "session": os.getsid(0)}
            text = json.dumps({"title": request.name, "text": json.dumps(told)}).encode()
            yield from frames.frame(frames.DOCUMENT, text)
            yield from frames.frame(frames.END)


def _sound(parts: int, size: int) -> Frames:
    yield from frames.json_frame(frames.FACTS, FACTS)
    for number in range(parts):
        yield from frames.json_frame(frames.PART, {"start": float(number), "last": number == parts - 1})
        yield from frames.frame(frames.SOUND, bytes([number]) * size)
    yield from frames.frame(frames.END)


if __name__ == "__main__":
    main({"recording": obedient, "document": obedient}, libraries={})
