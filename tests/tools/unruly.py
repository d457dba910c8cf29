"""A server of tools for the tests, written by hand: it answers what no SDK would. Its tools say how."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

MANY = int(sys.argv[1])


def answer(number: Any, name: str) -> str:
    """Return the line that answers a call."""
    head = f'{{"jsonrpc": "2.0", "id": {number}, "result": '
    text = '{"content": [{"type": "text", "text": "%s"}]}}'
    lines = {
        "large": head + text % ("x" * MANY),
        "half_a_character": head + text % r"cut \ud83d",
        "broken_off": head + text[:40],
        "id_at_the_end": f'{{"result": {{"content": [1, 0{number}x]}}, "jsonrpc": "2.0", "id": {number}}}',
        "number_as_float": f'{{"jsonrpc": "2.0", "id": {number}.0, "result": {text % "seven"}'.replace("}}}}", "}}}"),
        "no_result": f'{{"jsonrpc": "2.0", "id": {number}}}',
        "long_to_check": head + '{"content": [' + ", ".join(["{}"] * (MANY // 5)) + "]}}",
    }
    return lines[name]


def main() -> None:
    """The first one that is started does not look whether anybody still reads."""
    started = Path(sys.argv[2])
    first = not started.exists()
    with started.open("a", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")
    for line in sys.stdin:
        message = json.loads(line)
        number, method = message.get("id"), message["method"]
        if method == "initialize":
            about = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "unruly"}}
            about["serverInfo"]["version"] = "1"
            print(json.dumps({"jsonrpc": "2.0", "id": number, "result": about}), flush=True)
        elif method == "tools/list":
            names = ("large", "half_a_character", "broken_off", "id_at_the_end", "number_as_float", "no_result")
            tools = [{"name": name, "inputSchema": {"type": "object"}} for name in (*names, "long_to_check")]
            print(json.dumps({"jsonrpc": "2.0", "id": number, "result": {"tools": tools}}), flush=True)
        elif method == "tools/call":
            print(answer(number, message["params"]["name"]), flush=True)
        elif number is not None:
            error = {"code": -32601, "message": "unknown"}
            print(json.dumps({"jsonrpc": "2.0", "id": number, "error": error}), flush=True)
    if first:
        time.sleep(600.0)


if __name__ == "__main__":
    main()
