"""What passes between the bot and a child process that reads a file.

The child gets one line of JSON (`ReadRequest`), and the file as a descriptor, or its bytes after the line. It answers
in frames: a letter, the length as u32 little-endian, and the content. The bot trusts none of it: frames have a largest
size, JSON is never code, and an error is one of those that a reader may raise.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from bot import errors

FRAME_HEAD = struct.Struct("<cI")
MAX_FRAME_BYTES = 1 << 20
MAX_DOCUMENT_FRAMES = 8
FACTS, PART, SOUND, DOCUMENT, ERROR, END = b"f", b"p", b"s", b"d", b"e", b"."
EXIT_STATUS = struct.Struct("<i")
"""What the template tells of a reader that ended: its exit status, or minus the signal."""
NO_MEMORY_EXIT_STATUS = 77
"""Exit status of a child that reached its limit of memory."""
_MAX_DETAIL_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """One file to be read."""

    kind: str
    "which reader: a key of the table in bot/files/child.py"
    name: str
    size: int
    "bytes of the file"
    options: dict[str, Any]
    "of the reader"
    answering: bool = False
    "somebody is answered in a call, so the reader stands further back"

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def parse(cls, line: bytes) -> "ReadRequest":
        return cls(**json.loads(line))


def frame(kind: bytes, content: bytes | bytearray | memoryview = b"") -> Iterator[bytes | bytearray | memoryview]:
    """Yield what to write for one frame, without copying its content."""
    yield FRAME_HEAD.pack(kind, len(content))
    yield content


def json_frame(kind: bytes, value: object) -> Iterator[bytes | bytearray | memoryview]:
    yield from frame(kind, json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def told(error: errors.BotError) -> dict[str, str]:
    """Return an error as it passes to the bot."""
    return {"code": error.code, "detail": str(error)[:_MAX_DETAIL_CHARACTERS]}


def raised(content: bytes) -> errors.BotError:
    """Return the error that a child told; ReaderDied when it told nonsense."""
    try:
        told = json.loads(content)
        kind = _READER_ERRORS[told["code"]]
        return kind(str(told["detail"])[:_MAX_DETAIL_CHARACTERS])
    except (ValueError, TypeError, KeyError):
        return errors.ReaderDied("it told nonsense")


def parsed(kind: type[Any], content: bytes) -> Any:
    """Return a dataclass of plain fields from JSON. Raises ReaderDied."""
    try:
        values = json.loads(content)
        return kind(**{field.name: values[field.name] for field in fields(kind) if field.name in values})
    except (ValueError, TypeError, KeyError) as error:
        raise errors.ReaderDied("it told nonsense") from error


def _tree(kind: type[errors.BotError]) -> Iterator[type[errors.BotError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)


_READER_ERRORS = {
    kind.code: kind for root in (errors.BadAudio, errors.BadDocument, errors.FileError) for kind in _tree(root)
}
