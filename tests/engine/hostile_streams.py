"""Hostile answers by the thousand: `python -m tests.engine.hostile_streams [STREAMS]` prints its figures.

Each class of answer is mutated and read as the engine reads it, without a network. Exit code 1 when an exception leaves
the tree of errors, when one step holds the event loop longer than MAX_STALL_SECONDS (of CPU time, and not of the
machine's), or when memory grows by more than MAX_GROWTH_BYTES.
"""

import gc
import json
import random
import resource
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator

from bot.audio import SPEAK_RATE, to_wav
from bot.engine.faults import ModelFault, classify, error_in, fault_of
from bot.engine.request import AnswerReader, chunk_of
from bot.engine.stream import Assembly
from bot.types import Usage

MAX_STALL_SECONDS = 0.02
MAX_GROWTH_BYTES = 50 << 20
SOUND = bytes(range(256)) * 20
Rng = random.Random

PIECES = [
    *(
        b"data:",
        b"data: ",
        b"event: error",
        b"id: 1",
        b"retry: x",
        b": ping",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"[DONE]",
    ),
    *(b"\xef\xbb\xbf", b"{", b"}", b"[", b"]", b'"', b"\\", b"\\u0000", b"\\ud800", b"null", b"NaN", b"1e999", b"-0"),
    *(b'"choices":', b'"delta":', b'"audio":', b'"data":', b'"transcript":', b'"content":', b'"usage":', b'"error":'),
    *(b'"code":', b'"\xc2\xb2"', b"=" * 9, b"<think>", b"</think>", b"<|channel|>", b" " * 500),
    *(b"RIFF", b"WAVEfmt ", b"OggS", b"fLaC", b"ID3\x04", b"\xff\xfb\x90", b"ftyp"),
]
HEADS = [
    *(b"RIFF\xff\xff\xff\xffWAVEfmt ", b"fLaC\0\0\0\x22", b"ID3\x04\0\0\0\0\0\x10"),
    *(b"\xff\xfb\x90\x64", b"\xff\xf1\x50\x80", b"OggS\0\2"),
]


def events(*chunks: object) -> bytes:
    return b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"


def delta(**fields: object) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": fields}]}


def normal(random: Rng) -> bytes:
    sound = b64encode(SOUND).decode()
    return events(
        delta(role="assistant"),
        delta(audio={"id": "audio_1", "transcript": "Good evening."}),
        delta(audio={"data": sound[: random.randrange(len(sound))]}),
        delta(content="<think>so</think> yes"),
        {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": random.choice([None, 5, "x"])}},
    )


def with_files(random: Rng) -> bytes:
    file = random.choice(
        [to_wav(SOUND, SPEAK_RATE), random.choice(HEADS) + random.randbytes(200), random.randbytes(300)]
    )
    file = _mutated(file, random)
    return events(delta(audio={"data": b64encode(file).decode()}), delta(audio={"transcript": "x"}))


def with_errors(random: Rng) -> bytes:
    inner: object = random.choice(["²", 402, "insufficient_quota", None, [], {}, 1e400, "x" * 999])
    for _ in range(random.randrange(12)):
        inner = random.choice([{"error": inner}, [inner], {"metadata": {"raw": json.dumps(inner)}}, {"code": inner}])
    return random.choice(
        [events({"error": inner}), json.dumps({"error": inner}).encode(), json.dumps([inner]).encode()]
    )


def whole(random: Rng) -> bytes:
    message = {"content": "x", "audio": {"data": b64encode(SOUND).decode(), "transcript": "y"}}
    return json.dumps({"choices": [{"message": message}] * random.randrange(3), "usage": None}).encode()


def pieces(random: Rng) -> bytes:
    return b"".join(random.choices(PIECES, k=random.randrange(60)))


def nested(random: Rng) -> bytes:
    depth = random.choice([10, 900, 5000])
    return b"data: " + random.choice([b"[", b'{"a":', b'{"error":']) * depth + b"\n\n"


CLASSES: dict[str, Callable[[Rng], bytes]] = {
    "a normal stream": normal,
    "sound files": with_files,
    "errors": with_errors,
    "whole answers": whole,
    "pieces of the format": pieces,
    "deep nesting": nested,
}


def _mutated(data: bytes, random: Rng) -> bytes:
    changed = bytearray(data)
    for _ in range(random.randrange(6)):
        at = random.randrange(len(changed) + 1)
        match random.randrange(5):
            case 0:
                changed[at : at + random.randrange(20)] = b""
            case 1:
                changed[at:at] = random.choice(PIECES)
            case 2:
                changed[at : at + 1] = random.randbytes(1)
            case 3:
                changed[at:at] = changed[at : at + random.randrange(200)]
            case _:
                del changed[at:]
    return bytes(changed)


def read(data: bytes, random: Rng) -> float:
    """Read an answer in random parts; return the CPU seconds of its longest step. Raises only what is a bug."""
    longest = 0.0
    assembly, reader = Assembly(longest=120.0), AnswerReader()
    since = time.thread_time()

    def step() -> None:
        nonlocal longest, since
        now = time.thread_time()
        longest, since = max(longest, now - since), now

    try:
        for part in [*_parts(data, random), None]:
            for event in reader.feed(part) if part is not None else reader.end():
                if event.data.startswith(b"[DONE]"):
                    list(assembly.end())
                    continue
                for _ in assembly.feed(chunk_of(event)):
                    step()
                step()
        list(assembly.rest())
        step()
    except ModelFault:
        pass
    except (ValueError, RecursionError) as error:
        fault_of(error)
    finally:
        assembly.close()
    assembly.outcome(text_only=False)
    assembly.usage(Usage())
    return longest


def _parts(data: bytes, random: Rng) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size = random.choice([1, 7, 100, 4096, 1 << 16])
        yield data[at : at + size]
        at += size


def run(name: str, count: int, seed: int = 1) -> tuple[float, int]:
    """Read `count` answers of a class; return the longest step and the growth of memory. Raises what is a bug."""
    random = Rng(seed)
    made = CLASSES[name]
    gc.collect()
    before = 0
    longest = 0.0
    for number in range(count):
        if number == count // 10:  # what is loaded once, and ffmpeg's buffers, are there by then
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        data = _mutated(made(random), random)
        longest = max(longest, read(data, random))
    classify(None, {"code": "²"})
    error_in([[]])
    return longest, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024


def main() -> int:
    gc.freeze()  # as the bot does at its start: a full collection of all that was imported takes 50 ms
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    threads: list[threading.ExceptHookArgs] = []
    threading.excepthook = threads.append
    bad = False
    for name in CLASSES:
        began = time.monotonic()
        longest, growth = run(name, count)
        bad |= longest > MAX_STALL_SECONDS or growth > MAX_GROWTH_BYTES
        print(f"{name:22} {count:8} streams, longest step {longest * 1000:5.1f} ms, grew {growth / 2**20:5.1f} MB, "
              f"{time.monotonic() - began:.0f} s", flush=True)  # fmt: skip
    print(f"{len(threads)} exceptions in threads")
    return int(bad or bool(threads))


if __name__ == "__main__":
    sys.exit(main())
