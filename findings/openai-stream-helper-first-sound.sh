#!/bin/sh
# openai 3.54.0 (Python), the helper `client.chat.completions.stream` with a model that speaks: the answer it puts together
# (`get_final_completion`) holds the sound as the base64 of all deltas in a row. Each delta is base64 of its own, with
# padding unless its bytes divide by three, and decoding ends at the first padding: of five deltas of 1,000 samples, the
# documented `base64.b64decode(message.audio.data)` gives the first. The transcript is whole. The id, which stands in each
# delta, is there five times over, and unknown to the server as `audio: {id}` of the next turn. No error, no warning.
# Guess before looking: the sound of all deltas, and the id once.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check openai==3.54.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
cat >"$dir/stream.py" <<'PY'
import asyncio
import base64
import json

import openai

WORDS = ("One, ", "two, ", "three, ", "four, ", "five.")
SAMPLES = 1000  # 2,000 bytes


def chunk(delta, reason=None):
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    body = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(body)}\n\n"


def sound(words):
    data = base64.b64encode(b"\x10\x20" * SAMPLES).decode()
    return chunk({"audio": {"id": "audio_1", "transcript": words, "data": data}})


STREAM = chunk({"role": "assistant"}) + "".join(map(sound, WORDS)) + chunk({}, "stop") + "data: [DONE]\n\n"


async def serve(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + STREAM.encode())
    await writer.drain()
    writer.close()


async def main():
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        async with openai.AsyncOpenAI(api_key="k", base_url=url, max_retries=0, timeout=30) as client:
            asked = {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "pcm16"}}
            messages = [{"role": "user", "content": "Count."}]
            async with client.chat.completions.stream(model="m", messages=messages, **asked) as stream:
                audio = (await stream.get_final_completion()).choices[0].message.audio
    samples = len(base64.b64decode(audio.data)) // 2
    print(f"{audio.transcript!r}, {samples} of {SAMPLES * len(WORDS)} samples, id {audio.id}")
    assert (audio.transcript, samples, audio.id) == ("".join(WORDS), SAMPLES, "audio_1" * len(WORDS))


asyncio.run(main())
PY
timeout 120 "$dir/venv/bin/python" "$dir/stream.py"
