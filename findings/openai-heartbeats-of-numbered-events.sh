#!/bin/sh
# openai 3.54.0 (Python), a streamed chat completion: comments (": keep-alive") between the events are passed over, as
# servers send them while a model is thinking. Where the server numbers its events (`id: 1`), so that they can be resumed, the
# first comment after one ends the answer in JSONDecodeError. So does an event of its own with `retry: 3000`, or with
# nothing but a name: the client makes an event without data of each, and parses the nothing as JSON.
# By WHATWG HTML section 9.2.6, an event without data is not dispatched. openai 6.49.0 for Node takes the first two.
# Guess before looking: what has no data is passed over, with or without numbers.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check openai==3.54.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
cat >"$dir/stream.py" <<'PY'
import asyncio
import json

import openai


def chunk(words):
    choice = {"index": 0, "delta": {"content": words}, "finish_reason": None}
    body = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(body)}\n\n"


HELLO, WORLD, DONE = chunk("Hello "), chunk("world"), "data: [DONE]\n\n"
STREAMS = {
    "comments": f": wait\n\n{HELLO}: wait\n\n{WORLD}{DONE}",
    "numbers": f"id: 1\n{HELLO}id: 2\n{WORLD}id: 3\n{DONE}",
    "comments between numbers": f": wait\n\nid: 1\n{HELLO}: wait\n\nid: 2\n{WORLD}id: 3\n{DONE}",
    "retry": f"retry: 3000\n\n{HELLO}{WORLD}{DONE}",
    "a name alone": f"{HELLO}event: ping\n\n{WORLD}{DONE}",
}


async def read(stream):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + stream.encode())
        await writer.drain()
        writer.close()

    words = ""
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        async with openai.AsyncOpenAI(api_key="k", base_url=url, max_retries=0, timeout=30) as client:
            try:
                messages = [{"role": "user", "content": "Hi."}]
                async for part in await client.chat.completions.create(model="m", messages=messages, stream=True):
                    words += part.choices[0].delta.content
            except json.JSONDecodeError as error:
                words += f"[{type(error).__name__}]"
    return words


async def main():
    seen = {name: await read(stream) for name, stream in STREAMS.items()}
    for name, words in seen.items():
        print(f"{name}: {words}")
    assert seen == {
        "comments": "Hello world",
        "numbers": "Hello world",
        "comments between numbers": "Hello [JSONDecodeError]",
        "retry": "[JSONDecodeError]",
        "a name alone": "Hello [JSONDecodeError]",
    }


asyncio.run(main())
PY
timeout 120 "$dir/venv/bin/python" "$dir/stream.py"
