import asyncio
import json
from base64 import b64decode

import pytest

from bot.audio import HEAR_RATE, from_wav
from bot.engine.request_body import SLICE_BYTES, RequestBody, Sound


async def written(body: RequestBody) -> bytes:
    return b"".join([part async for part in body])


@pytest.mark.parametrize("length", [0, 2, 4, 640, SLICE_BYTES - 44, SLICE_BYTES - 42, SLICE_BYTES, 3 * SLICE_BYTES + 2])
@pytest.mark.parametrize("prefix", ["", "data:;base64,"])
async def test_sound_arrives_as_a_wav_file(length: int, prefix: str):
    pcm = (bytes(range(250)) * (length // 250 + 1))[:length]
    body = RequestBody({"text": "聞き手", "sound": Sound(pcm, HEAR_RATE, prefix), "after": 1})
    raw = await written(body)
    assert len(raw) == len(body)
    got = json.loads(raw)
    assert (got["text"], got["after"]) == ("聞き手", 1)
    assert got["sound"].startswith(prefix)
    assert from_wav(b64decode(got["sound"].removeprefix(prefix))) == (pcm, HEAR_RATE)


async def test_several_sounds_and_twice():
    body = RequestBody({"parts": [Sound(b"\1\0", 16_000), "between", Sound(b"\2\0", 16_000)]})
    first, second = await written(body), await written(body)
    assert first == second
    assert [from_wav(b64decode(part))[0] for part in json.loads(first)["parts"][::2]] == [b"\1\0", b"\2\0"]


async def test_the_loop_runs_between_slices():
    visits = 0

    async def other() -> None:
        nonlocal visits
        while True:
            await asyncio.sleep(0)
            visits += 1

    async with asyncio.TaskGroup() as group:
        task = group.create_task(other())
        await written(RequestBody({"sound": Sound(bytes(SLICE_BYTES * 64), HEAR_RATE)}))
        task.cancel()
    assert visits >= 64 // 10


def test_what_is_no_json_is_refused():
    with pytest.raises(TypeError, match="set has no place"):
        RequestBody({"odd": set()})
