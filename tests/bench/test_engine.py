"""What the engine adds to the model's own time: on the first sound, on the loop, and in bytes."""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing import get_context
from statistics import median
from typing import Any

import pytest

from bot.engine.client import build_client
from bot.engine.dialects import COMPATIBLE
from bot.engine.openai_audio import OpenAIEngine
from bot.engine.payload import payload
from bot.engine.prompt import compose
from bot.engine.request_body import RequestBody
from bot.engine.sse import EventParser
from bot.engine.stream import Assembly
from bot.types import AudioDelta
from sandbox.model.behaviour import Speak
from sandbox.model.server import ModelServer
from tests.bench import BRIEF
from tests.engine.make import UNIX, answered, request, said, speech

HEADING = "engine (first sound: <= 5 ms median, <= 12 ms p99 to the wire, of which this is the engine's part)"
HISTORY = tuple(
    message
    for number in range(20)
    for message in (
        said("I think the second level was much harder than the boss.", ago=2000 - 60 * number),
        answered("It is, at least when you try it without the shield.", ago=1990 - 60 * number),
    )
)


async def first_sound(engine: OpenAIEngine, heard: list[float]) -> None:
    """Note when the first sound arrived, then listen to the end."""
    first = True
    async for event in engine.reply(request(speech(3.0), history=HISTORY)):
        if isinstance(event, AudioDelta) and first:
            first = False
            heard.append(time.monotonic())


def _serve(pipe: Any) -> None:
    async def run() -> None:
        async with ModelServer.open(first_audio=0.3, speed=8) as model:
            model.default = Speak.clip("bot-heard")
            pipe.send(model.base_url)
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, pipe.recv)
            pipe.send([chat.first_audio_at for chat in model.chats])

    asyncio.run(run())


@asynccontextmanager
async def server_apart() -> AsyncIterator[tuple[str, Any]]:
    """Run the model server in a process of its own, so that its work is not measured; both read one monotonic clock."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    loop = asyncio.get_running_loop()
    try:
        yield await loop.run_in_executor(None, ours.recv), ours
    finally:
        process.terminate()
        process.join()
        process.close()
        ours.close()
        theirs.close()


@pytest.mark.parametrize("replies", [1, 20])
async def test_first_sound(replies: int, figures: dict[str, list[str]]):
    heard: list[float] = []
    async with server_apart() as (url, pipe):
        client = build_client("sk-sandbox", url)
        engine = OpenAIEngine(client, model="gpt-audio-1.5", clock=lambda: UNIX)
        for _ in range(1 if BRIEF else 5):
            await engine.warm()
            async with asyncio.TaskGroup() as group:
                for _ in range(replies):
                    group.create_task(first_sound(engine, heard))
        await client.close()
        pipe.send("done")
        sent = await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
    assert len(heard) == len(sent)
    late = sorted((there - here) * 1000 for here, there in zip(sorted(sent), sorted(heard), strict=True))
    figures.setdefault(HEADING, []).append(
        f"first sound sent -> event, {replies:2} at once: median {median(late):.2f} ms, "
        f"p99 {late[int(len(late) * 0.99)]:.2f} ms (n={len(late)})"
    )


async def test_loop_held_by_bodies(figures: dict[str, list[str]]):
    """Five people of 30 s each in one turn: 6.4 MB."""
    asked = request(*(speech(30.0, id=number) for number in range(5)), history=HISTORY)
    gaps: list[float] = []
    begun = time.perf_counter()
    prompt = compose(asked, now=UNIX)
    body = RequestBody(payload(prompt, asked, "gpt-audio-1.5", COMPATIBLE, ""))
    gaps.append(time.perf_counter() - begun)
    size = 0
    before = time.perf_counter()
    done = False

    async def other() -> None:
        nonlocal before
        while not done:
            now = time.perf_counter()
            gaps.append(now - before)
            before = now
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        group.create_task(other())
        async for part in body:
            size += len(part)
        done = True
    assert size == len(body)
    figures.setdefault(HEADING, []).append(
        f"body of {size / 1e6:.1f} MB: compose {gaps[0] * 1000:.2f} ms, loop held at most {max(gaps) * 1000:.2f} ms"
    )


@pytest.mark.parametrize("seconds", [3, 5, 10])
def test_bytes_per_second(seconds: float, figures: dict[str, list[str]]):
    asked = request(speech(seconds), history=HISTORY)
    body = RequestBody(payload(compose(asked, now=UNIX), asked, "gpt-audio-1.5", COMPATIBLE, ""))
    figures.setdefault(HEADING, []).append(
        f"{seconds} s of speech after 20 turns: {len(body) / seconds / 1000:.1f} kB a second"
    )


def test_parse(figures: dict[str, list[str]]):
    """A minute of sound in pieces of 0.2 s."""
    data = b64encode(b"\x00\x10" * 4800).decode()
    event = (
        b"data: " + json.dumps({"choices": [{"delta": {"audio": {"id": "audio_1", "data": data}}}]}).encode() + b"\n\n"
    )
    parser, assembly = EventParser(), Assembly()
    begun = time.process_time()
    for _ in range(300):
        for found in parser.feed(event):
            for _ in assembly.feed(json.loads(found.data)):
                pass
    spent = time.process_time() - begun
    assert assembly.seconds == pytest.approx(60)
    figures.setdefault(HEADING, []).append(f"reading a minute of sound: {spent * 1000:.1f} ms of CPU")
